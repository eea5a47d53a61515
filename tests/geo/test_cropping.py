from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import rasterio
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from rasterio.io import DatasetReader, MemoryFile
from shapely.geometry import box

from dgl_rsis.errors import InputError
from dgl_rsis.geo.cropping import crop_window

TRANSFORM = Affine(0.5, 0.0, 346000.0, 0.0, -0.5, 5648000.0)
WIDTH, HEIGHT = 60, 40


@pytest.fixture(scope="module")
def dataset() -> Iterator[DatasetReader]:
    """60 x 40 pixels of half a metre."""
    sizes: dict[str, Any] = {"count": 1, "height": HEIGHT, "width": WIDTH, "dtype": "uint8"}
    with MemoryFile() as memory:
        with memory.open(driver="GTiff", transform=TRANSFORM, crs="EPSG:25832", **sizes):
            pass
        with memory.open() as opened:
            yield opened


def cells(window: rasterio.windows.Window) -> tuple[int, ...]:
    """First column, first row, column behind the last, row behind the last."""
    left, top = window.col_off, window.row_off
    return (int(left), int(top), int(left + window.width), int(top + window.height))


def test_without_limits_it_is_the_whole_image(dataset: DatasetReader) -> None:
    assert cells(crop_window(dataset, None, None)) == (0, 0, WIDTH, HEIGHT)
    wide = (345000, 5647000, 347000, 5649000)
    assert cells(crop_window(dataset, wide, None)) == (0, 0, WIDTH, HEIGHT)


def test_both_limits_hold(dataset: DatasetReader) -> None:
    bounds = (346005, 5647990, 346015, 5648000)  # columns 10 to 30, rows 0 to 20
    polygons = [box(20.5, 5, 25, 12.2), box(28, 8, 50, 9)]
    assert cells(crop_window(dataset, bounds, None)) == (10, 0, 30, 20)
    assert cells(crop_window(dataset, None, polygons)) == (20, 5, 50, 13)
    assert cells(crop_window(dataset, bounds, polygons)) == (20, 5, 30, 13)


@given(st.data())
def test_the_window_is_the_least_that_covers_the_box(dataset: DatasetReader, data: Any) -> None:
    def side(length: int) -> tuple[float, float]:
        first = data.draw(st.integers(0, 10 * length - 1))
        return first / 10, data.draw(st.integers(first + 1, 10 * length)) / 10

    (left, right), (top, bottom) = side(WIDTH), side(HEIGHT)
    minx, maxy = TRANSFORM @ (left, top)
    maxx, miny = TRANSFORM @ (right, bottom)
    x0, y0, x1, y1 = cells(crop_window(dataset, (minx, miny, maxx, maxy), None))
    tolerance = 1e-5
    assert x0 - tolerance <= left < x0 + 1
    assert y0 - tolerance <= top < y0 + 1
    assert x1 - 1 - tolerance < right <= x1 + tolerance
    assert y1 - 1 - tolerance < bottom <= y1 + tolerance


@pytest.mark.parametrize(
    ("bbox", "polygons", "message"),
    [
        ((1, 2, 3), None, "four numbers"),
        ((float("inf"), 0, 1, 1), None, "four numbers"),
        ((2, 0, 1, 1), None, "is empty"),
        ((0, 0, 1, 1), None, "bbox does not meet .* whose bounds are 346000, 5647980, .*25832"),
        (None, [box(-9, -9, -1, -1)], "aoi does not meet"),
        ((346000, 5647990, 346005, 5648000), [box(30, 0, 40, 9)], "aoi does not meet"),
    ],
)
def test_limits_that_leave_nothing_say_why(
    dataset: DatasetReader, bbox: Any, polygons: Any, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        crop_window(dataset, bbox, polygons)
