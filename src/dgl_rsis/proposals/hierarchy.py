"""Nested regions by merging patches that look alike (Wang et al. 2024, UnSAM, the "conquer" part).

Every cell begins as a region; the two neighbours with the largest cosine merge, again and again.
Whenever the largest cosine falls below one of the thresholds, the regions that exist are
proposals: parts at high thresholds, wholes at low ones. A region's feature is the mean of its
cells'. Regions are fitted to superpixels, as those of MaskCut are; UnSAM's own refinement is a
trained network.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dgl_rsis.errors import InputError
from dgl_rsis.proposals.base import Features, computed
from dgl_rsis.proposals.filters import non_maximum_suppression
from dgl_rsis.proposals.fitting import fitted, reduced
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.proposals.region_tree import RegionTree
from dgl_rsis.proposals.tree import build_region_tree
from dgl_rsis.types import BoolArray, FloatArray, Raster

THRESHOLDS = (0.6, 0.5, 0.4, 0.3, 0.2, 0.1)
LARGEST_GRID = 64  # cells a side


def merged_regions(
    features: FloatArray, thresholds: Sequence[float] = THRESHOLDS, smallest: int = 4
) -> list[BoolArray]:
    """Regions of cells that exist at one of the thresholds, each of them once.

    Args:
        features: ``(h, w, D)``.
        thresholds: cosines, descending.
        smallest: cells of the smallest region.

    Returns:
        Masks ``(h, w)``, those of the highest threshold first.
    """
    height, width = features.shape[:2]
    count = height * width
    flat = features.reshape(count, -1).astype(np.float64)
    length = np.linalg.norm(flat, axis=1, keepdims=True)
    unit = flat / np.maximum(length, np.finfo(np.float64).tiny)
    sums = list(unit)  # as long as the number of cells allows: only its direction counts
    units = list(unit)
    members: list[list[int]] = [[cell] for cell in range(count)]
    numbers = np.arange(count).reshape(height, width)
    pairs = np.concatenate(
        [
            np.stack([numbers[:, :-1], numbers[:, 1:]], axis=-1).reshape(-1, 2),
            np.stack([numbers[:-1], numbers[1:]], axis=-1).reshape(-1, 2),
        ]
    )
    near: list[set[int]] = [set() for _ in range(count)]
    for first, second in pairs.tolist():
        near[first].add(second)
        near[second].add(first)
    cosines = np.einsum("ij,ij->i", unit[pairs[:, 0]], unit[pairs[:, 1]])
    heap = [(-c, a, b) for c, (a, b) in zip(cosines.tolist(), pairs.tolist(), strict=True)]
    heapq.heapify(heap)
    alive = set(range(count))
    told: set[int] = set()
    found: list[BoolArray] = []
    for threshold in thresholds:
        while heap and -heap[0][0] > threshold:
            _, first, second = heapq.heappop(heap)
            if first not in alive or second not in alive:
                continue
            new = len(members)
            members.append(members[first] + members[second])
            sums.append(sums[first] + sums[second])
            units.append(_unit(sums[new]))
            alive -= {first, second}
            alive.add(new)
            near.append((near[first] | near[second]) - {first, second})
            others = sorted(near[new])
            for other in others:
                near[other] -= {first, second}
                near[other].add(new)
            if others:
                likeness = np.array([units[other] for other in others]) @ units[new]
                for other, cosine in zip(others, likeness.tolist(), strict=True):
                    heapq.heappush(heap, (-cosine, other, new))
        for region in sorted(alive - told):
            if len(members[region]) >= smallest:
                mask = np.zeros(count, dtype=bool)
                mask[members[region]] = True
                found.append(mask.reshape(height, width))
        told |= alive
    return found


def _unit(vector: NDArray[np.float64]) -> NDArray[np.float64]:
    return vector / max(float(np.linalg.norm(vector)), np.finfo(np.float64).tiny)


def hierarchy(
    features: FloatArray,
    image_shape: tuple[int, int],
    *,
    thresholds: Sequence[float] = THRESHOLDS,
    smallest: int = 4,
    tree: RegionTree | None = None,
    agreement: float = 0.5,
    iou: float = 0.9,
) -> MaskSet:
    """Masks of all regions that merging passes through, parts before wholes.

    Args:
        features: ``(h, w, D)`` float32 over the whole image.
        image_shape: height and width of the image in pixels.
        thresholds: cosines at which regions are taken, descending.
        smallest: cells of the smallest region.
        tree: region tree of the image, whose first leaves the masks are fitted to; None leaves
            their borders to bilinear interpolation.
        agreement: a mask goes when its IoU with what fitting made of it is below this.
        iou: of two masks that overlap more, the earlier one stays.

    Raises:
        InputError: if the features are not ``(h, w, D)``.
    """
    if features.ndim != 3 or 0 in features.shape:
        raise InputError(f"features have shape {features.shape}; pass (h, w, D)")
    cells, rows, columns = reduced(features, LARGEST_GRID)
    masks = []
    for region in merged_regions(cells, thresholds, smallest):
        field = region[rows][:, columns].astype(np.float32)
        mask = fitted(field, image_shape, tree, agreement, fill=False)
        if mask is not None:
            masks.append(mask)
    found = MaskSet.from_masks(masks, image_shape)
    order = np.arange(len(found), 0, -1, dtype=np.float64)
    return found.take(non_maximum_suppression(found, order, iou))


def propose(raster: Raster, features: Features = None) -> MaskSet:
    """The proposer ``hierarchy``, fitted to superpixels.

    Raises:
        InputError: if there are no features.
    """
    values = computed(features)
    if values is None:
        raise InputError(
            "hierarchy merges a network's features and got none; load a model, name a checkpoint "
            "in proposals.checkpoint, or choose another proposer"
        )
    tree = build_region_tree(raster.rgb, valid=raster.valid, scales=(60.0,))
    return hierarchy(values, raster.shape, tree=tree)
