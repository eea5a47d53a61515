"""A spatial index of boxes: which are near which others, and how far the nearest is.

Boxes are sorted into blocks of neighbours, and most blocks are told apart from a query by the box
around them alone: an R-tree of one level, in arrays. It is built by one sort of small integers; an
R-tree of a million geometries takes seconds and half a gigabyte.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dgl_rsis.types import BoolArray, IntArray

Floats = NDArray[np.float64]
Numbers = NDArray[np.number[Any]]
SMALLEST_BLOCK = 64
AT_ONCE = 1 << 21  # comparisons; keeps temporary arrays small


@dataclass(frozen=True)
class BoxIndex:
    """Boxes in blocks of neighbours.

    Attributes:
        boxes: ``(4, K)`` float64 ``x0, y0, x1, y1``, block by block.
        order: ``(K,)`` where each of them was among those given.
        starts: ``(B + 1,)`` first box of each block, and ``K``.
        bounds: ``(4, B)`` box around each block.
    """

    boxes: Floats
    order: IntArray
    starts: IntArray
    bounds: Floats

    @classmethod
    def of(cls, boxes: Numbers) -> BoxIndex:
        """Index boxes ``(K, 4)`` ``x0, y0, x1, y1``."""
        count = len(boxes)
        size = max(SMALLEST_BLOCK, int(np.sqrt(count)) // 1)
        flipped = np.ascontiguousarray(boxes.T, dtype=np.float64)
        order = _by_neighbourhood(flipped, max(1, round(np.sqrt(count / size))))
        sorted_boxes = np.take(flipped, order, axis=1)
        starts = np.append(np.arange(0, count, size), count)
        low = np.minimum.reduceat(sorted_boxes[:2], starts[:-1], axis=1)
        high = np.maximum.reduceat(sorted_boxes[2:], starts[:-1], axis=1)
        return cls(sorted_boxes, order, starts, np.concatenate([low, high]))

    def __len__(self) -> int:
        return len(self.order)

    def members(self) -> list[IntArray]:
        """Numbers of the boxes of each block."""
        return np.split(self.order, self.starts[1:-1])

    def pairs_within(
        self,
        others: Numbers,
        lengths: Floats,
        limits: Floats,
        scale: tuple[float, float] = (1.0, 1.0),
    ) -> tuple[IntArray, IntArray]:
        """Pairs whose gap, in lengths of the other one, is at most a limit.

        Args:
            others: ``(A, 4)`` boxes.
            lengths: ``(A,)`` above 0.
            limits: ``(K,)`` of each box given to ``of``; below 0 for none.
            scale: units per pixel across and down.

        Returns:
            numbers of the boxes that were given to ``of``, and those of ``others``.
        """
        mine: list[IntArray] = [np.zeros(0, np.int64)]
        theirs: list[IntArray] = [np.zeros(0, np.int64)]
        flipped, weights = others.T.astype(np.float64), 1 / lengths**2
        squares = np.where(limits < 0, -1, limits**2)[self.order]
        largest = np.maximum.reduceat(squares, self.starts[:-1])
        for part in _parts(len(others), len(self.starts)):
            lowest = _squared_gaps(self.bounds, flipped[:, part], scale) * weights[part]
            for members, numbers in self._blocks(lowest <= largest[:, None], part.start):
                each = _squared_gaps(self.boxes[:, members], flipped[:, numbers], scale)
                found = np.nonzero(each * weights[numbers] <= squares[members][:, None])
                mine.append(self.order[members][found[0]])
                theirs.append(numbers[found[1]])
        return np.concatenate(mine), np.concatenate(theirs)

    def nearest(
        self,
        others: Numbers,
        own: IntArray,
        lengths: Floats,
        scale: tuple[float, float] = (1.0, 1.0),
    ) -> tuple[Floats, IntArray]:
        """Smallest gap of every box to one of others, in lengths of that one.

        Args:
            others: ``(A, 4)`` boxes, at least one.
            own: ``(K,)`` which of them each box is itself, and is not compared with; else -1.
            lengths: ``(A,)`` units of the gap to each.
            scale: units per pixel across and down.

        Returns:
            ``(K,)`` in the order of the boxes given to ``of``, infinite where there is no other;
            and the number of the nearest one.
        """
        flipped, own = others.T.astype(np.float64), own[self.order]
        gaps, nearest = np.full(len(self), np.inf), np.zeros(len(self), np.int64)
        weights = 1 / lengths**2
        parts = _parts(len(others), len(self.starts))
        # No box of a block is farther than this from the nearest, or from the second nearest
        # where the nearest may be itself.
        bound = np.full((2, len(self.starts) - 1), np.inf)
        for part in parts:
            farthest = _farthest(self.bounds, flipped[:, part], scale) * weights[part]
            bound = np.sort(np.concatenate([bound, farthest.T]), axis=0)[:2]
        has_own = np.maximum.reduceat(own, self.starts[:-1]) >= 0
        bound = np.where(has_own, bound[1], bound[0])
        for part in parts:
            lowest = _squared_gaps(self.bounds, flipped[:, part], scale) * weights[part]
            for members, numbers in self._blocks(lowest <= bound[:, None], part.start):
                each = _squared_gaps(self.boxes[:, members], flipped[:, numbers], scale)
                each *= weights[numbers]
                each[own[members][:, None] == numbers] = np.inf
                best = each.argmin(axis=1)
                least = each[np.arange(len(each)), best]
                is_nearer = least < gaps[members]
                gaps[members] = np.where(is_nearer, least, gaps[members])
                nearest[members] = np.where(is_nearer, numbers[best], nearest[members])
        result, numbers = np.empty_like(gaps), np.empty_like(nearest)
        result[self.order], numbers[self.order] = np.sqrt(gaps), nearest
        return result, numbers

    def _blocks(self, is_near: BoolArray, first: int) -> Iterator[tuple[slice, IntArray]]:
        """Boxes of each block, and the numbers of those others ``(B, A)`` that concern it."""
        for block in np.flatnonzero(is_near.any(axis=1)).tolist():
            numbers = np.flatnonzero(is_near[block]) + first
            start, stop = self.starts[block], self.starts[block + 1]
            for part in _parts(len(numbers), stop - start):
                yield slice(start, stop), numbers[part]


def _squared_gaps(first: Floats, second: Floats, scale: tuple[float, float]) -> Floats:
    """``(K, A)`` squares of the shortest ways between boxes ``(4, K)`` and ``(4, A)``."""
    squares = np.zeros((first.shape[1], second.shape[1]))
    for low, high, unit in ((0, 2, scale[0]), (1, 3, scale[1])):
        way = np.subtract.outer(first[low], second[high])
        np.maximum(way, second[low] - first[high][:, None], out=way)
        np.maximum(way, 0, out=way)
        way *= unit
        squares += np.square(way, out=way)
    return squares


def _farthest(blocks: Floats, others: Floats, scale: tuple[float, float]) -> Floats:
    """``(B, A)`` squares of the largest possible gap of a box inside a block to another box."""
    squares = np.zeros((blocks.shape[1], others.shape[1]))
    for low, high, unit in ((0, 2, scale[0]), (1, 3, scale[1])):
        way = np.subtract.outer(blocks[high], others[high])
        np.maximum(way, others[low] - blocks[low][:, None], out=way)
        np.maximum(way, 0, out=way)
        squares += (way * unit) ** 2
    return squares


def _by_neighbourhood(boxes: Floats, side: int) -> IntArray:
    """Order of boxes ``(4, K)`` by the cell of a grid, ``side`` cells a side, that their middle lies in."""
    middles = boxes[:2] + boxes[2:]
    low = middles.min(axis=1, keepdims=True, initial=np.inf)
    high = middles.max(axis=1, keepdims=True, initial=-np.inf)
    middles -= low
    middles *= (side - 1e-6) / np.maximum(high - low, 1e-9)
    columns, rows = middles.astype(np.uint16)
    columns = np.where(rows % 2, np.uint16(side - 1) - columns, columns)  # to and fro: no jumps
    keys = rows * np.uint16(side) + columns if side < 256 else rows * np.int64(side) + columns
    return np.argsort(keys, kind="stable")  # small integers are sorted by radix


def _parts(count: int, width: int) -> list[slice]:
    """Slices of so many rows that a table of them with so many columns stays small."""
    step = max(1, AT_ONCE // max(1, width))
    return [slice(start, min(start + step, count)) for start in range(0, count, step)]
