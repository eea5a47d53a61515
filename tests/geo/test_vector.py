from __future__ import annotations

import importlib.util
import json
import warnings
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy
from shapely.geometry import Point, Polygon, box

from dgl_rsis.errors import InputError, MissingExtraError, OutputError
from dgl_rsis.geo.crs import map_frame
from dgl_rsis.geo.polygonizing import polygonize
from dgl_rsis.geo.vector import (
    matches_frame,
    rasterize_polygons,
    read_boxes_or_polygons,
    read_features,
    write_vectors,
)
from dgl_rsis.types import MapFrame

FRAME = map_frame((0.5, 0.0, 346000.0, 0.0, -0.5, 5648000.0), "EPSG:25832", (40, 60))
NAMES = ["water", "road", "building"]


def blocks(side: int = 40) -> Any:
    labels = np.zeros((side, side), dtype=np.int16)
    labels[5:20, 5:30] = 1
    labels[10:15, 10:15] = 2
    labels[-4:] = -1
    return labels


def test_polygons_have_classes_scores_areas_and_holes() -> None:
    scores = np.where(blocks() == 1, 0.75, 0.25).astype(np.float32)
    table = polygonize(blocks(), NAMES, frame=FRAME, scores=scores)
    assert sorted(table["class"]) == ["building", "road", "water"]
    assert table.crs.to_epsg() == 25832
    road = table[table["class"] == "road"].iloc[0]
    assert len(road.geometry.interiors) == 1
    assert road.score == pytest.approx(0.75)
    assert FRAME.pixel_area_m2 is not None
    assert road.area_m2 == pytest.approx((15 * 25 - 25) * FRAME.pixel_area_m2)
    assert table.geometry.is_valid.all()
    assert table.total_bounds.tolist() == [346000.0, 5647982.0, 346020.0, 5648000.0]


def test_pixels_without_crs() -> None:
    table = polygonize(blocks(), NAMES, frame=None)
    assert list(table.columns) == ["class", "area_px", "geometry"]
    assert table.crs is None
    assert table.area_px.sum() == (blocks() >= 0).sum()
    assert table.total_bounds.tolist() == [0, 0, 40, 36]


def test_minimum_area() -> None:
    assert len(polygonize(blocks(), NAMES, frame=None, min_area=25)) == 3
    assert len(polygonize(blocks(), NAMES, frame=None, min_area=26)) == 2
    assert len(polygonize(blocks(), NAMES, frame=FRAME, min_area=6.5)) == 2
    empty = polygonize(np.full((4, 4), -1), NAMES, frame=FRAME, simplify=1)
    assert len(empty) == 0
    assert list(empty.columns) == ["class", "area_m2", "geometry"]


