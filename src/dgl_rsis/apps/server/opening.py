"""How files that others made are opened: by few of GDAL's drivers, and without the network.

GDAL reads hundreds of formats, and some of them name files or addresses to read from. Only formats
that hold their pixels themselves are allowed, and virtual rasters, which are checked before.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import rasterio
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.io import DatasetReader

from dgl_rsis.errors import ImageError
from dgl_rsis.geo.dataset import error_line, only_drivers

PICTURES = ("GTiff", "PNG", "JPEG", "JP2OpenJPEG")
"""Drivers of formats that hold their pixels themselves."""
LOCAL = (*PICTURES, "HFA")
"""The same, and one whose files may have parts beside them."""
_SCENES = (*LOCAL, "VRT")
_CLOSED = {
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".none",  # no file is read from the network
    "GDAL_VRT_ENABLE_PYTHON": "NO",
    "GDAL_HTTP_TIMEOUT": "1",
    "GDAL_HTTP_MAX_RETRY": "0",
    "GDAL_ERROR_ON_LIBJPEG_WARNING": "TRUE",
}


@contextmanager
def guarded() -> Iterator[None]:
    """A context in which GDAL asks no network, runs no code of files and opens few formats."""
    with rasterio.Env(**_CLOSED), only_drivers(_SCENES):
        yield


@contextmanager
def open_allowed(path: Path, drivers: Sequence[str] = PICTURES) -> Iterator[DatasetReader]:
    """Open a file with some of GDAL's drivers only.

    Raises:
        ImageError: it is in none of their formats, or is damaged.
    """
    try:
        with guarded(), warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            with DatasetReader(path, driver=list(drivers)) as dataset:
                yield dataset
    except RasterioError as error:
        raise ImageError(
            f"{path.name} is no image that is taken here ({', '.join(drivers)}), or is damaged: "
            f"{error_line(error)}"
        ) from error
