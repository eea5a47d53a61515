"""A copy of a raster with its pixels, its place and its colours, and nothing else.

Metadata stay behind: some of them name files that GDAL would open.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from affine import Affine
from rasterio.dtypes import in_dtype_range
from rasterio.enums import ColorInterp, Resampling
from rasterio.io import DatasetReader, DatasetWriter
from rasterio.windows import Window as RasterWindow

from dgl_rsis.geo.bands import has_mask

_ROWS = 512  # that are read at once, and pixels a side of the blocks of the copy
_RGB = (ColorInterp.red, ColorInterp.green, ColorInterp.blue)


def copy_plainly(dataset: DatasetReader, target: Path) -> None:
    """Write a tiled GeoTIFF with overviews.

    Only full resolution is read, so that overviews of the file play no part.

    Args:
        dataset: open.
        target: file that is written.

    Raises:
        RasterioError: the file is damaged, or the copy cannot be written.
    """
    is_palette = ColorInterp.palette in dataset.colorinterp
    masked = [index for index in dataset.indexes if has_mask(dataset, index)]
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK="YES", GDAL_PAM_ENABLED="NO"):
        with rasterio.open(target, "w", **_profile(dataset)) as copy:
            if is_palette:
                copy.write_colormap(1, dataset.colormap(1))
            else:
                copy.colorinterp = dataset.colorinterp
            for window in _windows(dataset):
                _copy_part(dataset, copy, window, masked)
        side = max(dataset.shape)
        factors = [2**power for power in range(1, 32) if side > _ROWS * 2 ** (power - 1)]
        if factors:
            resampling = Resampling.nearest if is_palette else Resampling.average
            with rasterio.open(target, "r+") as copy:
                copy.build_overviews(factors, resampling)


def _profile(dataset: DatasetReader) -> dict[str, Any]:
    dtype = np.result_type(*dataset.dtypes).name
    values: dict[str, Any] = {
        "driver": "GTiff",
        "width": dataset.width,
        "height": dataset.height,
        "count": dataset.count,
        "dtype": dtype,
        "tiled": True,
        "blockxsize": _ROWS,
        "blockysize": _ROWS,
        "compress": "deflate",
        "zlevel": 1,
        "bigtiff": "IF_SAFER",
    }
    if ColorInterp.palette not in dataset.colorinterp:  # else four bands become red to alpha
        values["photometric"] = "RGB" if dataset.colorinterp[:3] == _RGB else "MINISBLACK"
    nodata = dataset.nodata
    if nodata is not None and in_dtype_range(nodata, dtype):  # another value is nowhere
        values["nodata"] = nodata
    points, crs = dataset.gcps
    if dataset.transform != Affine.identity() or dataset.crs is not None:
        values.update(crs=dataset.crs, transform=dataset.transform)
    elif points:
        values.update(crs=crs, gcps=points)
    return values


def _windows(dataset: DatasetReader) -> Iterator[RasterWindow]:
    """Stripes over the whole width: files are stored line by line or in blocks."""
    for top in range(0, dataset.height, _ROWS):
        yield RasterWindow(0, top, dataset.width, min(_ROWS, dataset.height - top))


def _copy_part(
    dataset: DatasetReader, copy: DatasetWriter, window: RasterWindow, masked: list[int]
) -> None:
    copy.write(dataset.read(window=window), window=window)
    if masked:  # no data is what all masks call so, as when a scene is read
        valid = dataset.read_masks(masked, window=window).any(axis=0)
        copy.write_mask(valid, window=window)
