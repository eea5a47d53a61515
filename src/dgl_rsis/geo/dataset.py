"""Raster files that are open for reading: what is wrong with them, and where they lie."""

from __future__ import annotations

import re
import warnings
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

import rasterio
from affine import Affine
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.io import DatasetReader
from rasterio.windows import Window as RasterWindow

from dgl_rsis.errors import ImageError
from dgl_rsis.geo.crs import map_frame
from dgl_rsis.types import MapFrame

_VRT_START = "<VRTDataset"
SUFFIXES = (".tif", ".tiff", ".vrt", ".jp2", ".img", ".png", ".jpg", ".jpeg")
"""Of files that are taken for rasters by their names."""
# libjpeg only warns when a file ends early and fills the rest with grey.
_GDAL_OPTIONS = {"GDAL_ERROR_ON_LIBJPEG_WARNING": "TRUE"}
_drivers: ContextVar[tuple[str, ...] | None] = ContextVar("drivers", default=None)


@contextmanager
def only_drivers(names: Sequence[str]) -> Iterator[None]:
    """A context in which rasters are opened by some of GDAL's drivers only.

    Args:
        names: of the drivers, like ``GTiff``. Those that open the sources of a virtual raster are
            GDAL's choice, as ever.
    """
    token = _drivers.set(tuple(names))
    try:
        yield
    finally:
        _drivers.reset(token)


@contextmanager
def open_raster(path: str | Path) -> Iterator[DatasetReader]:
    """Open a raster for reading; what goes wrong inside the block becomes one clear line.

    Args:
        path: a file, a path that GDAL resolves (``/vsi...``, ``https://...``), or the text of a VRT.

    Raises:
        ImageError: if the file is missing, a folder, not an image, or damaged.
    """
    name = str(path)
    label = shown_name(name)
    if not opened_by_gdal(name):
        file = Path(path)
        name = label = str(file)
        if not file.exists():
            raise ImageError(f"{file} does not exist; check the path")
        if file.is_dir():
            raise ImageError(f"{file} is a folder; pass an image file in it")
    with warnings.catch_warnings(), rasterio.Env(**_GDAL_OPTIONS):
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        try:
            dataset = _open(name)
        except RasterioError as error:
            raise ImageError(
                f"{label} is not an image that can be opened: {error_line(error)}"
            ) from error
        with dataset:
            if dataset.count == 0:
                raise ImageError(
                    f"{label} has no bands of its own; convert one of its "
                    f"{len(dataset.subdatasets)} sub-datasets to GeoTIFF"
                )
            is_png = dataset.driver == "PNG" and not opened_by_gdal(name)
            if is_png and not _png_is_complete(Path(name)):
                raise ImageError(f"{label} is damaged or cut short: it lacks the end of a PNG file")
            try:
                yield dataset
            except RasterioError as error:
                raise ImageError(
                    f"{label} is damaged or cut short and cannot be read: {error_line(error)}"
                ) from error


def _open(name: str) -> DatasetReader:
    drivers = _drivers.get()
    return rasterio.open(name) if drivers is None else DatasetReader(name, driver=list(drivers))


def opened_by_gdal(name: str) -> bool:
    """Whether a name is no local file: a remote or virtual path, or the text of a VRT."""
    return (
        name.startswith(("/vsi", _VRT_START)) or re.match(r"[a-z][a-z0-9+]*://", name) is not None
    )


def with_sources(names: Sequence[str]) -> list[str]:
    """Rasters, and for each local VRT among them the files that it is made of, however deep.

    Raises:
        ImageError: a VRT cannot be opened.
    """
    known: dict[str, None] = {}
    waiting = deque(names)
    while waiting:
        name = waiting.popleft()
        if name in known:
            continue
        known[name] = None
        if Path(name).suffix.lower() == ".vrt" and not opened_by_gdal(name):
            with open_raster(name) as dataset:
                waiting.extend(dataset.files)
    return list(known)


def shown_name(name: str) -> str:
    """A name of a raster that can stand in a message: the text of a VRT is long."""
    return "the mosaic" if name.startswith(_VRT_START) else name


def _png_is_complete(path: Path) -> bool:
    """Whether a PNG file reaches its closing chunk: GDAL shows what is missing as black."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        position = len(stream.read(8))  # signature
        while header := stream.read(8):
            position += 12 + int.from_bytes(header[:4], "big")  # length, name, data, checksum
            if position > size:
                return False
            if header[4:] == b"IEND":
                return True
            stream.seek(position)
    return False


def error_line(error: BaseException) -> str:
    """The deepest message of an error on one line: rasterio hides GDAL's below its own."""
    while error.__cause__ is not None:
        error = error.__cause__
    return " ".join(str(error).split())


def frame_of(dataset: DatasetReader, window: RasterWindow | None = None) -> MapFrame | None:
    """Where a raster, or a window of it, lies on the map.

    Returns:
        None for a whole image without any georeference. A window of such an image gets a
        transform that leads back to the pixels of the whole image, without CRS.
    """
    transform = dataset.transform
    shape = dataset.shape
    if window is not None:
        transform = transform @ Affine.translation(window.col_off, window.row_off)
        shape = (int(window.height), int(window.width))
    if window is None or shape == dataset.shape:
        transform = dataset.transform  # to the last bit
    if dataset.crs is None and transform == Affine.identity():
        return None
    return map_frame(transform[:6], crs_text(dataset), shape)


def crs_text(dataset: DatasetReader) -> str | None:
    """``EPSG:CODE`` where that is exactly the CRS, else WKT, so that nothing is lost."""
    crs = dataset.crs
    if crs is None:
        return None
    code = crs.to_epsg()
    if code is not None and rasterio.crs.CRS.from_epsg(code) == crs:
        return f"EPSG:{code}"
    return str(crs.to_wkt())


def georeference_notes(dataset: DatasetReader) -> list[str]:
    """What a user must know about where a raster lies; empty if it has a transform and a CRS."""
    if dataset.transform != Affine.identity():
        return [] if dataset.crs else ["the file has a map transform but no CRS"]
    if dataset.gcps[0] or dataset.rpcs:
        return [
            "the file is placed by control points or RPCs only: outputs are in pixels; "
            "warp it first (gdalwarp) for map coordinates"
        ]
    return ["the file has no georeference: outputs are in pixels"]


def map_bounds(dataset: DatasetReader) -> tuple[float, float, float, float]:
    """``minx, miny, maxx, maxy`` of a raster in its CRS; in pixels if it has no georeference."""
    corners = [
        dataset.transform @ (column, row)
        for column in (0, dataset.width)
        for row in (0, dataset.height)
    ]
    xs, ys = zip(*corners, strict=True)
    return min(xs), min(ys), max(xs), max(ys)
