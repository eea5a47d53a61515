"""A map whose tiles are all painted: without small regions, as a raster or as polygons.

Its tiles are read one by one as often as they are needed; the map never exists as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dgl_rsis.geo.dissolving import dissolve
from dgl_rsis.geo.polygonizing import measure
from dgl_rsis.geo.regions import Labels, Rectangle, find_regions
from dgl_rsis.geo.writer import Blocks, write_class_blocks, write_float_blocks
from dgl_rsis.types import FloatArray, IntArray, MapFrame

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

Codes = NDArray[np.integer[Any]]
Part = tuple[int, int, NDArray[Any]]
Passing = Callable[[Iterator[Part]], Iterator[Part]]


@dataclass(frozen=True)
class FinishedMap:
    """A class map that is read tile by tile.

    Attributes:
        names: of the classes.
        frame: where it lies; None for pixels only.
        shape: height and width in pixels.
        dtype: of the codes.
        tiles: rectangles that cover it, row by row.
        codes: ``(h, w)`` of a tile: 0 for no data, 1 for no class, k + 2 for class k; None where
            all of it is no data.
        scores: ``(h, w)`` float32 of a tile, NaN where there is no data; None where all of it is.
        side: pixels of the blocks of files; most tiles begin at multiples of it.
        merged: share of the pixels that lay in small regions and took another class.
    """

    names: tuple[str, ...]
    frame: MapFrame | None
    shape: tuple[int, int]
    dtype: str
    tiles: tuple[Rectangle, ...]
    codes: Callable[[Rectangle], Codes | None]
    scores: Callable[[Rectangle], FloatArray | None]
    side: int
    merged: float = 0.0

    def count(self) -> tuple[tuple[int, ...], int]:
        """Pixels of each class, and pixels that hold data."""
        counts = np.zeros(len(self.names) + 2, np.int64)
        for _, codes in self._parts(self.codes):
            counts += np.bincount(codes.ravel(), minlength=len(counts))
        return tuple(counts[2:].tolist()), int(counts[1:].sum())

    def dissolved(self, least: float) -> FinishedMap:
        """The same with regions below an area in the class of the neighbour around them.

        What has no class is a region like others: it may take and be taken. What took another
        class has the score 0, as nothing supports it.

        Args:
            least: square metres, or pixels where the map has no lengths.
        """
        area = None if self.frame is None else self.frame.pixel_area_m2
        pixels = ceil(least / (1.0 if area is None else area))
        if pixels <= 1:
            return self
        regions = find_regions(self._labels(1))
        metres = None if self.frame is None else self.frame.metres_per_pixel
        found = dissolve(regions, regions.pixels, pixels, pixel=metres or (1.0, 1.0))
        number_of = {tile: number for number, tile in enumerate(self.tiles)}
        codes_of = np.append(found.regions.classes + 1, 0).astype(self.dtype)
        changed = np.append(found.changed, False)

        def codes(tile: Rectangle) -> Codes | None:
            if self.codes(tile) is None:
                return None
            return np.asarray(codes_of[found.regions.read(number_of[tile], tile)])

        def scores(tile: Rectangle) -> FloatArray | None:
            values = self.scores(tile)
            if values is None:
                return None
            was_merged = changed[regions.read(number_of[tile], tile)]
            return np.where(was_merged, np.float32(0), values)

        merged = int(regions.pixels[found.changed].sum()) / (self.shape[0] * self.shape[1])
        return replace(self, codes=codes, scores=scores, merged=merged)

    def tables(self, *, min_area: float, simplify: float) -> Iterator[GeoDataFrame]:
        """Polygons of all regions with a class; see ``geo.polygonizing.MeasuredRegions.tables``."""

        def scores(tile: Rectangle) -> FloatArray:
            values = self.scores(tile)
            if values is None:
                return np.zeros(_shape(tile), np.float32)
            return np.nan_to_num(values, nan=0)

        measured = measure(self._labels(2), self.names.__getitem__, self.frame, scores)
        return measured.tables(min_area=min_area, simplify=simplify)

    def write_classes(self, path: Path, passing: Passing = iter) -> None:
        """Write the classes as a GeoTIFF: 0 for no data or no class, k + 1 for class k.

        Args:
            path: of the file.
            passing: what the parts of the file pass through.

        Raises:
            OutputError: it cannot be written; nothing is left then.
        """
        parts = (
            (column, row, (np.maximum(codes, 1) - 1).astype(self.dtype))
            for (row, column, _, _), codes in self._parts(self.codes)
        )
        blocks = Blocks(self.shape, self.dtype, passing(parts), self.side)
        write_class_blocks(path, blocks, self.names, frame=self.frame)

    def write_scores(self, path: Path, passing: Passing = iter) -> None:
        """Write the scores as a GeoTIFF; see ``write_classes``.

        Raises:
            OutputError: it cannot be written; nothing is left then.
        """
        parts = ((column, row, values) for (row, column, _, _), values in self._parts(self.scores))
        blocks = Blocks(self.shape, "float32", passing(parts), self.side)
        write_float_blocks(path, blocks, frame=self.frame, description="score")

    def _parts(
        self, read: Callable[[Rectangle], NDArray[Any] | None]
    ) -> Iterator[tuple[Rectangle, NDArray[Any]]]:
        for tile in self.tiles:
            values = read(tile)
            if values is not None:
                yield tile, values

    def _labels(self, first: int) -> Labels:
        """The codes from ``first`` on as classes from 0."""

        def read(tile: Rectangle) -> IntArray:
            codes = self.codes(tile)
            if codes is None:
                return np.full(_shape(tile), -1, np.int64)
            return np.maximum(codes.astype(np.int64) - first, -1)

        return Labels(self.shape, self.tiles, read)


def _shape(tile: Rectangle) -> tuple[int, int]:
    top, left, bottom, right = tile
    return bottom - top, right - left
