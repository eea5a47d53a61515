"""The map of a scene at a size that a screen shows."""

from __future__ import annotations

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from PIL import Image
from rasterio.enums import Resampling
from rasterio.features import rasterize

from dgl_rsis.geo.dataset import open_raster
from dgl_rsis.geo.vector import read_table
from dgl_rsis.geo.windows import Box
from dgl_rsis.geo.writer import RASTER_SUFFIXES
from dgl_rsis.results import SegmentResult
from dgl_rsis.scene.scene_map import SceneMap
from dgl_rsis.scene.source import placed
from dgl_rsis.types import MapFrame, Raster

SIDE = 2048  # pixels


def overview(result: SceneMap, longest: int = SIDE) -> SegmentResult:
    """A map over the coarse view of its scene that reading began with.

    Args:
        result: the map; its file must still be there.
        longest: longest side in pixels.

    Returns:
        What ``segment`` returns, smaller; scores are 1 where there is a class, as they are not
        read.

    Raises:
        InputError: the map is no longer there, or cannot be read.
    """
    source = result.source
    rows, columns = source.extent.shape
    factor = max(1.0, max(rows, columns) / longest)
    shape = (max(1, round(rows / factor)), max(1, round(columns / factor)))
    frame = (
        None
        if source.frame is None
        else _shrunk(placed(source.frame, source.extent), source.extent, shape)
    )
    labels = _labels(result, shape, frame)
    picture = Image.fromarray(source.sample).resize(
        (shape[1], shape[0]), Image.Resampling.BILINEAR, box=_box_in_sample(result)
    )
    raster = Raster(np.asarray(picture), np.ones(shape, bool), frame, source.label)
    scores = (labels >= 0).astype(np.float32)
    return SegmentResult(labels, scores, result.classes, raster, "overview")


def _box_in_sample(result: SceneMap) -> tuple[float, float, float, float]:
    """The mapped part in pixels of the coarse view."""
    source = result.source
    down = source.sample.shape[0] / source.shape[0]
    across = source.sample.shape[1] / source.shape[1]
    part = source.extent
    return part.x0 * across, part.y0 * down, part.x1 * across, part.y1 * down


def _shrunk(frame: MapFrame, part: Box, shape: tuple[int, int]) -> MapFrame:
    """The frame of a part that is shown with fewer pixels."""
    across, down = part.shape[1] / shape[1], part.shape[0] / shape[0]
    metres = frame.metres_per_pixel
    return MapFrame(
        (Affine(*frame.transform) @ Affine.scale(across, down))[:6],
        frame.crs,
        None if metres is None else (metres[0] * across, metres[1] * down),
        frame.north,
    )


def _labels(result: SceneMap, shape: tuple[int, int], frame: MapFrame | None) -> NDArray[np.int16]:
    """The file of the map on a smaller grid."""
    if result.path.suffix.lower() in RASTER_SUFFIXES:
        with open_raster(result.path) as dataset:
            codes = dataset.read(1, out_shape=shape, resampling=Resampling.nearest)
        return np.asarray(codes, np.int16) - np.int16(1)
    table = read_table(result.path)
    labels = np.full(shape, -1, np.int16)
    if table is None or table.empty:
        return labels
    if table.crs is not None and frame is not None and frame.crs is not None:
        table = table.to_crs(frame.crs)  # GeoJSON is in degrees
    codes = table["class"].map({name: code for code, name in enumerate(result.classes)})
    transform = Affine.identity() if frame is None else Affine(*frame.transform)
    rasterize(zip(table.geometry, codes, strict=True), out=labels, transform=transform)
    return labels
