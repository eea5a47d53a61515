"""Colours at the size that regions are computed on: shrinking, smoothing, CIE Lab.

Nothing here takes colour from pixels without data.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.sparse import csr_array

from dgl_rsis.types import BoolArray, FloatArray, IntArray, RGBImage

SMOOTHING = 0.8  # standard deviation in working pixels, as Felzenszwalb & Huttenlocher


def working_grid(shape: tuple[int, int], side: int) -> tuple[IntArray, IntArray]:
    """Working row of every row and working column of every column."""
    factor = min(1.0, side / float(np.sqrt(shape[0] * shape[1])))
    grid = []
    for length in shape:
        small = max(1, round(length * factor))
        grid.append(((np.arange(length) + 0.5) * small / length).astype(np.int64))
    return grid[0], grid[1]


def shrink(
    image: RGBImage, valid: BoolArray, rows: IntArray, columns: IntArray
) -> tuple[FloatArray, BoolArray]:
    """Mean of the valid pixels of each working pixel, and which working pixels have any."""
    if rows[-1] + 1 == len(rows) and columns[-1] + 1 == len(columns):
        return image.astype(np.float32), valid
    first_column = np.searchsorted(columns, np.arange(columns[-1] + 1))
    ones = np.ones(len(rows), dtype=np.float32)
    adding = csr_array((ones, (rows, np.arange(len(rows)))))  # (h, H)

    def blocks(values: FloatArray) -> FloatArray:
        summed = (adding @ values.reshape(len(rows), -1)).reshape(-1, *values.shape[1:])
        return np.asarray(np.add.reduceat(summed, first_column, axis=1))

    number = blocks(valid.astype(np.float32))
    masked = image.astype(np.float32)
    if not valid.all():
        masked[~valid] = 0
    mean = blocks(masked) / np.maximum(number, np.float32(1))[..., None]
    return mean.astype(np.float32), np.asarray(number > 0)


def smoothed(colours: FloatArray, known: BoolArray) -> FloatArray:
    """Gaussian smoothing that takes nothing from pixels without data."""
    sigma = (SMOOTHING, SMOOTHING, 0)
    if known.all():
        return np.asarray(gaussian_filter(colours, sigma), dtype=np.float32)
    weight = gaussian_filter(known.astype(np.float32), SMOOTHING)
    summed = gaussian_filter(np.where(known[..., None], colours, 0), sigma)
    return np.asarray(summed / np.maximum(weight, 1e-6)[..., None], dtype=np.float32)


def lab_of(rgb: FloatArray) -> FloatArray:
    """CIE Lab of sRGB in 0..1."""
    from skimage.color import rgb2lab

    return np.asarray(rgb2lab(np.clip(rgb, 0, 1)), dtype=np.float32)
