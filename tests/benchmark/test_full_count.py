from __future__ import annotations

from pathlib import Path

import geopandas
import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine

from dgl_rsis.benchmark import full_count
from dgl_rsis.benchmark.full_count import (
    FullCount,
    count_pixels,
    polygon_reference,
    raster_reference,
)
from dgl_rsis.errors import InputError
from dgl_rsis.geo import class_windows
from dgl_rsis.geo.class_windows import open_class_map

UTM = "EPSG:25832"
TRANSFORM = Affine(10, 0, 400000, 0, -10, 5600000)


def write(path: Path, values: np.ndarray, names: str | None = None, **profile: object) -> Path:
    sizes = {"count": 1, "height": values.shape[0], "width": values.shape[1]}
    with rasterio.open(path, "w", driver="GTiff", dtype=values.dtype, **sizes, **profile) as file:
        file.write(values, 1)
        if names is not None:
            file.update_tags(CLASS_NAMES=names)
    return path


def compare(path: Path, reference: Path, **rename: str) -> FullCount:
    with open_class_map(path) as file, open_class_map(reference) as other:
        return count_pixels(file, raster_reference(file, other), other.name_of, rename)


def noise(seed: int, shape: tuple[int, int] = (40, 50)) -> np.ndarray:
    return np.random.default_rng(seed).integers(1, 4, shape, dtype=np.uint8)


def test_the_same_grid_by_hand(tmp_path: Path) -> None:
    here = {"transform": TRANSFORM, "crs": UTM, "nodata": 0}
    first = write(tmp_path / "map.tif", np.array([[1, 1, 2], [2, 0, 2]], np.uint8), **here)
    second = write(tmp_path / "true.tif", np.array([[1, 2, 2], [0, 1, 5]], np.uint8), **here)
    found = compare(first, second)
    assert found.names == ("1", "2", "5")
    assert found.counts.tolist() == [[1, 1, 0], [0, 1, 1], [0, 0, 0]]
    assert found.left_out == 1
    assert found.notes == ("1 pixels are of 5, which is no class of the map",)


