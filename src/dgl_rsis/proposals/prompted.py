"""Masks by request of a network: in the user's boxes, and of a noun."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dgl_rsis.proposals.base import Detector, EmbeddedImage, Segmenter
from dgl_rsis.proposals.grids import Box
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.types import BoolArray, IntArray, RGBImage

CONTEXT = 4  # side of what is shown around a box, in lengths of the box


def masks_in_boxes(
    picture: RGBImage, boxes: NDArray[np.integer], segmenter: Segmenter
) -> list[tuple[BoolArray, Box] | None]:
    """What a promptable segmenter finds in boxes.

    An image that the network sees at full size is embedded once; of a larger one each box gets a
    window of its own, so that small objects are not shrunk away.

    Args:
        picture: ``(H, W, 3)`` uint8.
        boxes: ``(N, 4)`` half-open ``x0, y0, x1, y1`` inside the image.
        segmenter: finds a mask in a box.

    Returns:
        For every box the mask as a crop and the tight box around it; None where nothing is found.
    """
    shape = (int(picture.shape[0]), int(picture.shape[1]))
    embedded: dict[Box, EmbeddedImage] = {}
    found: list[tuple[BoolArray, Box] | None] = []
    for box in boxes.tolist():
        window = _window(box, shape, segmenter.input_side)
        x0, y0, x1, y1 = window
        if window not in embedded:
            embedded = {window: segmenter.embed(np.ascontiguousarray(picture[y0:y1, x0:x1]))}
        image = embedded[window]
        ((logits, ious),) = image.in_boxes(np.array([box]) - [x0, y0, x0, y0])
        mask = image.at_full_size(logits[[0], [ious[0].argmax()]])[0] > 0
        found.append(_placed(mask, x0, y0) if mask.any() else None)
    return found


def _window(box: Sequence[int], shape: tuple[int, int], side: int) -> Box:
    """Part of the image that is shown for a box: a square around it, shifted inside."""
    length = max(side, CONTEXT * max(box[2] - box[0], box[3] - box[1]))
    ends = []
    for low, high, size in ((box[0], box[2], shape[1]), (box[1], box[3], shape[0])):
        start = min(max(0, (low + high - length) // 2), max(0, size - length))
        ends.append((start, min(size, start + length)))
    (x0, x1), (y0, y1) = ends
    return x0, y0, x1, y1


def _placed(mask: BoolArray, x: int, y: int) -> tuple[BoolArray, Box]:
    """A mask with pixels as a tight crop, in a frame where it begins at ``x, y``."""
    columns, rows = np.flatnonzero(mask.any(0)), np.flatnonzero(mask.any(1))
    x0, x1, y0, y1 = int(columns[0]), int(columns[-1]) + 1, int(rows[0]), int(rows[-1]) + 1
    return mask[y0:y1, x0:x1].copy(), (x0 + x, y0 + y, x1 + x, y1 + y)


def instances_of(
    picture: RGBImage,
    nouns: Sequence[str],
    detector: Detector,
    *,
    valid: BoolArray | None = None,
    least_score: float = 0.3,
) -> tuple[MaskSet, dict[str, IntArray]]:
    """Instances of nouns by a network that knows words.

    Args:
        picture: ``(H, W, 3)`` uint8.
        nouns: to look for.
        detector: finds the instances of one noun.
        valid: ``(H, W)`` bool, False where there is no data and so no mask; None is everywhere.
        least_score: of an instance.

    Returns:
        All instances, with their scores as quality, and for every noun which of them are its own.
    """
    shape = (int(picture.shape[0]), int(picture.shape[1]))
    crops: list[BoolArray] = []
    boxes: list[Box] = []
    qualities: list[float] = []
    owners = {}
    ask = detector.embed(picture) if nouns else None
    for noun in dict.fromkeys(nouns):
        first = len(crops)
        masks, scores = ask(noun, least_score) if ask else ((), np.zeros(0, np.float32))
        for mask, score in zip(masks, scores.tolist(), strict=True):
            known = mask if valid is None else mask & valid
            if known.any():
                crop, box = _placed(known, 0, 0)
                crops.append(crop)
                boxes.append(box)
                qualities.append(score)
        owners[noun] = np.arange(first, len(crops))
    offsets = np.array(boxes, dtype=np.int64).reshape(-1, 4)[:, :2]
    quality = np.array(qualities, dtype=np.float32)
    return MaskSet.from_crops(crops, offsets, shape, quality=quality), owners
