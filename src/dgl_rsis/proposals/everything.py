"""Masks of everything in an image by a promptable segmenter (Kirillov et al. 2023, appendix B).

A grid of points asks for masks, several at every point. Those stay whose predicted IoU is high
and whose area hardly changes when the logits are cut one higher or lower; boxes are suppressed by
predicted IoU within a crop and, between crops, in favour of smaller crops. Crops that show a part
of the image only cut things at their borders: masks that touch an inner border go.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import label

from dgl_rsis.proposals.base import EmbeddedImage, Segmenter
from dgl_rsis.proposals.grids import (
    Box,
    crop_boxes,
    layers_for,
    point_grid,
    points_for,
    small_object,
)
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.types import BoolArray, FloatArray, IntArray, RGBImage

OFFSET = 1.0  # of the stability score, in logits
BORDER = 20 / 1024  # share of a crop's longer side: nearer to an inner border, a mask touches it
CHUNK = 16  # masks brought to full size at once


@dataclass(frozen=True)
class EverythingOptions:
    """Options of the automatic mode.

    Attributes:
        points: along the longer side of every crop; None derives them from the size of pixels.
        crop_layers: finest layer of crops; None derives it from the size of pixels.
        predicted_iou: least predicted IoU of a mask; None is the segmenter's own.
        stability: least stability score of a mask.
        box_iou: of two masks whose boxes overlap more, the better one stays.
        smallest_area: pixels of the smallest mask, and of the smallest hole or island in it.
    """

    points: int | None = None
    crop_layers: int | None = None
    predicted_iou: float | None = None
    stability: float = 0.95
    box_iou: float = 0.7
    smallest_area: int = 16


@dataclass(frozen=True)
class _Found:
    """A mask as a crop, and where it lies."""

    crop: BoolArray
    box: Box
    predicted_iou: float
    stability: float

    @property
    def quality(self) -> float:
        """Geometric mean of both scores, in 0..1."""
        return float(np.sqrt(np.clip(self.predicted_iou, 0, 1) * self.stability))

    def moved(self, x: int, y: int) -> _Found:
        """The same mask in the frame that its crop begins in at ``x, y``."""
        x0, y0, x1, y1 = self.box
        return replace(self, box=(x0 + x, y0 + y, x1 + x, y1 + y))


def everything(
    picture: RGBImage,
    segmenter: Segmenter,
    options: EverythingOptions,
    *,
    valid: BoolArray | None = None,
    metres_per_pixel: float | None = None,
) -> MaskSet:
    """Masks of everything in an image, best first.

    Args:
        picture: ``(H, W, 3)`` uint8.
        segmenter: what finds masks at points.
        options: how.
        valid: ``(H, W)`` bool, False where there is no data and so no mask; None is everywhere.
        metres_per_pixel: tells how small things can be; None if unknown.

    Returns:
        Masks whose quality is the geometric mean of predicted IoU and stability score.
    """
    shape = (int(picture.shape[0]), int(picture.shape[1]))
    known = np.ones(shape, dtype=bool) if valid is None else valid
    size = small_object(metres_per_pixel)
    finest = options.crop_layers
    if finest is None:
        finest = layers_for(shape, size, segmenter.input_side)
    found: list[_Found] = []
    crop_areas: list[int] = []
    for layer in range(finest + 1):
        for x0, y0, x1, y1 in crop_boxes(shape, layer):
            crop = (y1 - y0, x1 - x0)
            points = options.points or points_for(crop, size, is_finest=layer == finest)
            grid = point_grid(crop, points)
            part = known[y0:y1, x0:x1]
            grid = grid[part[grid[:, 1].astype(np.int64), grid[:, 0].astype(np.int64)]]
            if not len(grid):
                continue
            image = segmenter.embed(np.ascontiguousarray(picture[y0:y1, x0:x1]))
            here = _best(_at_points(image, grid, part, segmenter, options), options.box_iou)
            moved = [each.moved(x0, y0) for each in here]
            moved = [m for m in moved if not touches_inner_border(m.box, (x0, y0, x1, y1), shape)]
            found += moved
            crop_areas += [crop[0] * crop[1]] * len(moved)
    boxes = np.array([each.box for each in found], dtype=np.int64).reshape(-1, 4)
    kept = box_suppression(boxes, 1 / np.array(crop_areas, dtype=np.float64), options.box_iou)
    quality = np.array([each.quality for each in found], dtype=np.float32)
    kept = kept[np.argsort(-quality[kept], kind="stable")]
    crops = [found[index].crop for index in kept.tolist()]
    return MaskSet.from_crops(crops, boxes[kept, :2], shape, quality=quality[kept])


def _at_points(
    image: EmbeddedImage,
    points: NDArray[np.float64],
    valid: BoolArray,
    segmenter: Segmenter,
    options: EverythingOptions,
) -> list[_Found]:
    """Good masks at points of one crop, in the crop's own frame."""
    least = segmenter.predicted_iou if options.predicted_iou is None else options.predicted_iou
    found = []
    for logits, ious in image.at_points(points):
        chosen = np.argwhere(ious >= least)
        for start in range(0, len(chosen), CHUNK):
            rows, columns = chosen[start : start + CHUNK].T
            full = image.at_full_size(logits[rows, columns])
            scores = stability_scores(full)
            for number in np.flatnonzero(scores >= options.stability).tolist():
                mask = without_specks((full[number] > 0) & valid, options.smallest_area)
                if mask.sum() < max(1, options.smallest_area):
                    continue
                columns_in, rows_in = np.flatnonzero(mask.any(0)), np.flatnonzero(mask.any(1))
                x0, x1 = int(columns_in[0]), int(columns_in[-1]) + 1
                y0, y1 = int(rows_in[0]), int(rows_in[-1]) + 1
                iou = float(ious[rows[number], columns[number]])
                crop = mask[y0:y1, x0:x1].copy()  # a view would keep the whole image alive
                found.append(_Found(crop, (x0, y0, x1, y1), iou, float(scores[number])))
    return found


