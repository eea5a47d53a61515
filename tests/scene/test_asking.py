"""Sentences about scenes: against the whole image, over borders of tiles, and without the image."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scene.interrupting import interrupt
from scene.toy_scenes import PixelBackbone, toy_model, write

from dgl_rsis.config import make_settings
from dgl_rsis.errors import InputError, OutputError
from dgl_rsis.geo.raster import read_raster
from dgl_rsis.pipeline import Model
from dgl_rsis.prepared import Candidates
from dgl_rsis.progress import CancelledError
from dgl_rsis.proposals.filters import flatten_tree, non_maximum_suppression, within_areas
from dgl_rsis.proposals.objectness import colour_field, objectness
from dgl_rsis.proposals.region_tree import RegionTree
from dgl_rsis.scene.asking import OpenScene, open_scene, place_of_table
from dgl_rsis.scene.finding import THINGS
from dgl_rsis.scene.journal import journal_folder
from dgl_rsis.scene.source import SceneReader

RED, GREEN, BLUE = (200, 10, 10), (10, 200, 10), (10, 10, 200)
ROOFS = ((20, 30, 40, 50), (100, 100, 125, 130), (230, 20, 260, 45), (200, 300, 240, 340))
RIVER = (0, 180, 400, 200)


def village(height: int = 400, width: int = 400) -> Any:
    """``(3, H, W)``: red roofs on green, and a blue river from edge to edge."""
    picture = np.empty((height, width, 3), np.uint8)
    picture[:] = GREEN
    for x0, y0, x1, y1 in ROOFS:
        picture[y0:y1, x0:x1] = RED
    x0, y0, x1, y1 = RIVER
    picture[y0:y1, x0:x1] = BLUE
    return np.moveaxis(picture, -1, 0)


def opened(folder: Path, **options: Any) -> OpenScene:
    """The village, in tiles of 112 pixels."""
    path = folder / "a.tif"
    if not path.exists():
        write(path, village())
    return open_scene(path, **{"model": toy_model(), "tile_size": 112} | options)


def boxes(scene: OpenScene, sentence: str) -> list[tuple[int, int, int, int]]:
    return sorted(match.box for match in scene.refer(sentence).chosen)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> OpenScene:
    return opened(tmp_path_factory.mktemp("village"))


def test_a_scene_of_one_tile_has_the_things_of_the_whole_image(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    values = village()
    values = np.clip(values + rng.integers(0, 9, values.shape), 0, 255).astype(np.uint8)
    path = write(tmp_path / "a.tif", values)
    model = toy_model(PixelBackbone())
    table = open_scene(path, model=model, tile_size=512).table
    raster = read_raster(path)
    lab = colour_field(raster.rgb, raster.valid)
    tree = model.propose(raster)
    limit = round(THINGS * 400 * 400 / 1024**2)
    assert isinstance(tree, RegionTree)
    looks = objectness(tree, lab)
    masks = flatten_tree(tree, looks, limit=limit)
    expected = Candidates.measure(masks, raster.rgb, lab)
    among = within_areas(tree, minimum=16, maximum_share=0.9)
    nodes = non_maximum_suppression(tree, looks, among=among, limit=limit)
    things = ~table.is_segment
    assert things.sum() == len(masks) > 5
    assert not table.is_cut.any()
    for name, values in (("areas", masks.areas), ("boxes", masks.boxes)):
        assert (getattr(table, name)[things] == values).all()
    assert table.objectness[things] == pytest.approx(looks[nodes])
    assert table.colours[things] == pytest.approx(expected.colours)
    assert table.paints[things] == pytest.approx(expected.paints)
    pooled = masks.pool(model.backbone.dense(raster.rgb))
    pooled /= np.linalg.norm(pooled, axis=-1, keepdims=True)
    assert np.abs(table.features[things, 0] - pooled).max() < 1e-3  # half precision
    polygons = table.outlines(np.flatnonzero(things))
    assert [polygon.area for polygon in polygons] == masks.areas.tolist()
    assert table.areas[table.is_segment].sum() == 400 * 400


def test_objects_over_borders_are_one(scene: OpenScene) -> None:
    assert len(scene.table.column("tile")) > 16
    assert boxes(scene, "all buildings") == sorted(ROOFS)
    (river,) = scene.refer("the river").chosen
    assert river.box == RIVER
    assert river.area == 400 * 20
    assert river.outline.geom_type == "Polygon"


def test_what_no_tile_sees_whole_is_joined(tmp_path: Path) -> None:
    picture = village()
    picture[:, 300:330, 10:390] = np.array(RED)[:, None, None]  # longer than a tile and its halo
    write(tmp_path / "a.tif", picture)
    scene = opened(tmp_path)
    assert scene.table.is_cut.any()
    (match,) = scene.refer("the largest building").chosen
    assert match.box == (10, 300, 390, 340)  # with the roof that it covers a part of
    assert match.area == 380 * 30 + 40 * 10


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("the northernmost building", ROOFS[2]),
        ("the southernmost roof", ROOFS[3]),
        ("the largest building north of the river", ROOFS[1]),
        ("the largest building", ROOFS[3]),
        ("the building south of the river", ROOFS[3]),
        ("the largest building within 60 m of the river", ROOFS[3]),
        ("the smallest building within 45 m of the river", ROOFS[1]),
        ("the second building from the left", ROOFS[1]),
    ],
)
def test_programs_run_over_the_whole_scene(scene: OpenScene, sentence: str, expected: Any) -> None:
    assert boxes(scene, sentence) == [expected]


def test_every_building_north_of_the_river(scene: OpenScene) -> None:
    assert boxes(scene, "every building north of the river") == sorted(ROOFS[:3])


def test_nothing_is_read_for_a_sentence_or_a_new_noun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backbone = PixelBackbone()
    scene = opened(tmp_path, model=toy_model(backbone))
    first = scene.refer("the largest building")
    dense = backbone.calls["dense"]

    def never(*_: Any) -> Any:
        raise AssertionError("the image was read")

    monkeypatch.setattr(SceneReader, "read", never)
    monkeypatch.setattr(SceneReader, "__init__", never)
    texts = len(backbone.calls["texts"])
    again = scene.refer("the largest building")
    assert again.matches[0].box == first.matches[0].box
    assert len(backbone.calls["texts"]) == texts  # no word was new
    assert boxes(scene, "the water") == [RIVER]
    assert len(backbone.calls["texts"]) > texts
    (tmp_path / "a.tif").touch()  # nobody looks
    assert scene.refer("the river").chosen
    assert backbone.calls["dense"] == dense


def test_a_table_is_used_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened(tmp_path)
    folder = place_of_table(tmp_path / "a.tif")
    assert folder == tmp_path / "a.tif.table"
    before = {file.name: file.stat().st_mtime_ns for file in folder.iterdir()}
    backbone = PixelBackbone()
    scene = opened(tmp_path, model=toy_model(backbone))
    assert backbone.calls["dense"] == 0
    assert {file.name: file.stat().st_mtime_ns for file in folder.iterdir()} == before
    assert boxes(scene, "the largest building") == [ROOFS[3]]
    assert not list(tmp_path.glob(".*"))


def test_a_changed_input_is_refused(tmp_path: Path) -> None:
    opened(tmp_path)
    os.utime(tmp_path / "a.tif", ns=(1, 1))
    with pytest.raises(InputError, match=r"made of something else: input files \S+a.tif was"):
        opened(tmp_path)
    assert boxes(opened(tmp_path, overwrite=True), "the largest building") == [ROOFS[3]]
    opened(tmp_path)


def test_a_table_of_another_preset_is_told_by_its_name(tmp_path: Path) -> None:
    """One line says what to do, not which options a preset sets."""

    def model(preset: str) -> Model:
        return Model(PixelBackbone(), make_settings(preset))

    opened(tmp_path, model=model("fast"))
    said = r"made with the preset fast, and default is asked for; pass --preset fast, choose .*"
    with pytest.raises(InputError, match=said + "--table, or make the table anew with --overwrite"):
        opened(tmp_path, model=model("default"))
    changed = Model(PixelBackbone(), make_settings("fast", {"instances": {"own_scale": False}}))
    with pytest.raises(InputError, match="settings instances own_scale was true and is false; put"):
        opened(tmp_path, model=changed)
    opened(tmp_path, model=model("default"), overwrite=True)


def test_what_is_left_of_a_removed_journal_does_not_make_a_table_anew(tmp_path: Path) -> None:
    """A run that is killed while it removes its journal has made its table."""
    opened(tmp_path)
    journal = journal_folder(tmp_path / "a.tif.table")
    (journal / "painted").mkdir(parents=True)
    backbone = PixelBackbone()
    opened(tmp_path, model=toy_model(backbone), resume=True)
    assert backbone.calls["dense"] == 0
    assert not journal.exists()


def test_a_table_that_fits_is_not_made_again(tmp_path: Path) -> None:
    opened(tmp_path)
    backbone = PixelBackbone()
    opened(tmp_path, model=toy_model(backbone), overwrite=True)
    assert backbone.calls["dense"] == 0
    with pytest.raises(CancelledError):  # another one, over the first
        opened(tmp_path, tile_size=128, overwrite=True, progress=lambda *_: False)
    opened(tmp_path, model=toy_model(backbone))
    assert backbone.calls["dense"] == 0
    with pytest.raises(InputError, match="tile_size was 112 and is 128"):
        opened(tmp_path, tile_size=128)
    finished = opened(tmp_path, tile_size=128, resume=True)
    assert finished.table.header["facts"]["tile_size"] == 128


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"tile_size": 128}, "tile_size was 112 and is 128"),
        (
            {"model": toy_model(proposals={"learned_weight": 30})},
            "settings proposals learned_weight",
        ),
    ],
)
def test_changed_settings_are_refused(tmp_path: Path, options: Any, named: str) -> None:
    opened(tmp_path)
    with pytest.raises(InputError, match=named):
        opened(tmp_path, **options)


def test_settings_of_sentences_are_free(tmp_path: Path) -> None:
    opened(tmp_path)
    scene = opened(tmp_path, model=toy_model(select={"top_k": 2}))
    assert len(scene.refer("the largest building").matches) == 2


def digests(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}


def test_a_run_that_was_cut_off_goes_on(tmp_path: Path) -> None:
    write(tmp_path / "a.tif", village())
    every = PixelBackbone()
    opened(tmp_path, table=tmp_path / "whole", model=toy_model(every))
    seen = []

    def stop(done: int, total: int, message: str) -> bool:
        seen.append((done, total))
        return done < 5

    with pytest.raises(CancelledError, match="cancelled with 5 of 16 tiles finished"):
        opened(tmp_path, progress=stop)
    assert not (tmp_path / "a.tif.table").exists()
    with pytest.raises(OutputError, match="--resume goes on"):
        opened(tmp_path)
    backbone = PixelBackbone()
    with pytest.raises(InputError, match="cannot be resumed: tile_size"):
        opened(tmp_path, resume=True, tile_size=128)
    opened(tmp_path, resume=True, model=toy_model(backbone))
    assert 0 < backbone.calls["dense"] / every.calls["dense"] <= (16 - 5 + 2) / 16
    assert digests(tmp_path / "a.tif.table") == digests(tmp_path / "whole")


def test_image_that_is_replaced_meanwhile_is_noticed(tmp_path: Path) -> None:
    def replace(done: int, total: int, message: str) -> bool:
        write(tmp_path / "new.tif", village()).replace(tmp_path / "a.tif")
        return True

    with pytest.raises(InputError, match="changed while it was read, so no table was made"):
        opened(tmp_path, progress=replace)
    assert not (tmp_path / "a.tif.table").exists()


def test_two_runs_for_one_table_are_refused(tmp_path: Path) -> None:
    def second(done: int, total: int, message: str) -> bool:
        with pytest.raises(OutputError, match="another run is writing"):
            opened(tmp_path, resume=True)
        return True

    opened(tmp_path, progress=second)


def test_failed_tiles_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Damaged(PixelBackbone):
        def dense(self, image: Any) -> Any:
            if (image == 255).all(-1).any():
                raise ValueError("white blinds me")
            return super().dense(image)

    picture = village()
    picture[:, 5:8, 5:8] = 255
    write(tmp_path / "a.tif", picture)
    scene = opened(tmp_path, model=toy_model(Damaged()), reading=plain())
    answer = scene.refer("the northernmost building")
    assert answer.chosen[0].box == ROOFS[2]
    assert any("of 16 tiles could not be computed" in note for note in answer.notes)
    # resumed, it tries them again and computes nothing else
    backbone = PixelBackbone()
    healed = opened(tmp_path, model=toy_model(backbone), reading=plain(), resume=True)
    assert not healed.table.header["tiles"]["failed"]
    assert not journal_folder(tmp_path / "a.tif.table").exists()
    every = PixelBackbone()
    opened(tmp_path, model=toy_model(every), table=tmp_path / "whole", reading=plain())
    assert 0 < backbone.calls["dense"] < every.calls["dense"] / 8
    assert digests(tmp_path / "a.tif.table") == digests(tmp_path / "whole")


def plain() -> Any:
    from dgl_rsis.scene.source import SceneOptions

    return SceneOptions(stretch="none")


def test_answers_are_saved(scene: OpenScene, tmp_path: Path) -> None:
    import geopandas

    answer = scene.refer("every building north of the river")
    answer.save(tmp_path / "a.gpkg")
    answer.save(tmp_path / "a.json")
    table = geopandas.read_file(tmp_path / "a.gpkg", layer="a")
    chosen = table[table["chosen"]]
    assert len(chosen) == 3
    assert chosen.geometry.area.sum() == pytest.approx((20 * 20 + 25 * 30 + 30 * 25) / 4, rel=0.01)
    assert table.crs.to_epsg() == 25832
    assert "northernmost" not in answer.explain()
    assert "steps:" in answer.explain()


def test_nothing_is_said_to_match(scene: OpenScene) -> None:
    answer = scene.refer("the road")
    assert not answer.chosen
    assert answer.notes[0].startswith("nothing matches")


def test_several_images_need_a_place() -> None:
    with pytest.raises(InputError, match="no place for their table"):
        place_of_table(["a.tif", "b.tif"])


def test_what_is_no_table_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    with pytest.raises(OutputError, match="is there and no table"):
        opened(tmp_path, table=tmp_path / "mine")


def test_words_for_the_model_are_looked_for_around_the_best(tmp_path: Path) -> None:
    class Looking(PixelBackbone):
        def activations(self, *_: Any) -> Any:
            raise AssertionError("not asked for")

    scene = opened(tmp_path, model=toy_model(Looking(), activation={"provider": "dense_contrast"}))
    answer = scene.refer("the ruined building")
    assert answer.chosen
    assert 0 <= answer.chosen[0].terms["activation"] <= 1
    assert "activation" not in scene.refer("the largest building").chosen[0].terms


@pytest.mark.slow
def test_interrupted_run_says_how_to_go_on(tmp_path: Path, tiny_rs_folder: Path) -> None:
    path = write(tmp_path / "a.tif", village(1600, 1600))
    words = [
        *(sys.executable, "-m", "dgl_rsis.apps.cli", "refer", str(path), "the largest building"),
        *("--model", f"dir:{tiny_rs_folder}", "--preset", "fast", "--tile-size", "256"),
    ]
    table = tmp_path / "a.tif.table"
    interrupt(words, journal_folder(table) / "painted", "*.npz")
    assert not table.exists()


@pytest.mark.slow
def test_killed_runs_go_on_to_the_same_table(tmp_path: Path, tiny_rs_folder: Path) -> None:
    """``kill -9`` at random moments; the last run is left alone."""
    path = write(tmp_path / "a.tif", village(1600, 1600))
    words = [
        *(sys.executable, "-m", "dgl_rsis.apps.cli", "refer", str(path), "the largest building"),
        *("--model", f"dir:{tiny_rs_folder}", "--preset", "fast", "--tile-size", "256"),
        *("-q", "--resume", "--table"),
    ]
    assert subprocess.run([*words, str(tmp_path / "whole")], check=False).returncode in (0, 4)
    made = tmp_path / "made"
    chance, killed = random.Random(1), 0
    for _ in range(6):
        process = subprocess.Popen([*words, str(made)], start_new_session=True)
        before = time.time()
        while process.poll() is None and not (journal_folder(made) / "run.json").exists():
            time.sleep(0.02)
        assert time.time() - before < 120
        time.sleep(chance.uniform(0, 4))
        os.kill(process.pid, signal.SIGKILL)
        killed += process.wait() == -signal.SIGKILL
    assert subprocess.run([*words, str(made)], check=False).returncode in (0, 4)
    assert killed >= 3
    assert digests(made) == digests(tmp_path / "whole")
    assert not journal_folder(made).exists()
