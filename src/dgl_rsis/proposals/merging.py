"""Greedy merging of leaves into a binary partition tree (Salembier & Garrido 2000).

The pair of neighbours with the least cost merges until one region is left (docs/design.md 1.1).
The cost starts from Ward's, ``d * sqrt(A_a * A_b / (A_a + A_b))`` with ``d = |mean_a - mean_b|``:
the root of the increase of the sum of squares. Two things were added:

* ``d`` is the geometric mean of the difference of the means and the contrast right at the common
  boundary, so that regions with soft shading inside merge before regions with an edge between;
* the cost is divided by ``(boundary / sqrt(smaller area)) ** 0.3``, so that what is wrapped by or
  long beside its neighbour merges before what touches it at a corner: shapes stay compact.

``benchmarks/felzenszwalb_trees.py`` compares the trees with those by Ward's cost alone. Both additions,
and the smallest leaf, were chosen on dior_mini, dota_mini and some of the Dubai tiles.

Learned features add their squared difference to the square of ``d``: Ward's cost as it is, for their
cells are too coarse to tell how sharp a boundary is.

A heap holds all pairs of neighbours with the cost that they had when they were put there. Costs
rise as regions grow, so one is computed again only when its pair comes first: where Ward's cost is
reducible (Murtagh 1983) no cheaper pair is missed, and the two factors above change that little.
"""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dgl_rsis.types import FloatArray, IntArray

COMPACTNESS = 0.3  # exponent of the length of the common boundary

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Merging:
    """A binary tree over ``L`` leaves: nodes ``0..L-1`` are leaves, the last is the root.

    Attributes:
        children: ``(L - 1, 2)`` the two nodes that make node ``L + row``.
        heights: ``(L - 1,)`` float32 costs of the merges, raised to be no less than those below.
    """

    children: IntArray
    heights: FloatArray


@dataclass(frozen=True)
class Adjacency:
    """Which leaves touch along the sides of pixels.

    Attributes:
        pairs: ``(P, 2)`` labels ``a < b``, sorted.
        lengths: ``(P,)`` pixel sides along the common boundary.
        contrasts: ``(P,)`` sum of the colour steps across it.
    """

    pairs: IntArray
    lengths: IntArray
    contrasts: Numbers