def _best(found: list[_Found], iou: float) -> list[_Found]:
    """Those of one crop that no better one overlaps."""
    boxes = np.array([each.box for each in found], dtype=np.int64).reshape(-1, 4)
    scores = np.array([each.predicted_iou for each in found], dtype=np.float64)
    return [found[index] for index in box_suppression(boxes, scores, iou).tolist()]


def stability_scores(logits: FloatArray, offset: float = OFFSET) -> NDArray[np.float64]:
    """``(K,)`` in 0..1: area of masks cut ``offset`` higher over that of masks cut lower.

    Args:
        logits: ``(K, H, W)``.
        offset: in logits.
    """
    inner = (logits > offset).sum(axis=(1, 2))
    outer = (logits > -offset).sum(axis=(1, 2))
    return np.asarray(inner / np.maximum(outer, 1))


def box_suppression(boxes: IntArray, scores: NDArray[np.floating], iou: float) -> IntArray:
    """Non-maximum suppression of boxes.

    Args:
        boxes: ``(N, 4)`` half-open ``x0, y0, x1, y1``.
        scores: ``(N,)``, larger is better; of equals the first wins.
        iou: a box goes when its IoU with a better one that stays is above this.

    Returns:
        Indices of those that stay, best first.
    """
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    order = np.argsort(-scores, kind="stable")
    kept = []
    while len(order):
        best, rest = order[0], order[1:]
        kept.append(best)
        upper = np.maximum(boxes[rest, :2], boxes[best, :2])
        lower = np.minimum(boxes[rest, 2:], boxes[best, 2:])
        shared = np.maximum(0, lower - upper).prod(axis=1)
        order = rest[shared <= iou * (areas[rest] + areas[best] - shared)]
    return np.array(kept, dtype=np.int64)


def touches_inner_border(box: Box, crop: Box, shape: tuple[int, int]) -> bool:
    """Whether a box ends at a border of its crop that is no border of the image.

    Args:
        box: in the whole image.
        crop: that the mask was found in.
        shape: height and width of the image.
    """
    near = BORDER * max(crop[2] - crop[0], crop[3] - crop[1])
    image = (0, 0, shape[1], shape[0])
    return any(
        abs(own - border) <= near and abs(own - end) > near
        for own, border, end in zip(box, crop, image, strict=True)
    )


def without_specks(mask: BoolArray, smallest: int) -> BoolArray:
    """A mask ``(H, W)`` without holes and islands of fewer pixels; its largest part stays."""
    filled = mask | _small_parts(~mask, smallest)
    small = _small_parts(filled, smallest)
    return np.asarray(filled & ~small) if (filled & ~small).any() else filled


def _small_parts(mask: BoolArray, smallest: int) -> BoolArray:
    """8-connected parts with fewer pixels."""
    parts, _ = label(mask, np.ones((3, 3), dtype=bool))
    areas = np.bincount(parts.ravel())
    areas[0] = smallest  # what is not in the mask is no part of it
    return np.asarray((areas < smallest)[parts])
