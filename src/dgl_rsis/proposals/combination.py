"""Proposals of several proposers together, without duplicates.

Flat masks join flat masks as one ``MaskSet``. With a region tree they become a ``Combination``,
which keeps the tree whole: nested nodes are what the painter ``cut`` and the search for instances
work on, and none can be taken out of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

from dgl_rsis.errors import InputError
from dgl_rsis.proposals.filters import Overlaps, mask_iou
from dgl_rsis.proposals.masks import MaskSet, join
from dgl_rsis.proposals.region_tree import RegionTree
from dgl_rsis.types import BoolArray, FloatArray, IntArray

DUPLICATE = 0.9  # IoU above which two masks are the same


@dataclass(frozen=True, eq=False)
class Combination:
    """A region tree and flat masks of the same image as one list of proposals.

    Nodes of the tree come first, then the masks that repeat none of them.

    Attributes:
        tree: the region tree.
        masks: all flat masks.
        distinct: indices of those masks that are like no node of the tree.
    """

    tree: RegionTree
    masks: MaskSet
    distinct: IntArray

    @cached_property
    def _rest(self) -> MaskSet:
        return self.masks.take(self.distinct)

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the image in pixels."""
        return self.tree.shape

    @property
    def areas(self) -> IntArray:
        """``(N,)`` pixels in each proposal."""
        return np.concatenate([self.tree.areas, self._rest.areas])

    @property
    def boxes(self) -> IntArray:
        """``(N, 4)`` tight half-open boxes ``x0, y0, x1, y1`` in the pixel frame."""
        return np.concatenate([self.tree.boxes, self._rest.boxes])

    @property
    def centroids(self) -> NDArray[np.float64]:
        """``(N, 2)`` mean ``x, y`` of the pixel centres of each proposal."""
        return np.concatenate([self.tree.centroids, self._rest.centroids])

    def __len__(self) -> int:
        return len(self.tree) + len(self._rest)

    def pool(self, values: NDArray[Any]) -> FloatArray:
        """Mean of a coarse field over every proposal, see ``types.Proposals.pool``."""
        return np.concatenate([self.tree.pool(values), self._rest.pool(values)])

    def coverage(self, rows: IntArray, columns: IntArray) -> csr_array:
        """Share of each cell that every proposal covers, see ``types.Proposals.coverage``."""
        parts = [self.tree.coverage(rows, columns), self._rest.coverage(rows, columns)]
        return csr_array(vstack(parts, format="csr"))

    def crop(self, index: int) -> BoolArray:
        """Proposal ``index`` inside its box, boolean ``(y1 - y0, x1 - x0)``."""
        part, number = self._locate(index)
        return part.crop(number)

    def mask(self, index: int) -> BoolArray:
        """Proposal ``index`` in the whole image, boolean ``(H, W)``."""
        part, number = self._locate(index)
        return part.mask(number)

    def _locate(self, index: int) -> tuple[RegionTree | MaskSet, int]:
        """The part that a proposal belongs to, and its number there."""
        first = len(self.tree)
        return (self.tree, index) if index < first else (self._rest, index - first)


def combine(
    parts: Sequence[RegionTree | MaskSet], *, protected: int = 0
) -> RegionTree | MaskSet | Combination:
    """Union of proposals of one image; of duplicates the one of the earlier part stays.

    Args:
        parts: at most one of them a tree, whose nodes come first wherever it stands.
        protected: so many of the first flat masks stay even if they repeat each other.

    Raises:
        InputError: if there are several trees, or the images have different sizes.
    """
    trees = [part for part in parts if isinstance(part, RegionTree)]
    sets = [part for part in parts if isinstance(part, MaskSet)]
    shapes = {part.shape for part in parts}
    if len(trees) > 1 or len(shapes) != 1:
        raise InputError(
            f"{len(trees)} trees and {len(sets)} sets of masks of images of {len(shapes)} sizes "
            "cannot be combined; pass one tree at most, all of one image"
        )
    masks = sets[0] if len(sets) == 1 else _distinct(join(sets, shapes.pop()), protected)
    if not trees:
        return masks
    if not sets:
        return trees[0]
    likeness = mask_iou(trees[0], masks).max(axis=0, initial=0)
    return Combination(trees[0], masks, np.flatnonzero(likeness <= DUPLICATE))


def _distinct(masks: MaskSet, protected: int) -> MaskSet:
    """Masks in their order, without those that repeat an earlier one."""
    overlaps = Overlaps(masks)
    is_open = np.ones(len(masks), dtype=bool)
    kept = []
    for index in range(len(masks)):
        if index < protected or is_open[index]:
            kept.append(index)
            is_open &= overlaps.ious(index) <= DUPLICATE
    return masks.take(kept)
