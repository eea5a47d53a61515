"""Scenes that a model does not read at once: in tiles, and from a table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import geopandas
import pytest
import rasterio
import shapely

from dgl_rsis.apps.options import ModelChoice
from dgl_rsis.apps.server.model_cache import ModelCache
from dgl_rsis.apps.server.run_refer import run_refer
from dgl_rsis.apps.server.run_segment import run_segment
from dgl_rsis.apps.server.scenes import open_scene_file
from dgl_rsis.apps.server.tasks import AREA, CANDIDATES_IN, Task
from dgl_rsis.errors import InputError
from dgl_rsis.progress import CancelledError

FAST = {"preset": "fast", "min_area": 0.0}


@pytest.fixture(scope="module")
def cache() -> ModelCache:
    """A model that reads 128 pixels a side at once; scenes of the tests have 192."""
    overrides = ["local.max_side=128"]
    return ModelCache(ModelChoice.from_options("rs-tiny", None, "fast", overrides, "cpu", None))


def task(kind: str, scene_folder: Path, tmp_path: Path, **request: Any) -> Task:
    scene = open_scene_file("x", "scene.tif", scene_folder / "scene.tif", uploaded=False)
    folder = tmp_path / "job"
    folder.mkdir()
    tables = tmp_path / "tables"
    values = {"settings": FAST, "top_k": 5, "heatmap": True, **request}
    return Task("job", kind, scene.path, scene.name, scene.placement, folder, tables, values)


def go_on(done: int, total: int, message: str) -> bool:
    return True


def test_map_in_tiles(cache: ModelCache, scene_folder: Path, tmp_path: Path) -> None:
    asked = task("segment", scene_folder, tmp_path, classes=["building", "grass"])
    told: list[tuple[int, int]] = []
    messages = set()

    def progress(done: int, total: int, message: str) -> bool:
        told.append((done, total))
        messages.add(message)
        return True

    result = run_segment(asked, cache, progress)
    assert told[-1][0] == told[-1][1] > 0
    assert {"writing result.tif", "writing result.gpkg", "writing result.geojson"} <= messages
    with rasterio.open(asked.folder / "result.tif") as dataset:
        values = dataset.read(1)
    for number, each in enumerate(result["legend"], start=1):
        assert int((values == number).sum()) == each["pixels"]
    shapes = json.loads((asked.folder / "shapes.geojson").read_text())["features"]
    assert len(shapes) == len(geopandas.read_file(asked.folder / "result.geojson"))
    assert not (asked.folder / "scores.tif").exists()


def test_cancelled_map_leaves_no_result(
    cache: ModelCache, scene_folder: Path, tmp_path: Path
) -> None:
    asked = task("segment", scene_folder, tmp_path, classes=["building"])
    with pytest.raises(CancelledError):
        run_segment(asked, cache, lambda done, total, message: False)
    assert not (asked.folder / "result.tif").exists()


def test_sentences_from_a_table(cache: ModelCache, scene_folder: Path, tmp_path: Path) -> None:
    asked = task("refer", scene_folder, tmp_path, text="the largest field")
    result = run_refer(asked, cache, go_on)
    assert result["layers"] == []
    assert result["downloads"] == ["geojson", "gpkg"]
    assert result["candidates"]
    drawn = json.loads((asked.folder / "candidates.geojson").read_text())["features"]
    assert [each["id"] for each in drawn] == [each["id"] for each in result["candidates"]]
    west, south, east, north = asked.placement.bounds
    room = shapely.box(west, south, east, north).buffer(1e-5)
    assert all(room.covers(shapely.geometry.shape(each["geometry"])) for each in drawn)
    assert run_refer(asked, cache, go_on) == result  # from the table that is open


def test_own_candidates_need_the_whole_image(
    cache: ModelCache, scene_folder: Path, tmp_path: Path
) -> None:
    asked = task("refer", scene_folder, tmp_path, text="the largest field")
    (asked.folder / CANDIDATES_IN).write_text("{}")
    with pytest.raises(InputError, match="restrict the search"):
        run_refer(asked, cache, go_on)


def test_small_area_of_a_large_scene_is_read_at_once(
    cache: ModelCache, scene_folder: Path, tmp_path: Path
) -> None:
    asked = task("refer", scene_folder, tmp_path, text="the largest field")
    west, south, east, north = asked.placement.bounds
    area = shapely.box(west, south, (west + east) / 2, (south + north) / 2)
    feature = {"type": "Feature", "properties": {}, "geometry": shapely.geometry.mapping(area)}
    collection = {"type": "FeatureCollection", "features": [feature]}
    (asked.folder / AREA).write_text(json.dumps(collection))
    run_refer(asked, cache, go_on)
    assert not asked.tables.exists()
    drawn = json.loads((asked.folder / "candidates.geojson").read_text())["features"]
    assert drawn
    for each in drawn:
        assert area.buffer(2e-5).covers(shapely.geometry.shape(each["geometry"]))
