from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pandas
import pyogrio
import pytest
import shapely
from pyproj import Geod
from shapely.geometry import MultiPolygon, Point, Polygon, box

from dgl_rsis.errors import InputError, OutputError
from dgl_rsis.geo.crs import map_frame
from dgl_rsis.geo.parcels import (
    Parcels,
    add_columns,
    ground_areas,
    pixel_polygons,
    read_parcels,
    write_parcels,
)

SHAPE = (40, 60)
FRAME = map_frame((0.5, 0.0, 346000.0, 0.0, -0.5, 5648000.0), "EPSG:25832", SHAPE)
HOLE = Polygon(
    box(346001, 5647990, 346011, 5647999).exterior, [box(346003, 5647992, 346005, 5647994).exterior]
)
PARTS = MultiPolygon([box(346012, 5647990, 346014, 5647992), box(346020, 5647990, 346021, 5647991)])


def fields(crs: str | None = "EPSG:25832") -> Any:
    """Two parcels with attributes of all kinds and ids of their own."""
    table = geopandas.GeoDataFrame(
        {
            "name": ["Äcker", None],
            "count": pandas.array([7, None], dtype="Int64"),
            "share": [0.25, None],
            "when": pandas.to_datetime(["2020-01-02", "2021-03-04"]),
            "mine": [True, False],
        },
        geometry=[HOLE, PARTS],
        crs="EPSG:25832",
    )
    return table if crs is None else table.to_crs(crs)


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson", ".fgb", ".parquet"])
@pytest.mark.parametrize("crs", ["EPSG:25832", "EPSG:4326"])
def test_everything_comes_back(tmp_path: Path, suffix: str, crs: str) -> None:
    table = fields(crs)
    table.insert(0, "fid", [12, 5])
    table.to_file(tmp_path / "in.gpkg", layer="Felder 2020")
    parcels = read_parcels(tmp_path / "in.gpkg")
    assert parcels.layer == "Felder 2020"
    assert parcels.ids is not None
    assert sorted(parcels.ids.tolist()) == [5, 12]
    assert str(parcels.table["count"].dtype) == "Int64"
    target = tmp_path / f"out{suffix}"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        write_parcels(target, parcels)
    if suffix == ".parquet":
        back = geopandas.read_parquet(target)
    else:
        back = geopandas.read_file(target, layer="Felder 2020", fid_as_index=suffix == ".gpkg")
    if suffix == ".gpkg":
        assert "fid" not in back
        back = back.reset_index()
    back = back.sort_values("fid").reset_index(drop=True)
    assert back.crs.to_epsg() == int(crs.removeprefix("EPSG:"))
    assert back["fid"].tolist() == [5, 12]
    assert back["name"].fillna("").tolist() == ["", "Äcker"]
    assert back["count"].astype("Int64").fillna(-1).tolist() == [-1, 7]
    assert back["share"].fillna(-1).tolist() == [-1, 0.25]
    assert [str(each)[:10] for each in back["when"]] == ["2021-03-04", "2020-01-02"]
    assert back["mine"].astype(bool).tolist() == [False, True]
    for one, other in zip(back.geometry, [fields(crs).geometry[1], fields(crs).geometry[0]],
                          strict=True):  # fmt: skip
        both = [MultiPolygon(shapely.get_parts(each).tolist()).normalize() for each in (one, other)]
        assert shapely.equals_exact(*both, tolerance=1e-5 if crs == "EPSG:25832" else 1e-9)


def test_shapefiles_and_lists_can_be_read(tmp_path: Path) -> None:
    fields()[["name", "geometry"]].to_file(tmp_path / "in.shp", encoding="utf-8")
    parcels = read_parcels(tmp_path / "in.shp")
    assert parcels.table["name"][0] == "Äcker"
    assert parcels.table.crs.to_epsg() == 25832
    document = json.loads(fields()[["geometry"]].to_json(to_wgs84=True))
    document["features"][0]["properties"] = {"tags": ["a", "b"], "more": {"c": 1}}
    document["features"][1]["properties"] = {"tags": None, "more": None}
    (tmp_path / "in.geojson").write_text(json.dumps(document))
    write_parcels(tmp_path / "out.gpkg", read_parcels(tmp_path / "in.geojson"))
    back = geopandas.read_file(tmp_path / "out.gpkg", layer="in")
    assert json.loads(back["tags"][0]) == ["a", "b"]
    assert json.loads(back["more"][0]) == {"c": 1}


