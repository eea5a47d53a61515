"""Border lines between regions, whole across tiles.

An *arc* is the border between two regions from one *node* to the next: a corner of pixels where
more than two border lines meet, or a corner of the map. A border without nodes is a ring. Both
neighbours are built from the same arc, so that they cannot come apart.

Arcs live on the lattice of pixel corners: point ``(x, y)`` has the key ``y * (width + 1) + x``.
A tile owns the corners at its upper left side of pixels (and those on the right and lower border
of the map), hence all that it says of them is final; strands of an arc in several tiles are joined
where they cross.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dgl_rsis.geo.regions import Rectangle
from dgl_rsis.types import BoolArray, IntArray


@dataclass(frozen=True)
class Arc:
    """A border line between two regions; only points where it turns, and its ends.

    Attributes:
        points: ``(K, 2)`` int64 ``x, y`` on the lattice; a ring ends where it begins.
        left: region to the left of the way through the points, y pointing down.
        right: region to the right, less than ``left``; -1 for none.
    """

    points: IntArray
    left: int
    right: int


@dataclass(frozen=True)
class TileBorders:
    """What one tile says about borders.

    Attributes:
        corners: keys of the points where borders turn or meet.
        nodes: those of them where they meet.
        frame: keys of the points in the first row and column of the tile that lie on borders.
        strands: pieces of arcs.
    """

    corners: IntArray
    nodes: IntArray
    frame: IntArray
    strands: list[Strand]


@dataclass
class Strand:
    """A piece of an arc while it grows.

    Attributes:
        keys: of its points, with some between turns.
        left: region to the left.
        right: region to the right.
        open_ends: which of its ends (0 the first, 1 the last) go on in another tile.
        is_ring: whether it closes without a node.
        is_tied: whether it is made of several.
    """

    keys: IntArray
    left: int
    right: int
    open_ends: set[int]
    is_ring: bool = False
    is_tied: bool = False

    def closes_first(self, key: int) -> bool:
        """Whether the strand is open at a point with its first end."""
        return 0 in self.open_ends and int(self.keys[0]) == key

    def turned(self) -> Strand:
        """The same piece from its other end."""
        ends = {1 - end for end in self.open_ends}
        return Strand(self.keys[::-1], self.right, self.left, ends, self.is_ring, self.is_tied)


def tile_borders(tile: Rectangle, framed: IntArray, shape: tuple[int, int]) -> TileBorders:
    """Find the borders in a tile.

    Args:
        tile: its rectangle.
        framed: its regions as :func:`dgl_rsis.geo.regions.framed` gives them.
        shape: height and width of the map.
    """
    top, left = tile[:2]
    stride = shape[1] + 1
    upper_left, upper_right = framed[:-1, :-1], framed[:-1, 1:]
    lower_left, lower_right = framed[1:, :-1], framed[1:, 1:]
    north, south = upper_left != upper_right, lower_left != lower_right
    west, east = upper_left != lower_left, upper_right != lower_right
    degree = north.astype(np.int8) + south + west + east
    node = degree > 2
    for row in {0, shape[0]} & set(range(top, top + node.shape[0])):
        for column in {0, shape[1]} & set(range(left, left + node.shape[1])):
            node[row - top, column - left] |= degree[row - top, column - left] > 0
    corner = node | ((degree == 2) & (north != south))

    def keys_of(rows: IntArray, columns: IntArray) -> IntArray:
        keys: IntArray = (rows + top) * stride + columns + left
        return keys

    rows, columns, ends = _runs(corner, east)
    across = [
        keys_of(rows, columns),
        keys_of(rows, ends),
        upper_right[rows, columns],
        lower_right[rows, columns],
    ]
    columns, rows, ends = _runs(corner.T, south.T)
    down = [
        keys_of(rows, columns),
        keys_of(ends, columns),
        lower_right[rows, columns],
        lower_left[rows, columns],
    ]
    steps = [np.concatenate(parts) for parts in zip(across, down, strict=True)]
    nodes = keys_of(*np.nonzero(node))
    strands = _strands(steps[0], steps[1], steps[2], steps[3], nodes)
    rim = np.zeros(node.shape, dtype=bool)
    rim[0], rim[:, 0] = degree[0] > 0, degree[:, 0] > 0
    corners, frame = keys_of(*np.nonzero(corner)), keys_of(*np.nonzero(rim))
    return TileBorders(corners, nodes, frame, strands)


def _runs(corner: BoolArray, step: BoolArray) -> tuple[IntArray, IntArray, IntArray]:
    """Straight lines along the rows of a lattice: row, first and last column of each.

    Args:
        corner: ``(h, w)`` where lines end.
        step: ``(h, w)`` whether a line goes from a point to the next in its row; a line that
            reaches the end of the row ends at column ``w``.
    """
    height, width = corner.shape
    stops = np.ones((height, width + 1), dtype=bool)
    stops[:, :-1] = corner
    stops[:, 0] |= step[:, 0]  # a line that comes from the tile before
    begins = stops.copy()
    begins[:, :-1] &= step
    begins[:, -1] = False
    places = np.flatnonzero(stops)
    starts = np.flatnonzero(begins)
    ends = places[np.searchsorted(places, starts, side="right")]
    rows = starts // (width + 1)
    return rows, starts - rows * (width + 1), ends - rows * (width + 1)


def _strands(
    begin: IntArray, end: IntArray, left: IntArray, right: IntArray, nodes: IntArray
) -> list[Strand]:
    """Join straight lines at all points but nodes."""
    keys = np.stack([begin, end], axis=1).ravel()  # line s has the ends 2s and 2s + 1
    partner = np.full(len(keys), -2)
    free = np.flatnonzero(~np.isin(keys, nodes))
    ordered = free[np.argsort(keys[free], kind="stable")]
    twins = np.flatnonzero(keys[ordered[1:]] == keys[ordered[:-1]])
    partner[free] = -1
    partner[ordered[twins]], partner[ordered[twins + 1]] = ordered[twins + 1], ordered[twins]
    next_end, key_of = partner.tolist(), keys.tolist()
    used = bytearray(len(begin))

    def follow(first: int) -> tuple[list[int], int]:
        """Keys from one end on, and the end of a line that is reached at last."""
        way, at = [key_of[first]], first
        while True:
            used[at >> 1] = 1
            at ^= 1
            way.append(key_of[at])
            if next_end[at] < 0 or used[next_end[at] >> 1]:
                return way, at
            at = next_end[at]

    strands = []
    for first in [*np.flatnonzero(partner < 0).tolist(), *range(0, len(keys), 2)]:
        line = first >> 1
        if used[line]:
            continue
        way, last = follow(first)
        open_ends = set()
        if next_end[first] == -1:
            open_ends.add(0)
        if next_end[last] == -1:
            open_ends.add(1)
        one, other = int(left[line]), int(right[line])
        if first & 1:
            one, other = other, one
        strands.append(Strand(np.array(way), one, other, open_ends, next_end[last] >= 0))
    return strands


class ArcJoiner:
    """Joins the strands of tiles, in their order; holds those that are not complete."""

    def __init__(self, stride: int) -> None:
        """Start without strands; ``stride`` is the number of lattice points in a row."""
        self._stride = stride
        self._waiting: dict[int, list[Strand]] = {}  # a strand waits once for each open end

    def add(self, borders: TileBorders) -> Iterator[Arc]:
        """Take a tile; gives the arcs that are complete with it."""
        for strand in borders.strands:
            for end in strand.open_ends:
                self._waiting.setdefault(int(strand.keys[-end]), []).append(strand)
            if not strand.open_ends:
                yield self._arc(strand)
        nodes = set(borders.nodes.tolist())
        for key in borders.frame.tolist():
            waiting = self._waiting.pop(key, None)
            if waiting is None:
                continue
            if key in nodes:
                for strand in waiting:
                    strand.open_ends.discard(0 if strand.closes_first(key) else 1)
                    if not strand.open_ends:
                        yield self._arc(strand)
                continue
            one, other = waiting
            if one is other:
                one.open_ends.clear()
                one.is_ring = True
                yield self._arc(one)
                continue
            tied = _tied(one, other, key)
            for end in tied.open_ends:
                ends = self._waiting[int(tied.keys[-end])]
                ends[:] = [tied if each is one or each is other else each for each in ends]
            if not tied.open_ends:
                yield self._arc(tied)

    def _arc(self, strand: Strand) -> Arc:
        if strand.left < strand.right:
            strand = strand.turned()
        keys = strand.keys
        if strand.is_tied:  # where tiles met there may be points that are no turns
            steps = np.sign(np.diff(self._points(keys), axis=0))
            turns = (steps[1:] != steps[:-1]).any(axis=1)
            ends = not strand.is_ring or bool((steps[0] != steps[-1]).any())
            keys = keys[np.concatenate([[ends], turns, [ends]])]
            if strand.is_ring and not ends:
                keys = np.append(keys, keys[0])
        if strand.is_ring:  # it begins at its first corner, wherever tiles cut it
            corners = np.roll(keys[:-1], -int(keys[:-1].argmin()))
            keys = np.append(corners, corners[0])
        return Arc(self._points(keys), strand.left, strand.right)

    def _points(self, keys: IntArray) -> IntArray:
        points = np.empty((len(keys), 2), np.int64)
        np.divmod(keys, self._stride, out=(points[:, 1], points[:, 0]))
        return points


def _tied(one: Strand, other: Strand, key: int) -> Strand:
    """Two strands as one, tied at an open end of both."""
    if one.closes_first(key):
        one = one.turned()
    if not other.closes_first(key):
        other = other.turned()
    ends = (one.open_ends & {0}) | (other.open_ends & {1})
    keys = np.concatenate([one.keys, other.keys[1:]])
    return Strand(keys, one.left, one.right, ends, is_tied=True)
