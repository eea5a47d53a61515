"""Greedy merging of leaves into a binary partition tree (Salembier & Garrido 2000).

The pair of neighbours with the least cost merges until one region is left. The cost is Ward's,
``|mean_a - mean_b| * sqrt(A_a * A_b / (A_a + A_b))`` (DESIGN.md 1.1): the root of the increase of
the sum of squares. A heap holds all pairs; pairs of regions that are gone are skipped.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dgl_rsis.types import FloatArray, IntArray


@dataclass(frozen=True)
class Merging:
    """A binary tree over ``L`` leaves: nodes ``0..L-1`` are leaves, the last is the root.

    Attributes:
        children: ``(L - 1, 2)`` the two nodes that make node ``L + row``.
        heights: ``(L - 1,)`` float32 costs of the merges, raised to be no less than those below.
    """

    children: IntArray
    heights: FloatArray


def neighbour_pairs(labels: NDArray[np.integer[Any]], count: int) -> IntArray:
    """``(P, 2)`` pairs ``a < b`` of labels that touch along a pixel's side, sorted."""
    first = np.concatenate([labels[:, :-1].ravel(), labels[:-1].ravel()]).astype(np.int64)
    second = np.concatenate([labels[:, 1:].ravel(), labels[1:].ravel()]).astype(np.int64)
    between = (first != second) & (first >= 0) & (second >= 0)
    low = np.minimum(first[between], second[between])
    high = np.maximum(first[between], second[between])
    keys = np.unique(low * count + high)
    return np.stack([keys // count, keys % count], axis=1)


def merge(means: NDArray[np.float64], areas: IntArray, pairs: IntArray) -> Merging:
    """Merge leaves greedily by Ward's cost.

    Parts of the image that do not touch (islands between pixels without data) are joined last,
    in order of their size, so that there is one root.

    Args:
        means: ``(L, D)`` mean features of the leaves.
        areas: ``(L,)`` their pixels.
        pairs: ``(P, 2)`` leaves that touch.
    """
    count = len(means)
    total = max(2 * count - 1, 0)
    centre = np.zeros((total, means.shape[1]))
    centre[:count] = means
    area = np.zeros(total)
    area[:count] = areas
    neighbours: list[set[int]] = [set() for _ in range(total)]
    for first, second in pairs.tolist():
        neighbours[first].add(second)
        neighbours[second].add(first)
    alive = [True] * count + [False] * (total - count)
    costs = _ward(centre, area, pairs[:, 0], pairs[:, 1])
    heap = [(cost, a, b) for cost, (a, b) in zip(costs.tolist(), pairs.tolist(), strict=True)]
    heapq.heapify(heap)
    children = np.zeros((max(count - 1, 0), 2), dtype=np.int64)
    heights: list[float] = []

    def join(first: int, second: int, cost: float) -> int:
        node = count + len(heights)
        alive[first] = alive[second] = False
        alive[node] = True
        children[len(heights)] = first, second
        area[node] = area[first] + area[second]
        weight = area[first] / area[node]
        centre[node] = weight * centre[first] + (1 - weight) * centre[second]
        heights.append(cost)
        return node

    while heap:
        cost, first, second = heapq.heappop(heap)
        if not (alive[first] and alive[second]):
            continue
        node = join(first, second, cost)
        around = neighbours[first] | neighbours[second]
        around -= {first, second}
        neighbours[first] = neighbours[second] = set()
        neighbours[node] = around
        nearby = sorted(around)
        for other in nearby:
            neighbours[other] -= {first, second}
            neighbours[other].add(node)
        for cost, other in zip(_ward(centre, area, nearby, node).tolist(), nearby, strict=True):
            heapq.heappush(heap, (cost, other, node))
    islands = sorted((node for node in range(total) if alive[node]), key=lambda n: (area[n], n))
    while len(islands) > 1:
        first, second = islands[0], islands[1]
        cost = float(_ward(centre, area, [first], second)[0])
        islands[:2] = [join(first, second, cost)]
    return Merging(children, _monotone(children, heights, count))


def _ward(
    centre: NDArray[np.float64], area: NDArray[np.float64], first: Any, second: Any
) -> NDArray[np.float64]:
    """Ward's cost between nodes; either side may be one node."""
    step = centre[first] - centre[second]
    a, b = area[first], area[second]
    squared = np.einsum("ij,ij->i", step, step) * a * b / (a + b)
    return np.asarray(np.sqrt(squared))


def _monotone(children: IntArray, heights: list[float], count: int) -> FloatArray:
    """Raise heights so that no node is below its children."""
    raised = [0.0] * count
    for (first, second), height in zip(children.tolist(), heights, strict=True):
        raised.append(max(height, raised[first], raised[second]))
    return np.asarray(raised[count:], dtype=np.float32)
