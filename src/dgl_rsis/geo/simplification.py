"""Simplification of border lines that stay apart: a coverage remains a coverage.

Points are removed by the area of the triangle with their neighbours (Visvalingam & Whyatt 1993),
in rounds: of all points below the limit those that are smaller than both neighbours. A point stays
if its triangle holds a point of another line, or one of its own line that is still there: then no
line can come to lie on the other side of another (as in GEOS's coverage simplifier). Points of
other lines count as they were *before* simplification. So what becomes of a line depends on the
map around it alone, neither on the order of lines nor on tiles.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dgl_rsis.types import BoolArray, IntArray

_POINTS_AT_ONCE = 2**21  # lattice points of triangles that are looked up at once
_SCRAMBLE = np.uint64(0x9E3779B97F4A7C15)  # odd: spreads keys, so that ties fall evenly


class CornerMap:
    """Where borders turn or meet on the lattice of pixel corners: a bit each, on disk."""

    def __init__(self, shape: tuple[int, int]) -> None:
        """Start empty for a map of a height and width in pixels."""
        self.stride = shape[1] + 1
        size = (shape[0] + 1) * self.stride // 8 + 1
        with tempfile.TemporaryFile() as file:
            self._bits = np.memmap(file, dtype=np.uint8, mode="w+", shape=(size,))

    def add(self, keys: IntArray) -> None:
        """Set points."""
        np.bitwise_or.at(self._bits, keys >> 3, (1 << (keys & 7)).astype(np.uint8))

    def holds(self, keys: IntArray) -> BoolArray:
        """Whether each point is set."""
        found: BoolArray = (self._bits[keys >> 3] >> (keys & 7).astype(np.uint8)) & 1 > 0
        return found


def simplify(
    lines: Sequence[IntArray], corners: CornerMap, largest: float
) -> list[NDArray[np.int64]]:
    """Simplify lines.

    Args:
        lines: ``(K, 2)`` lattice points ``x, y`` each, without crossings; their ends stay. A line
            keeps a point between its ends, unless they lie on one line; one that ends where it
            begins keeps two.
        corners: points of all lines of the map in the bounds of these.
        largest: area of a triangle in pixels up to which its point may go.

    Returns:
        the lines with the points that are left.
    """
    if not lines:
        return []
    work = _Work.of(lines, corners)
    dirty = np.flatnonzero(work.inner)
    may_go = np.zeros(len(work.keys), bool)
    area = np.zeros(len(work.keys))
    while len(dirty):
        before, behind = work.points[work.before[dirty]], work.points[work.behind[dirty]]
        (x, y), (u, v) = (before - work.points[dirty]).T, (behind - work.points[dirty]).T
        area[dirty] = np.abs(x * v - y * u) / 2
        work.turn_to(dirty, x * v > y * u)
        may_go[dirty] = area[dirty] <= largest
        small = dirty[may_go[dirty]]
        may_go[small] = ~work.blocked(small)
        going = work.next_to_go(area, may_go)
        may_go[going] = False
        dirty = work.remove(going)
    return [part[kept] for part, kept in work.split()]


@dataclass
class _Work:
    """Lines while they are simplified, all points in one row.

    Attributes:
        points: ``(P, 2)`` ``x, y``.
        keys: ``(P,)`` on the lattice.
        line: ``(P,)`` which line each belongs to.
        inner: ``(P,)`` whether it is no end.
        alive: ``(P,)`` whether it is still there.
        before: ``(P,)`` the point before it that is still there.
        behind: ``(P,)`` the one behind it.
        inner_count: ``(L,)`` points between the ends of each line that are still there.
        closed: ``(L,)`` whether a line ends where it begins.
        corners: of the whole map.
        ordered: points that are no ends, by key.
        ordered_keys: their keys.
        tie: ``(P,)`` decides between triangles of one size, the smaller goes first. First go those
            on one side of a line, so that stairs become straight; which side that is, is as good
            as random, so that no neighbour is favoured.
        side: ``(P,)`` the side of each point's line.
    """

    points: IntArray
    keys: IntArray
    line: IntArray
    inner: BoolArray
    alive: BoolArray
    before: IntArray
    behind: IntArray
    inner_count: IntArray
    closed: BoolArray
    corners: CornerMap
    ordered: IntArray
    ordered_keys: IntArray
    tie: NDArray[np.uint64]
    side: BoolArray

    @classmethod
    def of(cls, lines: Sequence[IntArray], corners: CornerMap) -> _Work:
        points = np.concatenate(lines)
        sizes = np.array([len(line) for line in lines])
        stops = np.cumsum(sizes)
        inner = np.ones(len(points), bool)
        inner[stops - 1] = inner[stops - sizes] = False
        keys = points[:, 1] * corners.stride + points[:, 0]
        places = np.arange(len(points))
        own = np.flatnonzero(inner)
        ordered = own[np.argsort(keys[own])]
        scrambled = keys.astype(np.uint64) * _SCRAMBLE
        sides = (scrambled[stops - sizes] + scrambled[stops - 1]) >> np.uint64(40) & np.uint64(
            1
        ) > 0
        return cls(
            points,
            keys,
            np.repeat(np.arange(len(lines)), sizes),
            inner,
            np.ones(len(points), bool),
            places - 1,
            places + 1,
            sizes - 2,
            keys[stops - sizes] == keys[stops - 1],
            corners,
            ordered,
            keys[ordered],
            scrambled >> np.uint64(1),
            np.repeat(sides, sizes),
        )

    def turn_to(self, places: IntArray, sides: BoolArray) -> None:
        """Take notice of the side of its line that each point lies on."""
        top = np.uint64(1 << 63)
        self.tie[places] = np.where(
            sides == self.side[places], self.tie[places] & ~top, self.tie[places] | top
        )

    def next_to_go(self, area: NDArray[np.float64], may_go: BoolArray) -> IntArray:
        """Points smaller than both neighbours, as many as their lines can lose."""
        places = np.flatnonzero(may_go)

        def first(other: IntArray) -> BoolArray:
            smaller = (area[places] < area[other]) | (
                (area[places] == area[other]) & (self.tie[places] < self.tie[other])
            )
            return np.asarray(~may_go[other] | smaller)

        places = places[first(self.before[places]) & first(self.behind[places])]
        line = self.line[places]
        order = np.lexsort((self.tie[places], area[places], line))
        places, line = places[order], line[order]
        rank = np.arange(len(places)) - np.searchsorted(line, line)
        spare = self.inner_count[line] - np.where(self.closed[line], 2, 1)
        spare += ~self.closed[line] & (area[places] == 0)
        chosen: IntArray = places[rank < spare]
        return chosen

    def remove(self, places: IntArray) -> IntArray:
        """Take points out; gives the points beside them, whose triangles are others now."""
        before, behind = self.before[places], self.behind[places]
        self.alive[places] = False
        self.behind[before], self.before[behind] = behind, before
        self.inner_count -= np.bincount(self.line[places], minlength=len(self.inner_count))
        beside = np.unique(np.concatenate([before, behind]))
        inner: IntArray = beside[self.inner[beside]]
        return inner

    def blocked(self, places: IntArray) -> BoolArray:
        """Whether the triangle of each point holds another point that must not be passed."""
        result = np.zeros(len(places), bool)
        triangles = self.points[np.stack([self.before[places], places, self.behind[places]], 1)]
        extent = np.ptp(triangles, axis=1)
        sizes = (extent.sum(1) + 1) * 2 + extent.prod(1) // 2
        for part in _blocks(sizes):
            owner, found = _lattice_points(triangles[part])
            keys = found[:, 1] * self.corners.stride + found[:, 0]
            set_points = self.corners.holds(keys)
            owner, keys = owner[set_points] + part.start, keys[set_points]
            mine = places[owner]
            corner_keys = self.keys[np.stack([self.before[mine], mine, self.behind[mine]])]
            slot = np.searchsorted(self.ordered_keys, keys)
            match = self.ordered[np.minimum(slot, len(self.ordered) - 1)]
            gone = (
                (self.keys[match] == keys)
                & (self.line[match] == self.line[mine])
                & ~self.alive[match]
            )
            result[owner[~gone & (keys != corner_keys).all(0)]] = True
        return result

    def split(self) -> Iterator[tuple[IntArray, BoolArray]]:
        """Each line's points and which of them are left."""
        stops = np.flatnonzero(np.diff(self.line)) + 1
        yield from zip(np.split(self.points, stops), np.split(self.alive, stops), strict=True)


