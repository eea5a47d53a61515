"""Painters: from class probabilities to a class map (DESIGN.md section 1.2, OVSS).

Every painter returns, for each pixel, the index of the winning name and its probability.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.proposals.region_tree import RegionTree
from dgl_rsis.stages.fields import resample_rows
from dgl_rsis.types import FloatArray, IntArray

EPSILON = 1e-6
MAJORITY = 0.5


@dataclass(frozen=True)
class Painting:
    """A painted image.

    Attributes:
        labels: ``(H, W)`` int16 index of the winning name, -1 where no proposal lies.
        scores: ``(H, W)`` float32 in [0, 1], the winner's probability.
    """

    labels: NDArray[np.int16]
    scores: FloatArray


def paint_dense(probabilities: FloatArray, shape: tuple[int, int]) -> Painting:
    """Bilinear upsampling of ``(h, w, K)`` probabilities, then the best of each pixel."""
    labels = np.empty(shape, np.int16)
    scores = np.empty(shape, np.float32)
    for rows, block in resample_rows(probabilities, shape):
        labels[rows] = block.argmax(-1)
        scores[rows] = block.max(-1)
    return Painting(labels, scores)


def paint_leaves(probabilities: FloatArray, tree: RegionTree) -> Painting:
    """Each superpixel takes the class with the largest sum of log-probabilities over it."""
    if len(tree) == 0:
        return paint_dense(probabilities, tree.shape)
    logp = tree.pool_leaves(np.log(probabilities + EPSILON))
    return _spread(tree, logp.argmax(-1), tree.pool_leaves(probabilities))


def paint_cut(probabilities: FloatArray, tree: RegionTree, *, price: float) -> Painting:
    """The best cut of the first tree by dynamic programming, exact in one bottom-up pass.

    ``D(n) = max_c sum over leaves of a_l * log p(c|l) - price`` and
    ``V(n) = max(D(n), V(left) + V(right))``, with leaf areas in cells of the field.

    Args:
        probabilities: ``(h, w, K)``.
        tree: whose first tree is cut.
        price: of one region, in cells times nats.
    """
    if len(tree) == 0:
        return paint_dense(probabilities, tree.shape)
    cell = tree.shape[0] * tree.shape[1] / (probabilities.shape[0] * probabilities.shape[1])
    logp = tree.pool_leaves(np.log(probabilities + EPSILON))
    areas = tree.leaf_areas()[:, None] / cell
    sums = tree.accumulate(logp * areas)
    label = sums.argmax(-1)
    closed = sums.max(-1) - price
    kept = best_cut(closed, tree.children[: len(closed)])
    leaf_label = np.empty(tree.leaf_count(0), np.int64)
    for node in kept:
        leaves = tree.leaves_of(node)
        leaf_label[leaves.start : leaves.stop] = label[node]
    return _spread(tree, leaf_label, tree.pool_leaves(probabilities))


def best_cut(values: NDArray[np.float64], children: IntArray) -> list[int]:
    """Nodes of the cut with the largest sum of values.

    Args:
        values: ``(n,)`` of one tree, children before parents, the root last.
        children: ``(n, 2)``, -1 for leaves.

    Returns:
        disjoint nodes that cover all leaves.
    """
    best = values.astype(np.float64).copy()
    split = np.zeros(len(values), bool)
    for node in np.flatnonzero(children[:, 0] >= 0).tolist():
        below = best[children[node, 0]] + best[children[node, 1]]
        if below > best[node]:
            best[node], split[node] = below, True
    kept: list[int] = []
    open_nodes = [len(values) - 1]
    while open_nodes:
        node = open_nodes.pop()
        if split[node]:
            open_nodes.extend(children[node].tolist())
        else:
            kept.append(node)
    return kept


def paint_masks(
    probabilities: FloatArray, masks: MaskSet, mask_probabilities: FloatArray
) -> Painting:
    """Flat masks take their best class, the surest on top; the rest stays dense.

    This is the mask classification of the paper. A mask without a majority for any class spans
    several things and is left out.

    Args:
        probabilities: ``(h, w, K)`` of the cells.
        masks: ``N`` of them.
        mask_probabilities: ``(N, K)``.
    """
    painting = paint_dense(probabilities, masks.shape)
    best = mask_probabilities.max(-1) if len(masks) else np.zeros(0)
    order = np.argsort(best, kind="stable")
    for index in order[best[order] >= MAJORITY]:
        x0, y0, x1, y1 = masks.boxes[index]
        inside = masks.crop(int(index))
        painting.labels[y0:y1, x0:x1][inside] = mask_probabilities[index].argmax()
        painting.scores[y0:y1, x0:x1][inside] = best[index]
    return painting


def _spread(tree: RegionTree, leaf_label: NDArray[np.int64], leaf_p: FloatArray) -> Painting:
    """Labels and mean probabilities of leaves to their pixels; -1 and 0 outside the tree."""
    scores = leaf_p[np.arange(len(leaf_label)), leaf_label]
    leaves = tree.leaf_labels()
    labels = np.append(leaf_label, -1).astype(np.int16)[leaves]
    return Painting(labels, np.append(scores, 0).astype(np.float32)[leaves])