def test_an_attribute_called_fid_is_kept(tmp_path: Path) -> None:
    table = fields()[["geometry"]]
    table["fid"] = [9, 4]
    for name, values in (("unique", [9, 4]), ("twice", [9, 9]), ("text", ["a", "b"])):
        table["fid"] = values
        write_parcels(tmp_path / f"{name}.gpkg", Parcels(table, np.array([0, 1]), "x"))
        back = geopandas.read_file(tmp_path / f"{name}.gpkg", layer="x", fid_as_index=True)
        found = back.index if name == "unique" else back["fid"]
        assert sorted(found.tolist()) == sorted(values)


def test_layers_are_chosen_by_name(tmp_path: Path) -> None:
    path = tmp_path / "in.gpkg"
    fields().to_file(path, layer="one")
    fields().iloc[:1].to_file(path, layer="two", mode="a")
    assert read_parcels(path).layer == "one"
    assert len(read_parcels(path, "two").table) == 1
    with pytest.raises(InputError, match="no layer 'three'"):
        read_parcels(path, "three")


def test_bad_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        read_parcels(tmp_path / "none.gpkg")
    (tmp_path / "text.gpkg").write_text("text")
    with pytest.raises(InputError, match="not a vector file"):
        read_parcels(tmp_path / "text.gpkg")
    geopandas.GeoSeries([Point(1, 2)], crs=4326).to_file(tmp_path / "points.gpkg")
    with pytest.raises(InputError, match="no polygons"):
        read_parcels(tmp_path / "points.gpkg")
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="no polygons"):
        read_parcels(tmp_path / "a.csv")
    with pytest.raises(OutputError, match=r"\.shp"):
        write_parcels(tmp_path / "a.shp", Parcels(fields()))


def test_each_feature_gets_its_place_or_its_remark() -> None:
    bow_tie = Polygon([(346001, 5647991), (346003, 5647993), (346003, 5647991), (346001, 5647993)])
    flat = Polygon([(346001, 5647991), (346003, 5647993), (346002, 5647992)])
    shapes = [HOLE, PARTS, bow_tie, flat, Point(346001, 5647991), None, Polygon()]
    table = geopandas.GeoDataFrame(geometry=shapes, crs="EPSG:25832").to_crs(4326)
    polygons, remarks = pixel_polygons(Parcels(table), FRAME, SHAPE)
    assert polygons[0].area == pytest.approx((90 - 4) * 4, rel=1e-5)
    assert len(polygons[0].interiors) == 1
    assert polygons[1].area == pytest.approx(5 * 4, rel=1e-5)
    assert polygons[2].is_valid
    assert polygons[2].area == pytest.approx(2 * 4, rel=1e-5)
    assert polygons[4:].tolist() == [None, None, None]
    assert remarks[:2] == ["", ""]
    assert "repaired" in remarks[2]
    assert remarks[4:] == [
        "no polygon but a Point", "no polygon but nothing", "no polygon but an empty geometry",
    ]  # fmt: skip
    far = geopandas.GeoDataFrame(geometry=[box(0, 88, 1, 95)], crs="EPSG:4326")
    polygons, remarks = pixel_polygons(Parcels(far), FRAME, SHAPE)
    assert polygons[0] is None
    assert "no place" in remarks[0]


def test_a_polygon_without_area_is_told() -> None:
    table = geopandas.GeoDataFrame(geometry=[Polygon([(0, 0), (4, 4), (2, 2)])])
    polygons, remarks = pixel_polygons(Parcels(table), None, SHAPE)
    assert polygons[0] is None
    assert remarks == ["the polygon has no area"]


