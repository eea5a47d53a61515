"""Sums of a field over boxes whose corners lie anywhere between its cells.

One idea: a summed-area table read bilinearly is the exact integral of a field that is constant in
each cell.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def box_sums(field: NDArray[Any], boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Integrals of a field, constant in each cell, over boxes.

    Args:
        field: ``(h, w, D)``.
        boxes: ``(N, 4)`` ``x0, y0, x1, y1`` in cells, inside the field.

    Returns:
        ``(N, D)``.
    """
    height, width, depth = field.shape
    table = np.zeros((height + 1, width + 1, depth))
    table[1:, 1:] = field.astype(np.float64).cumsum(axis=0).cumsum(axis=1)

    def corner(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
        column = np.minimum(x.astype(np.int64), width - 1)
        row = np.minimum(y.astype(np.int64), height - 1)
        right, below = (x - column)[:, None], (y - row)[:, None]
        upper = table[row, column] * (1 - right) + table[row, column + 1] * right
        lower = table[row + 1, column] * (1 - right) + table[row + 1, column + 1] * right
        return np.asarray(upper * (1 - below) + lower * below)

    x0, y0, x1, y1 = boxes.T
    return corner(x1, y1) - corner(x0, y1) - corner(x1, y0) + corner(x0, y0)
