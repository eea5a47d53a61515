"""Majority votes of a label map inside regions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.types import IntArray

Labels = NDArray[np.integer[Any]]


def majority_of_masks(labels: Labels, masks: MaskSet) -> IntArray:
    """Most frequent label in every mask.

    Args:
        labels: ``(H, W)``; pixels below 0 have no vote.
        masks: ``N`` masks of the same image.

    Returns:
        ``(N,)`` int64: of labels that are equally frequent the smallest, -1 where none votes.
    """
    winners = np.full(len(masks), -1, np.int64)
    for index, (x0, y0, x1, y1) in enumerate(masks.boxes.tolist()):
        inside = labels[y0:y1, x0:x1][masks.crop(index)]
        counts = np.bincount(inside[inside >= 0])
        if len(counts):
            winners[index] = counts.argmax()
    return winners


def paint_masks(classes: IntArray, masks: MaskSet, ground: Labels) -> NDArray[np.int16]:
    """Paint masks over a label map, large ones first, so that small ones stay visible.

    Args:
        classes: ``(N,)`` label of each mask; one below 0 paints nothing.
        masks: ``N`` masks.
        ground: ``(H, W)`` labels where no mask paints.

    Returns:
        ``(H, W)`` int16.
    """
    painted = np.array(ground, np.int16)
    for index in np.argsort(-masks.areas, kind="stable").tolist():
        if classes[index] >= 0:
            x0, y0, x1, y1 = masks.boxes[index].tolist()
            painted[y0:y1, x0:x1][masks.crop(index)] = classes[index]
    return painted
