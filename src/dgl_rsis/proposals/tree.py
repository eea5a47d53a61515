"""Building region trees from an image (docs/design.md 1.1).

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

from dgl_rsis.errors import InputError
from dgl_rsis.proposals.base import Features, computed
from dgl_rsis.proposals.colours import lab_of, shrink, smoothed, working_grid
from dgl_rsis.proposals.leaves import Index32, colour_steps, grow_pixels, segment
from dgl_rsis.proposals.merging import Merging, adjacency, merge
from dgl_rsis.proposals.overlap import field_table, label_runs, overlap_matrix
from dgl_rsis.proposals.region_tree import RegionTree, forest
from dgl_rsis.types import BoolArray, FloatArray, IntArray, Raster, RGBImage

__all__ = ["RegionTree", "build_region_tree", "propose"]

MIN_SIZE = 14  # pixels of the smallest leaf at working size


def build_region_tree(
    image: RGBImage,
    *,
    valid: BoolArray | None = None,
    scales: Sequence[float] = (60.0, 200.0),
    features: NDArray[Any] | None = None,
    learned_weight: float = 0.0,
    working_side: int = 1024,
) -> RegionTree:
    """Build one tree for each scale.

    Args:
        image: ``(H, W, 3)`` uint8.
        valid: ``(H, W)`` bool, False where there is no data; None means everywhere data.
        scales: Felzenszwalb scale of each tree's leaves, for colours in 0..255.
        features: ``(h, w, D)`` field over the whole image that joins the merging cost, scaled to
            unit length in each leaf.
        learned_weight: Lab units that a unit of length of those features counts.
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
    rows, columns = working_grid(shape, working_side)
    colours, known = shrink(image, valid, rows, columns)
    smooth = smoothed(colours / np.float32(255.0), known)
    grown = grow_pixels(smooth, known, scale=min(scales) / 255.0)
    lab = lab_of(smooth)
    steps = colour_steps(lab)
    maps, mergings = [], []
    for scale in scales:
        labels, _ = segment(grown, known.shape, scale=scale / 255.0, min_size=MIN_SIZE)
        labels = _without_gaps(np.where(known, labels, -1))
        maps.append(_enlarged(labels, rows, columns, valid))
        mergings.append(_merge_leaves(labels, lab, steps, features, learned_weight))
    return forest(shape, maps, mergings)


def _merge_leaves(
    labels: IntArray,
    lab: FloatArray,
    steps: FloatArray,
    features: NDArray[Any] | None,
    learned_weight: float,
) -> Merging:
    """Merge the leaves of one label map by colour, and by features where they are given."""
    count = int(labels.max(initial=-1)) + 1
    inside = labels >= 0
    owner = labels[inside]
    areas = np.bincount(owner, minlength=count)
    sums = [np.bincount(owner, lab[..., c][inside], count) for c in range(lab.shape[2])]
    means = np.stack(sums, axis=1) / areas[:, None]
    learned = None
    if features is not None:
        table, field_shape, _ = field_table(features)
        matrix = overlap_matrix(label_runs(labels), count, labels.shape, field_shape)
        pooled = np.asarray(matrix @ table)
        length = np.linalg.norm(pooled, axis=1, keepdims=True)
        unit = pooled / np.maximum(length, np.finfo(np.float64).tiny)
        learned = learned_weight * unit
    return merge(means, areas, adjacency(labels, count, steps), learned)


def _without_gaps(labels: IntArray) -> IntArray:
    """Renumber labels from 0 without gaps; -1 stays."""
    used = np.zeros(int(labels.max(initial=-1)) + 2, dtype=bool)
    used[labels + 1] = True
    used[0] = False
    names = np.cumsum(used) - 1
    names[0] = -1
    return np.asarray(names[labels + 1])


def _enlarged(labels: IntArray, rows: IntArray, columns: IntArray, valid: BoolArray) -> Index32:
    """Labels at full size, ``(H, W)`` int32, -1 without data."""
    # Columns first: rows are then copied whole.
    large = labels.astype(np.int32).take(columns, axis=1).take(rows, axis=0)
    large[~valid] = -1
    return large


def propose(raster: Raster, features: Features = None, learned_weight: float = 0.0) -> RegionTree:
    """The proposer ``tree``: both default trees, merged by colour, and by features with a weight.

    Raises:
        InputError: if features have a weight and there are none.
    """
    field = computed(features) if learned_weight > 0 else None
    if field is None and learned_weight > 0:
        raise InputError(
            "proposals.learned_weight weighs dense features of a backbone and got none; set it to 0"
        )
    return build_region_tree(
        raster.rgb, valid=raster.valid, features=field, learned_weight=learned_weight
    )
