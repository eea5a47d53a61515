"""Pixels of the files of data sets, as they are: no stretch, no search for missing data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasterio.enums import ColorInterp

from dgl_rsis.errors import ImageError
from dgl_rsis.geo.dataset import open_raster
from dgl_rsis.geo.raster import read_raster
from dgl_rsis.types import BoolArray, RGBImage


@dataclass(frozen=True)
class Bands:
    """What a file holds.

    Attributes:
        values: ``(C, H, W)`` in the dtype of the file.
        palette: ``(P, 3)`` uint8, the colour of each value of a file with a palette, else None.
    """

    values: NDArray[Any]
    palette: NDArray[np.uint8] | None = None

    @property
    def picture(self) -> NDArray[Any] | None:
        """``(3, H, W)``; None for a file with grey values, whose dtype it has otherwise."""
        if self.palette is not None:
            colours: NDArray[np.uint8] = self.palette[self.values[0]]
            return np.moveaxis(colours, 2, 0)
        return self.values[:3] if len(self.values) in (3, 4) else None


def read_bands(path: Path) -> Bands:
    """All bands of a file.

    Raises:
        ImageError: it is not there, or no image that can be read.
    """
    with open_raster(path) as dataset:
        palette = None
        if dataset.colorinterp[0] == ColorInterp.palette:
            colours = dataset.colormap(1)
            palette = np.zeros((max(colours) + 1, 3), np.uint8)
            for value, colour in colours.items():
                palette[value] = colour[:3]
        return Bands(dataset.read(), palette)


def read_rgb(path: Path) -> RGBImage:
    """``(H, W, 3)`` uint8 of a picture; grey becomes three equal bands, alpha is left out.

    Raises:
        ImageError: it is not there, cannot be read, or is no picture of 8 bits.
    """
    bands = read_bands(path)
    picture = bands.picture
    if picture is None and len(bands.values) <= 2:
        picture = np.repeat(bands.values[:1], 3, axis=0)
    if picture is None or picture.dtype != np.uint8:
        raise ImageError(
            f"{path} has {len(bands.values)} bands of {bands.values.dtype}; "
            "convert it to a picture of 8 bits in red, green and blue"
        )
    return np.ascontiguousarray(np.moveaxis(picture, 0, 2))


def shape_of(path: Path) -> tuple[int, int]:
    """Height and width of an image in pixels, from its header.

    Raises:
        ImageError: it is not there, or no image.
    """
    with open_raster(path) as dataset:
        return (dataset.height, dataset.width)


def read_picture(path: Path) -> RGBImage:
    """``(H, W, 3)`` uint8 of any raster, stretched where it has more than 8 bits.

    Raises:
        ImageError: it cannot be read.
    """
    return read_raster(path, collar=False).rgb


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
