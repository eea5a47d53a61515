"""Images in: any raster that GDAL reads, any picture, any array, as one :class:`Raster`.

What the file does not say plainly is decided here once, for all stages, and written into
``facts``: bands (:mod:`.bands`), stretch, "no data", black margins (:mod:`.collar`), the part
that is read (:mod:`.cropping`). docs/design.md 3.1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from rasterio.io import DatasetReader
from rasterio.windows import Window as RasterWindow

from dgl_rsis.errors import ImageError, InputError
from dgl_rsis.geo.bands import BandChoice, choose_bands, read_bands, sample_bands
from dgl_rsis.geo.collar import Collar, find_collar, find_collar_part
from dgl_rsis.geo.cropping import crop_window
from dgl_rsis.geo.crs import north_degrees
from dgl_rsis.geo.dataset import (
    crs_text,
    error_line,
    frame_of,
    georeference_notes,
    map_bounds,
    open_raster,
)
from dgl_rsis.geo.stretch import (
    Limits,
    Stretch,
    apply_stretch,
    parse_stretch,
    percentile_limits,
)
from dgl_rsis.geo.vector import polygons_mask, read_boxes_or_polygons
from dgl_rsis.types import BoolArray, Raster

if TYPE_CHECKING:
    from PIL.Image import Image


def read_raster(
    path: str | Path,
    *,
    bands: Sequence[int] | None = None,
    stretch: str = "auto",
    nodata: float | str | None = None,
    collar: bool = True,
    bbox: Sequence[float] | None = None,
    aoi: str | Path | None = None,
) -> Raster:
    """Read an image, or a part of it, as the stages see it.

    Args:
        path: any raster that GDAL reads.
        bands: one or three band numbers from 1; None goes by the colour interpretation.
        stretch: ``auto`` (uint8 as it is, else ``p2-98``), ``pLOW-HIGH`` (percentiles of the
            whole scene), ``minmax``, ``none`` or ``LOW,HIGH``.
        nodata: value of "no data"; ``"none"`` to ignore the one in the file; None to use it.
        collar: whether black margins that the file does not declare count as "no data".
        bbox: ``minx, miny, maxx, maxy`` of the part to read, in the CRS of the raster, or in
            pixels if it has no georeference. Pixels that it touches are read.
        aoi: vector file with polygons in any CRS; what lies outside is not valid.

    Returns:
        The image with its frame; a part of an image has the frame of that part.

    Raises:
        ImageError: if the file cannot be read, its bands are ambiguous or nothing in it is valid.
        InputError: if an option makes no sense or ``bbox`` or ``aoi`` miss the image.
    """
    with open_raster(path) as dataset:
        choice = choose_bands(dataset, bands, nodata)
        polygons = None if aoi is None else read_boxes_or_polygons(aoi, frame_of(dataset))
        window = crop_window(dataset, bbox, polygons)
        values, valid = read_bands(dataset, choice, window)
        rule = parse_stretch(stretch, values.dtype)
        facts: dict[str, Any] = {
            "bands": list(choice.indexes),
            "bands_reason": choice.reason,
            "alpha": choice.alpha,
            "dtype": dataset.dtypes[choice.indexes[0] - 1],
            "nodata": [_json_number(value) for value in choice.nodata],
            "nodata_share": _share(~valid),
            "window": [int(window.col_off), int(window.row_off), *valid.shape[::-1]],
            "scene_shape": [dataset.height, dataset.width],
            "stretch": stretch,
        }
        notes = [*choice.notes, *georeference_notes(dataset)]
        if collar and valid.any():
            found = _collar(dataset, choice, window, values, valid)
            valid &= ~found.mask
            facts["collar_share"] = _share(found.mask)
            notes += found.notes
        if not valid.any():
            part = " in the part asked for" if valid.shape != dataset.shape else ""
            raise ImageError(
                f"{path} has no valid pixel{part}; check its nodata value "
                "(--nodata none ignores it)"
            )
        if polygons is not None:
            valid &= polygons_mask(polygons, valid.shape, int(window.col_off), int(window.row_off))
            if not valid.any():
                raise InputError(f"{aoi} covers no valid pixel of {path}; check its polygons")
        limits = _limits(dataset, choice, rule, collar=collar)
        frame = frame_of(dataset, window)
    facts["stretch_limits"] = None if limits is None else [list(limit) for limit in limits]
    facts["notes"] = notes
    return Raster(apply_stretch(values, limits), valid, frame, str(path), facts)


def _collar(
    dataset: DatasetReader,
    choice: BandChoice,
    window: RasterWindow,
    values: NDArray[Any],
    valid: BoolArray,
) -> Collar:
    if valid.shape == dataset.shape:
        return find_collar(values, valid)
    scene = find_collar(*sample_bands(dataset, choice)).mask
    rows = (window.row_off + np.arange(window.height) + 0.5) * scene.shape[0] / dataset.height
    columns = (window.col_off + np.arange(window.width) + 0.5) * scene.shape[1] / dataset.width
    marked = scene[np.ix_(rows.astype(int), columns.astype(int))]
    return find_collar_part(values, valid, marked)


def _limits(
    dataset: DatasetReader, choice: BandChoice, rule: Stretch | None, *, collar: bool
) -> Limits | None:
    if rule is None:
        return None
    if not rule.is_percentile:
        return ((rule.low, rule.high),) * (3 if choice.palette else len(choice.indexes))
    values, valid = sample_bands(dataset, choice)
    if collar and valid.any():
        valid &= ~find_collar(values, valid).mask
    if not valid.any():  # the few valid pixels fall between those of the sample
        values, valid = read_bands(dataset, choice)
    return percentile_limits(values, valid, rule)


def _share(mask: BoolArray) -> float:
    return round(float(mask.mean()), 6)


def _json_number(value: float | None) -> float | str | None:
    """JSON has no NaN and no infinity."""
    return value if value is None or math.isfinite(value) else str(value)


def as_raster(image: str | Path | Image | NDArray[np.uint8] | Raster) -> Raster:
    """Take an image in any form that the public functions accept.

    Args:
        image: a path (read with default options), a PIL image, a uint8 ``(H, W, 3)`` array, or a
            raster that was read already.

    Raises:
        ImageError: if it is none of these or cannot be read.
    """
    if isinstance(image, Raster):
        return image
    if isinstance(image, str | Path):
        return read_raster(image)
    if isinstance(image, np.ndarray):
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
            raise ImageError(
                f"an array must be uint8 (H, W, 3), not {image.dtype} {image.shape}; convert it, "
                "or save it as a raster and pass the path"
            )
        if image.size == 0:
            raise ImageError(f"the array of shape {image.shape} has no pixels")
        return Raster(np.ascontiguousarray(image), np.ones(image.shape[:2], dtype=bool))
    return _from_picture(image)


def _from_picture(image: Image) -> Raster:
    from PIL import Image as pillow

    if not isinstance(image, pillow.Image):
        raise ImageError(
            f"an image must be a path, a PIL image, a uint8 (H, W, 3) array or a Raster, "
            f"not {type(image).__name__}"
        )
    if image.mode not in ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr"):
        raise ImageError(
            f"a PIL image of mode {image.mode} is not 8 bits per band; convert it to RGB, or pass "
            "the path so that it is stretched"
        )
    if 0 in image.size:
        raise ImageError(f"the PIL image of size {image.size} has no pixels")
    try:
        rgba = image.convert("RGBA") if image.has_transparency_data else None
        rgb = np.array(image.convert("RGB") if rgba is None else rgba)
    except OSError as error:
        raise ImageError(f"the PIL image is damaged or cut short: {error_line(error)}") from error
    valid = np.ones(rgb.shape[:2], dtype=bool) if rgba is None else rgb[..., 3] > 0
    if not valid.any():
        raise ImageError("the PIL image is fully transparent; pass one with visible pixels")
    return Raster(np.ascontiguousarray(rgb[..., :3]), valid)


def describe(path: str | Path) -> dict[str, Any]:
    """What a raster says about itself and what reading it would take, in JSON types.

    Raises:
        ImageError: if the file cannot be opened.
    """
    with open_raster(path) as dataset:
        frame = frame_of(dataset)
        metres = None if frame is None else frame.metres_per_pixel
        try:
            choice: BandChoice | None = choose_bands(dataset, None, None)
            problem = []
        except ImageError as error:
            choice, problem = None, [str(error)]
        height, width = dataset.shape
        item_bytes = np.dtype(dataset.dtypes[0]).itemsize
        bands_read = 3 if choice is None else len(choice.indexes)
        located = frame is not None
        north = None if frame is None else north_degrees(frame)
        return {
            "path": str(path),
            "driver": dataset.driver,
            "width": width,
            "height": height,
            "bands": dataset.count,
            "dtype": dataset.dtypes[0],
            "colour_interpretation": [colour.name for colour in dataset.colorinterp],
            "bands_to_read": None if choice is None else list(choice.indexes),
            "nodata": [_json_number(value) for value in dataset.nodatavals],
            "alpha": None if choice is None else choice.alpha,
            "crs": crs_text(dataset),
            "transform": list(dataset.transform[:6]) if located else None,
            "bounds": list(map_bounds(dataset)) if located else None,
            "metres_per_pixel": None if metres is None else list(metres),
            "north_degrees": north,
            "compression": dataset.compression.name if dataset.compression else None,
            "block_shape": list(dataset.block_shapes[0]),
            "overviews": dataset.overviews(1),
            # values as stored, the float64 copy of one band while stretching, picture, mask
            "memory_bytes": height * width * (bands_read * item_bytes + 8 + 3 + 1),
            "notes": [
                *problem,
                *(() if choice is None else choice.notes),
                *georeference_notes(dataset),
            ],
        }
