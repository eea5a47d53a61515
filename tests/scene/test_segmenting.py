"""Tiles against the whole image, and what may not show in a map made in tiles."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pytest
import rasterio
from affine import Affine
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from scene.toy_scenes import (
    CLASSES,
    TRANSFORM,
    DamagedBackbone,
    PixelBackbone,
    blobs,
    digest,
    mosaic,
    read,
    toy_model,
    write,
)
from toy_backbone import ToyBackbone

from dgl_rsis import outputs
from dgl_rsis.errors import InputError, OutputError
from dgl_rsis.geo.class_windows import open_class_map
from dgl_rsis.geo.raster import read_raster
from dgl_rsis.geo.windows import Tile
from dgl_rsis.pipeline import Model
from dgl_rsis.progress import CancelledError
from dgl_rsis.scene import segmenting
from dgl_rsis.scene.journal import journal_folder
from dgl_rsis.scene.scene_map import describe_tiles
from dgl_rsis.scene.segmenting import segment_scene
from dgl_rsis.scene.source import SceneOptions


def run(folder: Path, image: Any, **options: Any) -> tuple[segmenting.SceneMap, Any, Any]:
    """A scene in tiles: the result, its labels (-1 for none) and scores."""
    options = {"model": toy_model(), "tile_size": 112, "overwrite": True} | options
    result = segment_scene(
        image, CLASSES, folder / "map.tif", scores=folder / "scores.tif", **options
    )
    return result, read(folder / "map.tif").astype(int) - 1, read(folder / "scores.tif")


@settings(max_examples=25)
@given(st.integers(17, 400), st.integers(17, 400), st.integers(1, 300), st.booleans())
def test_tiles_of_a_pointwise_model_are_the_whole_image_to_the_last_bit(
    height: int, width: int, size: int, has_other: bool
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = write(folder / "a.tif", blobs(height, width))
        other = "rest" if has_other else None
        whole = toy_model().segment(path, CLASSES, other=other)
        _, labels, scores = run(folder, path, tile_size=size, other=other)
        assert (labels == whole.labels).all()
        assert (scores == whole.scores).all()


def sorted_polygons(path: Path) -> Any:
    table = geopandas.read_file(path, layer=path.stem)
    table["place"] = table.geometry.normalize().to_wkt()
    return table.sort_values("place", ignore_index=True)


@settings(max_examples=6, phases=[Phase.explicit, Phase.generate])  # shrinking takes minutes
@given(
    st.integers(100, 300), st.integers(100, 300), st.sampled_from([0.0, 6.0, 40.0]), st.booleans()
)
def test_small_regions_and_polygons_are_those_of_the_whole_image(
    height: int, width: int, least: float, has_gaps: bool
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        values = blobs(height, width)
        values[:, 20:60, 20:60] = 255 if has_gaps else values[:, 20:60, 20:60]  # of no class
        values[:, -30:, :30] = 0 if has_gaps else values[:, -30:, :30]
        path = write(folder / "a.tif", values, nodata=0)
        whole = outputs.sieve(toy_model().segment(path, CLASSES), least)
        result, labels, scores = run(folder, path, min_area=least)
        assert (labels == whole.labels).all()
        assert (np.nan_to_num(scores) == np.where(whole.raster.valid, whole.scores, 0)).all()
        assert result.shares == pytest.approx(whole.shares)
        outputs.save_segment(whole, folder / "whole.gpkg", min_area=least)
        segment_scene(
            path, CLASSES, folder / "tiled.gpkg", model=toy_model(), tile_size=112, min_area=least
        )
        one, other = (sorted_polygons(folder / f"{each}.gpkg") for each in ("whole", "tiled"))
        assert (one[["class", "place"]] == other[["class", "place"]]).all(axis=None)
        assert other["score"].to_numpy() == pytest.approx(one["score"].to_numpy(), abs=1e-6)
        # the ellipsoid of the whole scene against that at its centre
        assert other["area_m2"].to_numpy() == pytest.approx(one["area_m2"].to_numpy(), rel=1e-3)


def test_cells_of_several_pixels_are_those_of_the_whole_image(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", blobs(160 * 3, 160 * 2))
    model = toy_model(ToyBackbone())
    result, labels, scores = run(tmp_path, path, model=model, tile_size=160)
    whole = model.segment(path, CLASSES)
    assert len(result.grid) == 6
    assert (result.grid.step, result.grid.step_cells) == (4, 1)
    assert (labels == whole.labels).all()
    assert (scores == whole.scores).all()


@pytest.mark.parametrize("painter", ["leaf", "cut", "mask"])
def test_painters_of_regions_agree_with_the_whole_image(tmp_path: Path, painter: str) -> None:
    values = blobs(288, 288)
    path = write(tmp_path / "a.tif", values)
    model = toy_model(
        paint={"painter": painter}, proposals={"proposer": "tree"}, instances={"price": 1.0}
    )
    _, labels, _ = run(tmp_path, path, model=model, tile_size=144)
    whole = model.segment(path, CLASSES)
    # masks take crops of the best in every tile, not of the best of the image
    assert (labels == whole.labels).mean() > (0.95 if painter == "mask" else 0.97)


def test_map_has_names_place_and_grid_of_the_image(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", blobs(300, 200))
    result, labels, _ = run(tmp_path, path)
    with open_class_map(tmp_path / "map.tif") as file:
        frame = file.frame
        assert (file.dataset.read(1) == labels + 1).all()
        assert file.names == CLASSES
    assert frame is not None
    assert frame.transform == tuple(TRANSFORM)[:6]
    assert frame.crs == "EPSG:25832"
    with rasterio.open(tmp_path / "map.tif") as dataset:
        assert dataset.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert dataset.colormap(1)[1][3] == 255
    assert (tmp_path / "map.tif.aux.xml").exists()
    counted = [int((labels == k).sum()) for k in range(4)]
    assert list(result.pixels) == counted
    assert result.valid == 300 * 200
    assert not journal_folder(tmp_path / "map.tif").exists()
    assert sorted(each.name for each in tmp_path.iterdir()) == [
        "a.tif",
        "map.tif",
        "map.tif.aux.xml",
        "scores.tif",
    ]


@pytest.mark.parametrize("kind", ["nodata", "mask", "uint16", "rotated", "plain"])
def test_any_raster(tmp_path: Path, kind: str) -> None:
    values = blobs(250, 190)
    options: dict[str, Any] = {}
    if kind == "nodata":
        values[:, 40:130, 60:] = 0
        options["nodata"] = 0
    elif kind == "mask":
        mask = np.full((250, 190), 255, np.uint8)
        mask[100:, :50] = 0
        options["mask"] = mask
    elif kind == "uint16":
        values = values.astype(np.uint16) * 11
    elif kind == "rotated":
        options["transform"] = TRANSFORM @ Affine.rotation(30)
    else:
        options |= {"crs": None, "transform": Affine.identity()}
    path = write(tmp_path / "a.tif", values, **options)
    whole = toy_model().segment(path, CLASSES)
    result, labels, scores = run(tmp_path, path)
    assert (labels == whole.labels).all()
    assert (np.isnan(scores) == ~whole.raster.valid).all()
    assert (scores[whole.raster.valid] == whole.scores[whole.raster.valid]).all()
    assert result.valid == whole.raster.valid.sum()
    frame = whole.raster.frame
    assert (result.frame and result.frame.transform) == (frame and frame.transform)
    if kind == "uint16":
        assert result.facts["input"]["stretch_limits"] == whole.raster.facts["stretch_limits"]


def test_folder_of_tiles_is_one_image(tmp_path: Path) -> None:
    values = blobs(260, 300)
    path = write(tmp_path / "a.tif", values)
    tiles = tmp_path / "tiles"
    tiles.mkdir()
    for row in range(0, 260, 130):
        for column in range(0, 300, 100):
            part = values[:, row : row + 130, column : column + 100]
            place = TRANSFORM @ Affine.translation(column, row)
            write(tiles / f"{row}_{column}.tif", part, place)
    one, labels, scores = run(tmp_path, path)
    several, tiled, tiled_scores = run(tmp_path, tiles)
    assert (labels == tiled).all()
    assert (scores == tiled_scores).all()
    assert several.frame == one.frame
    assert several.facts["input"]["files"].keys() >= {str(tiles / "0_0.tif")}
    listed = tmp_path / "list.txt"
    listed.write_text("# a comment\n" + "\n".join(f"tiles/{p.name}" for p in tiles.iterdir()))
    assert (run(tmp_path, listed)[1] == labels).all()


@pytest.mark.parametrize("name", ["map.tif", "scores.tif"])
def test_output_does_not_lie_among_its_input(tmp_path: Path, name: str) -> None:
    tiles = tmp_path / "tiles"
    tiles.mkdir()
    write(tiles / "a.tif", blobs(60, 60))
    paths = {"map.tif": tmp_path / "map.tif", "scores.tif": tmp_path / "scores.tif"}
    paths[name] = tiles / name
    with pytest.raises(OutputError, match=f"{name} would lie among the images"):
        segment_scene(
            tiles, CLASSES, paths["map.tif"], scores=paths["scores.tif"], model=toy_model()
        )


def test_output_does_not_replace_a_listed_image(tmp_path: Path) -> None:
    path = write(tmp_path / "scores.tif", blobs(60, 60))
    before = digest(path)
    listed = tmp_path / "list.txt"
    listed.write_text("scores.tif\n")
    with pytest.raises(OutputError, match=r"scores\.tif is one of the images"):
        run(tmp_path, listed)
    with pytest.raises(OutputError, match=r"scores\.tif is one of the images"):
        run(tmp_path, mosaic(tmp_path / "a.vrt", path))
    assert digest(path) == before


def test_empty_tiles_are_skipped(tmp_path: Path) -> None:
    values = blobs(480, 320)
    values[:, :320] = 0
    path = write(tmp_path / "a.tif", values, nodata=0)
    backbone = PixelBackbone()
    result, labels, _ = run(tmp_path, path, model=toy_model(backbone), tile_size=160)
    assert len(result.grid) == 6
    assert result.empty == 4
    assert backbone.calls["dense"] == 2  # the tiles with data
    assert (labels[:320] == -1).all()
    assert (labels[320:] >= 0).mean() > 0.9


def test_bbox_gives_the_same_pixels_as_the_whole_scene(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", blobs(400, 400))
    _, labels, _ = run(tmp_path, path, model=toy_model(ToyBackbone()))
    x0, y0 = TRANSFORM @ (150, 120)
    x1, y1 = TRANSFORM @ (290, 380)
    reading = SceneOptions(bbox=(x0, y1, x1, y0))
    result, part, _ = run(tmp_path, path, model=toy_model(ToyBackbone()), reading=reading)
    assert part.shape == (260, 140)
    assert (part == labels[120:380, 150:290]).mean() > 0.995
    assert result.frame is not None
    assert result.frame.transform == (TRANSFORM @ Affine.translation(150, 120))[:6]


def test_clip_in_a_file_of_its_own_has_the_cells_of_the_whole(tmp_path: Path) -> None:
    values = blobs(400, 400)
    path = write(tmp_path / "a.tif", values)
    model = toy_model(ToyBackbone())
    _, labels, scores = run(tmp_path, path, model=model)
    clip = write(
        tmp_path / "b.tif", values[:, 71:371, 33:283], TRANSFORM @ Affine.translation(33, 71)
    )
    result, part, part_scores = run(tmp_path, clip, model=model)
    assert result.grid.phase == (33 % 16, 71 % 16)
    inner = slice(16, -16), slice(16, -16)
    assert (part[inner] == labels[71:371, 33:283][inner]).all()
    assert (part_scores[inner] == scores[71:371, 33:283][inner]).all()


def test_aoi_masks_and_skips(tmp_path: Path) -> None:
    import shapely

    path = write(tmp_path / "a.tif", blobs(480, 480))
    corners = [TRANSFORM @ xy for xy in ((20, 20), (100, 30), (60, 460))]
    square = [TRANSFORM @ xy for xy in ((400, 400), (440, 400), (440, 440), (400, 440))]
    shapes = [shapely.Polygon(corners), shapely.Polygon(square)]
    frame = geopandas.GeoDataFrame(geometry=shapes, crs="EPSG:25832").to_crs("EPSG:4326")
    frame.to_file(tmp_path / "aoi.gpkg")
    aoi = str(tmp_path / "aoi.gpkg")
    raster = read_raster(path, aoi=aoi)
    whole = toy_model().segment(raster, CLASSES)
    result, labels, _ = run(tmp_path, path, reading=SceneOptions(aoi=aoi))
    assert labels.shape == whole.labels.shape
    assert (labels == whole.labels).all()
    assert result.empty > 4


def test_working_resolution_shrinks_the_grid(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", np.repeat(np.repeat(blobs(200, 160), 2, 1), 2, 2))
    result, labels, _ = run(tmp_path, path, reading=SceneOptions(gsd=1.0))
    plain = write(tmp_path / "b.tif", blobs(200, 160), TRANSFORM @ Affine.scale(2))
    assert (labels == run(tmp_path, plain)[1]).all()  # the mean of four equal pixels
    assert result.frame is not None
    assert result.frame.transform == pytest.approx((TRANSFORM @ Affine.scale(2))[:6])
    with pytest.raises(InputError, match="finer than the pixels"):
        run(tmp_path, path, reading=SceneOptions(gsd=0.25))
    bare = write(tmp_path / "c.tif", blobs(60, 60), crs=None)
    with pytest.raises(InputError, match="how large its pixels are"):
        run(tmp_path, bare, reading=SceneOptions(gsd=1.0))


def test_global_bias_is_that_of_the_whole_scene(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", blobs(300, 300))
    local = {"scales": [1.0], "ground_sampling": [], "global_bias": 0.3, "max_side": 10_000}
    backbone = PixelBackbone()
    model = toy_model(backbone, local=local)
    _, labels, scores = run(tmp_path, path, model=model)
    assert backbone.calls["images"] == 1
    whole = model.segment(path, CLASSES)
    assert (labels == whole.labels).all()
    assert (scores == whole.scores).all()


def test_damaged_tile_is_no_data_and_listed(tmp_path: Path) -> None:
    values = blobs(720, 720)
    values[:, 360, 360] = 255
    path = write(tmp_path / "a.tif", values)
    backbone = DamagedBackbone()
    result, labels, _ = run(tmp_path, path, model=toy_model(backbone), tile_size=240)
    assert result.failed == {"00001_00001": "ValueError: white blinds me"}
    assert (labels[240:480, 240:480] == -1).all()
    whole = toy_model().segment(path, CLASSES)
    outside = np.ones(labels.shape, bool)
    outside[240:480, 240:480] = False
    assert (labels == whole.labels)[outside].all()
    assert journal_folder(tmp_path / "map.tif").exists()
    # --resume tries it again, and this time it works: nothing of the failure is left
    healed, labels, scores = run(tmp_path, path, model=toy_model(), tile_size=240, resume=True,
                                 overwrite=False)  # fmt: skip
    assert healed.failed == {}
    assert healed.computed < 18
    assert (labels == whole.labels).all()
    assert (scores == whole.scores).all()
    assert not journal_folder(tmp_path / "map.tif").exists()


def test_nothing_is_written_where_all_tiles_fail(tmp_path: Path) -> None:
    values = blobs(100, 100)
    values[:, 50, 50] = 255
    path = write(tmp_path / "a.tif", values)
    with pytest.raises(InputError, match="no tile could be computed: ValueError: white"):
        run(tmp_path, path, model=toy_model(DamagedBackbone()))
    assert not (tmp_path / "map.tif").exists()


class Stop(Exception):
    """Kills a run from inside."""


def stopping(after: int) -> Any:
    """A callback that kills the run."""
    calls = iter(range(10_000))

    def tell(done: int, total: int, message: str) -> bool:
        if next(calls) == after:
            raise Stop
        return True

    return tell


@pytest.mark.parametrize("after", [0, 3, 9, 16])
def test_resumed_run_has_the_bytes_of_one_that_was_not_cut_off(tmp_path: Path, after: int) -> None:
    path = write(tmp_path / "a.tif", blobs(400, 300))
    model = toy_model(ToyBackbone())
    whole, _, _ = run(tmp_path, path, model=model)
    expected = digest(tmp_path / "map.tif"), digest(tmp_path / "scores.tif")
    with pytest.raises(Stop):
        run(tmp_path, path, model=model, progress=stopping(after))
    assert digest(tmp_path / "map.tif") == expected[0]  # that of the run before
    for name in ("map.tif", "scores.tif"):
        (tmp_path / name).unlink()
    with pytest.raises(OutputError, match="--resume goes on with it"):
        run(tmp_path, path, model=model, overwrite=False)
    resumed, _, _ = run(tmp_path, path, model=model, resume=True, overwrite=False)
    assert (digest(tmp_path / "map.tif"), digest(tmp_path / "scores.tif")) == expected
    assert resumed.computed == whole.computed - after - 1


def test_resumed_run_has_the_polygons_of_one_that_was_not_cut_off(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", blobs(300, 250))
    options = {"model": toy_model(), "tile_size": 112, "min_area": 12, "simplify": 1}
    whole, cut_off = tmp_path / "whole.gpkg", tmp_path / "cut_off.gpkg"
    segment_scene(path, CLASSES, whole, **options)
    with pytest.raises(CancelledError):
        segment_scene(path, CLASSES, cut_off, progress=lambda done, *_: done < 3, **options)
    assert not cut_off.exists()
    result = segment_scene(path, CLASSES, cut_off, resume=True, **options)
    assert 0 < result.computed < 2 * len(result.grid)
    one, other = sorted_polygons(whole), sorted_polygons(cut_off)
    assert len(one) > 10
    assert one.drop(columns="geometry").equals(other.drop(columns="geometry"))
    assert not journal_folder(cut_off).exists()


def test_cancelled_run_says_how_to_go_on(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", blobs(300, 300))
    with pytest.raises(CancelledError, match=r"0 of 9 tiles finished; run again with --resume"):
        run(tmp_path, path, progress=lambda done, total, message: False)
    assert not (tmp_path / "map.tif").exists()
    run(tmp_path, path, resume=True)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"other": "rest"}, "classes"),
        ({"tile_size": 160}, "tiles size was 128 and is 160"),
        ({"model": toy_model(knowledge={"enabled": False})}, "settings knowledge enabled"),
        ({"reading": SceneOptions(stretch="0,100")}, "input stretch"),
        ({"reading": SceneOptions(bbox=(346000, 5647900, 346100, 5648000))}, "input window"),
    ],
)
def test_changed_run_is_not_resumed(tmp_path: Path, change: Any, named: str) -> None:
    path = write(tmp_path / "a.tif", blobs(300, 300))
    with pytest.raises(Stop):
        run(tmp_path, path, progress=stopping(4))
    with pytest.raises(InputError, match=f"cannot be resumed: {named}.*--overwrite"):
        run(tmp_path, path, resume=True, **change)
    run(tmp_path, path, **change)  # --overwrite starts anew


def test_changed_file_of_words_is_not_resumed(tmp_path: Path) -> None:
    path, words = write(tmp_path / "a.tif", blobs(300, 300)), tmp_path / "own.yaml"

    def model() -> Model:
        return toy_model(knowledge={"file": words})

    words.write_text("classes: {blorf: {synonyms: [building]}}")
    with pytest.raises(Stop):
        run(tmp_path, path, progress=stopping(4), model=model())
    before = words.read_text()
    words.write_text(before.replace("building", "water"))
    with pytest.raises(InputError, match="cannot be resumed: settings knowledge file content"):
        run(tmp_path, path, resume=True, model=model())
    words.write_text(before)
    run(tmp_path, path, resume=True, model=model())


def test_changed_image_is_not_resumed(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", blobs(300, 300))
    with pytest.raises(Stop):
        run(tmp_path, path, progress=stopping(4))
    write(tmp_path / "a.tif", blobs(300, 300, seed=1))
    with pytest.raises(InputError, match="cannot be resumed: input files"):
        run(tmp_path, path, resume=True)


def test_image_behind_a_mosaic_that_changed_is_not_resumed(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", blobs(300, 300))
    mosaic_file = mosaic(tmp_path / "a.vrt", path)
    with pytest.raises(Stop):
        run(tmp_path, mosaic_file, progress=stopping(4))
    os.utime(path, ns=(1, 1))
    with pytest.raises(InputError, match=r"cannot be resumed: input files \S+a\.tif"):
        run(tmp_path, mosaic_file, resume=True)


@pytest.mark.parametrize("is_mosaic", [False, True])
def test_image_that_is_replaced_during_the_run_is_noticed(tmp_path: Path, is_mosaic: bool) -> None:
    path = write(tmp_path / "a.tif", blobs(300, 300))
    image = mosaic(tmp_path / "a.vrt", path) if is_mosaic else path

    def replace(done: int, total: int, message: str) -> bool:
        write(tmp_path / "new.tif", blobs(300, 300, seed=1)).replace(path)
        return True

    with pytest.raises(InputError, match="changed while it was read"):
        run(tmp_path, image, progress=replace)
    assert not (tmp_path / "map.tif").exists()


def test_two_runs_into_one_output_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", blobs(200, 200))

    def second(done: int, total: int, message: str) -> bool:
        with pytest.raises(OutputError, match="another run is writing"):
            run(tmp_path, path)
        return True

    run(tmp_path, path, progress=second)
    assert (tmp_path / "map.tif").exists()


def test_memory_does_not_grow_with_the_scene(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Arrays that the writer holds are no larger than a tile, however wide the scene is."""
    from dgl_rsis.scene import schedule
    from dgl_rsis.scene.journal import Journal

    sizes = []
    blend, painted = schedule.blend, Journal.painted

    def blended(*arguments: Any) -> Any:
        field = blend(*arguments)
        sizes.append(field[..., 0].size)
        return field

    def seen(journal: Journal, tile: Tile, name: str) -> Any:
        values = painted(journal, tile, name)
        if values is not None:
            sizes.append(values.size)
        return values

    monkeypatch.setattr(schedule, "blend", blended)
    monkeypatch.setattr(Journal, "painted", seen)
    path = write(tmp_path / "a.tif", blobs(64, 3000))
    result, _, _ = run(tmp_path, path, tile_size=160)
    assert len(result.grid) == 19
    assert max(sizes) <= (160 + 2) ** 2


