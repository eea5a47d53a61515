"""Coarse fields and full-size pixels: one bilinear convention for all stages.

A field of ``h x w`` cells covers the whole image; the value of a pixel is bilinear between cell
centres and clamped at the border (half-pixel convention), as in ``types.Proposals.pool``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dgl_rsis.types import FloatArray, IntArray

ROWS_AT_ONCE = 128  # keeps a block of many classes at full width small


def resample(values: NDArray[Any], shape: tuple[int, int]) -> FloatArray:
    """Bilinear resampling of ``(h, w)`` or ``(h, w, D)`` to ``shape`` rows and columns."""
    if values.shape[:2] == shape:
        return np.asarray(values, np.float32)
    blocks = [block for _, block in resample_rows(values, shape)]
    return np.concatenate(blocks) if blocks else np.zeros((*shape, *values.shape[2:]), np.float32)


def resample_rows(
    values: NDArray[Any], shape: tuple[int, int]
) -> Iterator[tuple[slice, FloatArray]]:
    """The same in blocks of rows, so that many channels at full size never exist at once.

    Yields:
        rows of the result, and their values ``(rows, W[, D])`` float32.
    """
    values = np.asarray(values, np.float32)
    top, bottom, down = _neighbours(shape[0], values.shape[0])
    left, right, across = _neighbours(shape[1], values.shape[1])
    across = across.reshape(1, -1, *[1] * (values.ndim - 2))
    down = down.reshape(-1, 1, *[1] * (values.ndim - 2))
    for start in range(0, shape[0], ROWS_AT_ONCE):
        rows = slice(start, min(start + ROWS_AT_ONCE, shape[0]))
        part = values[top[rows]] * (1 - down[rows]) + values[bottom[rows]] * down[rows]
        mixed = part[:, left] * (1 - across) + part[:, right] * across
        yield rows, np.asarray(mixed, np.float32)


@dataclass(frozen=True)
class Bilinear:
    """Which cells the pixels of an image lie between: the same as in ``resample``, by pixel.

    Attributes:
        first_rows, second_rows: ``(H,)`` rows of cells above and below each row of pixels.
        down: ``(H,)`` float32 weight of the second.
        first_columns, second_columns: ``(W,)`` columns of cells left and right.
        across: ``(W,)`` float32 weight of the second.
    """

    first_rows: IntArray
    second_rows: IntArray
    down: FloatArray
    first_columns: IntArray
    second_columns: IntArray
    across: FloatArray

    def cells(self, rows: slice, columns: slice) -> tuple[slice, slice]:
        """Rows and columns of the cells that the pixels of a part lie between."""
        return (
            slice(int(self.first_rows[rows][0]), int(self.second_rows[rows][-1]) + 1),
            slice(int(self.first_columns[columns][0]), int(self.second_columns[columns][-1]) + 1),
        )

    def part(self, cells: FloatArray, rows: slice, columns: slice) -> FloatArray:
        """Values ``(rows, columns, D)`` of the pixels of a part, from its cells ``(h, w, D)``."""
        down, across = self.down[rows, None, None], self.across[columns, None]
        first, left = self.first_rows[rows], self.first_columns[columns]
        top, bottom = first - first[0], self.second_rows[rows] - first[0]
        right, left = self.second_columns[columns] - left[0], left - left[0]
        mixed = cells[top] * (1 - down) + cells[bottom] * down
        return np.asarray(mixed[:, left] * (1 - across) + mixed[:, right] * across, np.float32)


def bilinear(shape: tuple[int, int], cells: tuple[int, int]) -> Bilinear:
    """Between which cells the pixels of an image of that height and width lie."""
    return Bilinear(*_neighbours(shape[0], cells[0]), *_neighbours(shape[1], cells[1]))


def _neighbours(
    pixels: int, cells: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """Cells on both sides of each pixel centre, and the weight of the second.

    Positions ``(x + 1/2) * cells / pixels - 1/2`` are whole numbers of ``1 / (2 * pixels)``: so a
    pixel has the same weights to the last bit in every part of an image that begins at a cell.
    """
    position = (2 * np.arange(pixels, dtype=np.int64) + 1) * cells - pixels
    position = np.clip(position, 0, 2 * pixels * (cells - 1))
    first = position // (2 * pixels)
    second = np.minimum(first + 1, cells - 1)
    return first, second, ((position % (2 * pixels)) / (2 * pixels)).astype(np.float32)
