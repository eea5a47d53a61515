"""Painters: from class probabilities to a class map (docs/design.md 1.2, OVSS).

Every painter returns, for each pixel, the index of the winning name and its probability. Where
the background words form a class, ``rest`` is the column of the first of them: the strongest
single word decides the label, and a winning word scores what all of them have together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.proposals.region_tree import RegionTree
from dgl_rsis.stages.fields import bilinear
from dgl_rsis.types import BoolArray, FloatArray, IntArray

EPSILON = 1e-6
MAJORITY = 0.5
BLOCK = 64  # pixels a side: few names can win in a small block
ROUNDING = 1e-5  # relative; more than the mixing of four numbers loses


@dataclass(frozen=True)
class Painting:
    """A painted image.

    Attributes:
        labels: ``(H, W)`` int16 index of the winning name, -1 where no proposal lies.
        scores: ``(H, W)`` float32 in [0, 1], the winner's probability.
    """

    labels: NDArray[np.int16]
    scores: FloatArray


def winner_scores(
    probabilities: FloatArray, labels: NDArray[np.integer[Any]], rest: int | None
) -> FloatArray:
    """Probability of the winning name, or of all words of the rest together.

    Args:
        probabilities: ``(..., K)``.
        labels: ``(...)`` winning columns.
        rest: first column of the words that form one class; None if there is no such class.

    Returns:
        ``(...)`` float32 in [0, 1].
    """
    scores = np.take_along_axis(probabilities, labels[..., None], -1)[..., 0]
    if rest is not None:
        together = np.minimum(probabilities[..., rest:].sum(-1), 1)
        scores = np.where(labels >= rest, together, scores)
    return np.asarray(scores, np.float32)


def paint_dense(
    probabilities: FloatArray, shape: tuple[int, int], *, rest: int | None = None
) -> Painting:
    """Bilinear upsampling of ``(h, w, K)`` probabilities, then the best of each pixel.

    Block by block, of those names only that can win anywhere in it: between four cells no name can
    whose largest value there is below the smallest of another.
    """
    grid = bilinear(shape, (probabilities.shape[0], probabilities.shape[1]))
    can_win = _contenders(probabilities)
    if rest is not None:
        can_win[..., rest:] = True  # their sum is asked for
    labels = np.empty(shape, np.int16)
    scores = np.empty(shape, np.float32)
    for y in range(0, shape[0], BLOCK):
        for x in range(0, shape[1], BLOCK):
            part = slice(y, min(y + BLOCK, shape[0])), slice(x, min(x + BLOCK, shape[1]))
            cells = grid.cells(*part)
            names = np.flatnonzero(can_win[cells].any((0, 1)))
            values = grid.part(probabilities[cells][..., names], *part)
            best = values.argmax(-1)
            labels[part] = names[best]
            first = None if rest is None else int(np.searchsorted(names, rest))
            scores[part] = winner_scores(values, best, first)
    return Painting(labels, scores)


def _contenders(probabilities: FloatArray) -> BoolArray:
    """``(h, w, K)``: names that can win between a cell and those right of, below and across it."""

    def of_four(extreme: np.ufunc) -> FloatArray:
        down = extreme(probabilities, np.concatenate([probabilities[1:], probabilities[-1:]]))
        return np.asarray(extreme(down, np.concatenate([down[:, 1:], down[:, -1:]], axis=1)))

    floor = of_four(np.minimum).max(-1, keepdims=True)
    return np.asarray(of_four(np.maximum) >= floor * (1 - ROUNDING))


def paint_leaves(
    probabilities: FloatArray, tree: RegionTree, *, rest: int | None = None
) -> Painting:
    """Each superpixel takes the class with the largest sum of log-probabilities over it."""
    if len(tree) == 0:
        return paint_dense(probabilities, tree.shape, rest=rest)
    logp = tree.pool_leaves(np.log(probabilities + EPSILON))
    return _spread(tree, logp.argmax(-1), tree.pool_leaves(probabilities), rest)


def paint_cut(
    probabilities: FloatArray, tree: RegionTree, *, price: float, rest: int | None = None
) -> Painting:
    """The best cut of the first tree by dynamic programming, exact in one bottom-up pass.

    ``D(n) = max_c sum over leaves of a_l * log p(c|l) - price`` and
    ``V(n) = max(D(n), V(left) + V(right))``, with leaf areas in cells of the field.

    Args:
        probabilities: ``(h, w, K)``.
        tree: whose first tree is cut.
        price: of one region, in cells times nats.
        rest: first column of the words that form one class, None without such a class.
    """
    if len(tree) == 0:
        return paint_dense(probabilities, tree.shape, rest=rest)
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
    return _spread(tree, leaf_label, tree.pool_leaves(probabilities), rest)


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
    probabilities: FloatArray,
    masks: MaskSet,
    mask_probabilities: FloatArray,
    *,
    rest: int | None = None,
) -> Painting:
    """Flat masks take their best class, the surest on top; the rest stays dense.

    This is the mask classification of the paper. A mask without a majority for any class spans
    several things and is left out.

    Args:
        probabilities: ``(h, w, K)`` of the cells.
        masks: ``N`` of them.
        mask_probabilities: ``(N, K)``.
        rest: first column of the words that form one class, None without such a class.
    """
    painting = paint_dense(probabilities, masks.shape, rest=rest)
    labels = mask_probabilities.argmax(-1)
    best = winner_scores(mask_probabilities, labels, rest)
    order = np.argsort(best, kind="stable")
    for index in order[best[order] >= MAJORITY]:
        x0, y0, x1, y1 = masks.boxes[index]
        inside = masks.crop(int(index))
        painting.labels[y0:y1, x0:x1][inside] = labels[index]
        painting.scores[y0:y1, x0:x1][inside] = best[index]
    return painting


def _spread(
    tree: RegionTree, leaf_label: NDArray[np.int64], leaf_p: FloatArray, rest: int | None
) -> Painting:
    """Labels and mean probabilities of leaves to their pixels; -1 and 0 outside the tree."""
    scores = winner_scores(leaf_p, leaf_label, rest)
    leaves = tree.leaf_labels()
    labels = np.append(leaf_label, -1).astype(np.int16)[leaves]
    return Painting(labels, np.append(scores, 0).astype(np.float32)[leaves])
