"""What a relation refers to: things, each by itself, or a union of candidates that spread."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from dgl_rsis.geo.ground import Ground
from dgl_rsis.stages.candidates import CandidateTable, Floats
from dgl_rsis.stages.distances import nearest_gaps
from dgl_rsis.types import BoolArray, IntArray

LARGEST_CANVAS = 768
"""Unions are drawn on a grid of at most this many cells a side."""
LEAST_ASPECT = 1.4
"""Length over width from which something has a direction."""
UNION_REACH = 0.08
"""Length scale of *near* for a union, as a share of the shorter image side."""


@dataclass(frozen=True)
class Anchor:
    """What a relation refers to: any one of some things, or several candidates as one.

    Attributes:
        table: where it is from.
        indices: ``(A,)`` candidates, at least one.
        is_union: they are parts of something that spreads (a river), seen from its nearest point.
    """

    table: CandidateTable
    indices: IntArray
    is_union: bool = False

    def best(self, count: int) -> Anchor:
        """The first things, as instances come best first; a union stays whole."""
        return self if self.is_union else replace(self, indices=self.indices[:count])

    @cached_property
    def lengths(self) -> Floats:
        """``(A,)`` what counts as a length of the anchor, in pixels."""
        if self.is_union:
            return np.full(len(self.indices), UNION_REACH * min(self.table.shape))
        lengths: Floats = self.table.typical_lengths[self.indices]
        return lengths

    def gaps(
        self,
        indices: IntArray,
        *,
        lengths: Floats | None = None,
        ground: Ground | None = None,
        within: float = np.inf,
    ) -> Floats:
        """``(K,)`` distance of candidates to the nearest of the anchor, see ``nearest_gaps``.

        Nothing is at a distance from itself: it is infinite for a part of a union.
        """
        gaps = nearest_gaps(
            self.table, indices, self.indices, lengths=lengths, ground=ground, within=within
        )
        if self.is_union:
            gaps[np.isin(indices, self.indices)] = np.inf
        return gaps

    def points_near(self, centroids: Floats) -> Floats:
        """``(K, 2)`` the point of a union that stands for it, seen from each centroid."""
        return self.table.points_near(centroids, self.indices)

    def directions_near(self, centroids: Floats) -> tuple[Floats, BoolArray]:
        """``(K,)`` direction of a union at its nearest point, in degrees, and if it has one.

        The main axis of the second moments of what is around that point, as long and as wide as
        the rectangle with these moments.
        """
        height, width = self._canvas.shape
        radius = max(2, round(float(self.lengths[0]) / self._step))
        columns, rows = (self.points_near(centroids) / self._step).astype(np.int64).T
        left, right = np.clip([columns - radius, columns + radius + 1], 0, width)
        top, bottom = np.clip([rows - radius, rows + radius + 1], 0, height)
        table = self._moments
        sums = table[:, bottom, right] - table[:, top, right]
        sums += table[:, top, left] - table[:, bottom, left]
        count = np.maximum(sums[0], 1)
        x, y, xx, yy, xy = sums[1:] / count
        xx, yy, xy = xx - x * x + 1 / 12, yy - y * y + 1 / 12, xy - x * y
        half, middle = np.hypot((xx - yy) / 2, xy), (xx + yy) / 2
        aspects = np.sqrt((middle + half) / np.maximum(middle - half, 1e-9))
        return np.degrees(np.arctan2(2 * xy, xx - yy)) / 2 % 180, aspects >= LEAST_ASPECT

    @cached_property
    def _step(self) -> int:
        """Pixels per cell of the canvas."""
        return max(1, -(-max(self.table.shape) // LARGEST_CANVAS))

    @cached_property
    def _canvas(self) -> BoolArray:
        """Union drawn on a coarse grid, ``(h, w)``."""
        height, width = (-(-side // self._step) for side in self.table.shape)
        return self.table.outlines.draw(self.indices, (height, width), self._step)

    @cached_property
    def _moments(self) -> Floats:
        """``(6, h + 1, w + 1)`` summed-area tables of 1, x, y, xx, yy and xy over the canvas."""
        height, width = self._canvas.shape
        rows, columns = np.mgrid[:height, :width].astype(np.float64)
        ones = np.ones_like(rows)
        fields = [ones, columns, rows, columns**2, rows**2, columns * rows]
        table = np.zeros((6, height + 1, width + 1))
        table[:, 1:, 1:] = (np.stack(fields) * self._canvas).cumsum(axis=1).cumsum(axis=2)
        return table
