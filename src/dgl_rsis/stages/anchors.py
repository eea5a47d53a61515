"""What a relation refers to: one candidate, or a union of candidates that spread (a river)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.ndimage import binary_fill_holes, distance_transform_edt

from dgl_rsis.stages.candidates import CandidateTable
from dgl_rsis.stages.outlines import outline_gaps
from dgl_rsis.stages.scored import Floats
from dgl_rsis.stages.shapes import measure_masks
from dgl_rsis.types import BoolArray, IntArray

LARGEST_CANVAS = 768
"""Unions are drawn on a grid of at most this many cells a side."""
LEAST_ASPECT = 1.4
"""Length over width from which something has a direction."""
UNION_REACH = 0.08
"""Length scale of *near* for a union, as a share of the shorter image side."""


@dataclass(frozen=True)
class Anchor:
    """What a relation refers to: one candidate, or several as one spread.

    Attributes:
        table: where it is from.
        indices: ``(M,)``; a single one for a thing.
        is_union: several candidates of something that spreads.
    """

    table: CandidateTable
    indices: IntArray
    is_union: bool = False

    @property
    def box(self) -> Floats:
        """Box around all, ``x0, y0, x1, y1``."""
        boxes = self.table.boxes[self.indices].astype(np.float64)
        return np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])

    @property
    def area(self) -> float:
        """Pixels of all together."""
        return float(self.table.areas[self.indices].sum())

    @property
    def reach(self) -> float:
        """What counts as a length of the anchor, in pixels."""
        if self.is_union:
            return UNION_REACH * min(self.table.shape)
        return float(self.table.typical_lengths[self.indices[0]])

    @cached_property
    def step(self) -> int:
        """Pixels per cell of the canvas."""
        return max(1, -(-max(self.table.shape) // LARGEST_CANVAS))

    @cached_property
    def canvas(self) -> BoolArray:
        """Union drawn on a coarse grid, ``(h, w)``."""
        height, width = (-(-side // self.step) for side in self.table.shape)
        drawn = np.zeros((height, width), dtype=bool)
        for index in self.indices.tolist():
            rows, columns = _pixels(self.table, index)
            drawn[rows // self.step, columns // self.step] = True
        return drawn

    @cached_property
    def ground(self) -> BoolArray:
        """The canvas; of a thing with its holes, as what stands on it is cut out of its mask."""
        if self.is_union:  # a net of roads has whole blocks in its meshes
            return self.canvas
        filled: BoolArray = binary_fill_holes(self.canvas)
        return filled

    @cached_property
    def _distances(self) -> tuple[Floats, IntArray]:
        distances, nearest = distance_transform_edt(
            ~self.canvas, sampling=float(self.step), return_indices=True
        )
        return distances, nearest

    def points_near(self, centroids: Floats) -> Floats:
        """``(K, 2)`` the point of the anchor that stands for it, seen from each centroid."""
        if not self.is_union:
            return np.broadcast_to(self.table.centroids[self.indices[0]], centroids.shape)
        rows, columns = self._cells(centroids)
        nearest = self._distances[1][:, rows, columns]  # (2, K)
        points: Floats = (nearest[::-1].T + 0.5) * self.step
        inside = self.canvas[rows, columns]
        points[inside] = centroids[inside]
        return points

    def gaps(
        self,
        indices: IntArray,
        scale: tuple[float, float] = (1.0, 1.0),
        *,
        within: float | Floats = np.inf,
    ) -> Floats:
        """``(K,)`` distance between the candidates and the anchor, 0 when they touch.

        Args:
            indices: candidates.
            scale: units per pixel across and down.
            within: only smaller distances need to be exact; larger ones stay larger.
        """
        if not self.is_union:
            return outline_gaps(self.table, indices, int(self.indices[0]), scale, within=within)
        distances = np.empty(len(indices))
        for k, index in enumerate(indices.tolist()):
            rows, columns = _pixels(self.table, index)
            distances[k] = self._distances[0][rows // self.step, columns // self.step].min()
        # Neighbouring cells lie one cell apart without a gap.
        gaps: Floats = np.clip(distances - self.step, 0, None) * np.sqrt(scale[0] * scale[1])
        return gaps

    def angles_near(self, centroids: Floats) -> tuple[Floats, BoolArray]:
        """``(K,)`` direction of the anchor at its nearest point, in degrees, and if it has one.

        Of a union, the main direction of its cells around that point.
        """
        if not self.is_union:
            shape = self.table.shapes_of(self.indices)
            count = len(centroids)
            return np.full(count, shape.angle), np.full(count, shape.aspect >= LEAST_ASPECT)
        radius = max(2, round(self.reach / self.step))
        rows, columns = self._cells(self.points_near(centroids))
        angles, is_long = np.zeros(len(centroids)), np.zeros(len(centroids), dtype=bool)
        for k, (row, column) in enumerate(zip(rows.tolist(), columns.tolist(), strict=True)):
            top, left = max(0, row - radius), max(0, column - radius)
            shape = measure_masks([self.canvas[top : row + radius + 1, left : column + radius + 1]])
            angles[k], is_long[k] = shape.angle[0], shape.aspect[0] >= LEAST_ASPECT
        return angles, is_long

    def shares(self, indices: IntArray) -> tuple[Floats, Floats]:
        """``(K,)`` part of each candidate inside the anchor, and of its surroundings.

        The surroundings are the enlarged box without the candidate: a tenth of its size wider on
        each side, at least two cells.
        """
        inside, around = np.zeros(len(indices)), np.zeros(len(indices))
        height, width = self.canvas.shape
        for k, index in enumerate(indices.tolist()):
            rows, columns = (each // self.step for each in _pixels(self.table, index))
            margin = 2 + int(0.1 * self.table.typical_lengths[index] / self.step)
            top, left = max(0, rows.min() - margin), max(0, columns.min() - margin)
            bottom = min(height, rows.max() + margin + 1)
            right = min(width, columns.max() + margin + 1)
            window = self.ground[top:bottom, left:right]
            own = np.zeros(window.shape, dtype=bool)
            own[rows - top, columns - left] = True
            inside[k] = self.ground[rows, columns].mean()
            around[k] = (window & ~own).sum() / max(1, (~own).sum())
        return inside, around

    def _cells(self, centroids: Floats) -> tuple[IntArray, IntArray]:
        height, width = self.canvas.shape
        columns = np.clip(centroids[:, 0] / self.step, 0, width - 1).astype(np.int64)
        rows = np.clip(centroids[:, 1] / self.step, 0, height - 1).astype(np.int64)
        return rows, columns


def _pixels(table: CandidateTable, index: int) -> tuple[IntArray, IntArray]:
    rows, columns = np.nonzero(table.mask_of(index))
    x0, y0 = table.boxes[index, :2]
    return rows + y0, columns + x0
