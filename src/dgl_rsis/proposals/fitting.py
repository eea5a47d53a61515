"""From features of cells to a coarse grid, and back to masks at full size along superpixels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_fill_holes

from dgl_rsis.proposals.overlap import cell_positions
from dgl_rsis.proposals.region_tree import RegionTree
from dgl_rsis.types import BoolArray, FloatArray, IntArray

ROUNDING = 1e-4  # length of a difference of unit vectors that says nothing


def centred(features: FloatArray) -> FloatArray:
    """What sets each cell apart from the image: its direction less the mean of all, as a direction.

    Image-text models put all of an image into one narrow cone, so that every cosine is high;
    thresholds that were chosen for keys of self-supervised networks need the difference to it.

    Args:
        features: ``(h, w, D)`` float32.

    Returns:
        ``(h, w, D)`` float32 of unit length, zero where a cell is like the mean.
    """
    unit = _directions(features, 0.0)
    return _directions(unit - unit.mean(axis=(0, 1), dtype=np.float64), ROUNDING)


def _directions(vectors: NDArray[np.floating[Any]], least: float) -> FloatArray:
    """Vectors at unit length, those no longer than ``least`` as zero."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    scaled = vectors / np.where(length > least, length, np.inf)
    return np.asarray(scaled, dtype=np.float32)


def reduced(features: FloatArray, side: int) -> tuple[FloatArray, IntArray, IntArray]:
    """Means of cells in a grid of at most ``side x side``.

    Args:
        features: ``(h, w, D)``.
        side: cells a side at most.

    Returns:
        The means, and the new row and column of each old one.
    """
    rows, columns = (
        np.arange(length) * min(length, side) // length for length in features.shape[:2]
    )
    first_row = np.searchsorted(rows, np.arange(rows[-1] + 1))
    first_column = np.searchsorted(columns, np.arange(columns[-1] + 1))
    summed = np.add.reduceat(np.add.reduceat(features, first_row), first_column, axis=1)
    number = np.outer(np.bincount(rows), np.bincount(columns))
    return (summed / number[..., None]).astype(np.float32), rows, columns


def fitted(
    field: FloatArray,
    shape: tuple[int, int],
    tree: RegionTree | None,
    agreement: float,
    *,
    fill: bool,
) -> BoolArray | None:
    """A mask at full size, by majority in superpixels.

    Args:
        field: ``(h, w)`` 1 inside, 0 outside, over the whole image.
        shape: height and width of the image.
        tree: whose first leaves the mask is fitted to; None leaves its border to interpolation.
        agreement: least IoU with the mask before it was fitted.
        fill: whether to fill its holes.

    Returns:
        ``(H, W)``; None if fitting made something else of it, or nothing.
    """
    coarse = _upsampled(field, shape) >= 0.5
    mask = coarse
    if tree is not None:
        inside = np.append(tree.pool_leaves(field) >= 0.5, False)  # -1, no data, takes the last
        mask = inside[tree.leaf_labels()]
    if fill:
        mask = np.asarray(binary_fill_holes(mask))
    if tree is not None:
        mask = mask & (tree.leaf_labels() >= 0)
    return mask if mask.any() and mask_overlap(mask, coarse) >= agreement else None


def mask_overlap(first: BoolArray, second: BoolArray) -> float:
    """Intersection over union, 0 of nothing."""
    union = np.count_nonzero(first | second)
    return np.count_nonzero(first & second) / union if union else 0.0


def _upsampled(field: FloatArray, shape: tuple[int, int]) -> FloatArray:
    """Bilinear field at full size, in the convention of ``pool``."""
    upper, lower, below = cell_positions(shape[0], field.shape[0])
    left, right, beyond = cell_positions(shape[1], field.shape[1])
    rows = field[upper] * (1 - below)[:, None] + field[lower] * below[:, None]
    return (rows[:, left] * (1 - beyond) + rows[:, right] * beyond).astype(np.float32)
