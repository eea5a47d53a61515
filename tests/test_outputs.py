from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import geopandas
import numpy as np
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image
from scipy import ndimage

from dgl_rsis.errors import OutputError
from dgl_rsis.outputs import (
    answer_table,
    describe_answer,
    pixel_area,
    save_answers,
    save_heatmap,
    save_scores,
    sieve,
)
from dgl_rsis.results import Match, ReferResult, SegmentResult
from dgl_rsis.text.parse import parse
from dgl_rsis.types import MapFrame, Raster

FRAME = MapFrame((2.0, 0, 100.0, 0, -2.0, 500.0), "EPSG:32632", (2.0, 2.0), (0, -1))


def make_raster(shape: tuple[int, int], frame: MapFrame | None = FRAME) -> Raster:
    rgb = np.random.default_rng(1).integers(0, 255, (*shape, 3), dtype=np.uint8)
    return Raster(rgb, np.ones(shape, bool), frame)


def make_map(labels: np.ndarray, frame: MapFrame | None = FRAME) -> SegmentResult:
    raster = replace(make_raster(labels.shape, frame), valid=labels > -2)
    stored = np.maximum(labels, -1).astype(np.int16)
    scores = np.where(stored >= 0, np.float32(0.5), np.float32(0))
    return SegmentResult(stored, scores, ("water", "road", "roof"), raster, "leaf")


def make_match(box: tuple[int, int, int, int], *, chosen: bool, **terms: float) -> Match:
    crop = np.ones((box[3] - box[1], box[2] - box[0]), bool)
    return Match(crop, box, (20, 30), 0.5, terms, chosen, 0)


def make_answer(sentence: str, *matches: Match) -> ReferResult:
    mask = np.zeros((20, 30), bool)
    for match in matches:
        mask |= match.mask & match.chosen
    heat = np.full((20, 30), 0.25, np.float32)
    return ReferResult(mask, matches, parse(sentence), heat, make_raster((20, 30)))


def test_map_saves_in_every_format(tmp_path: Path) -> None:
    labels = np.repeat([[0, 0, 1, 2]], 4, axis=0)
    result = make_map(labels)
    for suffix in (".tif", ".gpkg", ".geojson", ".fgb", ".png"):
        result.save(tmp_path / f"map{suffix}")
    with rasterio.open(tmp_path / "map.tif") as dataset:
        assert (dataset.read(1) == labels + 1).all()
    rows = geopandas.read_file(tmp_path / "map.fgb")
    assert rows.set_index("class")["area_m2"].to_dict() == {"water": 32, "road": 16, "roof": 16}
    with Image.open(tmp_path / "map.png") as picture:
        assert picture.mode == "RGB"


