"""The table of scored candidates that a program is executed over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from dgl_rsis.geo.ground import Ground, ground_of
from dgl_rsis.stages import boxes
from dgl_rsis.stages.box_index import BoxIndex
from dgl_rsis.stages.outlines import MaskOutlines, Outlines
from dgl_rsis.stages.polygons import PolygonOutlines
from dgl_rsis.stages.shapes import Hulls, Shapes
from dgl_rsis.types import BoolArray, FloatArray, IntArray, MapFrame

SLIVER = 1.2  # pixels; smoothing leaves such rims between a thing and its surroundings
Numbers = NDArray[np.number[Any]]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class CandidateTable:
    """All candidates of one image or map with everything that a program may ask for.

    Candidates are masks, polygons or boxes; of those that fill their boxes nothing else is looked
    at. What takes time is measured when it is asked for.

    Attributes:
        shape: height and width of the image in pixels.
        areas: ``(N,)`` pixels.
        boxes: ``(N, 4)`` half-open ``x0, y0, x1, y1`` in the pixel frame; real numbers for polygons.
        centroids: ``(N, 2)`` ``x, y`` in the pixel frame.
        crop: index -> ``(y1 - y0, x1 - x0)`` bool, the candidate inside its box; None where no
            pixels are looked at: for polygons and boxes, which are instances.
        probabilities: noun -> ``(N,)`` float32 in [0, 1].
        objectness: ``(N,)`` float32 in [0, 1], how much a candidate is one whole thing; None
            counts every candidate the same.
        colours: ``(N, 3)`` mean or median Lab; None when colours were not measured.
        paints: ``(N, 3)`` Lab of what names the colour of a thing, without its dark parts; None
            takes the colours.
        frame: where the image lies on the map.
        instances: noun -> indices that are whole things of that kind; a noun that is missing is
            looked for by probability alone.
        are_instances: the candidates were given as instances (boxes, polygons, a detector):
            nothing is suppressed.
        polygons: ``(N,)`` shapely polygons in the pixel frame; None without ``crop``: boxes.
    """

    shape: tuple[int, int]
    areas: Numbers
    boxes: Numbers
    centroids: Floats
    crop: Callable[[int], BoolArray] | None
    probabilities: Mapping[str, FloatArray]
    objectness: FloatArray | None = None
    colours: FloatArray | None = None
    paints: FloatArray | None = None
    frame: MapFrame | None = None
    instances: Mapping[str, IntArray] = field(default_factory=dict)
    are_instances: bool = False
    polygons: NDArray[np.object_] | None = None

    def __post_init__(self) -> None:
        if self.crop is None and not self.are_instances:
            raise ValueError("versions of one thing are told apart by masks: pass crop")

    def __len__(self) -> int:
        return len(self.areas)

    @cached_property
    def outlines(self) -> Outlines:
        """Outlines of the candidates that are more than boxes."""
        if self.polygons is not None:
            return PolygonOutlines(self.polygons)
        if self.crop is None:
            return PolygonOutlines(shapely.box(*self.boxes.T))
        return MaskOutlines(np.asarray(self.boxes, np.int64), self.crop)

    @cached_property
    def fill_boxes(self) -> BoolArray:
        """``(N,)`` candidates without an outline of their own."""
        sides = self.boxes[:, 2:] - self.boxes[:, :2]
        filled: BoolArray = self.areas >= (1 - 1e-9) * sides[:, 0] * sides[:, 1]
        return filled

    @property
    def typical_lengths(self) -> Floats:
        """``(N,)`` mean of box width and height, in pixels."""
        lengths: Floats = (self.boxes[:, 2:] - self.boxes[:, :2]).mean(axis=1)
        return lengths

    @property
    def slivers(self) -> BoolArray:
        """``(N,)`` rims of other things: less than ``SLIVER`` pixels wide on average."""
        sides = self.boxes[:, 2:] - self.boxes[:, :2]
        slim: BoolArray = self.areas < SLIVER * np.hypot(sides[:, 0], sides[:, 1])
        return slim

    def shapes_of(self, indices: IntArray) -> Shapes:
        """Shapes of candidates in pixels."""
        unknown = indices[np.isnan(self._measured[0, indices])]
        are_boxes = self.fill_boxes[unknown]
        filled, others = unknown[are_boxes], unknown[~are_boxes]
        self._measured[:, filled] = boxes.shapes_of(self.boxes[filled]).columns
        if len(others):
            self._measured[:, others] = self.outlines.shapes(others).columns
        return Shapes(*self._measured[:, indices])

    @cached_property
    def _measured(self) -> Floats:
        """``(5, N)`` columns of ``Shapes``, NaN where nobody asked yet."""
        return np.full((5, len(self)), np.nan)

    @cached_property
    def ground(self) -> Ground | None:
        """Pixel steps on the ground, None where they are unknown."""
        return None if self.frame is None else ground_of(self.frame, self.shape)

    def sides_of(self, indices: IntArray, ground: Ground | None) -> tuple[Floats, Floats]:
        """``(K,)`` lengths and widths of candidates in metres, in pixels without a ground."""
        shapes = self.shapes_of(indices)
        if ground is None:
            return shapes.length, shapes.width
        metres = ground.lengths(np.array([[1.0, 0.0], [0.0, 1.0]]), np.zeros((2, 2)))
        if ground.is_plain and np.ptp(metres) < 1e-3 * metres[0]:
            return shapes.length * metres.mean(), shapes.width * metres.mean()
        steps = ground.steps_at(self.centroids[indices])
        length, width, _ = self.hulls_of(indices).rectangles(steps)
        return length, width

    def hulls_of(self, indices: IntArray) -> Hulls:
        """Convex hulls of candidates, those that fill their boxes without their outlines."""
        if self.fill_boxes[indices].all():
            return boxes.hulls_of(self.boxes[indices])
        return self.outlines.hulls(indices)

    def gaps(self, first: IntArray, second: IntArray, ground: Ground | None = None) -> Floats:
        """``(P,)`` shortest ways between pairs of candidates, 0 where they touch.

        Args:
            first: ``(P,)``.
            second: ``(P,)``.
            ground: gaps are metres on it; pixels if None.
        """
        steps = np.eye(2) if ground is None else ground.center
        points, ways = boxes.ways_between(self.boxes[first], self.boxes[second])
        rest = ~(self.fill_boxes[first] & self.fill_boxes[second])
        if ground is not None and not ground.is_right_angled:
            rest[:] = True  # the shortest way between boxes is another one
        if rest.any():
            points[rest], ways[rest] = self.outlines.ways(first[rest], second[rest], steps)
        if ground is None:
            return np.asarray(np.hypot(ways[:, 0], ways[:, 1]))
        return ground.lengths(ways, points + ways / 2)

    def overlaps(
        self, first: IntArray, second: IntArray, windows: Numbers, *, filled: bool
    ) -> tuple[Floats, Floats]:
        """Areas that pairs of candidates share, see ``Outlines.overlaps``."""
        shared = boxes.common_areas(self.boxes[first], self.boxes[second])
        around = boxes.common_areas(windows, self.boxes[second])
        rest = ~(self.fill_boxes[first] & self.fill_boxes[second])
        if rest.any():
            shared[rest], around[rest] = self.outlines.overlaps(
                first[rest], second[rest], windows[rest], filled=filled
            )
        return shared, around

    def points_near(self, points: Floats, parts: IntArray) -> Floats:
        """``(K, 2)`` nearest point of the union of some candidates, seen from each point."""
        if not self.fill_boxes[parts].all():
            return self.outlines.points_near(points, parts)
        places = self.boxes[parts]
        index = BoxIndex.of(np.concatenate([points, points], axis=1))
        alone = np.full(len(points), -1, dtype=np.int64)
        _, nearest = index.nearest(places, alone, np.ones(len(parts)))
        return np.clip(points, places[nearest, :2], places[nearest, 2:])
