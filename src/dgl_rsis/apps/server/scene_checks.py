"""Which files may be opened as scenes: those that lead to no file beyond their folder.

Four things lead GDAL from a file to others: the sources of a virtual raster, names in metadata and
in files of ERDAS IMAGINE, and files beside it with the same name and another ending.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Set
from pathlib import Path

from rasterio.io import DatasetReader

from dgl_rsis.apps.server.erdas_names import naming_parts
from dgl_rsis.apps.server.opening import LOCAL, open_allowed
from dgl_rsis.apps.server.virtual_rasters import sources_of
from dgl_rsis.errors import ImageError

_HEADER = 4096  # bytes in which GDAL looks for marks of formats
_VRT_MARK = b"<vrtdataset"
_DEEPEST = 5  # files that name files that name files
_PICTURES = (".ovr", ".msk")  # rasters in any format
_SIDES = (".aux.xml", ".aux", ".rrd", ".ige")  # in formats of their own
_BESIDE = ":::BASE:::"  # before a name that counts from the folder of the file
_WAY = re.compile(rb"[\w.-]/[\w.-]")  # into another folder
NAMING = {"OVERVIEWS": ("OVERVIEW_FILE",), "GEOLOCATION": ("X_DATASET", "Y_DATASET")}
"""Domains of metadata -> items whose values GDAL opens."""


def check_scene(path: Path, folder: Path) -> None:
    """Refuse what is no plain picture, or names files beyond a folder.

    Args:
        path: resolved.
        folder: resolved; files in it may be named.

    Raises:
        ImageError: the file may not be opened, or cannot be.
    """
    _check(path, folder, _DEEPEST)


def _check(path: Path, folder: Path, depth: int) -> None:
    if depth == 0:
        raise ImageError(f"{path} belongs to a long chain of files that name files; shorten it")
    if not path.is_file():
        raise ImageError(f"{path} is no file; pass an image")
    if path.suffix.lower() == ".vrt":
        for source in sources_of(path, folder):
            _check(source, folder, depth - 1)
        drivers: tuple[str, ...] = ("VRT",)
    else:
        with path.open("rb") as stream:
            if _VRT_MARK in stream.read(_HEADER).lower():
                raise ImageError(f"{path} is a virtual raster under another name; call it .vrt")
        _check_parts(path, folder)
        drivers = LOCAL
    for picture in _beside(path, {path.name + ending for ending in _PICTURES}, folder):
        _check(picture, folder, depth - 1)
    starts = (path.name, path.stem)
    _beside(path, {start + ending for start in starts for ending in _SIDES}, folder)
    with open_allowed(path, drivers) as dataset:
        if dataset.count == 0:
            raise ImageError(f"{path} has no bands; pass an image")
        for named in _named(dataset, path, folder):
            _check(named, folder, depth - 1)
        for name in dataset.files:
            _inside(Path(name), path, folder)


def _check_parts(path: Path, folder: Path) -> None:
    """Refuse a file of ERDAS IMAGINE that names files elsewhere.

    Raises:
        ImageError: it is such a file.
    """
    named = naming_parts(path)
    if _WAY.search(named):
        raise ImageError(f"{path} names files in other folders; write it anew as GeoTIFF")
    for each in path.parent.iterdir() if named else ():
        if each.is_symlink() and os.fsencode(each.name) in named:
            _inside(each, path, folder)


def _beside(path: Path, names: Set[str], folder: Path) -> list[Path]:
    """Files beside one that have one of these names, in any case; resolved.

    Raises:
        ImageError: one is a link out of the folder.
    """
    wanted = {name.lower() for name in names}
    return [
        _inside(each, path, folder) for each in path.parent.iterdir() if each.name.lower() in wanted
    ]


def _named(dataset: DatasetReader, path: Path, folder: Path) -> Iterator[Path]:
    """Files that metadata of a raster name, resolved.

    Raises:
        ImageError: one is no file in the folder, or not named by a path that says which it is.
    """
    for domain, items in NAMING.items():
        for item, value in dataset.tags(ns=domain).items():
            if item.upper() not in items:
                continue
            name = value.removeprefix(_BESIDE)
            if ":" in name or not (value.startswith(_BESIDE) or Path(name).is_absolute()):
                raise ImageError(
                    f"{path} names {value[:60]!r} in its metadata ({item}), which is no plain "
                    "path; write it anew with gdal_translate -nomd"
                )
            yield _inside(path.parent / name, path, folder)


def _inside(other: Path, path: Path, folder: Path) -> Path:
    """A file that is read with a scene, resolved.

    Raises:
        ImageError: it lies out of the folder.
    """
    resolved = other.resolve()
    if not resolved.is_relative_to(folder):
        raise ImageError(
            f"{path} leads out of {folder} to {resolved}, by a name in it or a link beside it; "
            "write it anew with gdal_translate, or remove the link"
        )
    return resolved
