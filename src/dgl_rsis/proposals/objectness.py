"""How much a proposal looks like one thing, without any class (docs/design.md 1.1).

Terms in 0..1, combined by their geometric mean: contrast of colour to the ring around it,
compactness of shape, a size prior that falls towards single pixels and towards the whole image,
and what the origin of a proposal knows about it: in a tree its stability (how much dearer the
merge above it was than its own), of a network the quality of its mask. A term that nobody knows is
left out. The terms and scales were chosen on dior_mini, dota_mini and tiles of Dubai.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dgl_rsis.proposals.colours import lab_of, shrink, working_grid
from dgl_rsis.proposals.combination import Combination
from dgl_rsis.proposals.filters import within_areas
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.proposals.region_tree import RegionTree
from dgl_rsis.proposals.summed_area import box_sums
from dgl_rsis.types import BoolArray, FloatArray, IntArray, Proposals, RGBImage

CONTRAST_SCALE = 15.0  # Lab units at which contrast reaches 1 - 1/e
HEIGHT_SCALE = 100.0  # gap of merging costs at which stability reaches 1 - 1/e
RING = 0.25  # width of the ring as a share of the root of the area
SMALL = 25.0  # pixels at which the size prior is one half
FLOOR = 1e-3  # a single missing term does not make the whole zero


def colour_field(image: RGBImage, valid: BoolArray | None = None, side: int = 256) -> FloatArray:
    """CIE Lab ``(h, w, 3)`` of an image as a coarse field, for pooling.

    Args:
        image: ``(H, W, 3)`` uint8.
        valid: ``(H, W)`` bool; None means everywhere data.
        side: side of the square with as many cells as the field has at most.
    """
    known = np.ones(image.shape[:2], dtype=bool) if valid is None else valid
    rows, columns = working_grid((int(image.shape[0]), int(image.shape[1])), side)
    return lab_of(shrink(image, known, rows, columns)[0] / np.float32(255))


def objectness(proposals: RegionTree | MaskSet | Combination, lab: FloatArray) -> FloatArray:
    """Objectness of every proposal.

    Args:
        proposals: a tree, flat masks, or both together.
        lab: ``(h, w, 3)`` Lab over the whole image at any size, e.g. from ``colour_field``.

    Returns:
        ``(N,)`` float32 in 0..1.
    """
    if isinstance(proposals, Combination):
        of_masks = objectness(proposals.masks, lab)[proposals.distinct]
        return np.concatenate([objectness(proposals.tree, lab), of_masks])
    own = stability(proposals) if isinstance(proposals, RegionTree) else proposals.known_quality
    terms = [ring_contrast(proposals, lab), compactness(proposals), size_prior(proposals), own]
    logs = [np.log(np.maximum(term, FLOOR)) for term in terms]  # NaN stays NaN
    return np.asarray(np.exp(np.nanmean(logs, axis=0)), dtype=np.float32)


def ring_contrast(proposals: Proposals, lab: FloatArray) -> NDArray[np.float64]:
    """``(N,)`` in 0..1: distance of the mean colour to that of the enlarged box around it.

    A proposal without anything around it (the whole image) has none.
    """
    areas = proposals.areas.astype(np.float64)
    inside = proposals.pool(lab).astype(np.float64) * areas[:, None]
    margin = np.maximum(1.0, RING * np.sqrt(areas))[:, None]
    boxes = proposals.boxes + np.concatenate([-margin, -margin, margin, margin], axis=1)
    size = np.array([proposals.shape[1], proposals.shape[0]] * 2, dtype=np.float64)
    boxes = np.clip(boxes, 0, size)
    box_areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    ring_areas = box_areas - areas
    ring = box_sums(lab, boxes / size * np.array([lab.shape[1], lab.shape[0]] * 2))
    ring *= (size[0] * size[1] / (lab.shape[0] * lab.shape[1])) if len(ring) else 1.0
    surrounded = ring_areas >= 1
    ring_means = (ring - inside) / np.where(surrounded, ring_areas, 1)[:, None]
    distance = np.linalg.norm(inside / areas[:, None] - ring_means, axis=1)
    return np.where(surrounded, 1 - np.exp(-distance / CONTRAST_SCALE), 0.0)


def compactness(proposals: RegionTree | MaskSet) -> NDArray[np.float64]:
    """``(N,)`` in 0..1: area over that of the ellipse with the same second moments.

    1 for ellipses (0.95 for rectangles) of any direction and elongation, small for what is
    branched, hollow or scattered.
    """
    xx, yy, xy = proposals.moments.T
    ellipse = 4 * np.pi * np.sqrt(np.maximum(xx * yy - xy * xy, np.finfo(np.float64).tiny))
    return np.asarray(np.minimum(1.0, proposals.areas / ellipse))


def size_prior(proposals: Proposals) -> NDArray[np.float64]:
    """``(N,)`` in 0..1: low for a few pixels and for what covers most of the image."""
    areas: IntArray = proposals.areas
    share = areas / (proposals.shape[0] * proposals.shape[1])
    return np.asarray(areas / (areas + SMALL) * (1 - share))


def stability(tree: RegionTree) -> NDArray[np.float64]:
    """``(N,)`` in 0..1: how much dearer the merge above each node was than its own.

    The difference counts, not the ratio: cheap merges of small leaves have large ratios.
    """
    above = np.where(tree.parents >= 0, tree.heights[tree.parents], tree.heights)
    return np.asarray(1 - np.exp(-(above - tree.heights) / HEIGHT_SCALE), dtype=np.float64)


def worthwhile(
    masks: MaskSet, lab: FloatArray, *, smallest_area: int = 1, least_objectness: float = 0.0
) -> IntArray:
    """Indices of flat masks of any origin that are large enough and look enough like one thing.

    Args:
        masks: to choose from.
        lab: ``(h, w, 3)`` Lab over the whole image, see ``objectness``.
        smallest_area: in pixels.
        least_objectness: in 0..1.
    """
    kept = within_areas(masks, minimum=smallest_area)
    if least_objectness > 0:
        kept = kept[objectness(masks, lab)[kept] >= least_objectness]
    return kept