def adjacency(labels: NDArray[np.integer[Any]], count: int, steps: FloatArray) -> Adjacency:
    """Adjacency of ``count`` leaves.

    Args:
        labels: ``(H, W)`` from 0, negative without data.
        count: number of leaves.
        steps: colour steps as from ``colour_steps``.
    """
    first = np.concatenate([labels[:, :-1].ravel(), labels[:-1].ravel()])
    second = np.concatenate([labels[:, 1:].ravel(), labels[1:].ravel()])
    between = np.flatnonzero((first != second) & (first >= 0) & (second >= 0))
    first, second = first[between].astype(np.int64), second[between].astype(np.int64)
    keys = np.minimum(first, second) * count + np.maximum(first, second)
    unique, member = np.unique(keys, return_inverse=True)
    return Adjacency(
        np.stack([unique // count, unique % count], axis=1).reshape(-1, 2),
        np.bincount(member, minlength=len(unique)),
        np.bincount(member, steps[between], len(unique)).astype(np.float64),
    )


def merge(
    means: Numbers, areas: IntArray, touching: Adjacency, learned: Numbers | None = None
) -> Merging:
    """Merge leaves greedily.

    Parts of the image that do not touch (islands between pixels without data) are joined last,
    smallest first, so that there is one root.

    Args:
        means: ``(L, C)`` mean colours of the leaves.
        areas: ``(L,)`` their pixels.
        touching: which leaves touch.
        learned: ``(L, D)`` their mean learned features, in units of the colours; None for none.
    """
    regions = _Regions(means, areas, touching, learned)
    while regions.heap:
        key, first, second = heapq.heappop(regions.heap)
        border = regions.borders[first].get(second)
        if border is None or border.key != key:
            continue
        cost = regions.cost(first, second, border)
        if cost > key:
            regions.push(first, second, border, cost)
        else:
            regions.join(first, second, cost)
    islands = [region for region, node in enumerate(regions.node) if node >= 0]
    islands.sort(key=lambda region: (regions.area[region], regions.node[region]))
    for other in islands[1:]:
        # The highest cost so far: nothing was measured between islands.
        regions.join(islands[0], other, max(regions.heights, default=0.0))
    return Merging(np.asarray(regions.children, dtype=np.int64).reshape(-1, 2), regions.raised())


@dataclass(slots=True, eq=False)
class _Border:
    """Common boundary of two regions: its length, its contrast, and its key in the heap."""

    length: int
    contrast: float
    key: float = 0.0


class _Regions:
    """The regions that are left while merging; a merged one keeps the number of one of its parts."""

    def __init__(
        self, means: Numbers, areas: IntArray, touching: Adjacency, learned: Numbers | None
    ) -> None:
        self.count = len(means)
        self.mean: list[list[float]] = means.tolist()
        self.learned: list[list[float]] | None = None if learned is None else learned.tolist()
        self.area: list[int] = areas.tolist()
        self.node = list(range(self.count))  # -1 for what is part of another region
        self.children: list[tuple[int, int]] = []
        self.heights: list[float] = []
        self.borders: list[dict[int, _Border]] = [{} for _ in range(self.count)]
        self.heap: list[tuple[float, int, int]] = []
        sums = zip(touching.lengths.tolist(), touching.contrasts.tolist(), strict=True)
        for (first, second), (length, contrast) in zip(touching.pairs.tolist(), sums, strict=True):
            border = _Border(length, contrast)
            self.borders[first][second] = self.borders[second][first] = border
            border.key = self.cost(first, second, border)
            self.heap.append((border.key, first, second))
        heapq.heapify(self.heap)

    def cost(self, first: int, second: int, border: _Border) -> float:
        """Cost of merging two neighbours."""
        a, b, length = self.area[first], self.area[second], border.length
        step = math.dist(self.mean[first], self.mean[second]) * border.contrast / length
        if self.learned is not None:
            step += math.dist(self.learned[first], self.learned[second]) ** 2
        compact = math.pow(length * length / min(a, b), COMPACTNESS / 2)
        return math.sqrt(step * a * b / (a + b)) / compact

    def push(self, first: int, second: int, border: _Border, cost: float) -> None:
        """Put a pair into the heap; what it had there before counts no more."""
        border.key = cost
        heapq.heappush(self.heap, (cost, first, second))

    def join(self, first: int, second: int, cost: float) -> None:
        """Merge two regions, with their borders."""
        self.children.append((self.node[first], self.node[second]))
        self.heights.append(cost)
        # The one with fewer neighbours goes, so that each border is renamed a few times only.
        if len(self.borders[first]) < len(self.borders[second]):
            first, second = second, first
        self.node[first], self.node[second] = self.count + len(self.children) - 1, -1
        area = self.area[first] + self.area[second]
        a, b = self.area[first] / area, self.area[second] / area
        for values in (self.mean,) if self.learned is None else (self.mean, self.learned):
            both = zip(values[first], values[second], strict=True)
            values[first] = [a * x + b * y for x, y in both]
        self.area[first] = area
        around, added = self.borders[first], self.borders[second]
        around.pop(second, None)
        added.pop(first, None)
        self.borders[second] = {}
        for other, border in added.items():
            beyond = self.borders[other]
            del beyond[second]
            known = around.get(other)
            if known is None:
                around[other] = beyond[first] = border
            else:
                known.length += border.length
                known.contrast += border.contrast
                border = known
            self.push(first, other, border, self.cost(first, other, border))

    def raised(self) -> FloatArray:
        """Heights of the merged nodes, raised so that no node is below its children."""
        heights = [0.0] * self.count
        for (first, second), height in zip(self.children, self.heights, strict=True):
            heights.append(max(height, heights[first], heights[second]))
        return np.asarray(heights[self.count :], dtype=np.float32)
