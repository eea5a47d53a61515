"""The part of an image to read: the pixels that a box and polygons touch."""

from __future__ import annotations

import math
from collections.abc import Sequence

import shapely
from rasterio.io import DatasetReader
from rasterio.windows import Window as RasterWindow
from shapely import Geometry

from dgl_rsis.errors import InputError
from dgl_rsis.geo.dataset import crs_text, map_bounds, shown_name


def crop_window(
    dataset: DatasetReader, bbox: Sequence[float] | None, polygons: Sequence[Geometry] | None
) -> RasterWindow:
    """The pixels that a box and polygons touch.

    Args:
        dataset: the raster.
        bbox: ``minx, miny, maxx, maxy`` in the map frame; in pixels if the raster has no
            georeference. None for no limit.
        polygons: in the pixel frame; None for no limit.

    Returns:
        The smallest window of whole pixels, inside the raster, around the part of the box in
        which the polygons lie.

    Raises:
        InputError: if ``bbox`` is no box, or one of both misses the raster.
    """
    x0, y0, x1, y1 = 0.0, 0.0, float(dataset.width), float(dataset.height)
    parts = []
    if bbox is not None:
        parts.append(("bbox", _pixel_bounds(dataset, bbox)))
    if polygons is not None:
        parts.append(("aoi", tuple(shapely.total_bounds(list(polygons)))))
    for name, (left, top, right, bottom) in parts:
        # Edges that lie on pixel edges up to rounding do not touch the next pixel.
        x0, y0 = max(x0, math.floor(left + 1e-6)), max(y0, math.floor(top + 1e-6))
        x1, y1 = min(x1, math.ceil(right - 1e-6)), min(y1, math.ceil(bottom - 1e-6))
        if x0 >= x1 or y0 >= y1:
            bounds = ", ".join(f"{value:.10g}" for value in map_bounds(dataset))
            raise InputError(
                f"{name} does not meet {shown_name(dataset.name)}, whose bounds are {bounds} "
                f"in {crs_text(dataset) or 'pixels'}"[:300]
            )
    return RasterWindow(x0, y0, x1 - x0, y1 - y0)


def _pixel_bounds(
    dataset: DatasetReader, bbox: Sequence[float]
) -> tuple[float, float, float, float]:
    if len(bbox) != 4 or not all(math.isfinite(value) for value in bbox):
        raise InputError("bbox must be four numbers: minx,miny,maxx,maxy")
    minx, miny, maxx, maxy = (float(value) for value in bbox)
    if minx >= maxx or miny >= maxy:
        raise InputError(f"bbox {minx:g},{miny:g},{maxx:g},{maxy:g} is empty: minx,miny,maxx,maxy")
    corners = [~dataset.transform @ (x, y) for x in (minx, maxx) for y in (miny, maxy)]
    columns, rows = zip(*corners, strict=True)
    return min(columns), min(rows), max(columns), max(rows)
