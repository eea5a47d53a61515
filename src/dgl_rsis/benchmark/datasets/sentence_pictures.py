"""Pictures and masks of data sets, read when they are asked for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from rasterio.enums import ColorInterp

from dgl_rsis.geo.dataset import open_raster
from dgl_rsis.geo.raster import read_raster
from dgl_rsis.types import BoolArray, RGBImage


def read_picture(path: Path) -> RGBImage:
    """``(H, W, 3)`` uint8 of an image file, black margins left as they are.

    Raises:
        ImageError: it cannot be read.
    """
    return read_raster(path, collar=False).rgb


def picture_shape(path: Path) -> tuple[int, int]:
    """Height and width of an image file; its pixels are not read.

    Raises:
        ImageError: it cannot be opened.
    """
    with open_raster(path) as dataset:
        return int(dataset.height), int(dataset.width)


def read_mask_file(path: Path, above: int = 0) -> BoolArray:
    """``(H, W)`` bool of a mask that was saved as a picture.

    Args:
        path: one band, or colours of which the brightest counts; what is transparent or no data is
            outside.
        above: values up to this one are outside. In a file of zeros and ones only, ones are inside.

    Raises:
        ImageError: it cannot be read.
    """
    with open_raster(path) as dataset:
        bands = [
            number
            for number, meaning in enumerate(dataset.colorinterp, 1)
            if meaning != ColorInterp.alpha
        ]
        values = np.nan_to_num(dataset.read(bands, masked=True).filled(0)).max(axis=0)
    return np.asarray(values > (above if values.max(initial=0) > 1 else 0))
