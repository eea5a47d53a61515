"""The table of scored candidates that a program is executed over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dgl_rsis.stages.box_index import BoxIndex
from dgl_rsis.stages.outlines import MaskOutlines, Outlines
from dgl_rsis.stages.polygons import PolygonOutlines
from dgl_rsis.stages.shapes import Shapes
from dgl_rsis.types import BoolArray, FloatArray, IntArray, MapFrame

SLIVER = 1.2  # pixels; smoothing leaves such rims between a thing and its surroundings
Numbers = NDArray[np.number[Any]]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class CandidateTable:
    """All candidates of one image or map with everything that a program may ask for.

    Candidates are masks or, where ``polygons`` are given, polygons; those that fill their boxes
    are boxes, and nothing else is looked at. What takes time is measured when it is asked for.

    Attributes:
        shape: height and width of the image in pixels.
        areas: ``(N,)`` pixels.
        boxes: ``(N, 4)`` half-open ``x0, y0, x1, y1`` in the pixel frame; real numbers for polygons.
        centroids: ``(N, 2)`` ``x, y`` in the pixel frame.
        crop: index -> ``(y1 - y0, x1 - x0)`` bool, the candidate inside its box.
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
        polygons: ``(N,)`` shapely polygons in the pixel frame, instead of masks.
    """

    shape: tuple[int, int]
    areas: Numbers
    boxes: Numbers
    centroids: Floats
    crop: Callable[[int], BoolArray]
    probabilities: Mapping[str, FloatArray]
    objectness: FloatArray | None = None
    colours: FloatArray | None = None
    paints: FloatArray | None = None
    frame: MapFrame | None = None
    instances: Mapping[str, IntArray] = field(default_factory=dict)
    are_instances: bool = False
    polygons: NDArray[np.object_] | None = None

    def __len__(self) -> int:
        return len(self.areas)

    @cached_property
    def outlines(self) -> Outlines:
        """Outlines of the candidates that are more than boxes."""
        if self.polygons is not None:
            return PolygonOutlines(self.polygons)
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
        boxes, others = unknown[are_boxes], unknown[~are_boxes]
        self._measured[:, boxes] = _shapes_of_boxes(self.boxes[boxes]).columns
        if len(others):
            self._measured[:, others] = self.outlines.shapes(others).columns
        return Shapes(*self._measured[:, indices])

    @cached_property
    def _measured(self) -> Floats:
        """``(5, N)`` columns of ``Shapes``, NaN where nobody asked yet."""
        return np.full((5, len(self)), np.nan)

    def gaps(
        self, first: IntArray, second: IntArray, scale: tuple[float, float] = (1.0, 1.0)
    ) -> Floats:
        """``(P,)`` shortest ways between pairs of candidates, 0 where they touch.

        Args:
            first: ``(P,)``.
            second: ``(P,)``.
            scale: units per pixel across and down.
        """
        ours, theirs = self.boxes[first], self.boxes[second]
        steps = np.maximum(np.maximum(theirs[:, :2] - ours[:, 2:], ours[:, :2] - theirs[:, 2:]), 0)
        gaps: Floats = np.hypot(steps[:, 0] * scale[0], steps[:, 1] * scale[1])
        rest = ~(self.fill_boxes[first] & self.fill_boxes[second])
        if rest.any():
            gaps[rest] = self.outlines.gaps(first[rest], second[rest], scale)
        return gaps

    def overlaps(
        self, first: IntArray, second: IntArray, windows: Numbers, *, filled: bool
    ) -> tuple[Floats, Floats]:
        """Areas that pairs of candidates share, see ``Outlines.overlaps``."""
        shared = _common(self.boxes[first], self.boxes[second])
        around = _common(windows, self.boxes[second])
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
        boxes = self.boxes[parts]
        index = BoxIndex.of(np.concatenate([points, points], axis=1))
        alone = np.full(len(points), -1, dtype=np.int64)
        _, nearest = index.nearest(boxes, alone, np.ones(len(parts)))
        return np.clip(points, boxes[nearest, :2], boxes[nearest, 2:])


def _common(first: Numbers, second: Numbers) -> Floats:
    """``(P,)`` areas that pairs of boxes share."""
    low = np.maximum(first[:, :2], second[:, :2])
    sides = np.clip(np.minimum(first[:, 2:], second[:, 2:]) - low, 0, None)
    areas: Floats = sides[:, 0] * sides[:, 1].astype(np.float64)
    return areas


def _shapes_of_boxes(boxes: Numbers) -> Shapes:
    sides = (boxes[:, 2:] - boxes[:, :2]).astype(np.float64)
    squares = (sides**2).sum(axis=1) / 4
    return Shapes(
        length=sides.max(axis=1),
        width=sides.min(axis=1),
        angle=np.where(sides[:, 0] >= sides[:, 1], 0.0, 90.0),
        rectangularity=np.ones(len(boxes)),
        circularity=sides.prod(axis=1) / (np.pi * squares),
    )
