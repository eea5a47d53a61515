"""Flat proposals: masks as crops inside their boxes, never ``N x H x W`` booleans.

docs/design.md 1.1, *mask sets*: masks of any origin (a network, MaskCut, the user's own polygons or
boxes) behind the same protocol as the region tree.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from dgl_rsis.errors import InputError
from dgl_rsis.proposals.overlap import (
    Geometry,
    Runs,
    central_moments,
    coverage_matrix,
    crop_runs,
    field_cells,
    overlap_matrix,
    run_geometry,
)
from dgl_rsis.types import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class MaskSet:
    """Masks of one image as crops; build it with ``from_masks``, ``from_boxes``, ``from_crops``.

    Attributes:
        shape: height and width of the image in pixels.
        boxes: ``(N, 4)`` int64 tight half-open boxes ``x0, y0, x1, y1`` in the pixel frame.
        crops: ``N`` boolean arrays ``(y1 - y0, x1 - x0)``, each with at least one pixel.
        quality: ``(N,)`` float32 in 0..1, how sure its origin is that a mask is one thing; NaN
            where the origin does not say. None where it says so for none.
    """

    shape: tuple[int, int]
    boxes: IntArray
    crops: tuple[BoolArray, ...]
    quality: FloatArray | None = None
    _overlaps: dict[tuple[int, int], tuple[NDArray[Any], csr_array]] = field(
        default_factory=dict, repr=False
    )

    @classmethod
    def from_crops(
        cls,
        crops: Sequence[NDArray[np.bool_]],
        offsets: Sequence[tuple[int, int]] | IntArray,
        shape: tuple[int, int],
        *,
        quality: FloatArray | None = None,
    ) -> MaskSet:
        """Masks from crops and the pixel of their upper left corner.

        Args:
            crops: boolean arrays, each with at least one pixel set; empty rims are cut off.
            offsets: ``(N, 2)`` column and row of each crop's upper left pixel.
            shape: height and width of the image.
            quality: ``(N,)`` in 0..1, NaN where unknown; None if it is for all.

        Raises:
            InputError: if a crop is empty or reaches beyond the image.
        """
        boxes, tight = np.zeros((len(crops), 4), dtype=np.int64), []
        for number, (crop, (left, top)) in enumerate(zip(crops, offsets, strict=True)):
            columns = np.flatnonzero(crop.any(axis=0))
            rows = np.flatnonzero(crop.any(axis=1))
            if not len(columns):
                raise InputError(f"mask {number} is empty; leave out masks without pixels")
            x0, x1 = int(columns[0]), int(columns[-1]) + 1
            y0, y1 = int(rows[0]), int(rows[-1]) + 1
            box = (left + x0, top + y0, left + x1, top + y1)
            if box[0] < 0 or box[1] < 0 or box[2] > shape[1] or box[3] > shape[0]:
                raise InputError(
                    f"mask {number} covers x {box[0]}..{box[2]}, y {box[1]}..{box[3]}, outside "
                    f"the image of {shape[1]} x {shape[0]} pixels; cut it to the image"
                )
            boxes[number] = box
            tight.append(np.array(crop[y0:y1, x0:x1], dtype=bool))
        return cls((int(shape[0]), int(shape[1])), boxes, tuple(tight), quality)

    @classmethod
    def from_masks(
        cls, masks: NDArray[Any] | Iterable[NDArray[Any]], shape: tuple[int, int] | None = None
    ) -> MaskSet:
        """Masks from whole-image booleans, ``(N, H, W)`` or any iterable of ``(H, W)``.

        Args:
            masks: non-zero inside; read one at a time, so that a generator costs one mask.
            shape: height and width of the image; needed only when there are no masks.

        Raises:
            InputError: if shapes differ, a mask is empty, or nothing tells the image's shape.
        """
        crops, offsets = [], []
        for number, mask in enumerate(masks):
            if mask.ndim != 2 or (shape is not None and mask.shape != tuple(shape)):
                expected = "(H, W)" if shape is None else str(tuple(shape))
                raise InputError(f"mask {number} has shape {mask.shape}; pass {expected} each")
            shape = (int(mask.shape[0]), int(mask.shape[1]))
            filled = np.asarray(mask) != 0
            columns, rows = np.flatnonzero(filled.any(axis=0)), np.flatnonzero(filled.any(axis=1))
            if not len(columns):
                raise InputError(f"mask {number} is empty; leave out masks without pixels")
            inside = filled[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
            crops.append(inside.copy())
            offsets.append((int(columns[0]), int(rows[0])))
        if shape is None:
            raise InputError("no masks were given, so the image's size is unknown; pass `shape`")
        return cls.from_crops(crops, offsets, shape)

    @classmethod
    def from_boxes(cls, boxes: NDArray[Any], shape: tuple[int, int]) -> MaskSet:
        """Filled boxes ``(N, 4)`` ``x0, y0, x1, y1`` in the pixel frame, rounded to whole pixels.

        Raises:
            InputError: if the shape is another, or a box is empty or reaches beyond the image.
        """
        if boxes.ndim != 2 or boxes.shape[1] != 4:
            raise InputError(f"boxes have shape {boxes.shape}; pass (N, 4) as x0, y0, x1, y1")
        whole = np.rint(boxes).astype(np.int64)
        for number, (x0, y0, x1, y1) in enumerate(whole.tolist()):
            if x1 <= x0 or y1 <= y0:
                raise InputError(
                    f"box {number} ({x0}, {y0}, {x1}, {y1}) has no pixels; pass x0 < x1, y0 < y1"
                )
        crops = [np.ones((y1 - y0, x1 - x0), dtype=bool) for x0, y0, x1, y1 in whole.tolist()]
        return cls.from_crops(crops, whole[:, :2], shape)

    def __len__(self) -> int:
        return len(self.crops)

    @cached_property
    def runs(self) -> Runs:
        """The masks as horizontal runs."""
        return crop_runs(self.crops, self.boxes)

    @cached_property
    def _geometry(self) -> Geometry:
        return run_geometry(self.runs, len(self))

    @property
    def areas(self) -> IntArray:
        """``(N,)`` pixels in each mask."""
        return self._geometry.areas

    @property
    def centroids(self) -> NDArray[np.float64]:
        """``(N, 2)`` mean ``x, y`` of the pixel centres of each mask."""
        return self._geometry.sums[:, :2] / self.areas[:, None]

    @property
    def moments(self) -> NDArray[np.float64]:
        """``(N, 3)`` central second moments ``xx, yy, xy`` of each mask in square pixels."""
        return central_moments(self._geometry.sums, self.areas)

    def pool(self, values: NDArray[Any]) -> FloatArray:
        """Mean of a coarse field over every mask, see ``types.Proposals.pool``."""
        cells, field_shape, flat = field_cells(values)
        if field_shape not in self._overlaps:
            matrix = overlap_matrix(self.runs, len(self), self.shape, field_shape)
            used = np.unique(matrix.indices)
            self._overlaps[field_shape] = used, matrix[:, used]
        # masks may cover little of the image: what is not under one need not be converted
        used, matrix = self._overlaps[field_shape]
        means: FloatArray = (matrix @ cells[used].astype(np.float64) / self.areas[:, None]).astype(
            np.float32
        )
        return means[:, 0] if flat else means

    def coverage(self, rows: IntArray, columns: IntArray) -> csr_array:
        """Share of each cell that every mask covers, see ``types.Proposals.coverage``."""
        return coverage_matrix(self.runs, len(self), rows, columns)

    def crop(self, index: int) -> BoolArray:
        """Mask ``index`` inside its box, boolean ``(y1 - y0, x1 - x0)``."""
        return self.crops[index]

    def mask(self, index: int) -> BoolArray:
        """Mask ``index`` in the whole image, boolean ``(H, W)``."""
        x0, y0, x1, y1 = self.boxes[index].tolist()
        whole = np.zeros(self.shape, dtype=bool)
        whole[y0:y1, x0:x1] = self.crops[index]
        return whole

    def take(self, indices: NDArray[Any] | Sequence[int]) -> MaskSet:
        """The masks at ``indices``, in that order."""
        chosen = np.asarray(indices, dtype=np.int64)
        crops = tuple(self.crops[index] for index in chosen.tolist())
        quality = None if self.quality is None else self.quality[chosen]
        return MaskSet(self.shape, self.boxes[chosen], crops, quality)

    @property
    def known_quality(self) -> FloatArray:
        """``(N,)`` float32 quality, NaN where it is unknown."""
        if self.quality is None:
            return np.full(len(self), np.nan, dtype=np.float32)
        return self.quality


def join(sets: Sequence[MaskSet], shape: tuple[int, int]) -> MaskSet:
    """All masks of several sets of one image, in their order."""
    boxes = np.concatenate([np.zeros((0, 4), dtype=np.int64), *(each.boxes for each in sets)])
    crops = tuple(crop for each in sets for crop in each.crops)
    quality = None
    if any(each.quality is not None for each in sets):
        quality = np.concatenate([each.known_quality for each in sets])
    return MaskSet(shape, boxes, crops, quality)
