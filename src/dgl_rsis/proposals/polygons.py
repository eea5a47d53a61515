"""The user's own boxes, masks and polygons as proposals (docs/design.md 1.1 and 2, ``candidates``).

All are in the pixel frame. What reaches beyond the image is cut at its border; what lies wholly
outside is an error, so that proposal ``n`` is always what the user gave as number ``n``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from shapely import Point, Polygon
from shapely.geometry.base import BaseGeometry

from dgl_rsis.errors import InputError
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.types import BoolArray


def from_candidates(
    candidates: NDArray[Any] | Sequence[NDArray[Any]], shape: tuple[int, int]
) -> MaskSet:
    """Boxes ``(N, 4)``, masks ``(N, H, W)`` or a list of masks ``(H, W)``.

    Raises:
        InputError: if it is something else, or one of them does not fit the image.
    """
    if isinstance(candidates, np.ndarray) and candidates.ndim == 2 and candidates.shape[1] == 4:
        return from_boxes(candidates, shape)
    if isinstance(candidates, np.ndarray) and candidates.ndim != 3:
        raise InputError(
            f"candidates have shape {candidates.shape}; pass boxes (N, 4) as x0, y0, x1, y1, "
            "masks (N, H, W) or a list of masks (H, W)"
        )
    masks = [np.asarray(mask) for mask in candidates]
    if masks and all(mask.shape == (4,) for mask in masks):
        return from_boxes(np.stack(masks), shape)
    return MaskSet.from_masks(masks, shape)


def from_boxes(boxes: NDArray[Any], shape: tuple[int, int]) -> MaskSet:
    """Filled boxes ``(N, 4)`` ``x0, y0, x1, y1``, rounded to pixels and cut at the border.

    Raises:
        InputError: if the shape is another, a number is not finite, or a box has no pixels in the
            image.
    """
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise InputError(f"boxes have shape {boxes.shape}; pass (N, 4) as x0, y0, x1, y1")
    if not np.isfinite(boxes.astype(np.float64)).all():
        raise InputError("boxes hold numbers that are not finite; pass x0, y0, x1, y1 in pixels")
    height, width = shape
    cut = np.clip(np.rint(boxes.astype(np.float64)), 0, [width, height, width, height])
    empty = np.flatnonzero((cut[:, 2] <= cut[:, 0]) | (cut[:, 3] <= cut[:, 1]))
    if len(empty):
        given = ", ".join(f"{value:g}" for value in boxes[empty[0]].tolist())
        raise InputError(
            f"box {empty[0]} ({given}) has no pixels in the image of {width} x {height} pixels; "
            "pass x0 < x1, y0 < y1 in the pixel frame"
        )
    return MaskSet.from_boxes(cut, shape)


def from_polygons(
    polygons: Sequence[BaseGeometry | NDArray[Any]], shape: tuple[int, int]
) -> MaskSet:
    """Polygons in the pixel frame: a pixel belongs to one if its centre lies inside.

    A polygon between pixel centres gets the pixel that it lies in, so none is lost.

    Args:
        polygons: shapely polygons or multipolygons, or rings ``(K, 2)`` of ``x, y``.
        shape: height and width of the image.

    Raises:
        InputError: if something is not a polygon, or lies outside the image.
    """
    crops, offsets = [], []
    for number, polygon in enumerate(polygons):
        crop, offset = _filled(_geometry(polygon, number), shape, number)
        crops.append(crop)
        offsets.append(offset)
    return MaskSet.from_crops(crops, offsets, shape)


def _geometry(polygon: BaseGeometry | NDArray[Any], number: int) -> BaseGeometry:
    """A polygon as a geometry with an area."""
    if not isinstance(polygon, BaseGeometry):
        ring = np.asarray(polygon)
        if ring.ndim != 2 or ring.shape[1] != 2 or len(ring) < 3:
            raise InputError(f"polygon {number} has shape {ring.shape}; pass (K, 2) with K >= 3")
        polygon = Polygon(ring)
    if polygon.geom_type not in ("Polygon", "MultiPolygon") or polygon.is_empty:
        raise InputError(
            f"polygon {number} is an empty or other geometry ({polygon.geom_type}); pass polygons"
        )
    return polygon


def _filled(
    polygon: BaseGeometry, shape: tuple[int, int], number: int
) -> tuple[BoolArray, tuple[int, int]]:
    """A polygon's pixels as a crop and the crop's first column and row."""
    height, width = shape
    left, top, right, bottom = polygon.bounds
    x0, y0 = max(0, int(np.floor(left))), max(0, int(np.floor(top)))
    x1, y1 = min(width, int(np.ceil(right))), min(height, int(np.ceil(bottom)))
    crop = pixels_inside(polygon, (x0, y0, x1, y1))
    if not crop.any():
        point: Point = polygon.representative_point()
        x0, y0 = int(np.floor(point.x)), int(np.floor(point.y))
        if not (0 <= x0 < width and 0 <= y0 < height):
            raise InputError(
                f"polygon {number} (x {left:g} to {right:g}, y {top:g} to {bottom:g}) lies "
                f"outside the image of {width} x {height} pixels; leave it out"
            )
        crop = np.ones((1, 1), dtype=bool)
    return crop, (x0, y0)


def pixels_inside(polygon: BaseGeometry, box: tuple[int, int, int, int]) -> BoolArray:
    """Which pixels of a box have their centre inside a polygon.

    Args:
        polygon: polygon or multipolygon in the pixel frame.
        box: ``x0, y0, x1, y1``.

    Returns:
        ``(y1 - y0, x1 - x0)`` bool; without pixels where the box is none.
    """
    x0, y0, x1, y1 = box
    shape = max(0, y1 - y0), max(0, x1 - x0)
    if 0 in shape:
        return np.zeros(shape, dtype=bool)
    parts = getattr(polygon, "geoms", [polygon])
    rings = [ring for part in parts for ring in (part.exterior, *part.interiors)]
    return _even_odd([np.asarray(ring.coords)[:, :2] - (x0, y0) for ring in rings], shape)


def _even_odd(rings: list[NDArray[Any]], shape: tuple[int, int]) -> BoolArray:
    """``(h, w)`` pixels whose centre is inside an odd number of closed rings.

    Every edge toggles all pixels to the right of where it crosses a row of centres. Both rules
    are half-open, so polygons that share an edge never share a pixel.
    """
    height, width = shape
    toggles = np.zeros((height, width + 1), dtype=np.int32)
    for ring in rings:
        for (x, y), (end_x, end_y) in zip(ring[:-1].tolist(), ring[1:].tolist(), strict=True):
            low, high = min(y, end_y), max(y, end_y)
            first = max(0, int(np.ceil(low - 0.5)))
            last = min(height, int(np.ceil(high - 0.5)))
            if first < last:
                rows = np.arange(first, last)
                crossing = x + (rows + 0.5 - y) * ((end_x - x) / (end_y - y))
                columns = np.clip(np.ceil(crossing - 0.5), 0, width).astype(np.int64)
                toggles[rows, columns] += 1
    return np.asarray(np.cumsum(toggles[:, :-1], axis=1) % 2 == 1)
