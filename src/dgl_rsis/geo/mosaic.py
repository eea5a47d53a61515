"""Several rasters as one scene: the text of a GDAL virtual raster, nothing is copied.

Later files lie over earlier ones where they hold data. What no file covers, and what a file says
is no data, is masked. Files of other pixel sizes are resampled as they are read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from affine import Affine
from rasterio.enums import ColorInterp
from rasterio.io import DatasetReader

from dgl_rsis.errors import ImageError, InputError
from dgl_rsis.geo.dataset import crs_text, open_raster, opened_by_gdal

SUFFIXES = (".tif", ".tiff", ".vrt", ".jp2", ".img", ".png", ".jpg", ".jpeg")
"""Files of a folder that belong to its mosaic."""
_LISTS = (".txt", ".lst")
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


def scene_files(images: str | Path | Sequence[str | Path]) -> tuple[str, ...]:
    """The files of a scene.

    Args:
        images: a raster, a folder of rasters, a text file with a path a line, or paths.

    Raises:
        InputError: there is nothing in it.
    """
    if not isinstance(images, str | Path):
        if not images:
            raise InputError("no images: pass at least one path")
        return tuple(str(image) for image in images)
    if opened_by_gdal(str(images)):
        return (str(images),)
    path = Path(images)
    if path.is_dir():
        found = sorted(each for each in path.iterdir() if each.suffix.lower() in SUFFIXES)
        if not found:
            raise InputError(
                f"{path} holds no rasters ({', '.join(SUFFIXES)}); pass another folder"
            )
        return tuple(map(str, found))
    if path.suffix.lower() in _LISTS and path.is_file():
        lines = [line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines()]
        named = [line for line in lines if line and not line.startswith("#")]
        if not named:
            raise InputError(f"{path} names no images; write a path a line")
        return tuple(
            name if opened_by_gdal(name) else str(path.parent / name) for name in named
        )  # an absolute path stays as it is
    return (str(path),)


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
