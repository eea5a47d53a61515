from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio

from dgl_rsis.errors import ImageError
from dgl_rsis.geo.class_map import read_class_map
from dgl_rsis.geo.crs import map_frame
from dgl_rsis.geo.writer import write_classes

FRAME = map_frame((0.5, 0.0, 400000.0, 0.0, -0.5, 5600000.0), "EPSG:25832", (2, 3))
LABELS = np.array([[0, 1, -1], [1, 1, 0]], np.int16)


def write(path: Path, values: np.ndarray, **profile: object) -> Path:
    sizes = {"count": 1, "height": values.shape[0], "width": values.shape[1]}
    with rasterio.open(path, "w", driver="GTiff", dtype=values.dtype, **sizes, **profile) as file:
        file.write(values, 1)
    return path


def test_what_was_written_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "map.tif"
    write_classes(path, LABELS, ["water", "paved road"], frame=FRAME)
    labels, names, frame = read_class_map(path)
    np.testing.assert_array_equal(labels, LABELS)
    assert labels.dtype == np.int32
    assert names == ["water", "paved road"]
    assert frame == FRAME


def test_values_are_the_names_of_other_rasters(tmp_path: Path) -> None:
    values = np.array([[7, 200, 0], [200, 200, 7]], np.uint16)
    labels, names, frame = read_class_map(write(tmp_path / "other.tif", values, nodata=0))
    np.testing.assert_array_equal(labels, LABELS)
    assert names == ["7", "200"]
    assert frame is None


def test_values_without_a_name_are_no_data(tmp_path: Path) -> None:
    path = write(tmp_path / "map.tif", np.array([[1, 2, 9]], np.uint8))
    with rasterio.open(path, "r+") as file:
        file.update_tags(CLASS_NAMES='["water", "road"]')
    assert read_class_map(path)[0].tolist() == [[0, 1, -1]]


def test_heat_maps_are_no_class_maps(tmp_path: Path) -> None:
    path = write(tmp_path / "heat.tif", np.zeros((2, 2), np.float32))
    with pytest.raises(ImageError, match="float32 values, not integers"):
        read_class_map(path)
