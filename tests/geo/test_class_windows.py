from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine

from dgl_rsis.errors import ImageError
from dgl_rsis.geo import class_windows
from dgl_rsis.geo.class_windows import (
    area_note,
    area_unit,
    count_classes,
    open_class_map,
    windows,
)
from dgl_rsis.geo.crs import map_frame
from dgl_rsis.geo.writer import write_classes


def write(path: Path, values: np.ndarray, **profile: object) -> Path:
    sizes = {"count": 1, "height": values.shape[0], "width": values.shape[1]}
    with rasterio.open(path, "w", driver="GTiff", dtype=values.dtype, **sizes, **profile) as file:
        file.write(values, 1)
    return path


@pytest.mark.parametrize(
    "layout", [{}, {"tiled": True, "blockxsize": 16, "blockysize": 32}, {"blockysize": 7}]
)
@pytest.mark.parametrize("limit", [1, 40, 600, 5000, 10**6])
def test_windows_cover_every_pixel_once(
    layout: dict[str, object], limit: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(class_windows, "WINDOW_PIXELS", limit)
    path = write(tmp_path / "map.tif", np.zeros((70, 50), np.uint8), **layout)
    covered = np.zeros((70, 50), int)
    with open_class_map(path) as file:
        for window in windows(file.dataset):
            assert window.width * window.height <= limit
            rows, columns = window.toslices()
            covered[rows, columns] += 1
    assert (covered == 1).all()


def test_windows_are_whole_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(class_windows, "WINDOW_PIXELS", 2200)
    tiles = {"tiled": True, "blockxsize": 16, "blockysize": 32}
    path = write(tmp_path / "map.tif", np.zeros((70, 50), np.uint8), **tiles)
    with open_class_map(path) as file:
        found = [
            (each.col_off, each.row_off, each.width, each.height) for each in windows(file.dataset)
        ]
    assert found == [(0, 0, 50, 32), (0, 32, 50, 32), (0, 64, 50, 6)]


def test_classes_of_our_maps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(class_windows, "WINDOW_PIXELS", 4)
    labels = np.array([[0, 1, -1], [1, 1, 0]], np.int16)
    frame = map_frame((2.0, 0.0, 400000.0, 0.0, -2.0, 5600000.0), "EPSG:25832", (2, 3))
    write_classes(tmp_path / "map.tif", labels, ["water", "road", "never"], frame=frame)
    with open_class_map(tmp_path / "map.tif") as file:
        found = count_classes(file)
        assert area_unit(file.frame) == "m2"
        assert area_note(file) is None
        at = file.values_at(np.array([0, 1, 0, 2, 0]), np.array([1, 2, 2, 0, -1]))
    assert [(each.value, each.name, each.pixels) for each in found] == [
        (1, "water", 2),
        (2, "road", 3),
    ]
    assert frame.pixel_area_m2 is not None
    assert found[1].area == pytest.approx(3 * frame.pixel_area_m2)
    assert at == [2, 1, None, None, None]


def test_values_beyond_the_names_are_no_class(tmp_path: Path) -> None:
    path = write(tmp_path / "map.tif", np.array([[1, 2, 9, 0]], np.uint8))
    with rasterio.open(path, "r+") as file:
        file.update_tags(CLASS_NAMES='["water", "road"]')
    with open_class_map(path) as file:
        assert [each.pixels for each in count_classes(file)] == [1, 1]


def test_other_rasters_are_counted_by_value(tmp_path: Path) -> None:
    values = np.array([[7, 200, -3], [200, 200, 7]], np.int16)
    with open_class_map(write(tmp_path / "other.tif", values, nodata=7)) as file:
        found = count_classes(file)
        assert area_unit(file.frame) == "pixels"
    assert [(each.name, each.pixels, each.area) for each in found] == [
        ("-3", 1, 1.0),
        ("200", 3, 3.0),
    ]


def test_areas_follow_the_latitude(tmp_path: Path) -> None:
    """Degrees: the lower half is farther south and larger."""
    values = np.repeat(np.array([1, 2], np.uint8), 100)[:, None].repeat(50, axis=1)
    transform = Affine(0.01, 0, 8, 0, -0.01, 60)
    path = write(tmp_path / "map.tif", values, transform=transform, crs="EPSG:4326")
    with open_class_map(path) as file:
        north, south = count_classes(file)
        note = area_note(file)
    # Integral of cos(latitude) over 59..60 and 58..59 degrees, almost the same on the ellipsoid.
    sines = np.sin(np.radians([60, 59, 58]))
    assert south.area / north.area == pytest.approx(
        (sines[1] - sines[2]) / (sines[0] - sines[1]), rel=1e-3
    )
    assert note is not None
    assert "equal-area" in note


@pytest.mark.parametrize(
    ("values", "nodata", "message"),
    [
        (np.zeros((2, 2), np.float32), None, "float32 values, not integers"),
        (np.zeros((2, 2), np.uint8), 0, "holds no data"),
        (np.arange(1200, dtype=np.int32)[None], None, "more than 1000 different values"),
    ],
)
def test_what_is_no_class_map_is_refused(
    values: np.ndarray, nodata: float | None, message: str, tmp_path: Path
) -> None:
    path = write(tmp_path / "map.tif", values, nodata=nodata)
    with pytest.raises(ImageError, match=message), open_class_map(path) as file:
        count_classes(file)