def test_simplified_neighbours_leave_no_gaps() -> None:
    rows, columns = np.mgrid[:80, :80]
    labels = ((rows + 2 * columns) // 60 % 3).astype(np.int16)
    exact = polygonize(labels, NAMES, frame=None)
    simple = polygonize(labels, NAMES, frame=None, simplify=2.0)
    assert shapely.get_num_coordinates(simple.geometry).sum() < (
        shapely.get_num_coordinates(exact.geometry).sum() / 3
    )
    assert shapely.coverage_is_valid(simple.geometry.to_numpy())
    union = shapely.union_all(simple.geometry)
    assert not union.interiors
    assert union.area == pytest.approx(simple.area.sum())


@settings(max_examples=40, deadline=None)
@given(st_numpy.arrays(np.int16, st_numpy.array_shapes(min_dims=2, max_dims=2, max_side=7),
                       elements=st.integers(-1, 2)))  # fmt: skip
def test_polygons_tell_every_pixel(labels: Any) -> None:
    table = polygonize(labels, NAMES, frame=None)
    assert table.geometry.is_valid.all()
    assert table.area_px.sum() == pytest.approx((labels >= 0).sum())
    back = np.full(labels.shape, -1)
    for name, (crop, x0, y0) in zip(
        table["class"], rasterize_polygons(list(table.geometry), labels.shape), strict=True
    ):
        part = back[y0 : y0 + crop.shape[0], x0 : x0 + crop.shape[1]]
        part[crop] = NAMES.index(name)
    assert (back == labels).all()


def test_masks_become_rows() -> None:
    crop = np.ones((4, 6), dtype=bool)
    crop[1:3, 1:3] = False
    diagonal = np.eye(2, dtype=bool)
    empty = np.zeros((2, 2), dtype=bool)
    table = matches_frame(
        [(crop, 10, 20), (diagonal, 0, 0), (empty, 3, 3)],
        {"rank": [1, 2, 3], "chosen": [True, False, False]},
        frame=None,
    )
    assert list(table.columns) == ["rank", "chosen", "area_px", "geometry"]
    assert table.area_px.tolist() == [20, 2, 0]
    assert table.geometry[0].bounds == (10, 20, 16, 24)
    assert table.geometry[1].geom_type == "MultiPolygon"
    assert table.geometry[2].is_empty
    placed = matches_frame([(crop, 10, 20)], {}, frame=FRAME)
    assert placed.total_bounds.tolist() == [346005.0, 5647988.0, 346008.0, 5647990.0]
    assert len(matches_frame([], {"rank": []}, frame=FRAME)) == 0


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson", ".fgb", ".parquet"])
def test_round_trip(tmp_path: Path, suffix: str) -> None:
    if suffix == ".parquet":
        pytest.importorskip("pyarrow")
    table = polygonize(blocks(), NAMES, frame=FRAME, scores=np.ones((40, 40), np.float32))
    path = tmp_path / f"a{suffix}"
    write_vectors(path, table)
    if suffix == ".parquet":
        back = geopandas.read_parquet(path)
    else:
        back = geopandas.read_file(path, layer="a")
    assert sorted(back["class"]) == sorted(NAMES)
    assert back.crs.to_epsg() == (4326 if suffix == ".geojson" else 25832)
    assert back.area_m2.sum() == pytest.approx(table.area_m2.sum())
    assert back.to_crs(table.crs).area.sum() == pytest.approx(table.area.sum(), rel=1e-3)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    polygons = read_boxes_or_polygons(path, FRAME)
    assert sum(polygon.area for polygon in polygons) == pytest.approx(36 * 40, rel=1e-3)
    assert shapely.total_bounds(polygons) == pytest.approx([0, 0, 40, 36], abs=1e-2)


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson", ".fgb"])
@pytest.mark.parametrize("frame", [None, FRAME])
def test_empty_tables_can_be_written(tmp_path: Path, suffix: str, frame: MapFrame | None) -> None:
    table = matches_frame([], {"sentence": [], "rank": []}, frame=frame)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        write_vectors(tmp_path / f"a{suffix}", table)
    assert len(geopandas.read_file(tmp_path / f"a{suffix}", layer="a")) == 0


def test_geojson_without_crs_is_in_pixels(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        write_vectors(tmp_path / "a.geojson", polygonize(blocks(), NAMES, frame=None))
    document = json.loads((tmp_path / "a.geojson").read_text())
    assert "crs" not in document
    polygons = read_boxes_or_polygons(tmp_path / "a.geojson", None)
    assert shapely.total_bounds(polygons).tolist() == [0, 0, 40, 36]


def test_unknown_suffix_and_missing_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = polygonize(blocks(), NAMES, frame=FRAME)
    with pytest.raises(OutputError, match=r"\.shp"):
        write_vectors(tmp_path / "a.shp", table)
    taken = tmp_path / "taken"
    taken.write_text("a file, no folder")
    with pytest.raises(OutputError, match="cannot be written"):
        write_vectors(taken / "a.gpkg", table)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(MissingExtraError):
        write_vectors(tmp_path / "a.parquet", table)
    assert list(tmp_path.iterdir()) == [taken]


def test_reading_refuses_what_is_no_polygon(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        read_boxes_or_polygons(tmp_path / "a.gpkg", FRAME)
    text = tmp_path / "a.geojson"
    text.write_text("nothing")
    with pytest.raises(InputError, match="not a vector file"):
        read_boxes_or_polygons(text, FRAME)
    geopandas.GeoSeries([Point(1, 2)], crs="EPSG:4326").to_file(text)
    with pytest.raises(InputError, match="polygons only, not Point"):
        read_boxes_or_polygons(text, FRAME)
    text.write_text('{"type": "FeatureCollection", "features": []}')
    with pytest.raises(InputError, match="no polygons"):
        read_boxes_or_polygons(text, FRAME)
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="no polygons"):
        read_boxes_or_polygons(tmp_path / "a.csv", FRAME)


def test_reading_refuses_polygons_without_area(tmp_path: Path) -> None:
    flat = Polygon([(0, 0), (4, 4), (2, 2)])
    geopandas.GeoSeries([box(0, 0, 1, 1), flat], crs="EPSG:4326").to_file(tmp_path / "a.geojson")
    with pytest.raises(InputError, match="feature 2: the polygon has no area"):
        read_boxes_or_polygons(tmp_path / "a.geojson", None)


def test_attributes_come_in_the_order_of_their_polygons(tmp_path: Path) -> None:
    rows = {"id": [7, 3], "kind": ["tank", None]}
    shapes = [box(0, 0, 1, 1), box(5, 5, 6, 7)]
    geopandas.GeoDataFrame(rows, geometry=shapes, crs=25832).to_file(tmp_path / "a.shp")
    polygons, attributes = read_features(tmp_path / "a.shp", None)
    assert [polygon.area for polygon in polygons] == [1, 2]
    assert list(attributes.columns) == ["id", "kind"]
    assert attributes["id"].tolist() == [7, 3]
    assert attributes["kind"].isna().tolist() == [False, True]


def test_reading_repairs_bow_ties(tmp_path: Path) -> None:
    bow_tie = Polygon([(0, 0), (4, 4), (4, 0), (0, 4)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        geopandas.GeoSeries([bow_tie]).to_file(tmp_path / "a.gpkg")
    (polygon,) = read_boxes_or_polygons(tmp_path / "a.gpkg", None)
    assert polygon.is_valid
    assert polygon.area == pytest.approx(8)


def test_masks_of_polygons() -> None:
    crops = rasterize_polygons(
        [box(2, 3, 5, 7), box(-5, -5, 2, 2), box(50, 0, 60, 5), box(4.1, 4.1, 4.2, 4.2)], (20, 30)
    )
    assert [(crop.shape, int(crop.sum()), x0, y0) for crop, x0, y0 in crops] == [
        ((4, 3), 12, 2, 3),
        ((2, 2), 4, 0, 0),
        ((0, 0), 0, 0, 0),
        ((1, 1), 1, 4, 4),
    ]