@pytest.mark.parametrize("limit", [30, 10**6])
@pytest.mark.parametrize("factor", [1, 3, 4])
def test_finer_references_are_read_at_the_centres(
    factor: int, limit: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (class_windows, full_count):
        monkeypatch.setattr(module, "WINDOW_PIXELS", limit)
    mapped = write(tmp_path / "map.tif", noise(0), transform=TRANSFORM, crs=UTM)
    fine = noise(1, (40 * factor, 50 * factor))
    transform = TRANSFORM @ Affine.scale(1 / factor)
    true = write(tmp_path / "true.tif", fine, transform=transform, crs=UTM)
    found = compare(mapped, true)
    # the centre of three is the middle one; of four it is on a border: the pixel right and below
    centres = fine[factor // 2 :: factor, factor // 2 :: factor]
    cells = (noise(0).astype(int) - 1) * 3 + centres - 1
    assert found.counts.tolist() == np.bincount(cells.ravel(), minlength=9).reshape(3, 3).tolist()
    assert found.left_out == 0


def test_coarse_and_shifted_references_cover_a_part(tmp_path: Path) -> None:
    mapped = write(tmp_path / "map.tif", np.ones((4, 6), np.uint8), transform=TRANSFORM, crs=UTM)
    # pixels of 20 m, from 10 m to the right of the map and 20 m above it
    transform = Affine(20, 0, 400010, 0, -20, 5600020)
    coarse = np.array([[9, 9], [1, 2]], np.uint8)
    found = compare(
        mapped, write(tmp_path / "true.tif", coarse, transform=transform, crs=UTM, nodata=9)
    )
    assert found.counts.tolist() == [[4, 4], [0, 0]]
    assert found.left_out == 24 - 8


@pytest.mark.parametrize("limit", [30, 10**6])
def test_another_crs_and_a_rotated_grid(
    limit: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One field of classes, written on two grids: they agree but at the borders of classes."""
    for module in (class_windows, full_count):
        monkeypatch.setattr(module, "WINDOW_PIXELS", limit)
    from pyproj import Transformer

    def classes(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return (1 + (x > 400250) + 2 * (y > 5599800)).astype(np.uint8)

    def pixels(transform: Affine, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
        columns, rows = np.meshgrid(np.arange(shape[1]) + 0.5, np.arange(shape[0]) + 0.5)
        return transform @ (columns, rows)

    mapped = write(
        tmp_path / "map.tif",
        classes(*pixels(TRANSFORM, (40, 50))),
        transform=TRANSFORM,
        crs=UTM,
    )
    to_utm = Transformer.from_crs("EPSG:3857", UTM, always_xy=True)
    corner = Transformer.from_crs(UTM, "EPSG:3857", always_xy=True).transform(400250, 5599800)
    turned = Affine.translation(*corner) @ Affine.rotation(30) @ Affine.scale(4, -4)
    turned = turned @ Affine.translation(-150, -150)
    values = classes(*to_utm.transform(*pixels(turned, (300, 300))))
    true = write(tmp_path / "true.tif", values, transform=turned, crs="EPSG:3857")
    found = compare(mapped, true)
    assert found.names == ("1", "2", "3", "4")
    assert np.trace(found.counts) > 0.97 * found.counts.sum()
    assert found.counts.sum() + found.left_out == 2000
    assert found.left_out < 800


def test_names_are_matched_and_renamed(tmp_path: Path) -> None:
    here = {"transform": TRANSFORM, "crs": UTM}
    values = np.array([[1, 2], [1, 2]], np.uint8)
    names = '["water", "road", "field"]'
    mapped = write(tmp_path / "map.tif", values, names, nodata=0, **here)
    numbers = write(tmp_path / "numbers.tif", values + 10, **here)
    with pytest.raises(InputError, match="no class is in both: the map has water, road, the"):
        compare(mapped, numbers)
    found = compare(mapped, numbers, **{"11": "WATER", "12": "field"})
    assert found.names == ("water", "road", "field")
    assert found.counts.tolist() == [[2, 0, 0], [0, 0, 2], [0, 0, 0]]
    assert found.notes == ()
    with pytest.raises(InputError, match="no class 3 to rename, but 11, 12"):
        compare(mapped, numbers, **{"3": "water"})


def test_rasters_without_a_georeference_need_the_same_size(tmp_path: Path) -> None:
    mapped = write(tmp_path / "map.tif", noise(0))
    assert np.trace(compare(mapped, write(tmp_path / "true.tif", noise(0))).counts) == 2000
    small = write(tmp_path / "small.tif", noise(0, (4, 5)))
    with pytest.raises(InputError, match="5 x 4 pixels, the map 50 x 40, and neither has"):
        compare(mapped, small)
    placed = write(tmp_path / "placed.tif", noise(0, (4, 5)), transform=TRANSFORM, crs=UTM)
    with pytest.raises(InputError, match="one lacks a georeference"):
        compare(mapped, placed)


def test_rasters_apart_are_refused(tmp_path: Path) -> None:
    mapped = write(tmp_path / "map.tif", noise(0), transform=TRANSFORM, crs=UTM)
    away = TRANSFORM @ Affine.translation(500, 0)
    with pytest.raises(InputError, match="no pixel in common"):
        compare(mapped, write(tmp_path / "true.tif", noise(0), transform=away, crs=UTM))


def polygons(path: Path, shapes: list[shapely.Geometry], names: list[object], crs: str) -> Path:
    table = geopandas.GeoDataFrame({"use": names}, geometry=shapes, crs=UTM)
    table.to_crs(crs).to_file(path)
    return path


@pytest.mark.parametrize("limit", [3, 10**6])
@pytest.mark.parametrize("crs", [UTM, "EPSG:4326"])
def test_polygons_by_hand(
    crs: str, limit: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(class_windows, "WINDOW_PIXELS", limit)
    values = np.array([[1, 1, 2, 2], [1, 1, 2, 0]], np.uint8)
    names = '["water", "road"]'
    mapped = write(tmp_path / "map.tif", values, names, transform=TRANSFORM, crs=UTM, nodata=0)
    left, top = 400000, 5600000
    shapes = [
        shapely.box(left, top - 10, left + 24, top),  # the first row, three columns by a bit
        shapely.box(left, top - 20, left + 36, top - 10),  # the second row, all by the centres
        shapely.box(left + 10, top - 20, left + 20, top - 10),  # over it: the later one counts
    ]
    true = polygons(tmp_path / "true.gpkg", shapes, ["Water", "road", "Water"], crs)
    with open_class_map(mapped) as file:
        reference, name_of = polygon_reference(file, str(true), "use")
        found = count_pixels(file, reference, name_of, {})
        with pytest.raises(InputError, match="no column `class`, but use; name it with --column"):
            polygon_reference(file, str(true), "class")
    assert found.names == ("water", "road")
    assert found.counts.tolist() == [[3, 1], [0, 1]]
    assert found.left_out == 2


def test_polygons_without_a_class_are_refused(tmp_path: Path) -> None:
    mapped = write(tmp_path / "map.tif", noise(0), transform=TRANSFORM, crs=UTM)
    box = shapely.box(400000, 5599990, 400010, 5600000)
    true = polygons(tmp_path / "true.gpkg", [box, box], ["1", None], UTM)
    with (
        open_class_map(mapped) as file,
        pytest.raises(InputError, match="feature 2: column `use` is empty"),
    ):
        polygon_reference(file, str(true), "use")
