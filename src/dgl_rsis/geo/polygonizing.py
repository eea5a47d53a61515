"""Class maps of any size to polygons, one for each 4-connected region of one class.

The map is read in windows and polygons are given out as soon as they are complete, in tables. They
follow pixel edges exactly until they are simplified; lines that neighbours share are simplified
once for both, so that no gaps open and nothing overlaps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from rasterio.io import DatasetReader
from rasterio.windows import Window as RasterWindow

from dgl_rsis.errors import ImageError
from dgl_rsis.geo.class_windows import ClassMapFile, pixel_areas, windows
from dgl_rsis.geo.dissolving import dissolve
from dgl_rsis.geo.outlines import region_polygons
from dgl_rsis.geo.regions import Labels, Rectangle, Regions, find_regions
from dgl_rsis.geo.vector import to_map
from dgl_rsis.types import FloatArray, IntArray, MapFrame

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

Floats = NDArray[np.float64]
_LARGEST_VALUE = 2**62
ROUNDING = 1e-9
"""Relative error of areas that are sums over pixels."""


@dataclass(frozen=True)
class MeasuredRegions:
    """Regions with what becomes of them in a table.

    Attributes:
        regions: of a class map.
        name_of: class of the map -> its name.
        frame: where the map lies; None for pixels only.
        areas: ``(N,)`` square metres on the ground; pixels where the frame gives no lengths.
        scores: ``(N,)`` mean score of the pixels of each region; None without scores.
    """

    regions: Regions
    name_of: Callable[[int], str]
    frame: MapFrame | None
    areas: Floats
    scores: Floats | None = None

    @property
    def names(self) -> list[str]:
        """Names of the classes that occur, by class."""
        return [self.name_of(each) for each in np.unique(self.regions.classes).tolist()]

    def dissolved(self, least: float) -> MeasuredRegions:
        """The same without regions below an area, which become part of a neighbour.

        What took another class has the score 0, as nothing supports its new class.
        """
        metres = None if self.frame is None else self.frame.metres_per_pixel
        found = dissolve(
            self.regions, self.areas, least * (1 - ROUNDING), pixel=metres or (1.0, 1.0)
        )
        count = len(found.regions)

        def summed(values: NDArray[Any]) -> Floats:
            return np.bincount(found.of_before, values, count).astype(np.float64)

        scores = None
        if self.scores is not None:
            kept = np.where(found.changed, 0, self.scores * self.regions.pixels)
            scores = summed(kept) / found.regions.pixels
        return MeasuredRegions(found.regions, self.name_of, self.frame, summed(self.areas), scores)

    def tables(self, *, min_area: float = 0.0, simplify: float = 0.0) -> Iterator[GeoDataFrame]:
        """Polygons with their classes, for each row of tiles; at least one table.

        Args:
            min_area: regions below this are left out; in the unit of ``areas``.
            simplify: tolerance in CRS units (pixels without one): a point goes where the triangle
                with its neighbours is smaller than a square of this side; 0 keeps every corner.

        Yields:
            Columns ``class``, ``score`` where there are scores, ``area_m2`` (``area_px`` where
            the frame gives no lengths) and ``geometry``.
        """
        from geopandas import GeoDataFrame
        from pandas import Series

        frame = self.frame
        cell = 1.0 if frame is None else abs(Affine(*frame.transform).determinant)
        column = "area_m2" if frame is not None and frame.pixel_area_m2 else "area_px"
        per_pixel = self.areas / self.regions.pixels
        for numbers, polygons in region_polygons(
            self.regions, largest_triangle=simplify * simplify / cell
        ):
            kept = self.areas[numbers] >= min_area * (1 - ROUNDING)
            chosen, shapes = numbers[kept], polygons[kept]
            names = [self.name_of(each) for each in self.regions.classes[chosen].tolist()]
            columns: dict[str, Any] = {"class": Series(names, dtype=str)}
            if self.scores is not None:
                columns["score"] = self.scores[chosen]
            columns[column] = shapely.area(shapes) * per_pixel[chosen]
            yield GeoDataFrame(
                columns,
                geometry=list(to_map(shapes, frame)),
                crs=None if frame is None else frame.crs,
            )


def polygonize(
    labels: NDArray[np.integer[Any]],
    classes: Sequence[str],
    *,
    frame: MapFrame | None,
    scores: FloatArray | None = None,
    min_area: float = 0.0,
    simplify: float = 0.0,
) -> GeoDataFrame:
    """Turn a class map that is in memory into polygons.

    Args:
        labels: ``(H, W)`` index into ``classes``, negative where there is none.
        classes: names.
        frame: where the map lies; None gives pixel coordinates.
        scores: ``(H, W)`` in [0, 1], averaged over each region; None leaves the column out.
        min_area: regions below this are left out; square metres, or pixels where the frame gives
            no lengths.
        simplify: tolerance in CRS units (pixels without one); 0 keeps every pixel corner.

    Returns:
        Columns ``class``, ``score``, ``area_m2`` (``area_px`` where the frame gives no lengths)
        and ``geometry``, valid polygons with their holes.
    """
    import pandas

    regions = find_regions(Labels.of_array(labels))
    area = None if frame is None else frame.pixel_area_m2
    measured = MeasuredRegions(
        regions,
        classes.__getitem__,
        frame,
        np.asarray(regions.pixels * (1.0 if area is None else area), np.float64),
        None if scores is None else _means(regions, lambda tile: _part(scores, tile)),
    )
    tables = list(measured.tables(min_area=min_area, simplify=simplify))
    filled = [table for table in tables if len(table)] or tables[:1]
    table: GeoDataFrame = pandas.concat(filled, ignore_index=True)
    return table


def measure_file(file: ClassMapFile, scores: DatasetReader | None = None) -> MeasuredRegions:
    """Find the regions of a class map on disk, with their areas on the ground.

    Args:
        file: the class map.
        scores: raster of numbers in [0, 1] on the same grid; 0 where there is no data.

    Raises:
        ImageError: the scores have another size than the map.
    """
    if scores is not None and scores.shape != file.shape:
        raise ImageError(
            f"{scores.name} has {scores.shape[0]} x {scores.shape[1]} pixels, "
            f"the class map {file.shape[0]} x {file.shape[1]}; pass the scores of that map"
        )
    lowest = _lowest(file)

    def read(tile: Rectangle) -> IntArray:
        values, valid = file.read(_window(tile))
        if values.dtype.itemsize == 8 and (np.abs(values[valid]) >= _LARGEST_VALUE).any():
            raise ImageError(f"{file.path} holds numbers beyond 62 bits, which are no classes")
        return np.where(valid, values.astype(np.int64) - lowest, -1)

    def score(tile: Rectangle) -> FloatArray:
        assert scores is not None
        values = scores.read(1, window=_window(tile)).astype(np.float32)
        return np.where(np.isfinite(values), values, np.float32(0))

    tiles = [
        (int(w.row_off), int(w.col_off), int(w.row_off + w.height), int(w.col_off + w.width))
        for w in windows(file.dataset)
    ]
    return measure(
        Labels(file.shape, tiles, read),
        lambda label: file.name_of(label + lowest),
        file.frame,
        None if scores is None else score,
    )


def measure(
    labels: Labels,
    name_of: Callable[[int], str],
    frame: MapFrame | None,
    scores: Callable[[Rectangle], FloatArray] | None = None,
) -> MeasuredRegions:
    """Find the regions of a class map that is read tile by tile, with their areas on the ground.

    Args:
        labels: the class map.
        name_of: class -> its name.
        frame: where the map lies; None for pixels only.
        scores: ``(h, w)`` in [0, 1] of a tile, 0 where there is no data; None without scores.
    """
    regions = find_regions(labels)
    return MeasuredRegions(
        regions,
        name_of,
        frame,
        regions.sums(lambda tile: pixel_areas(frame, labels.shape, _window(tile))),
        None if scores is None else _means(regions, scores),
    )


def _lowest(file: ClassMapFile) -> int:
    """The value that becomes class 0: classes are counted from 0 whatever the file holds."""
    dtype = np.dtype(file.dataset.dtypes[0])
    return max(int(np.iinfo(dtype).min), -_LARGEST_VALUE)


def _means(regions: Regions, values: Callable[[Rectangle], FloatArray]) -> Floats:
    return np.asarray(regions.sums(values) / regions.pixels)


def _part(values: FloatArray, tile: Rectangle) -> FloatArray:
    top, left, bottom, right = tile
    return values[top:bottom, left:right]


def _window(tile: Rectangle) -> RasterWindow:
    top, left, bottom, right = tile
    return RasterWindow(left, top, right - left, bottom - top)
