"""Outlines of candidates that are polygons; no pixel is drawn.

The frame is that of the table, like pixels with x to the right and y down, but coordinates are
real numbers: a box or a polygon of a map needs no image.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from rasterio.features import rasterize

from dgl_rsis.stages.shapes import Hulls, Shapes
from dgl_rsis.types import BoolArray, IntArray

Floats = NDArray[np.float64]
Numbers = NDArray[np.number[Any]]


@dataclass(frozen=True)
class PolygonOutlines:
    """Outlines of polygons.

    Attributes:
        polygons: ``(N,)`` valid shapely polygons or multipolygons with an area.
    """

    polygons: NDArray[np.object_]

    def shapes(self, indices: IntArray) -> Shapes:
        """See ``Outlines``."""
        polygons = self.polygons[indices]
        hulls = Hulls.of_geometries(polygons)
        metric = np.broadcast_to(np.eye(2), (len(indices), 2, 2))
        length, width, angle = hulls.rectangles(metric)
        areas = shapely.area(polygons)
        middles = shapely.get_coordinates(shapely.centroid(polygons))
        offsets = hulls.points - np.repeat(middles, hulls.counts, axis=0)
        starts = np.cumsum(hulls.counts) - hulls.counts
        squares = np.maximum.reduceat((offsets**2).sum(axis=1), starts)
        return Shapes(
            length=length,
            width=width,
            angle=angle,
            rectangularity=np.minimum(1, areas / (length * width)),
            circularity=np.minimum(1, areas / (np.pi * squares)),
        )

    def hulls(self, indices: IntArray) -> Hulls:
        """See ``Outlines``."""
        return Hulls.of_geometries(self.polygons[indices])

    def ways(self, first: IntArray, second: IntArray, steps: Floats) -> tuple[Floats, Floats]:
        """See ``Outlines``."""
        ours, theirs = (
            shapely.transform(self.polygons[each], lambda points: points @ steps.T)
            for each in (first, second)
        )
        ends = shapely.get_coordinates(shapely.shortest_line(ours, theirs)) @ np.linalg.inv(steps).T
        return ends[::2], ends[1::2] - ends[::2]

    def overlaps(
        self, first: IntArray, second: IntArray, windows: Numbers, *, filled: bool
    ) -> tuple[Floats, Floats]:
        """See ``Outlines``."""
        ours, theirs = self.polygons[first], (self._filled if filled else self.polygons)[second]
        shared = shapely.area(shapely.intersection(ours, theirs))
        around = shapely.area(shapely.intersection(shapely.box(*windows.T), theirs))
        return shared, around

    def overlap_of_union(self, first: int, parts: IntArray, window: Numbers) -> tuple[float, float]:
        """See ``Outlines``."""
        around = shapely.box(*window.tolist())
        union = shapely.union_all(shapely.intersection(self.polygons[parts], around))
        return float(self.polygons[first].intersection(union).area), float(union.area)

    def points_near(self, points: Floats, parts: IntArray) -> Floats:
        """See ``Outlines``."""
        union = self.polygons[parts]
        places = shapely.points(points)
        which, part = shapely.STRtree(union).query_nearest(places, all_matches=False)
        lines = shapely.shortest_line(union[part], places[which])
        nearest = points.copy()
        nearest[which] = shapely.get_coordinates(lines)[::2]
        return nearest

    def draw(self, parts: IntArray, shape: tuple[int, int], step: int) -> BoolArray:
        """See ``Outlines``."""
        cells = rasterize(
            self.polygons[parts], shape, transform=Affine.scale(step), all_touched=True
        )
        return np.asarray(cells, dtype=bool)

    @cached_property
    def _filled(self) -> NDArray[np.object_]:
        """The polygons without their holes."""
        parts, owners = shapely.get_parts(self.polygons, return_index=True)
        filled = shapely.polygons(shapely.get_exterior_ring(parts))
        whole: NDArray[np.object_] = self.polygons.copy()
        for owner in np.unique(owners[shapely.get_num_interior_rings(parts) > 0]).tolist():
            whole[owner] = shapely.union_all(filled[owners == owner])
        return whole