def test_long_edges_are_straight_in_their_own_crs() -> None:
    shape = (40_000, 40_000)
    frame = map_frame((0.5, 0, 346000, 0, -0.5, 5658000), "EPSG:25832", shape)
    edge = box(6.85, 51.0, 7.05, 51.05)
    table = geopandas.GeoDataFrame(geometry=[edge], crs="EPSG:4326")
    (polygon,), _ = pixel_polygons(Parcels(table), frame, shape)
    fine = geopandas.GeoSeries([edge.segmentize(1e-4)], crs=4326).to_crs(25832)
    exact = fine.affine_transform([2, 0, 0, -2, -2 * 346000, 2 * 5658000])[0]
    assert polygon.symmetric_difference(exact).area / exact.length < 0.01  # pixels on average
    coarse = geopandas.GeoSeries([edge], crs=4326).to_crs(25832)
    bent = coarse.affine_transform([2, 0, 0, -2, -2 * 346000, 2 * 5658000])[0]
    assert bent.symmetric_difference(exact).area / exact.length > 1


def test_areas_are_those_on_the_ellipsoid() -> None:
    edge = box(7.0, 51.0, 7.1, 51.1)
    hole = Polygon(edge.exterior, [box(7.04, 51.04, 7.06, 51.06).exterior])
    geod = Geod(ellps="WGS84")
    expected = abs(geod.geometry_area_perimeter(edge)[0]) * 0.96
    table = geopandas.GeoDataFrame(geometry=[hole, Point(7, 51), None], crs="EPSG:4326")
    polygons, _ = pixel_polygons(Parcels(table), FRAME, SHAPE)
    name, areas = ground_areas(Parcels(table), polygons, FRAME)
    assert name == "area_m2"
    assert areas[0] == pytest.approx(expected, rel=1e-3)
    assert np.isnan(areas[1:]).all()
    mercator = Parcels(table.to_crs(3857))
    assert ground_areas(mercator, polygons, FRAME)[1][0] == pytest.approx(areas[0], rel=1e-6)
    bare = Parcels(geopandas.GeoDataFrame(geometry=[box(0, 0, 3, 2)]))
    polygons, _ = pixel_polygons(bare, None, SHAPE)
    assert ground_areas(bare, polygons, None) == ("area_px", pytest.approx([6.0]))
    assert FRAME.pixel_area_m2 is not None
    name, areas = ground_areas(bare, polygons, FRAME)
    assert (name, areas.tolist()) == ("area_m2", [pytest.approx(6 * FRAME.pixel_area_m2)])


def test_no_column_of_the_user_is_replaced() -> None:
    table = fields()
    added, names = add_columns(table, {"class": ["a", "b"], "score": [1.0, 0.5]})
    assert names == {"class": "class", "score": "score"}
    assert list(added.columns)[-3:] == ["class", "score", "geometry"]
    again, names = add_columns(
        added.rename(columns={"class": "CLASS"}), {"class": [1, 2], "new": [0, 0]}
    )
    assert names == {"class": "label_class", "new": "label_new"}
    assert again["CLASS"].tolist() == ["a", "b"]
    _, names = add_columns(again, {"class": [1, 2], "score": [0, 0]})
    assert names == {"class": "label2_class", "score": "label2_score"}
    assert "class" not in table


def test_styles_colour_our_classes_only(tmp_path: Path) -> None:
    table, _ = add_columns(fields(), {"class": pandas.array(["a", None], dtype="str")})
    write_parcels(tmp_path / "a.gpkg", Parcels(table), coloured=True)
    write_parcels(tmp_path / "b.gpkg", Parcels(table))
    assert "layer_styles" in pyogrio.list_layers(tmp_path / "a.gpkg")[:, 0]
    assert "layer_styles" not in pyogrio.list_layers(tmp_path / "b.gpkg")[:, 0]
