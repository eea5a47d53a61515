"""Region trees: every node of a binary partition tree is a proposal (docs/design.md 1.1).

One idea: leaves are numbered in depth-first order, so the leaves of a node are an interval of
labels. A mask is then a comparison of the label map with two numbers, sums over all nodes are
differences of one cumulative sum over the leaves, and containment is containment of intervals.

Pixels without data belong to no leaf and no node.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

from dgl_rsis.proposals.merging import Merging
from dgl_rsis.proposals.overlap import (
    Geometry,
    Runs,
    central_moments,
    coverage_matrix,
    field_table,
    label_runs,
    overlap_matrix,
    run_geometry,
)
from dgl_rsis.types import BoolArray, FloatArray, IntArray

Labels = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class RegionTree:
    """A forest of binary partition trees over one image; its nodes are the proposals.

    Nodes of a tree are consecutive: first its leaves, in the order of their labels, then the
    merged nodes bottom-up (children before parents), its root last.

    Attributes:
        shape: height and width of the image in pixels.
        leaf_maps: for each tree ``(H, W)`` int32 leaf labels from 0, -1 where there is no data.
        offsets: ``(trees + 1,)`` first node of each tree, then the number of nodes.
        children: ``(N, 2)`` nodes, -1 for leaves.
        parents: ``(N,)`` node, -1 for roots.
        tree_id: ``(N,)`` tree of each node.
        leaf_ranges: ``(N, 2)`` half-open interval of leaf labels in the node's own tree.
        heights: ``(N,)`` float32 cost of the merge that made the node, 0 for leaves; it does not
            decrease towards the root.
    """

    shape: tuple[int, int]
    leaf_maps: tuple[Labels, ...]
    offsets: tuple[int, ...]
    children: IntArray
    parents: IntArray
    tree_id: IntArray
    leaf_ranges: IntArray
    heights: FloatArray
    _matrices: dict[tuple[int, int], csr_array] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self.parents)

    @property
    def tree_count(self) -> int:
        """Number of trees."""
        return len(self.leaf_maps)

    def leaf_count(self, tree: int) -> int:
        """Number of leaves of a tree."""
        return (self.offsets[tree + 1] - self.offsets[tree] + 1) // 2

    def nodes(self, tree: int) -> range:
        """Nodes of a tree bottom-up: leaves first, children before parents, the root last."""
        return range(self.offsets[tree], self.offsets[tree + 1])

    def leaf_labels(self, tree: int = 0) -> Labels:
        """``(H, W)`` int32 leaf of each pixel, -1 without data; leaf ``l`` is ``nodes(tree)[l]``."""
        return self.leaf_maps[tree]

    def leaf_areas(self, tree: int = 0) -> IntArray:
        """``(L,)`` pixels of each leaf of a tree."""
        return self.areas[self.offsets[tree] : self.offsets[tree] + self.leaf_count(tree)]

    def leaves_of(self, node: int) -> range:
        """Leaf labels of a node in its own tree."""
        first, last = self.leaf_ranges[node].tolist()
        return range(first, last)

    @cached_property
    def _leaf_geometry(self) -> tuple[tuple[Runs, Geometry], ...]:
        runs = [label_runs(labels) for labels in self.leaf_maps]
        return tuple((r, run_geometry(r, self.leaf_count(t))) for t, r in enumerate(runs))

    @cached_property
    def areas(self) -> IntArray:
        """``(N,)`` pixels in each node."""
        return np.rint(self._all_nodes([g.areas for _, g in self._leaf_geometry])).astype(np.int64)

    @cached_property
    def centroids(self) -> NDArray[np.float64]:
        """``(N, 2)`` mean ``x, y`` of the pixel centres of each node, in the pixel frame."""
        return np.asarray(self._sums[:, :2] / self.areas[:, None])

    @cached_property
    def moments(self) -> NDArray[np.float64]:
        """``(N, 3)`` central second moments ``xx, yy, xy`` of each node in square pixels."""
        return central_moments(self._sums, self.areas)

    @cached_property
    def _sums(self) -> NDArray[np.float64]:
        return self._all_nodes([g.sums for _, g in self._leaf_geometry])

    @cached_property
    def boxes(self) -> IntArray:
        """``(N, 4)`` tight half-open boxes ``x0, y0, x1, y1`` in the pixel frame."""
        boxes: list[list[int]] = []
        for tree in range(self.tree_count):
            boxes += self._leaf_geometry[tree][1].boxes.tolist()
            inner = self.children[
                self.offsets[tree] + self.leaf_count(tree) : self.offsets[tree + 1]
            ]
            for first, second in inner.tolist():
                a, b = boxes[first], boxes[second]
                boxes.append([min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])])
        return np.asarray(boxes, dtype=np.int64).reshape(-1, 4)

    def accumulate(self, leaf_values: NDArray[Any], tree: int = 0) -> NDArray[np.float64]:
        """Sums over the leaves of every node of a tree.

        Args:
            leaf_values: ``(L,)`` or ``(L, D)``, one row for each leaf.
            tree: which tree.

        Returns:
            ``(nodes,)`` or ``(nodes, D)`` float64 in the order of ``nodes(tree)``.
        """
        cumulative = np.zeros((len(leaf_values) + 1, *leaf_values.shape[1:]))
        np.cumsum(leaf_values, axis=0, out=cumulative[1:], dtype=np.float64)
        ranges = self.leaf_ranges[self.offsets[tree] : self.offsets[tree + 1]]
        return np.asarray(cumulative[ranges[:, 1]] - cumulative[ranges[:, 0]])

    def _all_nodes(self, leaf_values: Sequence[NDArray[Any]]) -> NDArray[np.float64]:
        """``accumulate`` for all trees, one below the other."""
        return np.concatenate([self.accumulate(v, tree) for tree, v in enumerate(leaf_values)])

    def _leaf_sums(self, values: NDArray[Any]) -> tuple[list[NDArray[np.float64]], bool]:
        """Sums of a field over the leaves of each tree, and whether it had no channels."""
        table, field_shape, flat = field_table(values)
        if field_shape not in self._matrices:
            parts = [
                overlap_matrix(runs, self.leaf_count(tree), self.shape, field_shape)
                for tree, (runs, _) in enumerate(self._leaf_geometry)
            ]
            self._matrices[field_shape] = vstack(parts, format="csr")
        sums = self._matrices[field_shape] @ table
        bounds = np.cumsum([self.leaf_count(tree) for tree in range(self.tree_count)])[:-1]
        return np.split(sums, bounds), flat

    def pool(self, values: NDArray[Any]) -> FloatArray:
        """Mean of a coarse field over every node, see ``types.Proposals.pool``."""
        sums, flat = self._leaf_sums(values)
        means = self._all_nodes(sums) / self.areas[:, None]
        return (means[:, 0] if flat else means).astype(np.float32)

    def pool_leaves(self, values: NDArray[Any], tree: int = 0) -> FloatArray:
        """Mean of a coarse field over the leaves of one tree, ``(L,)`` or ``(L, D)`` float32."""
        sums, flat = self._leaf_sums(values)
        means = sums[tree] / self.leaf_areas(tree)[:, None]
        return (means[:, 0] if flat else means).astype(np.float32)

    def coverage(self, rows: IntArray, columns: IntArray) -> csr_array:
        """Share of each cell that every node covers, see ``types.Proposals.coverage``."""
        parts = []
        for tree, (runs, _) in enumerate(self._leaf_geometry):
            count = self.leaf_count(tree)
            ranges = self.leaf_ranges[self.offsets[tree] : self.offsets[tree + 1]]
            lengths = ranges[:, 1] - ranges[:, 0]
            ends = np.concatenate([[0], np.cumsum(lengths)])
            leaves = np.arange(ends[-1]) + np.repeat(ranges[:, 0] - ends[:-1], lengths)
            members = csr_array(
                (np.ones(len(leaves)), leaves, ends), shape=(len(ranges), count)
            )  # leaves of every node
            parts.append(members @ coverage_matrix(runs, count, rows, columns))
        return vstack(parts, format="csr")

    def crop(self, index: int) -> BoolArray:
        """Node ``index`` inside its box, boolean ``(y1 - y0, x1 - x0)``."""
        x0, y0, x1, y1 = self.boxes[index].tolist()
        return self._inside(self.leaf_maps[self.tree_id[index]][y0:y1, x0:x1], index)

    def mask(self, index: int) -> BoolArray:
        """Node ``index`` in the whole image, boolean ``(H, W)``."""
        return self._inside(self.leaf_maps[self.tree_id[index]], index)

    def _inside(self, labels: Labels, index: int) -> BoolArray:
        first, last = self.leaf_ranges[index].tolist()
        return np.asarray((labels >= first) & (labels < last))

    def nested(self, indices: NDArray[Any] | Sequence[int]) -> BoolArray:
        """``(k, k)``: whether node ``i`` of ``indices`` contains node ``j`` or is it.

        Only nodes of one tree are nested; across trees the answer is False.
        """
        chosen = np.asarray(indices, dtype=np.int64)
        first, last = self.leaf_ranges[chosen].T
        same = self.tree_id[chosen][:, None] == self.tree_id[chosen][None]
        return np.asarray(same & (first[:, None] <= first[None]) & (last[:, None] >= last[None]))


def forest(
    shape: tuple[int, int], leaf_maps: Sequence[NDArray[Any]], mergings: Sequence[Merging]
) -> RegionTree:
    """Put label maps and their mergings together, with leaves renumbered depth-first.

    Args:
        shape: height and width of the image.
        leaf_maps: ``(H, W)`` labels from 0 without gaps, -1 without data, one for each tree.
        mergings: the tree over each map's leaves.
    """
    maps, offsets, children, ranges, heights, trees = [], [0], [], [], [], []
    for number, (labels, merging) in enumerate(zip(leaf_maps, mergings, strict=True)):
        inner = len(merging.children)
        count = inner + 1 if labels.max(initial=-1) >= 0 else 0
        order, intervals = _depth_first(merging, count)
        renamed = np.append(order, -1).astype(np.int32)
        maps.append(renamed[labels])
        names = np.append(order, np.arange(count, count + inner))
        offset = offsets[-1]
        children += [np.full((count, 2), -1), names[merging.children].reshape(-1, 2) + offset]
        ranges.append(intervals)
        heights += [np.zeros(count, dtype=np.float32), merging.heights]
        trees.append(np.full(count + inner, number))
        offsets.append(offset + count + inner)
    pairs = np.concatenate(children)
    parents = np.full(len(pairs), -1, dtype=np.int64)
    merged = np.flatnonzero(pairs[:, 0] >= 0)
    parents[pairs[merged]] = merged[:, None]
    return RegionTree(
        shape,
        tuple(maps),
        tuple(offsets),
        pairs,
        parents,
        np.concatenate(trees),
        np.concatenate(ranges),
        np.concatenate(heights).astype(np.float32),
    )


def _depth_first(merging: Merging, count: int) -> tuple[IntArray, IntArray]:
    """New label ``(L,)`` of each leaf, and intervals ``(nodes, 2)`` with leaves in new order."""
    pairs = merging.children.tolist()
    sizes = [1] * count
    for first, second in pairs:
        sizes.append(sizes[first] + sizes[second])
    begins = [0] * len(sizes)
    for row in range(len(pairs) - 1, -1, -1):
        first, second = pairs[row]
        begins[first] = begins[count + row]
        begins[second] = begins[count + row] + sizes[first]
    start = np.asarray(begins, dtype=np.int64)
    intervals = np.stack([start, start + np.asarray(sizes, dtype=np.int64)], axis=1)
    intervals[:count] = np.stack([np.arange(count), np.arange(1, count + 1)], axis=1)
    return start[:count], intervals
