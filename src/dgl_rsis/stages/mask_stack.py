"""Many small masks in one flat array, so that their pixels are looked at all at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from dgl_rsis.types import BoolArray, IntArray


@dataclass(frozen=True)
class Pixels:
    """Pixels of several masks, mask by mask.

    Attributes:
        numbers: ``(n,)`` mask of each.
        columns: ``(n,)`` column in the crop of that mask.
        rows: ``(n,)`` row.
    """

    numbers: IntArray
    columns: IntArray
    rows: IntArray

    def take(self, chosen: BoolArray) -> Pixels:
        """Those that are chosen."""
        return Pixels(self.numbers[chosen], self.columns[chosen], self.rows[chosen])


@dataclass(frozen=True)
class MaskStack:
    """Crops with a rim of one pixel around each, in one flat array.

    Attributes:
        flat: all of them.
        starts: ``(M,)`` where each begins.
        widths: ``(M,)`` of each with its rim.
        heights: ``(M,)`` likewise.
    """

    flat: BoolArray
    starts: IntArray
    widths: IntArray
    heights: IntArray

    @classmethod
    def of(cls, crops: Sequence[BoolArray]) -> MaskStack:
        """Stack crops ``(h, w)``."""
        shapes = np.array([crop.shape for crop in crops], dtype=np.int64).reshape(-1, 2) + 2
        sizes = shapes.prod(axis=1)
        starts = np.cumsum(sizes) - sizes
        flat = np.zeros(int(sizes.sum()), dtype=bool)
        for crop, start, size in zip(crops, starts.tolist(), sizes.tolist(), strict=True):
            height, width = crop.shape
            flat[start : start + size].reshape(height + 2, width + 2)[1:-1, 1:-1] = crop
        return cls(flat, starts, shapes[:, 1], shapes[:, 0])

    @cached_property
    def _places(self) -> IntArray:
        return np.flatnonzero(self.flat)

    @cached_property
    def pixels(self) -> Pixels:
        """Pixels of the masks, by rows."""
        ends = np.searchsorted(self._places, self.starts[1:])
        counts = np.diff(ends, prepend=0, append=len(self._places))
        numbers = np.repeat(np.arange(len(self.starts)), counts)
        rows, columns = np.divmod(self._places - self.starts[numbers], self.widths[numbers])
        return Pixels(numbers, columns - 1, rows - 1)

    @cached_property
    def is_row_end(self) -> BoolArray:
        """``(n,)`` pixels without a neighbour on the left or on the right."""
        at = self._places
        ends: BoolArray = ~(self.flat[at - 1] & self.flat[at + 1])
        return ends

    @cached_property
    def is_border(self) -> BoolArray:
        """``(n,)`` pixels without one of their four neighbours."""
        at, step = self._places, self.widths[self.pixels.numbers]
        border: BoolArray = self.is_row_end | ~(self.flat[at - step] & self.flat[at + step])
        return border

    def covers(self, numbers: IntArray, columns: IntArray, rows: IntArray) -> BoolArray:
        """``(n,)`` whether pixels of the crops of some masks belong to them; any integers."""
        inside: BoolArray = (columns >= 0) & (columns < self.widths[numbers] - 2)
        inside &= (rows >= 0) & (rows < self.heights[numbers] - 2)
        at = self.starts[numbers] + (rows + 1) * self.widths[numbers] + columns + 1
        inside[inside] = self.flat[at[inside]]
        return inside
