"""A look at a scene before it is read: bands, statistics, extent.

Statistics come from one decimated view of the scene, so that every tile is stretched, cleared of
margins and filled alike.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from rasterio.errors import RasterioError
from rasterio.io import DatasetReader
from rasterio.windows import Window as RasterWindow

from dgl_rsis.errors import ImageError, InputError
from dgl_rsis.geo.bands import SAMPLE_SIDE, BandChoice, choose_bands, read_bands, sample_bands
from dgl_rsis.geo.collar import find_collar
from dgl_rsis.geo.cropping import crop_window
from dgl_rsis.geo.crs import map_frame
from dgl_rsis.geo.dataset import (
    crs_text,
    error_line,
    frame_of,
    georeference_notes,
    open_raster,
    shown_name,
)
from dgl_rsis.geo.mosaic import mosaic_text, scene_files
from dgl_rsis.geo.stretch import apply_stretch, parse_stretch, percentile_limits
from dgl_rsis.geo.vector import read_boxes_or_polygons
from dgl_rsis.geo.windows import Box
from dgl_rsis.scene.source import SceneOptions, SceneSource, cache_limit
from dgl_rsis.types import BoolArray, MapFrame

_SAMPLE_PART = 32  # pixels of a sample that are read at once where the file is damaged


def plan_source(
    images: str | Path | Sequence[str | Path], options: SceneOptions = SceneOptions()
) -> SceneSource:
    """Look at a scene once: bands, statistics, extent.

    Args:
        images: a raster, a folder, a list file, a STAC document, or paths; several are one mosaic.
        options: how to read it.

    Raises:
        ImageError: a file cannot be read, or nothing in the scene is valid.
        InputError: an option makes no sense for it.
    """
    files = scene_files(images, options.asset)
    name = files[0] if len(files) == 1 else mosaic_text(files, options.nodata)
    with cache_limit(), open_raster(name) as dataset:
        choice = choose_bands(dataset, options.bands, options.nodata)
        values, valid, damage = _sample(dataset, choice)
        digest = hashlib.blake2b(values.tobytes() + valid.tobytes(), digest_size=16).hexdigest()
        marks = find_collar(values, valid) if options.collar and valid.any() else None
        notes = [*choice.notes, *georeference_notes(dataset), *(marks.notes if marks else ())]
        notes += damage
        margins = marks.mask if marks is not None and marks.mask.any() else None
        if margins is not None:
            valid &= ~margins
        if not valid.any():
            raise ImageError(
                f"{shown_name(name)} has no valid pixel in a view of {valid.shape[1]} x "
                f"{valid.shape[0]}; check its nodata value (--nodata none ignores it)"
            )
        rule = parse_stretch(options.stretch, values.dtype)
        if rule is None:
            limits = None
        elif rule.is_percentile:
            limits = percentile_limits(values, valid, rule)
        else:
            limits = ((rule.low, rule.high),) * len(values)
        picture = apply_stretch(values, limits)
        fill = tuple(np.round(picture[valid].mean(0)).astype(int).tolist())
        picture[~valid] = fill
        outline = _outline(dataset, options)
        shape, extent = outline.shape, outline.extent
        facts: dict[str, Any] = {
            "file_count": len(files),
            "driver": dataset.driver,
            "bands": list(choice.indexes),
            "bands_reason": choice.reason,
            "alpha": choice.alpha,
            "dtype": dataset.dtypes[choice.indexes[0] - 1],
            "nodata": [None if value is None else str(value) for value in choice.nodata],
            "native_shape": [dataset.height, dataset.width],
            "working_shape": list(shape),
            "window": [extent.x0, extent.y0, *extent.shape[::-1]],
            "crs": crs_text(dataset),
            "stretch": options.stretch,
            "stretch_limits": None if limits is None else [list(limit) for limit in limits],
            "sample_shape": list(valid.shape),
            "sample_valid_share": round(float(valid.mean()), 6),
            "sample_digest": digest,
        }
        return SceneSource(
            name,
            files,
            choice,
            limits,
            (dataset.height, dataset.width),
            shape,
            extent,
            outline.frame,
            (fill[0], fill[1], fill[2]),
            margins,
            outline.polygons,
            picture,
            facts,
            tuple(notes),
        )


@dataclass(frozen=True)
class SceneOutline:
    """What the header of a scene says of the part that is asked for.

    Attributes:
        shape: height and width at the working resolution.
        extent: the part.
        frame: where the scene lies; None without a georeference.
        polygons: of the area of interest, in working pixels; None for no limit.
    """

    shape: tuple[int, int]
    extent: Box
    frame: MapFrame | None
    polygons: tuple[shapely.Geometry, ...] | None


def outline_scene(images: str | Path, options: SceneOptions) -> SceneOutline:
    """What is asked for of a scene, without a look at any pixel.

    Raises:
        ImageError: a file cannot be read.
        InputError: an option makes no sense for the scene.
    """
    files = scene_files(images, options.asset)
    name = files[0] if len(files) == 1 else mosaic_text(files, options.nodata)
    with open_raster(name) as dataset:
        return _outline(dataset, options)


def _outline(dataset: DatasetReader, options: SceneOptions) -> SceneOutline:
    shape, frame = _working_grid(dataset, options.gsd)
    scale = (dataset.width / shape[1], dataset.height / shape[0])
    polygons = None
    if options.aoi is not None:
        polygons = read_boxes_or_polygons(options.aoi, frame_of(dataset))
    extent = _scaled(crop_window(dataset, options.bbox, polygons), scale, shape)
    if polygons is not None:
        polygons = [shapely.transform(each, lambda xy: xy / scale) for each in polygons]
    return SceneOutline(shape, extent, frame, None if polygons is None else tuple(polygons))


def pixels_asked(images: str | Path, options: SceneOptions) -> int:
    """Pixels of the part of a scene that is asked for, as stored, by its header alone.

    Raises:
        ImageError: a file cannot be read.
        InputError: ``bbox`` or ``aoi`` miss the scene.
    """
    files = scene_files(images, options.asset)
    name = files[0] if len(files) == 1 else mosaic_text(files, options.nodata)
    with open_raster(name) as dataset:
        polygons = None
        if options.aoi is not None:
            polygons = read_boxes_or_polygons(options.aoi, frame_of(dataset))
        window = crop_window(dataset, options.bbox, polygons)
        return int(window.width) * int(window.height)


def _sample(
    dataset: DatasetReader, choice: BandChoice
) -> tuple[NDArray[Any], BoolArray, list[str]]:
    """``sample_bands``, and a note: parts of a damaged file that cannot be read are no data.

    Raises:
        RasterioError: nothing of it can be read.
    """
    try:
        return *sample_bands(dataset, choice), []
    except RasterioError as error:
        height, width = min(dataset.height, SAMPLE_SIDE), min(dataset.width, SAMPLE_SIDE)
        down, across = dataset.height / height, dataset.width / width
        values: NDArray[Any] | None = None
        valid = np.zeros((height, width), bool)
        for row in range(0, height, _SAMPLE_PART):
            for column in range(0, width, _SAMPLE_PART):
                rows, columns = min(_SAMPLE_PART, height - row), min(_SAMPLE_PART, width - column)
                window = RasterWindow(column * across, row * down, columns * across, rows * down)
                try:
                    part, here = read_bands(dataset, choice, window, (rows, columns))
                except RasterioError:  # said below, and again for the tile
                    continue
                place = slice(row, row + rows), slice(column, column + columns)
                if values is None:
                    values = np.zeros((len(part), height, width), part.dtype)
                values[:, *place] = part
                valid[place] = here
        if values is None:
            raise
        return values, valid, [f"a part of the image cannot be read: {error_line(error)}"]


def _working_grid(
    dataset: DatasetReader, gsd: float | None
) -> tuple[tuple[int, int], MapFrame | None]:
    """Shape and frame of the scene at the working resolution."""
    frame = frame_of(dataset)
    native = (int(dataset.height), int(dataset.width))
    if gsd is None:
        return native, frame
    area = None if frame is None else frame.pixel_area_m2
    if area is None:
        raise InputError(
            f"{shown_name(dataset.name)} does not say how large its pixels are, so gsd means "
            "nothing; leave it out"
        )
    ratio = gsd / float(np.sqrt(area))
    if ratio < 1 - 1e-6:
        raise InputError(
            f"gsd {gsd:g} is finer than the pixels of {shown_name(dataset.name)} "
            f"({np.sqrt(area):.4g} m), which are not enlarged; leave it out"
        )
    shape = (max(1, round(native[0] / ratio)), max(1, round(native[1] / ratio)))
    scale = Affine.scale(native[1] / shape[1], native[0] / shape[0])
    return shape, map_frame((dataset.transform @ scale)[:6], crs_text(dataset), shape)


def _scaled(window: RasterWindow, scale: tuple[float, float], shape: tuple[int, int]) -> Box:
    """Working pixels that a window of the file touches."""
    x0, y0 = int(window.col_off / scale[0]), int(window.row_off / scale[1])
    x1 = int(np.ceil((window.col_off + window.width) / scale[0] - 1e-6))
    y1 = int(np.ceil((window.row_off + window.height) / scale[1] - 1e-6))
    return Box(x0, y0, min(max(x1, x0 + 1), shape[1]), min(max(y1, y0 + 1), shape[0]))
