"""Building region trees from an image (DESIGN.md 1.1).

Felzenszwalb leaves at several scales, each merged greedily by colour into one binary tree.

Pixels without data are set apart: no edge touches them, smoothing takes nothing from them, and
they belong to no leaf. Images with more pixels than a square of ``working_side`` get their leaves
at that size, by area means; labels return to full size by nearest neighbour, and everything that
is measured (areas, boxes, centroids, pooling) is measured at full size.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from dgl_rsis.errors import InputError
from dgl_rsis.proposals.leaves import colour_steps, pixel_edges, segment
from dgl_rsis.proposals.merging import Merging, adjacency, merge
from dgl_rsis.proposals.overlap import field_table, label_runs, overlap_matrix
from dgl_rsis.proposals.region_tree import RegionTree, forest
from dgl_rsis.types import BoolArray, FloatArray, IntArray, RGBImage

__all__ = ["RegionTree", "build_region_tree"]

SMOOTHING = 0.8  # standard deviation in working pixels, as Felzenszwalb & Huttenlocher
MIN_SIZE = 14  # pixels of the smallest leaf at working size
FEATURE_SCALE = 30.0  # Lab units per unit of length of learned features


def build_region_tree(
    image: RGBImage,
    *,
    valid: BoolArray | None = None,
    scales: Sequence[float] = (60.0, 200.0),
    features: NDArray[Any] | None = None,
    working_side: int = 1024,
) -> RegionTree:
    """Build one tree for each scale.

    Args:
        image: ``(H, W, 3)`` uint8.
        valid: ``(H, W)`` bool, False where there is no data; None means everywhere data.
        scales: Felzenszwalb scale of each tree's leaves, for colours in 0..255.
        features: ``(h, w, D)`` field over the whole image that joins the merging cost, scaled to
            unit length in each leaf.
        working_side: side of the square with as many pixels as leaves are computed on at most.

    Raises:
        InputError: if shapes do not fit.
    """
    if image.ndim != 3 or image.shape[2] != 3 or 0 in image.shape:
        raise InputError(f"the image has shape {image.shape}; pass (H, W, 3) with H, W >= 1")
    shape = (int(image.shape[0]), int(image.shape[1]))
    if valid is None:
        valid = np.ones(shape, dtype=bool)
    if valid.shape != shape:
        raise InputError(f"valid has shape {valid.shape}; pass the image's {shape}")
    rows, columns = _working_grid(shape, working_side)
    colours, known = _shrink(image, valid, rows, columns)
    smooth = _smooth(colours / np.float32(255.0), known)
    edges = pixel_edges(smooth, known)
    lab = _lab(smooth)
    steps = colour_steps(lab)
    maps, mergings = [], []
    for scale in scales:
        labels, _ = segment(edges, known.shape, scale=scale / 255.0, min_size=MIN_SIZE)
        labels = _without_gaps(np.where(known, labels, -1))
        maps.append(np.where(valid, labels[rows][:, columns], -1))
        mergings.append(_merge_leaves(labels, lab, steps, features))
    return forest(shape, maps, mergings)


def _merge_leaves(
    labels: IntArray, lab: FloatArray, steps: FloatArray, features: NDArray[Any] | None
) -> Merging:
    """Merge the leaves of one label map by colour, and by features where they are given."""
    count = int(labels.max(initial=-1)) + 1
    inside = labels >= 0
    owner = labels[inside]
    areas = np.bincount(owner, minlength=count)
    sums = [np.bincount(owner, lab[..., c][inside], count) for c in range(lab.shape[2])]
    means = np.stack(sums, axis=1) / areas[:, None]
    if features is not None:
        table, field_shape, _ = field_table(features)
        matrix = overlap_matrix(label_runs(labels), count, labels.shape, field_shape)
        pooled = np.asarray(matrix @ table)
        length = np.linalg.norm(pooled, axis=1, keepdims=True)
        unit = pooled / np.maximum(length, np.finfo(np.float64).tiny)
        means = np.concatenate([means, FEATURE_SCALE * unit], axis=1)
    return merge(means, areas, adjacency(labels, count, steps))


def _without_gaps(labels: IntArray) -> IntArray:
    """Renumber labels from 0 without gaps; -1 stays."""
    used = np.zeros(int(labels.max(initial=-1)) + 2, dtype=bool)
    used[labels + 1] = True
    used[0] = False
    names = np.cumsum(used) - 1
    names[0] = -1
    return np.asarray(names[labels + 1])


def _working_grid(shape: tuple[int, int], side: int) -> tuple[IntArray, IntArray]:
    """Working row of every row and working column of every column."""
    factor = min(1.0, side / float(np.sqrt(shape[0] * shape[1])))
    grid = []
    for length in shape:
        small = max(1, round(length * factor))
        grid.append(((np.arange(length) + 0.5) * small / length).astype(np.int64))
    return grid[0], grid[1]


def _shrink(
    image: RGBImage, valid: BoolArray, rows: IntArray, columns: IntArray
) -> tuple[FloatArray, BoolArray]:
    """Mean of the valid pixels of each working pixel, and which working pixels have any."""
    if rows[-1] + 1 == len(rows) and columns[-1] + 1 == len(columns):
        return image.astype(np.float32), valid
    first_row = np.searchsorted(rows, np.arange(rows[-1] + 1))
    first_column = np.searchsorted(columns, np.arange(columns[-1] + 1))

    def blocks(values: FloatArray) -> FloatArray:
        summed = np.add.reduceat(values, first_row, axis=0)
        return np.asarray(np.add.reduceat(summed, first_column, axis=1))

    number = blocks(valid.astype(np.float32))
    masked = image.astype(np.float32)
    masked[~valid] = 0
    mean = blocks(masked) / np.maximum(number, np.float32(1))[..., None]
    return mean.astype(np.float32), np.asarray(number > 0)


def _smooth(colours: FloatArray, known: BoolArray) -> FloatArray:
    """Gaussian smoothing that takes nothing from pixels without data."""
    sigma = (SMOOTHING, SMOOTHING, 0)
    if known.all():
        return np.asarray(gaussian_filter(colours, sigma), dtype=np.float32)
    weight = gaussian_filter(known.astype(np.float32), SMOOTHING)
    summed = gaussian_filter(np.where(known[..., None], colours, 0), sigma)
    return np.asarray(summed / np.maximum(weight, 1e-6)[..., None], dtype=np.float32)


def _lab(rgb: FloatArray) -> FloatArray:
    """CIE Lab of sRGB in 0..1."""
    from skimage.color import rgb2lab

    return np.asarray(rgb2lab(np.clip(rgb, 0, 1)), dtype=np.float32)
