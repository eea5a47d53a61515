"""What a proposer could reach at best: the proposal that fits each true instance most closely.

With masks, the overlap is that of the masks. Where the truth is boxes, it is that of upright boxes:
the tight ones of the proposals, and of an oriented box the tight one around it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dgl_rsis.proposals.combination import Combination
from dgl_rsis.proposals.filters import mask_iou
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.types import BoolArray, FloatArray, IntArray, Proposals

SIZES = {"small": (0, 32**2), "medium": (32**2, 96**2), "large": (96**2, None)}
"""Pixels of the instances of each size, the upper limit excluded: those of COCO."""
ENOUGH = 0.5  # IoU from which an instance is found


@dataclass(frozen=True)
class Ceiling:
    """What is best for the instances of some images.

    Attributes:
        overlaps: ``(M,)`` IoU in [0, 1] of each instance with the proposal that fits it best.
        areas: ``(M,)`` pixels of each instance.
    """

    overlaps: FloatArray
    areas: IntArray

    @property
    def mean_iou(self) -> float:
        """Mean overlap of all instances; NaN when there is none."""
        return float(self.overlaps.mean()) if len(self) else float("nan")

    @property
    def recall(self) -> float:
        """Share of instances with an overlap of at least ``ENOUGH``; NaN when there is none."""
        return float((self.overlaps >= ENOUGH).mean()) if len(self) else float("nan")

    def __len__(self) -> int:
        return len(self.areas)

    def of_size(self, size: str) -> Ceiling:
        """That of the instances of one of ``SIZES``."""
        least, limit = SIZES[size]
        chosen: BoolArray = self.areas >= least
        if limit is not None:
            chosen &= self.areas < limit
        return Ceiling(self.overlaps[chosen], self.areas[chosen])


def joined(parts: Sequence[Ceiling]) -> Ceiling:
    """The instances of several images together."""
    overlaps = [np.zeros(0, np.float32), *(part.overlaps for part in parts)]
    areas = [np.zeros(0, np.int64), *(part.areas for part in parts)]
    return Ceiling(np.concatenate(overlaps), np.concatenate(areas))


def ceiling(proposals: Proposals, truth: MaskSet, *, by_boxes: bool = False) -> Ceiling:
    """The best overlaps of an image.

    Args:
        proposals: of the image.
        truth: ``M`` instances.
        by_boxes: compare upright boxes, not masks.

    Raises:
        InputError: proposals and truth are of images of different sizes.
    """
    if by_boxes:
        overlaps = box_iou(proposals.boxes, truth.boxes)
    elif isinstance(proposals, Combination):
        rest = proposals.masks.take(proposals.distinct)
        overlaps = np.concatenate([mask_iou(proposals.tree, truth), mask_iou(rest, truth)])
    else:
        overlaps = mask_iou(proposals, truth)
    return Ceiling(overlaps.max(axis=0, initial=0), truth.areas)


def box_iou(first: NDArray[Any], second: NDArray[Any]) -> FloatArray:
    """IoU ``(N, M)`` of boxes ``(N, 4)`` and ``(M, 4)``, ``x0, y0, x1, y1`` half-open."""
    upper = np.maximum(first[:, None, :2], second[None, :, :2])
    lower = np.minimum(first[:, None, 2:], second[None, :, 2:])
    shared = (lower - upper).clip(min=0).prod(axis=2)
    sizes = [(boxes[:, 2:] - boxes[:, :2]).prod(axis=1) for boxes in (first, second)]
    union = sizes[0][:, None] + sizes[1][None] - shared
    return np.asarray(shared / union, np.float32)