@pytest.mark.parametrize("name", ["map", "map.xyz", "taken/map.tif"])
def test_map_refuses_places_and_formats(name: str, tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("a file, no folder")
    with pytest.raises(OutputError):
        make_map(np.zeros((4, 4), int)).save(tmp_path / name)
    assert list(tmp_path.iterdir()) == [taken]


def test_a_map_makes_its_folder(tmp_path: Path) -> None:
    make_map(np.zeros((4, 4), int)).save(tmp_path / "new" / "folder" / "map.tif")
    assert (tmp_path / "new" / "folder" / "map.tif").is_file()


def test_scores_and_heat_are_empty_without_data(tmp_path: Path) -> None:
    result = make_map(np.array([[0, -1], [-2, 1]]))
    save_scores(result, tmp_path / "scores.tif")
    with rasterio.open(tmp_path / "scores.tif") as dataset:
        np.testing.assert_array_equal(dataset.read(1), [[0.5, 0], [np.nan, 0.5]])
        assert tuple(dataset.transform)[:6] == FRAME.transform
    answer = make_answer("the roof")
    answer.raster.valid[0] = False
    save_heatmap(answer, tmp_path / "heat.tif")
    with rasterio.open(tmp_path / "heat.tif") as dataset:
        heat = dataset.read(1)
    assert np.isnan(heat[0]).all()
    assert (heat[1:] == 0.25).all()


def test_answers_of_several_sentences_share_a_table(tmp_path: Path) -> None:
    first = make_answer(
        "the large roof",
        make_match((0, 0, 5, 4), chosen=True, probability=0.5),
        make_match((5, 5, 9, 9), chosen=False, probability=0.25, activation=0.125),
    )
    second = make_answer("two ships", make_match((9, 9, 12, 12), chosen=True, program=1.0))
    table = answer_table([first, second])
    assert table["sentence"].tolist() == ["the large roof", "the large roof", "two ships"]
    assert table["rank"].tolist() == [1, 2, 1]
    assert table["class"].tolist() == ["roof", "roof", "ship"]
    assert table["area_m2"].tolist() == [80, 64, 36]
    np.testing.assert_array_equal(table["term_activation"], [np.nan, 0.125, np.nan])
    assert table.geometry[0].bounds == (100, 492, 110, 500)
    save_answers([first, second], tmp_path / "a.fgb")
    assert len(geopandas.read_file(tmp_path / "a.fgb")) == 3


def test_scores_are_rounded_for_readers_of_json() -> None:
    match = replace(make_match((0, 0, 5, 4), chosen=True, probability=2 / 3), score=1 / 3)
    (described,) = describe_answer(make_answer("the roof", match))["matches"]
    assert (described["score"], described["terms"]) == (0.333, {"probability": 0.667})


def test_an_answer_without_matches_is_an_empty_table(tmp_path: Path) -> None:
    make_answer("the roof").save(tmp_path / "a.geojson")
    assert geopandas.read_file(tmp_path / "a.geojson").empty
    with pytest.raises(OutputError):
        make_answer("the roof").save(tmp_path / "a.tif")


def test_sieve_merges_small_regions() -> None:
    labels = np.zeros((6, 6), int)
    labels[1:3, 1:3] = 1  # 4 pixels of 4 square metres
    labels[4, 4] = 2
    merged = sieve(make_map(labels), 16.0)
    expected = labels.copy()
    expected[4, 4] = 0
    assert (merged.labels == expected).all()
    assert merged.scores[4, 4] == 0
    assert "merged" in merged.notes[0]
    assert not (sieve(make_map(labels), 17.0).labels == 1).any()
    assert sieve(make_map(labels), 4.0).labels[4, 4] == 2


def test_areas_are_pixels_without_lengths() -> None:
    assert pixel_area(FRAME) == 4
    assert pixel_area(None) == 1
    labels = np.zeros((6, 6), int)
    labels[1:3, 1:3] = 1
    assert (sieve(make_map(labels, None), 4.0).labels == 1).sum() == 4
    assert not (sieve(make_map(labels, None), 5.0).labels == 1).any()


@settings(max_examples=40, deadline=None)
@given(
    labels=arrays(
        np.int16, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=st.integers(-2, 2)
    ),
    pixels=st.integers(1, 6),
)
def test_sieve_leaves_large_regions_and_missing_data(labels: np.ndarray, pixels: int) -> None:
    result = make_map(labels, None)
    merged = sieve(result, float(pixels))
    assert (merged.labels[labels == -2] == -1).all()
    assert set(np.unique(merged.labels)) <= {*np.unique(result.labels).tolist(), -1}
    for value in (0, 1, 2):
        regions, count = ndimage.label(labels == value)
        for region in range(1, count + 1):
            inside = regions == region
            if inside.sum() >= pixels:
                assert (merged.labels[inside] == value).all()


def test_saving_removes_the_manifest_of_what_was_there_before(tmp_path: Path) -> None:
    path = tmp_path / "map.tif"
    manifest = tmp_path / "map.tif.manifest.json"
    manifest.write_text("{}")
    make_map(np.zeros((4, 4), int)).save(path)
    assert path.exists()
    assert not manifest.exists()
