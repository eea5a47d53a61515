"""Greedy merging of leaves into a binary partition tree (Salembier & Garrido 2000).

The pair of neighbours with the least cost merges until one region is left (docs/design.md 1.1).
The cost starts from Ward's, ``d * sqrt(A_a * A_b / (A_a + A_b))`` with ``d = |mean_a - mean_b|``:
the root of the increase of the sum of squares. Two things were added:

* ``d`` is the geometric mean of the difference of the means and the contrast right at the common
  boundary, so that regions with soft shading inside merge before regions with an edge between;
* the cost is divided by ``(boundary / sqrt(smaller area)) ** 0.3``, so that what is wrapped by or
  long beside its neighbour merges before what touches it at a corner: shapes stay compact.

Together they raise the mean best-node IoU from 0.603 to 0.636 on the 34 instances of dior_mini,
from 0.648 to 0.672 on 41 connected components of Dubai labels, and from 0.529 to 0.540 on 120
oriented boxes of dota_mini (leaves of at least 20 pixels). They were chosen, as was the smallest
leaf, on these same sets, so the figures are not those of unseen images.

A heap holds all pairs; pairs of regions that are gone are skipped.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dgl_rsis.types import FloatArray, IntArray

COMPACTNESS = 0.3  # exponent of the length of the common boundary

Nodes = IntArray | list[int]
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


def merge(means: Numbers, areas: IntArray, touching: Adjacency) -> Merging:
    """Merge leaves greedily.

    Parts of the image that do not touch (islands between pixels without data) are joined last,
    smallest first, so that there is one root.

    Args:
        means: ``(L, D)`` mean features of the leaves.
        areas: ``(L,)`` their pixels.
        touching: which leaves touch.
    """
    regions = _Regions(means, areas, touching)
    pairs, lengths = touching.pairs, touching.lengths.astype(np.float64)
    costs = regions.costs(pairs[:, 0], pairs[:, 1], lengths, touching.contrasts)
    heap = [(cost, a, b) for cost, (a, b) in zip(costs.tolist(), pairs.tolist(), strict=True)]
    heapq.heapify(heap)
    while heap:
        cost, first, second = heapq.heappop(heap)
        if not (regions.alive[first] and regions.alive[second]):
            continue
        node = regions.join(first, second, cost)
        around = regions.neighbours[node]
        if around:
            nearby = list(around)
            borders = np.array(list(around.values()))
            renewed = regions.costs(nearby, node, borders[:, 0], borders[:, 1]).tolist()
            for cost, other in zip(renewed, nearby, strict=True):
                heapq.heappush(heap, (cost, other, node))
    islands = [node for node, alive in enumerate(regions.alive) if alive]
    islands.sort(key=lambda node: (regions.area[node], node))
    for other in islands[1:]:
        # The highest cost so far: nothing was measured between islands.
        islands[0] = regions.join(islands[0], other, max(regions.heights, default=0.0))
    return Merging(np.asarray(regions.children, dtype=np.int64).reshape(-1, 2), regions.raised())


class _Regions:
    """The regions that are left while merging; new ones are numbered on from the leaves."""

    def __init__(self, means: Numbers, areas: IntArray, touching: Adjacency) -> None:
        self.count = len(means)
        total = max(2 * self.count - 1, 0)
        self.mean = np.zeros((total, means.shape[1]))
        self.mean[: self.count] = means
        self.area = np.zeros(total)
        self.area[: self.count] = areas
        self.alive = [True] * self.count
        self.children: list[tuple[int, int]] = []
        self.heights: list[float] = []
        # For each region its neighbours with length and contrast of the common boundary.
        self.neighbours: list[dict[int, tuple[float, float]]] = [{} for _ in range(self.count)]
        borders = zip(
            touching.pairs.tolist(),
            touching.lengths.tolist(),
            touching.contrasts.tolist(),
            strict=True,
        )
        for (first, second), length, contrast in borders:
            self.neighbours[first][second] = self.neighbours[second][first] = (length, contrast)

    def costs(
        self, first: Nodes, second: Nodes | int, length: Numbers, contrast: Numbers
    ) -> Numbers:
        """Cost of merging each pair; ``second`` may be one node for all."""
        step = self.mean[first] - self.mean[second]
        a, b = self.area[first], self.area[second]
        distance = np.sqrt(np.einsum("ij,ij->i", step, step)) * contrast / length
        compact = (length / np.sqrt(np.minimum(a, b))) ** COMPACTNESS
        return np.asarray(np.sqrt(distance * a * b / (a + b)) / compact)

    def join(self, first: int, second: int, cost: float) -> int:
        """Merge two regions, with their boundaries; returns the new node."""
        node = self.count + len(self.children)
        self.children.append((first, second))
        self.heights.append(cost)
        self.alive[first] = self.alive[second] = False
        self.alive.append(True)
        self.area[node] = self.area[first] + self.area[second]
        weight = self.area[first] / self.area[node]
        self.mean[node] = weight * self.mean[first] + (1 - weight) * self.mean[second]
        around = self.neighbours[first]
        added = self.neighbours[second]
        around.pop(second, None)
        added.pop(first, None)
        for other, (length, contrast) in added.items():
            known = around.get(other, (0.0, 0.0))
            around[other] = (known[0] + length, known[1] + contrast)
        self.neighbours[first] = self.neighbours[second] = {}
        self.neighbours.append(around)
        for other, border in around.items():
            beyond = self.neighbours[other]
            beyond.pop(first, None)
            beyond.pop(second, None)
            beyond[node] = border
        return node

    def raised(self) -> FloatArray:
        """Heights of the merged nodes, raised so that no node is below its children."""
        heights = [0.0] * self.count
        for (first, second), height in zip(self.children, self.heights, strict=True):
            heights.append(max(height, heights[first], heights[second]))
        return np.asarray(heights[self.count :], dtype=np.float32)
