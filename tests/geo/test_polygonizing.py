from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine

from dgl_rsis.errors import ImageError
from dgl_rsis.geo import class_windows
from dgl_rsis.geo.class_windows import open_class_map
from dgl_rsis.geo.dataset import open_raster
from dgl_rsis.geo.polygonizing import measure_file, polygonize
from dgl_rsis.geo.writer import write_classes, write_floats

NAMES = ["water", "road", "building"]
TRANSFORM = Affine(0.5, 0, 346000, 0, -0.5, 5648000)


def write(path: Path, values: Any, *, crs: str | None = "EPSG:25832", **profile: Any) -> Path:
    """Write ``(H, W)`` values as a striped GeoTIFF, so that windows can be small."""
    located = {} if crs is None else {"transform": TRANSFORM, "crs": crs}
    with rasterio.open(
        path, "w", driver="GTiff", count=1, height=values.shape[0], width=values.shape[1],
        dtype=values.dtype, blockysize=1, **located, **profile,
    ) as dataset:  # fmt: skip
        dataset.write(values, 1)
    return path


def table_of(path: Path, scores: Path | None = None, least: float = 0.0, **options: Any) -> Any:
    import pandas

    with open_class_map(path) as file:
        if scores is None:
            measured = measure_file(file)
        else:
            with open_raster(scores) as means:
                measured = measure_file(file, means)
        if least:
            measured = measured.dissolved(least)
        return pandas.concat(measured.tables(**options), ignore_index=True)


def test_a_file_in_windows_gives_what_its_array_gives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = np.random.default_rng(1).integers(-1, 3, (30, 40)).repeat(2, 0).repeat(2, 1)
    write_classes(tmp_path / "map.tif", labels, NAMES, frame=None)
    with rasterio.open(tmp_path / "map.tif") as dataset:
        values, tags = dataset.read(1), dataset.tags()
    path = write(tmp_path / "striped.tif", values, nodata=0)
    with rasterio.open(path, "r+") as dataset:
        dataset.update_tags(CLASS_NAMES=tags["CLASS_NAMES"])
        assert dataset.block_shapes[0][0] == 1
    monkeypatch.setattr(class_windows, "WINDOW_PIXELS", 150)
    with open_raster(path) as dataset:
        assert len(list(class_windows.windows(dataset))) > 30
    with open_class_map(path) as file:
        whole = polygonize(labels, NAMES, frame=file.frame, simplify=0.5)
    table = table_of(path, simplify=0.5)
    assert table.crs.to_epsg() == 25832
    assert list(table.columns) == list(whole.columns) == ["class", "area_m2", "geometry"]
    one, other = (
        each.sort_values("key").reset_index(drop=True)
        for each in (
            frame.assign(key=frame.geometry.normalize().to_wkt()) for frame in (table, whole)
        )
    )
    assert one["key"].tolist() == other["key"].tolist()
    assert one["class"].tolist() == other["class"].tolist()
    assert one["area_m2"].to_numpy() == pytest.approx(other["area_m2"].to_numpy())


def test_areas_are_those_on_the_ground(tmp_path: Path) -> None:
    values = np.ones((600, 4), np.uint8)
    values[300:] = 2
    degrees = Affine(0.01, 0, 7, 0, -0.01, 63)  # from 63 to 57 degrees north
    with rasterio.open(
        tmp_path / "m.tif", "w", driver="GTiff", count=1, height=600, width=4, dtype="uint8",
        transform=degrees, crs="EPSG:4326",
    ) as dataset:  # fmt: skip
        dataset.write(values, 1)
    table = table_of(tmp_path / "m.tif").set_index("class")
    from pyproj import Geod

    geod = Geod(ellps="WGS84")
    for name, (south, north) in {"1": (60, 63), "2": (57, 60)}.items():
        ring = shapely.segmentize(shapely.box(7, south, 7.04, north), 0.001)
        area = abs(geod.geometry_area_perimeter(ring)[0])
        assert table.loc[name, "area_m2"] == pytest.approx(area, rel=1e-3)
    assert table.loc["2", "area_m2"] > 1.08 * table.loc["1", "area_m2"]


