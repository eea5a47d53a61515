"""A stranger's file becomes a scene: checked by its header, then written anew.

What is kept is a tiled copy of our own making, so that nothing later meets the bytes of the file:
its odd blocks, side files, damaged ends and hidden formats end here.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import rasterio
from rasterio._err import CPLE_BaseError
from rasterio.errors import RasterioError
from rasterio.io import DatasetReader

from dgl_rsis.apps.server.limits import Limits
from dgl_rsis.apps.server.opening import open_allowed
from dgl_rsis.apps.server.plain_copy import copy_plainly
from dgl_rsis.apps.server.problems import Problem
from dgl_rsis.apps.server.scene_checks import NAMING
from dgl_rsis.errors import ImageError
from dgl_rsis.geo.dataset import error_line, open_raster

KEPT = "scene.tif"
_SIGNS = {
    "TIFF": (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
    "PNG": (b"\x89PNG\r\n\x1a\n",),
    "JPEG": (b"\xff\xd8\xff",),
    "JPEG 2000": (b"\0\0\0\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51"),
}
_DTYPES = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64")
_MOST_BANDS = 64


def convert_upload(received: Path, limits: Limits) -> Path:
    """Check a received file and write the copy that is kept; the received one is removed.

    Args:
        received: in a private folder with nothing else in it.
        limits: of the server.

    Returns:
        Path of the copy beside it.

    Raises:
        Problem: 415 it is no picture of a format that is taken; 422 it is damaged, too large once
            it is unpacked, or of a type that is not taken.
    """
    with received.open("rb") as stream:
        start = stream.read(12)
    if not any(start.startswith(sign) for signs in _SIGNS.values() for sign in signs):
        raise Problem(
            415,
            "not-a-picture",
            f"the file is no picture that is taken here; send {', '.join(_SIGNS)}",
        )
    kept = received.with_name(KEPT)
    try:
        with (
            rasterio.Env(GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR", GDAL_PAM_ENABLED="NO"),
            open_allowed(received) as dataset,
        ):
            _check_header(dataset, limits)
            if dataset.driver == "PNG":
                with open_raster(received):  # GDAL shows the missing end of a PNG file as black
                    pass
            copy_plainly(dataset, kept)
    except ImageError as error:
        said = str(error).replace(str(received), "the file").replace(received.name, "the file")
        raise Problem(422, "damaged", said) from error
    except (RasterioError, CPLE_BaseError, ValueError, MemoryError) as error:
        raise Problem(
            422, "damaged", f"the file is damaged or cut short: {_plain(error, received)}"
        ) from error
    finally:
        received.unlink(missing_ok=True)
    return kept


def _check_header(dataset: DatasetReader, limits: Limits) -> None:
    """Refuse what names other files or would not fit into memory, before any pixel is read.

    Raises:
        Problem: it is such a file, or of a type that is not taken.
    """
    if any(dataset.tags(ns=domain) for domain in NAMING):
        raise Problem(
            422,
            "names-files",
            "the metadata of the picture name other files, which nobody opens here; write it anew "
            "with gdal_translate -nomd",
        )
    width, height, count = dataset.width, dataset.height, dataset.count
    if width * height > limits.pixels:
        raise Problem(
            422,
            "too-many-pixels",
            f"the picture has {width} x {height} pixels, and at most {limits.pixels} are taken; "
            "cut it, or start the server with its path",
        )
    odd = sorted(set(dataset.dtypes) - set(_DTYPES))
    if odd or not 1 <= count <= _MOST_BANDS:
        raise Problem(
            422,
            "odd-bands",
            f"the picture has {count} bands of {', '.join(odd or set(dataset.dtypes))}; send 1 to "
            f"{_MOST_BANDS} bands of {', '.join(_DTYPES)}",
        )
    size = sum(np.dtype(kind).itemsize for kind in dataset.dtypes)
    blocks = max(rows * columns for rows, columns in dataset.block_shapes)
    if max(width * height, blocks) * size > limits.unpacked_bytes:
        raise Problem(
            422,
            "too-large-unpacked",
            f"the picture takes more than {limits.unpacked_bytes // 2**20} MiB once it is unpacked; "
            "cut it, or send fewer bands",
        )


def _plain(error: BaseException, received: Path) -> str:
    return error_line(error).replace(str(received), "it").replace(received.name, "it")[:200]
