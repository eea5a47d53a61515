"""Outlines for candidates that are boxes: regions of the tree, or masks of a segmenter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

import numpy as np

from dgl_rsis.proposals.base import Segmenter
from dgl_rsis.proposals.filters import mask_iou
from dgl_rsis.proposals.grids import Box
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.proposals.prompted import masks_in_boxes
from dgl_rsis.results import Match, ReferResult, union_of
from dgl_rsis.types import BoolArray, Proposals, RGBImage

LEAST_FIT = 0.3  # IoU from which a mask replaces a box

Outline: TypeAlias = tuple[BoolArray, Box]  # a mask as a crop, and the tight box around it
Fitting: TypeAlias = Callable[[Sequence[Match]], list[Outline | None]]


def refine_matches(result: ReferResult, fitting: Fitting) -> ReferResult:
    """Replace every box by the mask that fits it best.

    Candidates that are no full boxes keep their own outline, and so do boxes that nothing fits.

    Args:
        result: an answer about the user's candidates.
        fitting: finds a mask for each of some boxes, e.g. ``in_regions``.
    """
    boxes = [match for match in result.matches if match.crop.all()]
    outlines = dict(zip([match.index for match in boxes], fitting(boxes), strict=True))
    refined, unfitted = [], 0
    for match in result.matches:
        outline = outlines.get(match.index)
        if outline is not None and _fit(outline, match) >= LEAST_FIT:
            match = replace(match, crop=outline[0], box=outline[1])
        elif match.index in outlines:
            unfitted += 1
        refined.append(match)
    note = (f"no region fits {unfitted} of the boxes: kept as they are",) if unfitted else ()
    if result.matches and not boxes:
        note = ("nothing to refine: no match is a full box, outlines are kept as they are",)
    return replace(
        result,
        matches=tuple(refined),
        mask=union_of(refined, result.raster.shape),
        notes=(*result.notes, *note),
    )


def in_regions(tree: Proposals) -> Fitting:
    """Fitting by the region of a tree with the largest IoU."""

    def fit(boxes: Sequence[Match]) -> list[Outline | None]:
        if not boxes or not len(tree):
            return [None] * len(boxes)
        likeness = mask_iou(tree, _set_of(boxes))
        return [_outline(tree, int(column.argmax())) for column in likeness.T]

    return fit


def in_boxes(picture: RGBImage, segmenter: Segmenter) -> Fitting:
    """Fitting by a promptable segmenter that is shown the box."""

    def fit(boxes: Sequence[Match]) -> list[Outline | None]:
        corners = np.array([match.box for match in boxes], dtype=np.int64).reshape(-1, 4)
        return masks_in_boxes(picture, corners, segmenter)

    return fit


def _fit(outline: Outline, match: Match) -> float:
    """IoU of a mask and a match."""
    crop, (x0, y0, _, _) = outline
    mask = MaskSet.from_crops([crop], [(x0, y0)], match.shape)
    return float(mask_iou(mask, _set_of([match]))[0, 0])


def _set_of(matches: Sequence[Match]) -> MaskSet:
    offsets = [(match.box[0], match.box[1]) for match in matches]
    return MaskSet.from_crops([match.crop for match in matches], offsets, matches[0].shape)


def _outline(tree: Proposals, index: int) -> Outline:
    x0, y0, x1, y1 = (int(value) for value in tree.boxes[index])
    return tree.crop(index), (x0, y0, x1, y1)
