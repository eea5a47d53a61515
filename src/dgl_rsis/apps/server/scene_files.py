"""Which files may be opened as scenes: pictures in plain formats that name no other files.

GDAL reads hundreds of formats, and some of them name files or addresses to read from. Only formats
that hold their pixels themselves are allowed, and virtual rasters whose sources lie beside them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import rasterio
from rasterio.errors import RasterioError
from rasterio.io import DatasetReader

from dgl_rsis.errors import ImageError, InputError
from dgl_rsis.geo.dataset import SUFFIXES, error_line, opened_by_gdal

PICTURES = ("GTiff", "PNG", "JPEG", "JP2OpenJPEG")
"""Drivers of formats that hold their pixels themselves."""
_LOCAL = (*PICTURES, "HFA")
_HEADER = 4096  # bytes in which GDAL looks for marks of formats
_VRT_MARK = b"<VRTDataset"
_VRT_BYTES = 2**20
_VRT_DEPTH = 3  # virtual rasters in virtual rasters
_SOURCES = ("SourceFilename", "SourceDataset")
_CLOSED = {
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".none",  # no file is read from the network
    "GDAL_VRT_ENABLE_PYTHON": "NO",
    "GDAL_HTTP_TIMEOUT": "1",
    "GDAL_HTTP_MAX_RETRY": "0",
    "GDAL_ERROR_ON_LIBJPEG_WARNING": "TRUE",
}


@contextmanager
def no_network() -> Iterator[None]:
    """A context in which GDAL neither asks the network nor runs code of files."""
    with rasterio.Env(**_CLOSED):
        yield


@dataclass(frozen=True)
class Found:
    """Scenes of the command line.

    Attributes:
        files: resolved paths.
        refused: what was left out, and why, for people.
    """

    files: tuple[Path, ...]
    refused: tuple[str, ...]


def find_scenes(paths: Sequence[str]) -> Found:
    """The files that arguments of the command line name.

    Args:
        paths: rasters, and folders whose rasters are taken; not those in folders in them.

    Raises:
        InputError: an argument is no local file or folder, or a file of it may not be opened.
    """
    files: list[Path] = []
    refused: list[str] = []
    for name in paths:
        if opened_by_gdal(name):
            raise InputError(f"{name} is no local path; download it and pass the file")
        path = Path(name)
        if not path.exists():
            raise InputError(f"{path} does not exist; check the path")
        if not path.is_dir():
            resolved = path.resolve()
            check_scene(resolved, resolved.parent)
            files.append(resolved)
            continue
        folder = path.resolve()
        inside = sorted(each for each in folder.iterdir() if each.suffix.lower() in SUFFIXES)
        if not inside:
            raise InputError(
                f"{path} holds no rasters ({', '.join(SUFFIXES)}); pass another folder"
            )
        for each in inside:
            try:
                resolved = each.resolve(strict=True)
                if not resolved.is_relative_to(folder):
                    raise InputError(
                        f"{each} is a link that leads out of {folder}; name its target"
                    )
                check_scene(resolved, folder)
            except (InputError, OSError) as error:
                refused.append(" ".join(str(error).split()))
            else:
                files.append(resolved)
    return Found(tuple(dict.fromkeys(files)), tuple(refused))


def check_scene(path: Path, folder: Path) -> None:
    """Refuse what is no plain picture, or names files beyond a folder.

    Args:
        path: resolved.
        folder: resolved; a virtual raster may name files in it.

    Raises:
        ImageError: the file may not be opened, or cannot be.
    """
    if not path.is_file():
        raise ImageError(f"{path} is no file; pass an image")
    if path.suffix.lower() == ".vrt":
        _check_virtual(path, folder, _VRT_DEPTH)
        drivers: tuple[str, ...] = ("VRT",)
    else:
        with path.open("rb") as stream:
            if _VRT_MARK in stream.read(_HEADER):
                raise ImageError(f"{path} is a virtual raster under another name; call it .vrt")
        drivers = _LOCAL
    with open_allowed(path, drivers) as dataset:
        if dataset.count == 0:
            raise ImageError(f"{path} has no bands; pass an image")


@contextmanager
def open_allowed(path: Path, drivers: Sequence[str] = PICTURES) -> Iterator[DatasetReader]:
    """Open a file with some of GDAL's drivers only.

    Raises:
        ImageError: it is in none of their formats, or is damaged.
    """
    try:
        with no_network(), DatasetReader(path, driver=list(drivers)) as dataset:
            yield dataset
    except RasterioError as error:
        raise ImageError(
            f"{path.name} is no image that is taken here ({', '.join(drivers)}), or is damaged: "
            f"{error_line(error)}"
        ) from error


def _check_virtual(path: Path, folder: Path, depth: int) -> None:
    """Refuse a virtual raster with sources out of a folder, and any but the plain kind.

    Raises:
        ImageError: it is no such virtual raster.
    """
    if depth == 0:
        raise ImageError(f"{path} names virtual rasters in virtual rasters; build a plain one")
    if path.stat().st_size > _VRT_BYTES:
        raise ImageError(f"{path} is larger than a virtual raster of files is; pass the files")
    text = path.read_bytes()
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise ImageError(f"{path} holds a document type, which no virtual raster needs")
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise ImageError(f"{path} is no virtual raster: {error}") from error
    if root.tag != "VRTDataset":
        raise ImageError(f"{path} is no virtual raster; its root is {root.tag[:40]}")
    if any("subClass" in element.attrib for element in root.iter()):
        raise ImageError(f"{path} computes its pixels; write them with gdal_translate first")
    for element in root.iter():
        if element.tag not in _SOURCES:
            continue
        source = (path.parent / (element.text or "").strip()).resolve()
        if opened_by_gdal((element.text or "").strip()) or not source.is_relative_to(folder):
            raise ImageError(f"{path} points out of {folder}; its sources must lie in there")
        if not source.is_file():
            raise ImageError(f"{path} names {element.text!r}, which is no file in {folder}")
        if source.suffix.lower() == ".vrt":
            _check_virtual(source, folder, depth - 1)
        else:
            check_scene(source, folder)