def _blocks(sizes: IntArray) -> Iterator[slice]:
    """Slices whose sizes add up to what is looked at at once."""
    number = np.cumsum(sizes) // _POINTS_AT_ONCE
    stops = np.flatnonzero(np.diff(number)) + 1
    for start, stop in zip([0, *stops.tolist()], [*stops.tolist(), len(sizes)], strict=True):
        yield slice(start, stop)


def _lattice_points(triangles: IntArray) -> tuple[IntArray, IntArray]:
    """Lattice points in closed triangles ``(T, 3, 2)``: number of the triangle, ``x, y``."""
    low, high = triangles[..., 1].min(1), triangles[..., 1].max(1)
    rows = high - low + 1
    owner = np.repeat(np.arange(len(triangles)), rows)
    y = np.arange(len(owner)) - np.repeat(np.cumsum(rows) - rows - low, rows)
    first, last = np.full(len(owner), np.inf), np.full(len(owner), -np.inf)
    for start, stop in ((0, 1), (1, 2), (2, 0)):
        (x0, y0), (x1, y1) = triangles[owner, start].T, triangles[owner, stop].T
        meets = (np.minimum(y0, y1) <= y) & (y <= np.maximum(y0, y1))
        share = (y - y0) / np.where(y0 == y1, 1, y1 - y0)
        for x in (x0 + share * (x1 - x0), np.where(y0 == y1, x1, x0 + share * (x1 - x0))):
            first = np.where(meets, np.minimum(first, x), first)
            last = np.where(meets, np.maximum(last, x), last)
    left = np.ceil(first - 1e-6).astype(np.int64)
    counts = np.maximum(0, np.floor(last + 1e-6).astype(np.int64) - left + 1)
    row = np.repeat(np.arange(len(owner)), counts)
    x = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts - left, counts)
    points = np.stack([x, y[row]], axis=1)
    corners = triangles[owner[row]]
    sides = []
    for start in range(3):
        along = corners[:, (start + 1) % 3] - corners[:, start]
        away = points - corners[:, start]
        sides.append(along[:, 0] * away[:, 1] - along[:, 1] * away[:, 0])
    inside = (np.min(sides, axis=0) >= 0) | (np.max(sides, axis=0) <= 0)
    # on a flat triangle all three are zero along its whole line: the rows limit where to look
    return owner[row][inside], points[inside]
