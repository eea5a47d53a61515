"""Choosing among proposals: areas, overlaps, non-maximum suppression (docs/design.md 1.1 and 1.5).

Overlaps are exact to the pixel. Nodes of one tree overlap only when nested, and nodes of two
trees through the pixels that their leaves share, so no mask is drawn for a tree. Flat masks are
compared where their boxes meet.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from dgl_rsis.errors import InputError
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.proposals.region_tree import RegionTree
from dgl_rsis.types import FloatArray, IntArray, Proposals


def within_areas(proposals: Proposals, *, minimum: int = 1, maximum_share: float = 1.0) -> IntArray:
    """Indices of proposals of at least ``minimum`` pixels and at most that share of the image."""
    largest = maximum_share * proposals.shape[0] * proposals.shape[1]
    return np.flatnonzero((proposals.areas >= minimum) & (proposals.areas <= largest))


class Overlaps:
    """Pixels that one proposal shares with all others.

    Args:
        proposals: a tree or flat masks.
    """

    def __init__(self, proposals: Proposals) -> None:
        self.proposals = proposals
        self._shared: dict[tuple[int, int], csr_array] = {}

    def intersections(self, index: int) -> IntArray:
        """``(N,)`` pixels that proposal ``index`` shares with each proposal."""
        if isinstance(self.proposals, RegionTree):
            return self._in_tree(self.proposals, index)
        return _crop_intersections(
            self.proposals.crop(index), self.proposals.boxes[index], self.proposals
        )

    def ious(self, index: int) -> FloatArray:
        """``(N,)`` intersection over union of proposal ``index`` with each proposal."""
        shared = self.intersections(index)
        areas = self.proposals.areas
        return np.asarray(shared / (areas + areas[index] - shared), dtype=np.float32)

    def _in_tree(self, tree: RegionTree, index: int) -> IntArray:
        own = int(tree.tree_id[index])
        first, last = tree.leaf_ranges[index].tolist()
        parts = []
        for other in range(tree.tree_count):
            if other == own:
                inside = np.zeros(tree.leaf_count(own), dtype=np.int64)
                inside[first:last] = tree.leaf_areas(own)[first:last]
            else:
                inside = self._shared_pixels(tree, own, other)[first:last].sum(axis=0)
            parts.append(tree.accumulate(inside, other))
        return np.rint(np.concatenate(parts)).astype(np.int64)

    def _shared_pixels(self, tree: RegionTree, own: int, other: int) -> csr_array:
        """Pixels that each leaf of one tree shares with each leaf of another."""
        if (own, other) not in self._shared:
            rows, columns = tree.leaf_labels(own).ravel(), tree.leaf_labels(other).ravel()
            known = rows >= 0
            pairs = (rows[known], columns[known])
            ones = np.ones(len(pairs[0]), dtype=np.int64)
            shape = (tree.leaf_count(own), tree.leaf_count(other))
            self._shared[own, other] = csr_array((ones, pairs), shape=shape)
        return self._shared[own, other]


def _crop_intersections(
    crop: NDArray[np.bool_], box: NDArray[np.int64], proposals: Proposals
) -> IntArray:
    """``(N,)`` pixels that a mask, given as a crop in its box, shares with each proposal."""
    upper = np.maximum(proposals.boxes[:, :2], box[:2])
    lower = np.minimum(proposals.boxes[:, 2:], box[2:])
    shared = np.zeros(len(proposals), dtype=np.int64)
    for other in np.flatnonzero((lower > upper).all(axis=1)).tolist():
        x0, y0 = upper[other].tolist()
        x1, y1 = lower[other].tolist()
        left, top = proposals.boxes[other, :2].tolist()
        own = crop[y0 - box[1] : y1 - box[1], x0 - box[0] : x1 - box[0]]
        its = proposals.crop(other)[y0 - top : y1 - top, x0 - left : x1 - left]
        shared[other] = np.count_nonzero(own & its)
    return shared


def mask_iou(first: Proposals, second: Proposals) -> FloatArray:
    """Intersection over union of all pairs of two sets over the same image.

    Returns:
        ``(len(first), len(second))`` float32 in 0..1.

    Raises:
        InputError: if the images have different sizes.
    """
    if first.shape != second.shape:
        raise InputError(
            f"proposals of images of {first.shape} and {second.shape} pixels cannot be compared"
        )
    if isinstance(second, RegionTree) and not isinstance(first, RegionTree):
        return np.ascontiguousarray(mask_iou(second, first).T)
    shared = np.zeros((len(first), len(second)))
    for column in range(len(second)):
        crop, box = second.crop(column), second.boxes[column]
        if isinstance(first, RegionTree):
            shared[:, column] = _tree_intersections(crop, box, first)
        else:
            shared[:, column] = _crop_intersections(crop, box, first)
    union = first.areas[:, None] + second.areas[None] - shared
    return (shared / union).astype(np.float32)


def _tree_intersections(
    crop: NDArray[np.bool_], box: NDArray[np.int64], tree: RegionTree
) -> NDArray[np.float64]:
    """``(N,)`` pixels that a mask, given as a crop in its box, shares with each node."""
    x0, y0, x1, y1 = box.tolist()
    parts = []
    for number in range(tree.tree_count):
        labels = tree.leaf_labels(number)[y0:y1, x0:x1][crop]
        inside = np.bincount(labels[labels >= 0], minlength=tree.leaf_count(number))
        parts.append(tree.accumulate(inside, number))
    return np.concatenate(parts)


def non_maximum_suppression(
    proposals: Proposals,
    scores: NDArray[np.floating],
    iou: float = 0.7,
    *,
    among: NDArray[np.integer] | None = None,
    limit: int | None = None,
) -> IntArray:
    """Keep the best proposals that do not overlap a better one too much.

    Args:
        proposals: a tree or flat masks.
        scores: ``(N,)``, larger is better; of equals the first wins.
        iou: a proposal goes when its overlap with a better one that stays is above this.
        among: indices to choose from; None means all.
        limit: stop after so many.

    Returns:
        Indices of those that stay, best first.

    Raises:
        InputError: if there is not one score for each proposal.
    """
    if scores.shape != (len(proposals),):
        raise InputError(f"{len(proposals)} proposals need as many scores, got {scores.shape}")
    open_ = np.zeros(len(proposals), dtype=bool)
    open_[slice(None) if among is None else among] = True
    overlaps = Overlaps(proposals)
    kept: list[int] = []
    for index in np.argsort(-scores, kind="stable").tolist():
        if len(kept) == limit:
            break
        if open_[index]:
            kept.append(index)
            open_ &= overlaps.ious(index) <= iou
    return np.asarray(kept, dtype=np.int64)


def flatten_tree(
    tree: RegionTree,
    scores: NDArray[np.floating],
    *,
    iou: float = 0.7,
    limit: int = 300,
    minimum_area: int = 16,
    maximum_share: float = 0.9,
) -> MaskSet:
    """Flat masks of the best nodes of a tree, by non-maximum suppression, best first.

    Args:
        tree: the forest.
        scores: ``(N,)``, e.g. ``objectness``.
        iou: largest overlap of two masks.
        limit: how many masks at most.
        minimum_area: pixels of the smallest mask.
        maximum_share: share of the image that the largest mask may cover.
    """
    among = within_areas(tree, minimum=minimum_area, maximum_share=maximum_share)
    kept = non_maximum_suppression(tree, scores, iou, among=among, limit=limit).tolist()
    offsets = tree.boxes[kept, :2] if kept else np.zeros((0, 2), dtype=np.int64)
    return MaskSet.from_crops([tree.crop(index) for index in kept], offsets, tree.shape)
