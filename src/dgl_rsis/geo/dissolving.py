"""A minimum mapping unit: regions below an area become part of the neighbour around them.

A region that is too small takes the class of the neighbour with which it shares the longest
border (of several the larger one, then the one that begins first). The smallest go first: in each
round all too small regions that are smaller than the too small regions around them, because what
they join may be large enough then. Regions of one class that touch now are one region. What lies
in "no data" alone stays as it is, and "no data" is never given to anybody.

Only the graph of regions is worked on: its memory grows with their number, not with pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dgl_rsis.geo.regions import Regions, components
from dgl_rsis.types import IntArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Dissolved:
    """Regions after small ones were dissolved.

    Attributes:
        regions: what is left, as regions of the same class map.
        of_before: ``(N,)`` number in ``regions`` of each region before.
        changed: ``(N,)`` bool, whether that region took another class.
    """

    regions: Regions
    of_before: IntArray
    changed: NDArray[np.bool_]


def dissolve(
    regions: Regions,
    areas: NDArray[np.number],
    least: float,
    *,
    pixel: tuple[float, float] = (1.0, 1.0),
) -> Dissolved:
    """Give regions below an area to their neighbours.

    Args:
        regions: of a class map.
        areas: ``(N,)`` area of each region.
        least: regions below it are dissolved; in the unit of ``areas``.
        pixel: length of a pixel across and down, in which borders are measured.
    """
    count = len(regions)
    owner = np.arange(count)  # number of the region that each belongs to; the first of them
    kind = regions.classes.copy()
    size = np.asarray(areas, np.float64).copy()
    pairs, lengths = _borders(regions, pixel)
    while True:
        small = size < least
        has_neighbour = np.zeros(count, bool)
        has_neighbour[pairs.ravel()] = True
        going = _smallest_around(np.flatnonzero(small & has_neighbour), small, size, pairs)
        if not len(going):
            break
        kind[going] = kind[_longest_border(going, size, pairs, lengths)]
        same = pairs[kind[pairs[:, 0]] == kind[pairs[:, 1]]]
        group, _ = components(count, same)
        first = np.full(group.max() + 1, count)
        np.minimum.at(first, group, np.arange(count))
        joined = first[group]
        size = np.bincount(joined, size, count).astype(np.float64)
        owner = joined[owner]
        pairs, lengths = _summed(joined[pairs], lengths)
    numbers = np.full(count, -1)
    kept = np.unique(owner)
    numbers[kept] = np.arange(len(kept))
    of_before = numbers[owner]
    pixels, bottoms = np.zeros(len(kept), np.int64), np.zeros(len(kept), np.int64)
    np.add.at(pixels, of_before, regions.pixels)
    np.maximum.at(bottoms, of_before, regions.bottoms)
    left = replace(
        regions,
        of_piece=of_before[regions.of_piece],
        classes=kind[kept],
        pixels=pixels,
        bottoms=bottoms,
    )
    return Dissolved(left, of_before, kind[owner] != regions.classes)


def _borders(regions: Regions, pixel: tuple[float, float]) -> tuple[IntArray, Floats]:
    """Neighbours: pairs ``(B, 2)`` with the smaller number first, and the length of their border.

    Lengths are sums of whole numbers of pixels times the length of one, so that they do not
    depend on the tiles.
    """
    count = max(1, len(regions))
    keys, tallies = np.zeros(0, np.int64), np.zeros((0, 2), np.int64)
    waiting: list[tuple[IntArray, IntArray]] = []
    for _, framed in regions.framed():
        for axis, (one, other) in enumerate(
            ((framed[:-1, 1:], framed[1:, 1:]), (framed[1:, :-1], framed[1:, 1:]))
        ):
            apart = (one != other) & (one >= 0) & (other >= 0)
            low, high = np.minimum(one[apart], other[apart]), np.maximum(one[apart], other[apart])
            found, steps = np.unique(low * count + high, return_counts=True)
            tally = np.zeros((len(found), 2), np.int64)
            tally[:, axis] = steps
            waiting.append((found, tally))
        if sum(len(found) for found, _ in waiting) > len(keys):  # doubling: each key moves rarely
            keys, tallies = _tallied([(keys, tallies), *waiting])
            waiting = []
    keys, tallies = _tallied([(keys, tallies), *waiting])
    return np.stack([keys // count, keys % count], axis=1), tallies @ np.array(pixel)


def _tallied(parts: Sequence[tuple[IntArray, IntArray]]) -> tuple[IntArray, IntArray]:
    """The distinct keys, and the sum of what was counted for each."""
    keys, places = np.unique(np.concatenate([part for part, _ in parts]), return_inverse=True)
    counted = np.concatenate([tally for _, tally in parts])
    tallies = [np.bincount(places.ravel(), column, len(keys)) for column in counted.T]
    return keys, np.stack(tallies, axis=1).astype(np.int64)


def _summed(pairs: IntArray, lengths: Floats) -> tuple[IntArray, Floats]:
    """Borders between joined regions: without those inside one, and one for each pair."""
    apart = pairs[:, 0] != pairs[:, 1]
    ordered, lengths = np.sort(pairs[apart], axis=1), lengths[apart]
    unique, places = np.unique(ordered, axis=0, return_inverse=True)
    return unique, np.bincount(places.ravel(), lengths, len(unique)).astype(np.float64)


def _smallest_around(
    candidates: IntArray, small: NDArray[np.bool_], size: Floats, pairs: IntArray
) -> IntArray:
    """Candidates that are smaller than every small neighbour; of equal ones the first goes."""
    between = pairs[small[pairs].all(axis=1)]
    second_is_larger = size[between[:, 1]] >= size[between[:, 0]]
    waits = np.zeros(len(size), bool)
    waits[np.where(second_is_larger, between[:, 1], between[:, 0])] = True
    return candidates[~waits[candidates]]


def _longest_border(going: IntArray, size: Floats, pairs: IntArray, lengths: Floats) -> IntArray:
    """The neighbour that each of ``going`` joins."""
    one, other = np.concatenate([pairs, pairs[:, ::-1]]).T
    twice = np.concatenate([lengths, lengths])
    of_going = np.isin(one, going)
    one, other, twice = one[of_going], other[of_going], twice[of_going]
    order = np.lexsort((other, -size[other], -twice, one))
    first = np.unique(one[order], return_index=True)[1]
    chosen: IntArray = other[order][first]  # in the order of `going`, which is ascending
    return chosen
