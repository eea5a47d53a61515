"""Class maps in windows: counted and looked up without ever being held whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasterio.io import DatasetReader
from rasterio.windows import Window as RasterWindow

from dgl_rsis.errors import ImageError
from dgl_rsis.geo.dataset import frame_of, open_raster
from dgl_rsis.geo.ground import ground_of
from dgl_rsis.types import BoolArray, IntArray, MapFrame

WINDOW_PIXELS = 2**20
"""The most pixels that are read at once."""
_MOST_CLASSES = 1_000
_AREA_BLOCK = 8  # pixels a side that share a ground area where it changes over the map


@dataclass(frozen=True)
class MapClass:
    """A class that occurs in a map.

    Attributes:
        value: in the file.
        name: of the class; the value as text where the file has no names of ours.
        pixels: how many there are.
        area: square metres on the ground; pixels where the file gives no lengths.
    """

    value: int
    name: str
    pixels: int
    area: float


@dataclass(frozen=True)
class ClassMapFile:
    """An open raster of classes.

    Attributes:
        path: of the file.
        dataset: open for reading.
        frame: where it lies.
        names: of the values 1, 2, ... in a map of ours; None in any other raster of integers.
    """

    path: Path
    dataset: DatasetReader
    frame: MapFrame | None
    names: tuple[str, ...] | None

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return int(self.dataset.height), int(self.dataset.width)

    def name_of(self, value: int) -> str:
        """Name of a value."""
        return str(value) if self.names is None else self.names[value - 1]

    def read(self, window: RasterWindow) -> tuple[NDArray[np.integer[Any]], BoolArray]:
        """Values ``(h, w)`` of a window as they are in the file, and where they are a class."""
        values = self.dataset.read(1, window=window)
        valid = self.dataset.read_masks(1, window=window) > 0
        if self.names is not None:
            valid &= (values > 0) & (values <= len(self.names))
        return values, valid

    def values_at(self, rows: IntArray, columns: IntArray) -> list[int | None]:
        """Value of each pixel of a list; None where there is no class or no pixel."""
        height, width = self.shape
        found: list[int | None] = [None] * len(rows)
        inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
        for place in sorted(np.flatnonzero(inside).tolist(), key=lambda each: rows[each]):
            values, valid = self.read(RasterWindow(columns[place], rows[place], 1, 1))
            if valid[0, 0]:
                found[place] = int(values[0, 0])
        return found


@contextmanager
def open_class_map(path: str | Path) -> Iterator[ClassMapFile]:
    """Open a map of ours or any raster of integers.

    Raises:
        ImageError: it cannot be read or does not hold integers.
    """
    with open_raster(path) as dataset:
        if np.dtype(dataset.dtypes[0]).kind not in "iu":
            raise ImageError(f"{path} holds {dataset.dtypes[0]} values, not integers of classes")
        listed = dataset.tags().get("CLASS_NAMES")
        names = None if listed is None else tuple(map(str, json.loads(listed)))
        yield ClassMapFile(Path(path), dataset, frame_of(dataset), names)


def windows(dataset: DatasetReader) -> Iterator[RasterWindow]:
    """Windows that cover a raster, row by row, each of whole blocks and at most of a fixed size."""
    block_height, block_width = dataset.block_shapes[0]
    width = _steps(dataset.width, block_width, WINDOW_PIXELS // min(block_height, dataset.height))
    height = _steps(dataset.height, block_height, WINDOW_PIXELS // width)
    for row in range(0, dataset.height, height):
        for column in range(0, dataset.width, width):
            yield RasterWindow(
                column,
                row,
                min(width, dataset.width - column),
                min(height, dataset.height - row),
            )


def _steps(size: int, block: int, most: int) -> int:
    """Pixels a side: whole blocks if one fits, the whole side if that does."""
    most = max(1, most)
    return size if size <= most else most // block * block or most


def count_classes(file: ClassMapFile) -> list[MapClass]:
    """Pixels and area of every class that occurs, by value, in one pass.

    Raises:
        ImageError: there is no class at all, or so many values that they cannot be classes.
    """
    pixels: dict[int, int] = {}
    areas: dict[int, float] = {}
    for window in windows(file.dataset):
        values, valid = file.read(window)
        found, places = distinct(values[valid])
        sums = np.bincount(places, weights=pixel_areas(file.frame, file.shape, window)[valid])
        counts = np.bincount(places)
        for value, count, area in zip(found.tolist(), counts.tolist(), sums.tolist(), strict=True):
            pixels[value] = pixels.get(value, 0) + count
            areas[value] = areas.get(value, 0.0) + area
        if len(pixels) > _MOST_CLASSES:
            raise ImageError(
                f"{file.path} holds more than {_MOST_CLASSES} different values; pass a class map"
            )
    if not pixels:
        raise ImageError(f"{file.path} holds no data; pass a map with at least one class")
    return [
        MapClass(value, file.name_of(value), pixels[value], areas[value])
        for value in sorted(pixels)
    ]


def distinct(values: NDArray[np.integer[Any]]) -> tuple[NDArray[np.integer[Any]], IntArray]:
    """The distinct values ``(K,)`` of ``(N,)`` in order, and the place of each value among them.

    Few values among many pixels: searching among the few is faster than sorting the many.
    """
    found = np.unique(values)
    return found, np.searchsorted(found, values)


def area_unit(frame: MapFrame | None) -> str:
    """What areas of classes are in: ``m2``, or ``pixels`` where the file gives no lengths."""
    return "pixels" if frame is None or frame.metres_per_pixel is None else "m2"


def area_note(file: ClassMapFile) -> str | None:
    """A remark where pixels are not of one size on the ground; None where they are."""
    ground = None if file.frame is None else ground_of(file.frame, file.shape)
    if ground is None or ground.nodes is None:
        return None
    areas = np.abs(np.linalg.det(ground.nodes))
    return (
        f"a pixel is {areas.min():.4g} to {areas.max():.4g} m2 on the ground: accuracies count "
        "all pixels of a class alike; warp the map to an equal-area CRS to weight them by area"
    )


def pixel_areas(
    frame: MapFrame | None, map_shape: tuple[int, int], window: RasterWindow
) -> NDArray[np.float64]:
    """``(h, w)`` ground area of every pixel of a window in m2; 1 where there are no lengths.

    Args:
        frame: where the map lies.
        map_shape: its height and width.
        window: a part of it.
    """
    shape = int(window.height), int(window.width)
    ground = None if frame is None else ground_of(frame, map_shape)
    if ground is None:
        return np.ones(shape)
    if ground.nodes is None:
        area = ground.pixel_areas(np.zeros((1, 2)))
        return np.broadcast_to(area, shape)
    rows, columns = (np.arange(-(-side // _AREA_BLOCK)) + 0.5 for side in shape)
    x, y = np.meshgrid(columns * _AREA_BLOCK, rows * _AREA_BLOCK)
    points = np.stack([x + window.col_off, y + window.row_off], axis=-1)
    areas = ground.pixel_areas(points.reshape(-1, 2)).reshape(x.shape)
    wide = np.repeat(areas, _AREA_BLOCK, axis=1)[:, : shape[1]]
    return np.repeat(wide, _AREA_BLOCK, axis=0)[: shape[0]]
