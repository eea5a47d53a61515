"""Length, width, direction and compactness of many masks or polygons at once.

The length is that of the smallest rectangle around a thing, turned as it likes; it shares a side
with the convex hull (Freeman & Shapira 1975). Everything is an array operation over the hulls of
all things, in a frame that a metric may stretch: pixels, or metres on the ground.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import shapely
from numpy.typing import NDArray

from dgl_rsis.stages.mask_stack import MaskStack
from dgl_rsis.types import BoolArray, IntArray

Floats = NDArray[np.float64]
LARGEST_SAMPLE = 1024
"""Shapes are measured on masks of at most this many pixels a side."""


@dataclass(frozen=True)
class Shapes:
    """Shapes of ``K`` things.

    Attributes:
        length: ``(K,)`` longer side of the smallest rotated rectangle around each.
        width: ``(K,)`` shorter side.
        angle: ``(K,)`` direction of the longer side in degrees from the x axis towards y, 0 to 180.
        rectangularity: ``(K,)`` area over that of the rectangle, in (0, 1].
        circularity: ``(K,)`` area over the smallest circle about the centroid, in (0, 1].
    """

    length: Floats
    width: Floats
    angle: Floats
    rectangularity: Floats
    circularity: Floats

    @property
    def aspect(self) -> Floats:
        """Length over width, at least 1."""
        aspect: Floats = self.length / self.width
        return aspect

    @property
    def columns(self) -> Floats:
        """``(5, K)`` in the order of the attributes."""
        return np.stack([getattr(self, each.name) for each in fields(self)])


@dataclass(frozen=True)
class Hulls:
    """Convex hulls of ``K`` things, their corners one after the other.

    Attributes:
        points: ``(n, 2)`` corners ``x, y``: of masks the centres of pixels, each hull in order.
        counts: ``(K,)`` corners of each, at least one.
    """

    points: Floats
    counts: IntArray

    @classmethod
    def of(cls, points: Floats, counts: IntArray) -> Hulls:
        """Hulls of points ``(n, 2)``, so many in succession for each thing."""
        # Geometries of one point cannot be lines; a point twice is one.
        owners = np.repeat(np.arange(len(counts)), counts)
        single = np.flatnonzero(counts == 1)
        starts = np.cumsum(counts) - counts
        points = np.insert(points, starts[single], points[starts[single]], axis=0)
        owners = np.insert(owners, starts[single], single)
        return cls.of_geometries(shapely.linestrings(points, indices=owners))

    @classmethod
    def of_geometries(cls, geometries: NDArray[np.object_]) -> Hulls:
        """Hulls of shapely geometries, none of them empty."""
        hulls = shapely.convex_hull(geometries)
        is_ring = shapely.get_type_id(hulls) == shapely.GeometryType.POLYGON
        hulls[is_ring] = shapely.get_exterior_ring(hulls[is_ring])
        points, owners = shapely.get_coordinates(hulls, return_index=True)
        counts = np.bincount(owners, minlength=len(hulls))
        keep = np.ones(len(points), dtype=bool)
        keep[np.cumsum(counts)[is_ring] - 1] = False  # rings end where they begin
        return cls(points[keep], counts - is_ring)

    def rectangles(self, pixels: Floats) -> tuple[Floats, Floats, Floats]:
        """Sides and directions of the smallest rectangles.

        Args:
            pixels: ``(K, 2, 2)`` metric at each thing: ``pixels @ (x, y)`` is a step in the frame
                that sides are measured in.

        Returns:
            ``(K,)`` longer and shorter sides between corners, directions in degrees, 0 to 180, of
            the frame.
        """
        owners = np.repeat(np.arange(len(self.counts)), self.counts)
        points = (pixels[owners] @ self.points[:, :, None])[:, :, 0]
        following = np.arange(1, len(points) + 1)
        ends = np.cumsum(self.counts)
        following[ends - 1] = ends - self.counts
        edges = points[following] - points
        lengths = np.hypot(edges[:, 0], edges[:, 1])
        edges[lengths == 0], lengths[lengths == 0] = (1.0, 0.0), 1.0
        along = edges / lengths[:, None]
        across = np.stack([-along[:, 1], along[:, 0]], axis=1)
        # Every side of a hull meets all corners of it.
        meetings = self.counts[owners]
        sides = np.repeat(np.arange(len(points)), meetings)
        firsts = np.cumsum(meetings) - meetings
        corners = points[
            (ends - self.counts)[owners[sides]] + np.arange(len(sides)) - firsts[sides]
        ]
        extents = []
        for way in (along, across):
            places = (corners * way[sides]).sum(axis=1)
            extent = np.maximum.reduceat(places, firsts) - np.minimum.reduceat(places, firsts)
            extents.append(extent + self._pixel(way, pixels[owners]))
        areas = extents[0] * extents[1]
        order = np.lexsort((np.arange(len(areas)), areas, owners))
        best = order[ends - self.counts]
        first, second = extents[0][best], extents[1][best]
        turns = np.degrees(np.arctan2(along[best, 1], along[best, 0]))
        turns = np.where(first >= second, turns, turns + 90) % 180
        return np.maximum(first, second), np.minimum(first, second), turns

    def _pixel(self, way: Floats, pixels: Floats) -> Floats:
        """What the rims of pixels add to the way between their centres."""
        return np.zeros(len(way))


@dataclass(frozen=True)
class PixelHulls(Hulls):
    """Convex hulls of masks: the corners are centres of pixels."""

    def _pixel(self, way: Floats, pixels: Floats) -> Floats:
        # A straight edge that is not on the grid is a staircase: half a pixel belongs to it.
        steps = (way[:, None, :] @ pixels)[:, 0]
        rim: Floats = (np.hypot(steps[:, 0], steps[:, 1]) + np.abs(steps).sum(axis=1)) / 2
        return rim


def measure_masks(crops: Sequence[BoolArray]) -> Shapes:
    """Measures of masks inside their boxes, ``(h, w)`` bool with at least one pixel, in pixels."""
    steps, samples = [], []
    for crop in crops:
        step = max(1, -(-max(crop.shape) // LARGEST_SAMPLE))
        sample = crop[::step, ::step]
        samples.append(sample if sample.any() else np.ones((1, 1), dtype=bool))
        steps.append(step)
    stack = MaskStack.of(samples)
    pixels, count = stack.pixels, len(samples)
    areas = np.bincount(pixels.numbers, minlength=count)
    points = np.stack([pixels.columns, pixels.rows], axis=1).astype(np.float64)
    centres = np.stack([np.bincount(pixels.numbers, axis, count) for axis in points.T], axis=1)
    points, numbers = points[stack.is_row_end], pixels.numbers[stack.is_row_end]
    ends = np.bincount(numbers, minlength=count)
    hulls = PixelHulls.of(points, ends)
    length, width, angle = hulls.rectangles(np.broadcast_to(np.eye(2), (count, 2, 2)))
    offsets = points - (centres / areas[:, None])[numbers]
    radii = np.sqrt(np.maximum.reduceat((offsets**2).sum(axis=1), np.cumsum(ends) - ends)) + 0.5
    unit = np.array(steps)
    return Shapes(
        length=length * unit,
        width=width * unit,
        angle=angle,
        rectangularity=np.minimum(1, areas / (length * width)),
        circularity=np.minimum(1, areas / (np.pi * radii**2)),
    )
