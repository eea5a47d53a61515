"""What parts of neighbouring tiles have to do with each other.

Tiles are added in the order of their grid; only those that a later one may touch are remembered.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import csr_array

from dgl_rsis.geo.windows import Tile
from dgl_rsis.scene.parts import Parts
from dgl_rsis.types import IntArray

LEFT, TOP, RIGHT, BOTTOM = range(4)
LEAST_JOINT = 2  # pixels at which two parts of one thing meet
_BEFORE = ((0, -1), (-1, -1), (-1, 0), (-1, 1))  # neighbours that come first
_FACING = {(0, -1): (RIGHT, LEFT), (-1, 0): (BOTTOM, TOP)}

_NONE = np.zeros((0, 3), np.int64)


@dataclass(frozen=True)
class _Side:
    """What is remembered of a tile."""

    first: int
    parts: Parts
    things: IntArray
    outlines: NDArray[np.object_]


@dataclass
class Seams:
    """Finds pairs of parts of two tiles, numbered through the whole table."""

    _known: dict[Tile, _Side] = field(default_factory=dict)
    _shared: list[IntArray] = field(default_factory=lambda: [_NONE])
    _touching: list[IntArray] = field(default_factory=lambda: [_NONE])
    _joints: list[IntArray] = field(default_factory=lambda: [_NONE])

    def add(self, tile: Tile, parts: Parts, first: int) -> None:
        """Compare a tile with those before it.

        Args:
            tile: its place in the grid.
            parts: of it.
            first: number of its first part in the table.
        """
        things = np.flatnonzero(~parts.is_segment)
        ends = np.concatenate([[0], np.cumsum(parts.lengths)])
        texts = [parts.outlines[ends[index] : ends[index + 1]].tobytes() for index in things]
        own = _Side(first, parts, things, shapely.from_wkb(np.array(texts, dtype=object)))
        for step in _BEFORE:
            other = self._known.get(Tile(tile.row + step[0], tile.column + step[1]))
            if other is None:
                continue
            self._shared.append(_overlaps(other, own))
            if step in _FACING:
                self._meet(other, own, *_FACING[step])
        self._known[tile] = own
        for each in [each for each in self._known if each < Tile(tile.row - 1, tile.column - 1)]:
            del self._known[each]

    def pairs(self) -> tuple[IntArray, IntArray, IntArray]:
        """All pairs found, ``(P, 3)`` each.

        Returns:
            things and the pixels that both cover; segments, and things that are cut, with the pixels
            at which they meet.
        """
        found = (self._shared, self._touching, self._joints)
        shared, touching, joints = (np.concatenate(each) for each in found)
        return shared, touching, joints

    def _meet(self, first: _Side, second: _Side, side: int, facing: int) -> None:
        sides = [
            each.parts.edges[each.parts.edges[:, 1] == number][:, [0, 2]]
            for each, number in ((first, side), (second, facing))
        ]
        if not (len(sides[0]) and len(sides[1])):
            return
        length = int(max(each[:, 1].max() for each in sides)) + 1
        ours, theirs = (
            csr_array(
                (np.ones(len(edge), np.int64), (edge[:, 0], edge[:, 1])),
                shape=(len(each.parts), length),
            )
            for each, edge in zip((first, second), sides, strict=True)
        )
        common = (ours @ theirs.T).tocoo()
        one, other = common.coords
        rows = np.stack([one + first.first, other + second.first, common.data], axis=1)
        is_segment = first.parts.is_segment[one], second.parts.is_segment[other]
        self._touching.append(rows[is_segment[0] & is_segment[1]])
        is_joint = ~is_segment[0] & ~is_segment[1] & (common.data >= LEAST_JOINT)
        self._joints.append(rows[is_joint])


def _overlaps(first: _Side, second: _Side) -> IntArray:
    """``(P, 3)`` things of two tiles that overlap, and the pixels that both cover."""
    if not (len(first.things) and len(second.things)):
        return _NONE
    one, other = shapely.STRtree(second.outlines).query(first.outlines, predicate="intersects")
    common = shapely.area(shapely.intersection(first.outlines[one], second.outlines[other]))
    pixels = np.rint(common).astype(np.int64)
    pairs = np.stack(
        [first.things[one] + first.first, second.things[other] + second.first, pixels], axis=1
    )
    return np.asarray(pairs[pixels > 0])
