"""The pointing game on quarters of plain colours."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pointing
import pytest
from benchmarks.toy_data import BLUE, GREEN, GREY, RED, quarters
from PIL import Image
from toy_backbone import ToyBackbone

from dgl_rsis.benchmark.datasets.annotated import AnnotatedImage
from dgl_rsis.config import make_settings
from dgl_rsis.pipeline import Model
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.render import render_scene
from dgl_rsis.types import MapFrame, Raster

IMAGE = quarters((RED, GREEN, BLUE, GREY))
Box = tuple[int, int, int, int]
ON_RED, ON_GREEN, ON_BLUE = (0, 0, 32, 32), (32, 0, 64, 32), (0, 32, 32, 64)


@pytest.fixture(scope="module")
def model() -> Model:
    return Model(ToyBackbone(), make_settings(overrides=pointing.SETTINGS))


def instances(boxes: Sequence[Box]) -> MaskSet:
    return MaskSet.from_boxes(np.array(boxes).reshape(-1, 4), IMAGE.shape[:2])


def played(model: Model, **named: Sequence[Box]) -> dict[str, pointing.Game]:
    names = tuple(name for name, boxes in named.items() for _ in boxes)
    every = instances([box for boxes in named.values() for box in boxes])
    raster = Raster(IMAGE, np.ones(IMAGE.shape[:2], bool))
    games = list(pointing.play(model, pointing.Picture(raster, every, names)))
    assert len(games) == len({game.name for game in games})
    return {game.name: game for game in games}


def test_peaks_inside_and_outside(model: Model) -> None:
    games = played(model, building=[ON_RED], water=[ON_GREEN])
    assert games["building"] == pointing.Game("building", 1.0, 1.0, 0.25)
    assert games["water"] == pointing.Game("water", 0.0, 0.0, 0.25)


def test_a_class_is_one_game_that_any_instance_wins(model: Model) -> None:
    games = played(model, water=[ON_GREEN, ON_BLUE, (0, 32, 16, 64)])
    assert games == {"water": pointing.Game("water", 1.0, 1.0, 0.5)}


def test_an_image_without_instances_is_no_game(model: Model) -> None:
    assert played(model) == {}


def test_maps_are_scored_apart(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    """The activation is the model's, whatever the dense features say, and the other way round."""
    on_green = np.zeros((16, 16), np.float32)
    on_green[4, 12] = 1
    monkeypatch.setattr(pointing, "dense_map", lambda *_: on_green)
    games = played(model, building=[ON_RED], tree=[ON_GREEN])
    assert (games["building"].activation, games["building"].dense) == (1, 0)
    assert (games["tree"].activation, games["tree"].dense) == (1, 1)


def test_a_row_per_class_and_one_for_all(capsys: pytest.CaptureFixture[str]) -> None:
    games = [
        pointing.Game("ship", 1.0, 0.0, 0.1),
        pointing.Game("car", 1.0, 1.0, 0.2),
        pointing.Game("ship", 0.5, 0.0, 0.3),
        pointing.Game("ship", 0.0, 1.0, 0.2),
    ]
    assert pointing.report("rendered", games) == pytest.approx(2.5 / 4)  # not the mean of classes
    assert capsys.readouterr().out.splitlines() == [
        "| rendered | car | 1 | 1.000 | 1.000 | 0.200 |",
        "| rendered | ship | 3 | 0.500 | 0.333 | 0.200 |",
        "| rendered | all | 4 | 0.625 | 0.500 | 0.200 |",
    ]


def test_pixels_have_a_size_where_there_is_a_frame() -> None:
    def picture(frame: MapFrame | None) -> pointing.Picture:
        raster = Raster(IMAGE, np.ones(IMAGE.shape[:2], bool), frame)
        return pointing.Picture(raster, instances([]), ())

    frame = MapFrame((0.5, 0, 500_000, 0, -0.5, 5_500_000), "EPSG:32632", (0.5, 0.5), (0.0, -1.0))
    assert picture(frame).metres_per_pixel == pytest.approx(0.5)
    assert picture(None).metres_per_pixel is None


def test_annotated_images_get_names_in_words(tmp_path: Path) -> None:
    Image.fromarray(IMAGE).convert("P").save(tmp_path / "a.png")
    annotated = AnnotatedImage(
        tmp_path / "a.png", instances([ON_RED, ON_BLUE]), ("storage-tank", "Ship")
    )
    picture = pointing.photograph(annotated)
    assert picture.names == ("storage tank", "ship")
    assert picture.raster.rgb.shape == (64, 64, 3)
    assert picture.instances is annotated.instances


def test_rendered_scenes_are_test_scenes_with_what_is_visible(monkeypatch) -> None:
    monkeypatch.setattr(pointing, "render_scene", partial(render_scene, size=160))
    for seed in (60000, 60003):
        picture, scene = pointing.rendered(seed), render_scene(seed, size=160, split="test")
        np.testing.assert_array_equal(picture.raster.rgb, scene.image)
        assert set(picture.names) == {each.kind for each in scene.instances}
        for index, name in enumerate(picture.names):
            visible = np.zeros(scene.class_map.shape, bool)
            for each in scene.instances:
                if each.kind == name:
                    x0, y0, x1, y1 = each.box
                    visible[y0:y1, x0:x1] |= each.mask
            assert visible.any()
            assert (picture.instances.mask(index) >= visible).all()
            assert (
                scene.class_map[picture.instances.mask(index)] == scene.class_map[visible][0]
            ).all()


@pytest.mark.parametrize(("won", "status"), [(0.8, 0), (0.79, 1)])
def test_the_floor_is_that_of_rendered_scenes(typed, monkeypatch, won, status) -> None:
    monkeypatch.setattr(pointing, "pictures", lambda dataset, data, first, count: [(first, count)])

    def play(model, picture):
        assert picture == (7, 3)
        assert not model.settings.text.decouple
        yield pointing.Game("ship", won, 0.0, 0.0)

    monkeypatch.setattr(pointing, "play", play)
    assert typed(pointing, "--set", "rendered", "--first", 7, "--scenes", 3) == status
    assert typed(pointing, "--set", "dior_mini", "--first", 7, "--scenes", 3) == 0


def test_sets_of_photographs(typed, tmp_path: Path) -> None:
    """One photograph in each layout; in the second the truth lies on another colour."""
    for folder in ("dior_mini", "dota_mini"):
        (tmp_path / folder).mkdir()
        Image.fromarray(IMAGE).save(tmp_path / folder / "a.png")
    runs = [0, *[32] * 63, 32 + 32 * 64]  # down 32 columns, 32 pixels each: the red quarter
    annotations = {
        "categories": [{"id": 1, "name": "building"}],
        "images": [{"id": 1, "file_name": "a.png", "height": 64, "width": 64}],
        "annotations": [
            {"image_id": 1, "category_id": 1, "segmentation": {"size": [64, 64], "counts": runs}}
        ],
    }
    (tmp_path / "dior_mini" / "annotations.json").write_text(json.dumps(annotations))
    (tmp_path / "dota_mini" / "a.txt").write_text("40 4 60 4 60 28 40 28 building 0\n")
    assert typed(pointing, "--data", tmp_path, "--set", "dior_mini", "dota_mini") == 0
    assert typed.row("dior_mini", "building") == ["1", "1.000", "1.000", "0.250"]
    assert typed.row("dota_mini", "all")[:3] == ["1", "0.000", "0.000"]
