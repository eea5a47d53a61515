from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

Upsample = Callable[[NDArray[np.float32], tuple[int, int]], NDArray[np.float64]]


def weights(pixels: int, cells: int) -> NDArray[np.float64]:
    """``(pixels, cells)`` bilinear weights along one axis: hats around cell centres, clamped."""
    centres = np.clip((np.arange(pixels) + 0.5) * cells / pixels - 0.5, 0, cells - 1)
    return np.maximum(0, 1 - abs(centres[:, None] - np.arange(cells)))


@pytest.fixture(scope="session")
def upsample() -> Upsample:
    """Bilinear upsampling of ``(h, w)`` or ``(h, w, D)`` to ``(H, W)``, from its definition."""

    def upsampled(field: NDArray[np.float32], shape: tuple[int, int]) -> NDArray[np.float64]:
        rows = np.tensordot(weights(shape[0], field.shape[0]), field, axes=(1, 0))
        columns = weights(shape[1], field.shape[1])
        return np.moveaxis(np.tensordot(columns, rows, axes=(1, 1)), 0, 1)

    return upsampled