@pytest.mark.parametrize("name", ["map.tif", "map.gpkg"])
def test_writing_is_told_and_can_be_cancelled(tmp_path: Path, name: str) -> None:
    """When all tiles are computed a run is not at its end: that takes its time, too."""
    path, target = write(tmp_path / "a.tif", blobs(400, 300)), tmp_path / name
    told: list[tuple[int, int, str]] = []
    options = {"model": toy_model(), "tile_size": 112, "min_area": 12}
    whole = tmp_path / f"whole{target.suffix}"
    segment_scene(path, CLASSES, whole, progress=lambda *each: told.append(each) or True, **options)
    computed = next(number for number, each in enumerate(told) if "tiles/s" not in each[2])
    total = told[0][1]
    assert {each[:2] for each in told[computed:]} == {(total, total)}
    messages = [each[2] for each in told[computed:]]
    assert messages[0] == "merging small regions"
    assert f"writing {whole.name}: tile {total} of {total}" in messages
    assert messages[-1] == f"completing {whole.name}"
    with pytest.raises(CancelledError, match=f"cancelled .writing {name}.*--resume"):
        segment_scene(
            path, CLASSES, target, progress=lambda *each: "writing" not in each[2], **options
        )
    assert not target.exists()
    resumed = segment_scene(path, CLASSES, target, resume=True, **options)
    assert resumed.computed == 0
    if target.suffix == ".tif":
        assert digest(target) == digest(whole)


def test_probabilities_are_freed_behind_the_front(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", blobs(1000, 320))
    most = 0

    def tell(done: int, total: int, message: str) -> bool:
        nonlocal most
        cells = journal_folder(tmp_path / "map.tif") / "cells"
        most = max(most, len(list(cells.iterdir())))
        return True

    result, _, _ = run(tmp_path, path, tile_size=160, progress=tell)
    assert len(result.grid) == 14
    assert most <= 3 * 2 + 2  # three rows of two tiles, and what is being computed


def test_workers_must_be_able_to_load_the_model(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", blobs(50, 50))
    with pytest.raises(InputError, match="load a model by its name"):
        run(tmp_path, path, workers=2)
    with pytest.raises(InputError, match="0 workers"):
        run(tmp_path, path, workers=0)


def test_facts_are_json(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", blobs(200, 200))
    result, _, _ = run(tmp_path, path)
    json.dumps(result.facts, allow_nan=False)
    described = describe_tiles(result)
    assert described["count"] == len(result.grid) == 4
    assert described["pixels_of_cell"] == 1