def test_scores_are_means_and_what_changed_its_class_counts_as_zero(tmp_path: Path) -> None:
    values = np.ones((4, 6), np.uint8)
    values[1:3, 2] = 2
    scores = np.full((4, 6), 0.5, np.float32)
    scores[:, 5] = np.nan
    scores[1:3, 2] = 0.9
    path = write(tmp_path / "m.tif", values, crs=None)
    write_floats(tmp_path / "s.tif", scores, frame=None, description="score")
    table = table_of(path, tmp_path / "s.tif").set_index("class")
    assert table.loc["2", "score"] == pytest.approx(0.9)
    assert table.loc["1", "score"] == pytest.approx(0.5 * 18 / 22)
    (row,) = table_of(path, tmp_path / "s.tif", least=3).itertuples()
    assert row.area_px == 24
    assert row.score == pytest.approx(0.5 * 18 / 24)
    small = write(tmp_path / "small.tif", np.ones((2, 2), np.float32), crs=None)
    with pytest.raises(ImageError, match=r"2 x 2 pixels, the class map 4 x 6"):
        table_of(path, small)


def test_dissolving_keeps_the_ground_and_leaving_out_does_not(tmp_path: Path) -> None:
    values = np.ones((20, 20), np.uint8)
    values[5:7, 5:7] = 2
    path = write(tmp_path / "m.tif", values)
    whole = table_of(path).area_m2.sum()
    assert len(table_of(path)) == 2
    dissolved = table_of(path, least=1.1)
    assert len(dissolved) == 1
    assert dissolved.area_m2.sum() == pytest.approx(whole)
    left = table_of(path, min_area=1.1)
    assert left["class"].tolist() == ["1"]
    assert left.area_m2.sum() == pytest.approx(whole * 396 / 400)
    assert len(left.geometry[0].interiors) == 1


@pytest.mark.parametrize("dtype", ["int8", "int16", "uint16", "int32", "uint32", "int64", "uint64"])
def test_rasters_of_all_integers_have_their_values_as_names(tmp_path: Path, dtype: str) -> None:
    values = np.array([[1, 1, 0], [100, 100, 0]], dtype)
    if dtype.startswith("int"):
        values[0, 2] = -5
    table = table_of(write(tmp_path / "m.tif", values, crs=None))
    names = {"1": 2, "100": 2, "0": 1 if dtype.startswith("int") else 2}
    if dtype.startswith("int"):
        names["-5"] = 1
    assert dict(zip(table["class"], table["area_px"], strict=True)) == names


def test_numbers_beyond_62_bits_are_no_classes(tmp_path: Path) -> None:
    path = write(tmp_path / "m.tif", np.full((2, 2), 2**63, np.uint64), crs=None)
    with pytest.raises(ImageError, match="62 bits"):
        table_of(path)


def test_a_map_without_classes_gives_an_empty_table(tmp_path: Path) -> None:
    path = write(tmp_path / "m.tif", np.zeros((3, 3), np.uint8), nodata=0)
    table = table_of(path, simplify=1)
    assert len(table) == 0
    assert list(table.columns) == ["class", "area_m2", "geometry"]


def test_values_without_a_name_are_no_data(tmp_path: Path) -> None:
    path = write(tmp_path / "m.tif", np.array([[1, 2, 9]], np.uint8), crs=None)
    with rasterio.open(path, "r+") as file:
        file.update_tags(CLASS_NAMES='["water", "road"]')
    assert table_of(path)["class"].tolist() == ["water", "road"]


def test_heat_maps_are_no_class_maps(tmp_path: Path) -> None:
    path = write(tmp_path / "heat.tif", np.zeros((2, 2), np.float32), crs=None)
    with pytest.raises(ImageError, match="float32 values, not integers"):
        table_of(path)
