"""A scene on disk: what to read, with one stretch for all of it, as a small description.

The description can be sent to a worker, which opens the scene itself (:class:`SceneReader`).
Statistics come from one decimated view of the scene, so that every tile is stretched, cleared of
margins and filled alike.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from math import floor
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import rasterio
import shapely
from affine import Affine
from numpy.typing import NDArray
from rasterio.errors import RasterioError
from rasterio.io import DatasetReader
from rasterio.windows import Window as RasterWindow

from dgl_rsis.errors import ImageError, InputError
from dgl_rsis.geo.bands import (
    SAMPLE_SIDE,
    BandChoice,
    Limits,
    apply_stretch,
    choose_bands,
    parse_stretch,
    percentile_limits,
    read_bands,
    sample_bands,
)
from dgl_rsis.geo.collar import find_collar, find_collar_part
from dgl_rsis.geo.cropping import crop_window
from dgl_rsis.geo.crs import map_frame
from dgl_rsis.geo.dataset import (
    crs_text,
    error_line,
    frame_of,
    georeference_notes,
    open_raster,
    opened_by_gdal,
    shown_name,
)
from dgl_rsis.geo.mosaic import mosaic_text, scene_files
from dgl_rsis.geo.vector import polygons_mask, read_boxes_or_polygons
from dgl_rsis.geo.windows import Box
from dgl_rsis.types import BoolArray, MapFrame, Raster, RGBImage

_ON_GRID = 1e-3  # pixels that an origin may lie before its pixel by rounding
_SAMPLE_PART = 32  # pixels of a sample that are read at once where the file is damaged
CACHE_BYTES = 64 * 2**20
"""GDAL's cache of blocks in a process; its own default is a share of the machine's memory."""


@dataclass(frozen=True)
class SceneOptions:
    """How a scene is read; see ``geo.raster.read_raster``.

    Attributes:
        bands: band numbers of red, green and blue, or of one band; None goes by the file.
        stretch: how values become 0..255, by the statistics of the whole scene.
        nodata: value of no data; ``"none"`` ignores the one of the file; None takes it.
        collar: whether black margins count as no data.
        bbox: ``minx, miny, maxx, maxy`` of the part to map; None for all.
        aoi: vector file; what lies outside of its polygons is no data.
        gsd: working resolution in metres per pixel; None for that of the file.
        asset: which one of STAC items; None goes by roles, see ``geo.stac``.
    """

    bands: tuple[int, ...] | None = None
    stretch: str = "auto"
    nodata: float | str | None = None
    collar: bool = True
    bbox: tuple[float, ...] | None = None
    aoi: str | None = None
    gsd: float | None = None
    asset: str | None = None


@dataclass(frozen=True)
class SceneSource:
    """What a worker needs to read any part of a scene.

    Attributes:
        name: a path, or the text of a virtual raster over several.
        files: the files of the scene.
        choice: which bands.
        limits: values that become 0 and 255 in each band; None takes them as they are.
        native_shape: height and width of the file in pixels.
        shape: the same at the working resolution: the pixels of tiles and of the map.
        extent: the part that is asked for.
        frame: where the scene lies at the working resolution; None without a georeference.
        fill: colour of what is no data, the mean of the scene.
        margins: ``(h, w)`` bool over the whole scene: black margins as far as a coarse view shows
            them; None without any.
        polygons: in working pixels; None for no limit.
        sample: ``(h, w, 3)`` uint8 coarse view of the whole scene, filled.
        facts: what reading decided, in JSON types, with a digest of the sample.
        notes: what the user may want to know.
    """

    name: str
    files: tuple[str, ...]
    choice: BandChoice
    limits: Limits | None
    native_shape: tuple[int, int]
    shape: tuple[int, int]
    extent: Box
    frame: MapFrame | None
    fill: tuple[int, int, int]
    margins: BoolArray | None
    polygons: tuple[shapely.Geometry, ...] | None
    sample: RGBImage
    facts: Mapping[str, Any]
    notes: tuple[str, ...]

    @property
    def label(self) -> str:
        """A name for people."""
        return self.files[0] if len(self.files) == 1 else f"{len(self.files)} files"

    @property
    def origin(self) -> tuple[int, int]:
        """Column and row of the upper left pixel on the grid that all clips of a map share.

        That grid begins where the coordinates of the map are 0; an image that is rotated or has no
        place on the map is its own grid.
        """
        if self.frame is None or self.frame.crs is None:
            return 0, 0
        a, b, c, d, e, f = self.frame.transform
        if b or d:
            return 0, 0
        return floor(c / a + _ON_GRID), floor(f / e + _ON_GRID)

    def meets_aoi(self, box: Box) -> bool:
        """Whether a box of pixels touches the area of interest."""
        if self.polygons is None:
            return True
        area = shapely.box(box.x0, box.y0, box.x1, box.y1)
        return bool(shapely.intersects(list(self.polygons), area).any())


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
        shape, frame = _working_grid(dataset, options.gsd)
        scale = (dataset.width / shape[1], dataset.height / shape[0])
        polygons = None
        if options.aoi is not None:
            polygons = read_boxes_or_polygons(options.aoi, frame_of(dataset))
        window = crop_window(dataset, options.bbox, polygons)
        extent = _scaled(window, scale, shape)
        if polygons is not None:
            polygons = [shapely.transform(each, lambda xy: xy / scale) for each in polygons]
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
            frame,
            (fill[0], fill[1], fill[2]),
            margins,
            None if polygons is None else tuple(polygons),
            picture,
            facts,
            tuple(notes),
        )


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


def cache_limit() -> rasterio.Env:
    """A context in which GDAL keeps few blocks in memory."""
    return rasterio.Env(GDAL_CACHEMAX=CACHE_BYTES)


def file_facts(files: Sequence[str]) -> dict[str, Any]:
    """Size and time of change of local files, by name: what shows that an input was replaced.

    Raises:
        ImageError: a file is gone.
    """
    facts = {}
    for name in files:
        if opened_by_gdal(name):
            continue
        try:
            status = Path(name).stat()
        except OSError as error:
            raise ImageError(f"{name} cannot be found any more: {error.strerror}") from error
        facts[str(Path(name).resolve())] = [status.st_size, status.st_mtime_ns]
    return facts


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


class SceneReader:
    """An open scene, in the process that reads it."""

    def __init__(self, source: SceneSource) -> None:
        self.source = source
        self._stack = ExitStack()
        self._stack.enter_context(cache_limit())
        self._dataset = self._stack.enter_context(open_raster(source.name))

    def __enter__(self) -> SceneReader:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._stack.close()

    def read(self, box: Box) -> Raster:
        """Read a box of working pixels, which may reach beyond the scene.

        Returns:
            The pixels as the stages see them, with the colour of the scene where there is no
            data; beyond the scene the border is repeated, not valid.

        Raises:
            ImageError: this part of the file is damaged.
        """
        source = self.source
        inside = box & Box(0, 0, source.shape[1], source.shape[0])
        try:
            values, valid = read_bands(self._dataset, source.choice, *self._window(inside))
        except RasterioError as error:
            raise ImageError(
                f"{source.label} cannot be read at columns {inside.x0} to {inside.x1}, rows "
                f"{inside.y0} to {inside.y1}: {error_line(error)}"
            ) from error
        if source.margins is not None:
            valid &= ~find_collar_part(values, valid, self._marked(inside)).mask
        if source.polygons is not None:
            area = shapely.box(inside.x0, inside.y0, inside.x1, inside.y1)
            near = [each for each in source.polygons if shapely.intersects(each, area)]
            covered = polygons_mask(near, valid.shape, inside.x0, inside.y0) if near else False
            valid &= covered
        picture = apply_stretch(values, source.limits)
        picture[~valid] = source.fill
        if inside != box:
            rows = inside.y0 - box.y0, box.y1 - inside.y1
            columns = inside.x0 - box.x0, box.x1 - inside.x1
            picture = np.pad(picture, (rows, columns, (0, 0)), mode="edge")
            valid = np.pad(valid, (rows, columns))
        return Raster(picture, valid, self._frame(box), source.label, source.facts)

    def _window(self, box: Box) -> tuple[RasterWindow, tuple[int, int] | None]:
        """The part of the file behind working pixels, and the shape to shrink it to."""
        source = self.source
        rows, columns = box.shape
        if source.shape == source.native_shape:
            return RasterWindow(box.x0, box.y0, columns, rows), None
        down = source.native_shape[0] / source.shape[0]
        across = source.native_shape[1] / source.shape[1]
        window = RasterWindow(box.x0 * across, box.y0 * down, columns * across, rows * down)
        return window, (rows, columns)

    def _marked(self, box: Box) -> BoolArray:
        """What a coarse view of the scene says of margins at the pixels of a box."""
        margins, shape = self.source.margins, self.source.shape
        assert margins is not None
        rows = (np.arange(box.y0, box.y1) + 0.5) * margins.shape[0] / shape[0]
        columns = (np.arange(box.x0, box.x1) + 0.5) * margins.shape[1] / shape[1]
        marked: BoolArray = margins[np.ix_(rows.astype(int), columns.astype(int))]
        return marked

    def _frame(self, box: Box) -> MapFrame | None:
        """Where a box lies; sizes and north as they are at the centre of the scene."""
        frame = self.source.frame
        return None if frame is None else placed(frame, box)


def placed(frame: MapFrame, box: Box) -> MapFrame:
    """The frame of a part of a scene."""
    moved = Affine(*frame.transform) @ Affine.translation(box.x0, box.y0)
    return MapFrame(moved[:6], frame.crs, frame.metres_per_pixel, frame.north)
