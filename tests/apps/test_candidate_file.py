from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pytest
import shapely
from affine import Affine

from dgl_rsis.apps.candidate_file import read_candidates
from dgl_rsis.errors import InputError
from dgl_rsis.types import MapFrame, Raster

TRANSFORM = Affine(0.5, 0, 400000, 0, -0.5, 5600000)
FRAME = MapFrame(tuple(TRANSFORM)[:6], "EPSG:25832", (0.5, 0.5), (0.0, -1.0))
BOXES = [(10, 4, 20, 14), (100, 100, 110, 110), (30, 20, 44, 36)]  # the second lies outside


def make_raster(frame: MapFrame | None = FRAME) -> Raster:
    return Raster(np.zeros((40, 60, 3), np.uint8), np.ones((40, 60), bool), frame)


def write(path: Path, crs: Any = "EPSG:25832", **columns: list[Any]) -> str:
    shapes = []
    for x0, y0, x1, y1 in BOXES:
        corners = [TRANSFORM @ corner for corner in ((x0, y0), (x1, y0), (x1, y1), (x0, y1))]
        shapes.append(shapely.Polygon(corners))
    table = geopandas.GeoDataFrame(columns, geometry=shapes, crs="EPSG:25832").to_crs(crs)
    if path.suffix == ".parquet":
        table.to_parquet(path)
    else:
        table.to_file(path)
    return str(path)


@pytest.mark.parametrize("suffix", [".geojson", ".gpkg", ".shp", ".parquet"])
@pytest.mark.parametrize("crs", ["EPSG:25832", "EPSG:4326", "EPSG:3857"])
def test_any_format_and_crs_is_the_same(suffix: str, crs: str, tmp_path: Path) -> None:
    if suffix == ".parquet":
        pytest.importorskip("pyarrow")
    file = write(tmp_path / f"a{suffix}", crs, name=["tank", "ship", None])
    found = read_candidates(file, make_raster())
    assert np.abs(found.masks.boxes - np.array([BOXES[0], BOXES[2]])).max() <= 1
    assert found.names == ["tank", ""]
    assert found.scores is None
    assert found.attributes["candidate"].tolist() == [0, 2]
    assert found.remarks == ["1 of 3 candidates lie outside the image"]


def test_what_the_edge_cuts_is_said_and_kept_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.gpkg"
    # exactly at the edge, over it by less than half a pixel, over it, far over a corner
    boxes = [(0, 0, 9, 8), (-0.3, 9, 9, 15), (-5, 20, 9, 30), (50, 30, 90, 90)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # no CRS, on purpose
        geopandas.GeoSeries([shapely.box(*box) for box in boxes]).to_file(path)
        two = read_candidates(str(path), make_raster(None))
        geopandas.GeoSeries([shapely.box(*box) for box in boxes[:3]]).to_file(path)
        one = read_candidates(str(path), make_raster(None))
    assert two.remarks == [
        "candidates 2, 3 reach beyond the image: only their parts inside are looked at"
    ]
    assert one.remarks == [
        "candidate 2 reaches beyond the image: only its part inside is looked at"
    ]
    assert two.masks.boxes[2:].tolist() == [[0, 20, 9, 30], [50, 30, 60, 40]]
    assert [outline.bounds for outline in two.outlines] == boxes


def test_columns_are_chosen(tmp_path: Path) -> None:
    columns = {"name": ["a", "b", "c"], "kind": ["tank", "x", "ship"], "sure": ["0.5", "1", "1"]}
    file = write(tmp_path / "a.gpkg", **columns)
    found = read_candidates(file, make_raster(), names_from="kind", scores_from="sure")
    assert found.names == ["tank", "ship"]
    assert found.scores == [0.5, 1.0]
    assert read_candidates(file, make_raster()).names == ["a", "c"]
    plain = write(tmp_path / "b.gpkg", code=[1, 2, 3])
    assert read_candidates(plain, make_raster()).names is None
    assert read_candidates(plain, make_raster(), names_from="code").names == ["1", "3"]


@pytest.mark.parametrize(
    ("names_from", "scores_from", "message"),
    [
        ("species", None, "no column `species`, but kind, percent, empty"),
        ("kind", "confidence", "no column `confidence`"),
        ("kind", "kind", "other things than numbers"),
        ("kind", "percent", "from 0 to 1"),
        ("kind", "empty", "from 0 to 1"),
        (None, "percent", "--names-from"),
    ],
)
def test_wrong_columns_are_refused(
    names_from: str | None, scores_from: str | None, message: str, tmp_path: Path
) -> None:
    columns = {"kind": ["tank"] * 3, "percent": [50, 60, 70], "empty": [0.5, None, None]}
    file = write(tmp_path / "a.gpkg", **columns)
    with pytest.raises(InputError, match=message):
        read_candidates(file, make_raster(), names_from=names_from, scores_from=scores_from)


def test_files_without_usable_polygons_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.geojson"
    for text, message in (
        ('{"type": "FeatureCollection", "features": []}', "no polygons"),
        ("no vectors", "not a vector file"),
    ):
        path.write_text(text)
        with pytest.raises(InputError, match=message):
            read_candidates(str(path), make_raster())
    with pytest.raises(InputError, match="does not exist"):
        read_candidates(str(tmp_path / "none.gpkg"), make_raster())
    shapes = {"line": shapely.LineString([(0, 0), (9, 9)]), "flat": shapely.box(1, 1, 1, 9)}
    for kind, message in (("line", "polygons only"), ("flat", "feature 1: .*no area")):
        geopandas.GeoSeries([shapes[kind]], crs=4326).to_file(path)
        with pytest.raises(InputError, match=message):
            read_candidates(str(path), make_raster(None))
    geopandas.GeoSeries([shapely.box(20, 50, 21, 51)], crs=4326).to_file(path)
    with pytest.raises(InputError, match="no polygon inside the image; check its coordinates"):
        read_candidates(str(path), make_raster())


def test_pixels_serve_where_the_image_lies_nowhere(tmp_path: Path) -> None:
    path = tmp_path / "a.gpkg"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # no CRS, on purpose
        geopandas.GeoDataFrame({"class": ["tank"]}, geometry=[shapely.box(2, 3, 9, 8)]).to_file(
            path
        )
    found = read_candidates(str(path), make_raster(None))
    assert found.masks.boxes.tolist() == [[2, 3, 9, 8]]
    assert found.names == ["tank"]
