"""Several rasters as one scene: the text of a GDAL virtual raster, nothing is copied.

Later files lie over earlier ones where they hold data. What no file covers, and what a file says
is no data, is masked. Files of other pixel sizes are resampled as they are read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit
from urllib.request import urlopen
from xml.etree import ElementTree

import numpy as np
from affine import Affine
from rasterio.enums import ColorInterp
from rasterio.io import DatasetReader

from dgl_rsis.errors import ImageError, InputError
from dgl_rsis.geo.dataset import SUFFIXES, crs_text, open_raster, opened_by_gdal
from dgl_rsis.geo.stac import resolved, stac_files

_HTTP = ("http://", "https://")
_LISTS = (".txt", ".lst")
_STAC = (".json", ".geojson")
_STAC_PAGES = ("items", "search")  # ends of URLs of a STAC API
_TIMEOUT = 60.0  # seconds until a server counts as silent
_TYPES = {
    "uint8": "Byte",
    "int8": "Int8",
    "uint16": "UInt16",
    "int16": "Int16",
    "uint32": "UInt32",
    "int32": "Int32",
    "float32": "Float32",
    "float64": "Float64",
}
_SNAP = 1e-3  # pixels by which an edge may miss the grid of the mosaic


@dataclass(frozen=True)
class _Part:
    """One file: its name, size in pixels, and its rectangle ``x0, y0, x1, y1`` on the map."""

    name: str
    width: int
    height: int
    bounds: tuple[float, float, float, float]


def names_files(images: str | Path) -> bool:
    """Whether something is no raster but a folder, a list or a STAC document that names some."""
    name = str(images)
    return (not opened_by_gdal(name) and Path(name).is_dir()) or _is_list(name) or _is_stac(name)


def scene_files(
    images: str | Path | Sequence[str | Path], asset: str | None = None
) -> tuple[str, ...]:
    """The files of a scene.

    Args:
        images: a raster, a folder of rasters, a text file with a path or URL a line, a STAC
            ItemCollection or Item (.json, .geojson), the URL of a text file or of one of those,
            or paths.
        asset: of each STAC item; None goes by roles, see ``geo.stac``.

    Raises:
        InputError: there is nothing in it, it cannot be read, or ``asset`` is given without STAC.
    """
    if asset is not None and not (isinstance(images, str | Path) and _is_stac(str(images))):
        raise InputError(f"asset {asset!r} is that of STAC items, and the input is none; leave it")
    if not isinstance(images, str | Path):
        if not images:
            raise InputError("no images: pass at least one path")
        return tuple(str(image) for image in images)
    name = str(images)
    if _is_stac(name):
        return stac_files(name, _text, asset)
    if _is_list(name):
        lines = [line.strip() for line in _text(name).splitlines()]
        named = [line for line in lines if line and not line.startswith("#")]
        if not named:
            raise InputError(f"{name} names no images; write a path or URL a line")
        return tuple(resolved(each, name) for each in named)
    if opened_by_gdal(name):
        return (name,)
    path = Path(images)
    if path.is_dir():
        found = sorted(each for each in path.iterdir() if each.suffix.lower() in SUFFIXES)
        if not found:
            raise InputError(
                f"{path} holds no rasters ({', '.join(SUFFIXES)}); pass another folder"
            )
        return tuple(map(str, found))
    return (str(path),)


def _is_list(name: str) -> bool:
    return _suffix(name) in _LISTS


def _is_stac(name: str) -> bool:
    is_page = name.startswith(_HTTP) and urlsplit(name).path.rstrip("/").endswith(_STAC_PAGES)
    return is_page or _suffix(name) in _STAC


def _suffix(name: str) -> str | None:
    """Suffix of a local file or of a URL that can be read as text; None for what only GDAL reads."""
    if name.startswith(_HTTP):
        return PurePosixPath(urlsplit(name).path).suffix.lower()
    return None if opened_by_gdal(name) else Path(name).suffix.lower()


def _text(name: str) -> str:
    """Text of a file or URL.

    Raises:
        InputError: it cannot be read.
    """
    try:
        if name.startswith(_HTTP):
            with urlopen(name, timeout=_TIMEOUT) as answer:
                return str(answer.read().decode("utf-8-sig"))
        return Path(name).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError(f"{name} does not exist; check the path") from None
    except (OSError, HTTPException, UnicodeDecodeError) as error:
        raise InputError(f"{name} cannot be read: {error}; check the address") from error


def mosaic_text(files: Sequence[str], nodata: float | str | None = None) -> str:
    """A virtual raster over files with the same bands, type and CRS, on the finest of their grids.

    Args:
        files: at least one; later ones lie on top.
        nodata: as for ``choose_bands``: a number marks no data in every file, ``"none"`` takes all
            that a file covers as data, None goes by the files.

    Raises:
        ImageError: a file differs from the first, is rotated or has no place on the map.
    """
    with open_raster(files[0]) as first:
        _check_alone(first, files[0])
        facts = first.count, first.dtypes, crs_text(first)
        colours = first.colorinterp
        nodata_of_file = first.nodata
        places = [_part(first, files[0])]
        pixel = [first.transform.a, -first.transform.e]
    for name in files[1:]:
        with open_raster(name) as dataset:
            _check_alone(dataset, name)
            if (dataset.count, dataset.dtypes, crs_text(dataset)) != facts:
                raise ImageError(
                    f"{name} differs from {files[0]} in bands, data type or CRS; warp it "
                    "(gdalwarp) or leave it out"
                )
            places.append(_part(dataset, name))
            pixel[0] = min(pixel[0], dataset.transform.a)
            pixel[1] = min(pixel[1], -dataset.transform.e)
    lows = np.min([part.bounds for part in places], axis=0)
    highs = np.max([part.bounds for part in places], axis=0)
    transform = Affine(pixel[0], 0, lows[0], 0, -pixel[1], highs[3])
    width, height = (
        max(1, round(float(extent) / side))
        for extent, side in zip(highs[2:] - lows[:2], pixel, strict=True)
    )
    root = ElementTree.Element("VRTDataset", rasterXSize=str(width), rasterYSize=str(height))
    if facts[2] is not None:
        ElementTree.SubElement(root, "SRS", dataAxisToSRSAxisMapping="1,2").text = facts[2]
    numbers = (transform.c, transform.a, 0.0, transform.f, 0.0, transform.e)
    ElementTree.SubElement(root, "GeoTransform").text = ", ".join(map(repr, map(float, numbers)))
    ignored = isinstance(nodata, str) and nodata.strip().lower() == "none"
    value = None if ignored else nodata_of_file if nodata is None else float(nodata)
    by_mask = None if ignored or value is not None else True
    for index in range(1, facts[0] + 1):
        kind = _TYPES[facts[1][index - 1]]
        band = ElementTree.SubElement(root, "VRTRasterBand", dataType=kind, band=str(index))
        ElementTree.SubElement(band, "ColorInterp").text = colours[index - 1].name.capitalize()
        if value is not None:
            ElementTree.SubElement(band, "NoDataValue").text = repr(value)
        for part in places:
            source = _add_source(band, part, transform, str(index))
            if by_mask:
                ElementTree.SubElement(source, "UseMaskBand").text = "true"
            elif value is not None:
                ElementTree.SubElement(source, "NODATA").text = repr(value)
    if value is None:
        mask = ElementTree.SubElement(ElementTree.SubElement(root, "MaskBand"), "VRTRasterBand")
        mask.set("dataType", "Byte")
        # what is marked as alpha may be measurements: that is decided where bands are chosen
        own = by_mask and ColorInterp.alpha not in colours
        for part in places:
            source = _add_source(mask, part, transform, "mask,1" if own else "1")
            if own:
                ElementTree.SubElement(source, "UseMaskBand").text = "true"
            else:
                ElementTree.SubElement(source, "ScaleOffset").text = "255"
                ElementTree.SubElement(source, "ScaleRatio").text = "0"
    return ElementTree.tostring(root, encoding="unicode")


def _check_alone(dataset: DatasetReader, name: str) -> None:
    transform = dataset.transform
    if transform == Affine.identity():
        raise ImageError(f"{name} has no place on the map; a mosaic needs georeferenced files")
    if transform.b or transform.d or transform.a <= 0 or transform.e >= 0:
        raise ImageError(f"{name} is rotated or upside down; warp it (gdalwarp) before a mosaic")
    if not set(dataset.dtypes) <= set(_TYPES):
        raise ImageError(f"{name} holds {dataset.dtypes[0]} values; convert it to real numbers")
    if ColorInterp.palette in dataset.colorinterp:
        raise ImageError(f"{name} has a palette; expand it (gdal_translate -expand rgb) first")


def _part(dataset: DatasetReader, name: str) -> _Part:
    x0, y1 = dataset.transform @ (0, 0)
    x1, y0 = dataset.transform @ (dataset.width, dataset.height)
    full = name if opened_by_gdal(name) else str(Path(name).resolve())
    return _Part(full, dataset.width, dataset.height, (x0, y0, x1, y1))


def _add_source(
    band: ElementTree.Element, part: _Part, transform: Affine, source_band: str
) -> ElementTree.Element:
    """Place a file in a band of the mosaic."""
    left, top = ~transform @ (part.bounds[0], part.bounds[3])
    right, bottom = ~transform @ (part.bounds[2], part.bounds[1])
    x0, y0, x1, y1 = (_snapped(value) for value in (left, top, right, bottom))
    sizes = (x1 - x0, y1 - y0)
    same_grid = sizes == (part.width, part.height) and (x0, y0) == (int(x0), int(y0))
    source = ElementTree.SubElement(band, "ComplexSource")
    is_mask = band.get("band") is None
    source.set("resampling", "nearest" if same_grid or is_mask else "bilinear")
    ElementTree.SubElement(source, "SourceFilename", relativeToVRT="0").text = part.name
    ElementTree.SubElement(source, "SourceBand").text = source_band
    _rectangle(source, "SrcRect", (0, 0, part.width, part.height))
    _rectangle(source, "DstRect", (x0, y0, *sizes))
    return source


def _rectangle(
    parent: ElementTree.Element, name: str, values: tuple[float, float, float, float]
) -> None:
    names = ("xOff", "yOff", "xSize", "ySize")
    texts = (repr(float(value)) for value in values)
    ElementTree.SubElement(parent, name, dict(zip(names, texts, strict=True)))


def _snapped(value: float) -> float:
    """A position in pixels, on the grid where it misses it by rounding only."""
    nearest = round(value)
    return float(nearest) if abs(value - nearest) < _SNAP else value
