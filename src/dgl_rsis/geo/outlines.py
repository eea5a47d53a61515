"""Polygons of whole regions, built from arcs while a map is read tile by tile.

A region is given out once the rows that it covers are read; what is held are the arcs of regions
that go on. Polygons are valid: a region that touches itself at a corner has a hole that touches its
outline there. Points where neighbours meet are kept in all of them, so that the polygons are a
coverage: edges of neighbours match exactly, simplified or not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from dgl_rsis.geo.arcs import Arc, ArcJoiner, tile_borders
from dgl_rsis.geo.regions import Regions
from dgl_rsis.geo.simplification import CornerMap, simplify
from dgl_rsis.types import IntArray


@dataclass(frozen=True)
class _Way:
    """An arc as a region sees it, with the region to its left.

    Attributes:
        points: ``(K, 2)`` after simplification.
        start: first point.
        end: last point.
        leaves: direction at the start: 0 east, 1 south, 2 west, 3 north.
        arrives: direction at the end.
    """

    points: IntArray
    start: tuple[int, int]
    end: tuple[int, int]
    leaves: int
    arrives: int


def region_polygons(
    regions: Regions, *, largest_triangle: float = 0.0
) -> Iterator[tuple[IntArray, NDArray[np.object_]]]:
    """Polygons of all regions, in pixels, as soon as they are complete.

    Args:
        regions: of a class map.
        largest_triangle: simplify: area in pixels of what may be cut off a line at a point; 0
            keeps every corner.

    Yields:
        numbers ``(n,)`` of regions in ascending order, and their polygons ``(n,)``, for each row
        of tiles. Corners of the map stay where they are.
    """
    shape = regions.source.shape
    joiner = ArcJoiner(shape[1] + 1)
    corners = CornerMap(shape) if largest_triangle > 0 else None
    ways: dict[int, list[_Way]] = {}
    complete: list[Arc] = []
    order = np.argsort(regions.bottoms, kind="stable")
    done = 0
    for tile, framed in regions.framed():
        borders = tile_borders(tile, framed, shape)
        if corners is not None:
            corners.add(borders.corners)
        complete.extend(joiner.add(borders))
        _, _, bottom, right = tile
        if right < shape[1]:
            continue
        _hand_out(complete, ways, corners, largest_triangle)
        complete.clear()
        # the last line of a region lies on the lattice row below its last row of pixels
        last = bottom if bottom < shape[0] else shape[0] + 1
        ready = int(np.searchsorted(regions.bottoms[order], last - 1, side="left"))
        numbers = np.sort(order[done:ready])
        done = ready
        polygons = np.empty(len(numbers), object)
        for place, number in enumerate(numbers.tolist()):
            polygons[place] = _polygon(ways.pop(number))
        yield numbers, polygons


def _hand_out(
    arcs: Sequence[Arc],
    ways: dict[int, list[_Way]],
    corners: CornerMap | None,
    largest_triangle: float,
) -> None:
    """Give complete arcs, simplified once, to the regions on their two sides."""
    lines = [arc.points for arc in arcs]
    if corners is not None:
        lines = simplify(lines, corners, largest_triangle)
    for arc, points in zip(arcs, lines, strict=True):
        first, second, last_but_one, last = arc.points[[0, 1, -2, -1]].tolist()
        leaves, arrives = _direction(first, second), _direction(last_but_one, last)
        start, end = (first[0], first[1]), (last[0], last[1])
        ways.setdefault(arc.left, []).append(_Way(points, start, end, leaves, arrives))
        if arc.right >= 0:
            back = _Way(points[::-1], end, start, (arrives + 2) % 4, (leaves + 2) % 4)
            ways.setdefault(arc.right, []).append(back)


def _direction(point: Sequence[int], following: Sequence[int]) -> int:
    x, y = following[0] - point[0], following[1] - point[1]
    return (0 if x > 0 else 2) if x else (1 if y > 0 else 3)


def _polygon(ways: list[_Way]) -> shapely.Polygon:
    """The polygon of a region from the arcs around it."""
    shells: list[IntArray] = []
    holes: list[IntArray] = []
    for ring in _rings(sorted(ways, key=lambda way: (way.start, way.leaves))):
        x, y = ring.T
        doubled = (x[:-1] * y[1:] - x[1:] * y[:-1]).sum()
        # with the region to the left and y pointing down, its outline turns the negative way
        (shells if doubled < 0 else holes).append(ring)
    (shell,) = shells
    return shapely.Polygon(shell, holes)


def _rings(ways: list[_Way]) -> list[IntArray]:
    """Follow arcs from node to node; where a region touches itself turn right, out of it.

    That way an outline never passes a point twice.
    """
    starting: dict[tuple[int, int], list[int]] = {}
    for number, way in enumerate(ways):
        starting.setdefault(way.start, []).append(number)
    used = [False] * len(ways)
    rings = []
    for first, way in enumerate(ways):
        if used[first]:
            continue
        parts, at = [way.points], first
        used[at] = True
        while True:
            arrives = ways[at].arrives
            choices = starting[ways[at].end]
            at = min(choices, key=lambda each: (ways[each].leaves - arrives) % 4 != 1)
            if len(choices) == 1:
                (at,) = choices
            if at == first:
                break
            used[at] = True
            parts.append(ways[at].points[1:])
        rings.append(np.concatenate(parts))
    return rings
