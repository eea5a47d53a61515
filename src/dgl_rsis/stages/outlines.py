"""Outlines of candidates that are masks: distances, overlaps and nearest points of many pairs.

Boxes around turned or bent things overlap where the things do not: a distance between boxes is
only a lower bound, and exact where both candidates fill their boxes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_fill_holes
from scipy.spatial import cKDTree

from dgl_rsis.stages.mask_stack import MaskStack, Pixels
from dgl_rsis.stages.ragged import firsts, spread
from dgl_rsis.stages.shapes import Hulls, PixelHulls, Shapes, measure_masks
from dgl_rsis.types import BoolArray, IntArray

Floats = NDArray[np.float64]
Numbers = NDArray[np.number[Any]]
LARGEST_GROUND = 4096
"""Windows of a mask are summed on at most this many pixels a side."""


class Outlines(Protocol):
    """What relations ask about the outlines of candidates, all in the pixel frame."""

    def shapes(self, indices: IntArray) -> Shapes:
        """Shapes of candidates in pixels."""

    def hulls(self, indices: IntArray) -> Hulls:
        """Convex hulls of candidates."""

    def ways(self, first: IntArray, second: IntArray, steps: Floats) -> tuple[Floats, Floats]:
        """Shortest ways between pairs.

        Args:
            first: ``(P,)`` candidates.
            second: ``(P,)`` others.
            steps: ``(2, 2)`` metric: ``steps @ way`` is as long as the way is.

        Returns:
            ``(P, 2)`` points of the first where they begin, ``(P, 2)`` ways to the second, in
            pixels; 0 where they touch.
        """

    def overlaps(
        self, first: IntArray, second: IntArray, windows: Numbers, *, filled: bool
    ) -> tuple[Floats, Floats]:
        """Areas that pairs share.

        Args:
            first: ``(P,)`` candidates.
            second: ``(P,)`` others.
            windows: ``(P, 4)`` boxes ``x0, y0, x1, y1``, each around the first of its pair.
            filled: whether holes of the second belong to it.

        Returns:
            ``(P,)`` area of the second inside the first, and inside the window.
        """

    def overlap_of_union(self, first: int, parts: IntArray, window: Numbers) -> tuple[float, float]:
        """The same of one candidate and the union of others, which may overlap each other."""

    def points_near(self, points: Floats, parts: IntArray) -> Floats:
        """``(K, 2)`` nearest point of the union of some candidates, seen from each point."""

    def draw(self, parts: IntArray, shape: tuple[int, int], step: int) -> BoolArray:
        """``shape`` cells of ``step`` pixels that some candidates touch."""


@dataclass(frozen=True)
class MaskOutlines:
    """Outlines of masks.

    Attributes:
        boxes: ``(N, 4)`` int64 half-open ``x0, y0, x1, y1``.
        crop: index -> ``(y1 - y0, x1 - x0)`` bool.
    """

    boxes: IntArray
    crop: Callable[[int], BoolArray]
    _borders: list[_Borders] = field(default_factory=list, repr=False)
    _targets: dict[tuple[float, ...], _Targets] = field(default_factory=dict, repr=False)
    _grounds: dict[tuple[int, bool], _Ground] = field(default_factory=dict, repr=False)

    def shapes(self, indices: IntArray) -> Shapes:
        """See ``Outlines``."""
        return measure_masks([self.crop(index) for index in indices.tolist()])

    def hulls(self, indices: IntArray) -> Hulls:
        """See ``Outlines``; corners are centres of pixels in their crops."""
        stack = MaskStack.of([self.crop(index) for index in indices.tolist()])
        ends = stack.pixels.take(stack.is_row_end)
        counts = np.bincount(ends.numbers, minlength=len(indices))
        return PixelHulls.of(np.stack([ends.columns, ends.rows], axis=1).astype(float), counts)

    def ways(self, first: IntArray, second: IntArray, steps: Floats) -> tuple[Floats, Floats]:
        """See ``Outlines``: between the edges of pixels, not their centres."""
        if not len(first):
            return np.zeros((0, 2)), np.zeros((0, 2))
        borders = self._of(np.union1d(first, second))
        pairs, points = borders.points_of(first)
        targets = self._targets_at(second, steps)
        # A pixel cannot be nearer to a thing than to the box around it.
        boxes = self.boxes[second[pairs]]
        outside = np.maximum(np.maximum(boxes[:, :2] - points - 1, points - boxes[:, 2:]), 0)
        lower = np.hypot(*(outside * _least(steps)).T)
        starts = firsts(borders.counts_of(first))
        is_least = lower == np.minimum.reduceat(lower, starts)[pairs]
        likely = np.flatnonzero(is_least)
        likely = likely[np.unique(pairs[likely], return_index=True)[1]]
        begins = points[likely].astype(np.float64) + 0.5
        ways = targets.ways(points[likely], second[pairs[likely]])
        lengths = np.hypot(*(ways @ steps.T).T)
        rest = np.flatnonzero(lower < (1 - 1e-8) * lengths[pairs])  # nearer by more than rounding
        others = targets.ways(points[rest], second[pairs[rest]])
        other_lengths = np.hypot(*(others @ steps.T).T)
        order = np.lexsort((other_lengths, pairs[rest]))
        best = order[np.unique(pairs[rest][order], return_index=True)[1]]
        owners = pairs[rest[best]]
        shorter = other_lengths[best] < lengths[owners]
        best, owners = best[shorter], owners[shorter]
        begins[owners], ways[owners] = points[rest[best]] + 0.5, others[best]
        self._touch(borders, first, second, ways)
        return begins, ways

    def _touch(self, borders: _Borders, first: IntArray, second: IntArray, ways: Floats) -> None:
        """Set ways to 0 where one has the other one inside, which borders do not tell."""
        ours, theirs = self.boxes[first], self.boxes[second]
        meets = (ours[:, :2] < theirs[:, 2:]) & (theirs[:, :2] < ours[:, 2:])
        holds = (ours[:, :2] <= theirs[:, :2]) & (theirs[:, 2:] <= ours[:, 2:])
        for near, inner, outer in ((meets, first, second), (holds, second, first)):
            open_ones = np.flatnonzero(near.all(axis=1) & ways.any(axis=1))
            pairs, points = borders.points_of(inner[open_ones])
            ways[open_ones[pairs[borders.cover(points, outer[open_ones][pairs])]]] = 0

    def _targets_at(self, indices: IntArray, steps: Floats) -> _Targets:
        """Border pixels of at least these candidates as targets, kept for the next question."""
        key = tuple(steps.ravel().tolist())
        known = self._targets.get(key)
        if known is None or (known.planes[indices] < 0).any():
            wanted = np.unique(indices) if known is None else np.union1d(known.indices, indices)
            self._targets[key] = _Targets.of(self._of(wanted), wanted, len(self.boxes), steps)
        return self._targets[key]

    def overlaps(
        self, first: IntArray, second: IntArray, windows: Numbers, *, filled: bool
    ) -> tuple[Floats, Floats]:
        """See ``Outlines``."""
        shared, around = np.zeros((2, len(first)))
        if not len(first):
            return shared, around
        borders = self._of(np.unique(first))
        pairs, pixels = borders.pixels_of(first)
        order = np.argsort(second, kind="stable")
        others, starts = np.unique(second[order], return_index=True)
        grounds = [self._ground(index, filled=filled) for index in others.tolist()]
        for ground, members in zip(grounds, np.split(order, starts[1:]), strict=True):
            around[members] = ground.sums(windows[members])
        stack = MaskStack.of([ground.mask for ground in grounds])
        numbers = np.searchsorted(others, second)
        places = pixels - self.boxes[second[pairs], :2]
        inside = stack.covers(numbers[pairs], places[:, 0], places[:, 1])
        shared += np.bincount(pairs[inside], minlength=len(first))
        return shared, around

    def overlap_of_union(self, first: int, parts: IntArray, window: Numbers) -> tuple[float, float]:
        """See ``Outlines``."""
        x0, y0, x1, y1 = window.tolist()
        drawn = np.zeros((y1 - y0, x1 - x0), dtype=bool)
        for part in parts.tolist():
            left, top, right, bottom = self.boxes[part].tolist()
            low, high = (max(x0, left), max(y0, top)), (min(x1, right), min(y1, bottom))
            if low[0] < high[0] and low[1] < high[1]:
                crop = self.crop(part)[low[1] - top : high[1] - top, low[0] - left : high[0] - left]
                drawn[low[1] - y0 : high[1] - y0, low[0] - x0 : high[0] - x0] |= crop
        left, top, right, bottom = self.boxes[first].tolist()
        own = drawn[top - y0 : bottom - y0, left - x0 : right - x0] & self.crop(first)
        return float(own.sum()), float(drawn.sum())

    def points_near(self, points: Floats, parts: IntArray) -> Floats:
        """See ``Outlines``: centres of pixels, or the point itself where a part covers it."""
        borders = self._of(parts)
        _, pixels = borders.points_of(parts)
        nearest: Floats = pixels[cKDTree(pixels + 0.5).query(points)[1]] + 0.5
        whole = np.floor(points).astype(np.int64)
        low, high = self.boxes[parts, :2], self.boxes[parts, 2:]
        for part, start, stop in zip(parts.tolist(), low, high, strict=True):
            near = np.flatnonzero(((whole >= start) & (whole < stop)).all(axis=1))
            near = near[borders.cover(whole[near], np.full(len(near), part))]
            nearest[near] = points[near]
        return nearest

    def draw(self, parts: IntArray, shape: tuple[int, int], step: int) -> BoolArray:
        """See ``Outlines``."""
        drawn = np.zeros(shape, dtype=bool)
        for index in parts.tolist():
            rows, columns = np.nonzero(self.crop(index))
            x0, y0 = self.boxes[index, :2].tolist()
            drawn[(rows + y0) // step, (columns + x0) // step] = True
        return drawn

    def _of(self, indices: IntArray) -> _Borders:
        """Borders of at least these candidates, kept for the next question."""
        known = self._borders[0] if self._borders else None
        if known is None or (known.slots[indices] < 0).any():
            wanted = indices if known is None else np.union1d(known.indices, indices)
            self._borders[:] = [_Borders.of(wanted, self.boxes, self.crop)]
        return self._borders[0]

    def _ground(self, index: int, *, filled: bool) -> _Ground:
        if (index, filled) not in self._grounds:
            mask = self.crop(index)
            if filled and not mask.all():
                mask = binary_fill_holes(mask)
            corner = self.boxes[index, :2]
            self._grounds[index, filled] = _Ground.of(mask, (int(corner[0]), int(corner[1])))
        return self._grounds[index, filled]


@dataclass(frozen=True)
class _Borders:
    """Pixels of some candidates, and those at their borders.

    Attributes:
        indices: ``(M,)`` candidates.
        slots: ``(N,)`` number among them, -1 for others.
        corners: ``(M, 2)`` upper left pixels.
        stack: their masks.
        pixels: ``(n, 2)`` column and row of all pixels, candidate by candidate.
        counts: ``(M,)`` pixels of each.
        points: ``(m, 2)`` those at borders.
        border_counts: ``(M,)`` of each.
    """

    indices: IntArray
    slots: IntArray
    corners: IntArray
    stack: MaskStack
    pixels: IntArray
    counts: IntArray
    points: IntArray
    border_counts: IntArray

    @classmethod
    def of(cls, indices: IntArray, boxes: IntArray, crop: Callable[[int], BoolArray]) -> _Borders:
        stack = MaskStack.of([crop(index) for index in indices.tolist()])
        slots = np.full(len(boxes), -1, dtype=np.int64)
        slots[indices] = np.arange(len(indices))
        corners = boxes[indices, :2]
        border = stack.pixels.take(stack.is_border)

        def places(pixels: Pixels) -> IntArray:
            return np.stack([pixels.columns, pixels.rows], axis=1) + corners[pixels.numbers]

        counts, border_counts = (
            np.bincount(pixels.numbers, minlength=len(indices)) for pixels in (stack.pixels, border)
        )
        every = places(stack.pixels)
        return cls(indices, slots, corners, stack, every, counts, places(border), border_counts)

    def counts_of(self, indices: IntArray) -> IntArray:
        """Border pixels of each candidate."""
        return self.border_counts[self.slots[indices]]

    def points_of(self, indices: IntArray) -> tuple[IntArray, IntArray]:
        """Border pixels of candidates, with the place in ``indices`` that each belongs to."""
        owners, places = spread(firsts(self.border_counts), self.border_counts, self.slots[indices])
        return owners, self.points[places]

    def pixels_of(self, indices: IntArray) -> tuple[IntArray, IntArray]:
        """All pixels of candidates, likewise."""
        owners, places = spread(firsts(self.counts), self.counts, self.slots[indices])
        return owners, self.pixels[places]

    def cover(self, points: IntArray, indices: IntArray) -> BoolArray:
        """``(n,)`` whether each pixel belongs to the candidate beside it."""
        slots = self.slots[indices]
        columns, rows = (points - self.corners[slots]).T
        return self.stack.covers(slots, columns, rows)


@dataclass(frozen=True)
class _Targets:
    """Border pixels of candidates in one tree, each candidate on a plane of its own.

    Attributes:
        indices: ``(M,)`` candidates.
        planes: ``(N,)`` number among them, -1 for others.
        points: ``(m, 2)`` column and row of the pixels.
        depth: from one plane to the next: farther than any two pixels.
        steps: ``(2, 2)`` metric.
        tree: of the pixels in it.
    """

    indices: IntArray
    planes: IntArray
    points: IntArray
    depth: float
    steps: Floats
    tree: cKDTree

    @classmethod
    def of(cls, borders: _Borders, indices: IntArray, count: int, steps: Floats) -> _Targets:
        owners, points = borders.points_of(indices)
        planes = np.full(count, -1, dtype=np.int64)
        planes[indices] = np.arange(len(indices))
        depth = 8 * float(np.abs(borders.points).max(initial=1) * np.abs(steps).max())
        places = np.column_stack([points @ steps.T, owners * depth])
        tree = cKDTree(places, balanced_tree=False, compact_nodes=False)  # planes balance it
        return cls(indices, planes, points, depth, steps, tree)

    def ways(self, points: IntArray, indices: IntArray) -> Floats:
        """``(n, 2)`` way from each pixel to the candidate beside it."""
        heights = self.planes[indices] * self.depth
        nearest = self.tree.query(np.column_stack([points @ self.steps.T, heights]))[1]
        ways = self.points[nearest] - points
        edges: Floats = np.sign(ways) * np.maximum(np.abs(ways) - 1.0, 0)
        return edges


def _least(steps: Floats) -> Floats:
    """``(2,)`` lengths across and down that no way is shorter than."""
    lengths = np.hypot(*steps)
    cosine = abs(steps[:, 0] @ steps[:, 1]) / lengths.prod()
    least: Floats = lengths * np.sqrt(max(0.0, 1 - cosine))
    return least


@dataclass(frozen=True)
class _Ground:
    """A mask whose sums over windows are known: a summed-area table of its crop.

    Attributes:
        mask: ``(h, w)`` bool.
        corner: column and row of its upper left pixel.
        table: sums over all pixels above and to the left, of every ``step``-th pixel.
        step: pixels from one to the next that counts.
    """

    mask: BoolArray
    corner: tuple[int, int]
    table: NDArray[np.int64]
    step: int

    @classmethod
    def of(cls, mask: BoolArray, corner: tuple[int, int]) -> _Ground:
        step = max(1, -(-max(mask.shape) // LARGEST_GROUND))
        sample = mask[::step, ::step]
        table = np.zeros((sample.shape[0] + 1, sample.shape[1] + 1), dtype=np.int64)
        sample.cumsum(axis=0, out=table[1:, 1:]).cumsum(axis=1, out=table[1:, 1:])
        return cls(mask, corner, table, step)

    def sums(self, windows: Numbers) -> Floats:
        """``(P,)`` pixels of the mask in boxes ``(P, 4)`` of whole pixels."""
        ends = np.floor_divide(windows - np.tile(self.corner, 2) + self.step - 1, self.step)
        height, width = (side - 1 for side in self.table.shape)
        x0, y0, x1, y1 = np.clip(ends, 0, [width, height, width, height]).astype(np.int64).T
        table = self.table
        count = table[y1, x1] - table[y0, x1] - table[y1, x0] + table[y0, x0]
        return np.asarray(count * float(self.step**2))
