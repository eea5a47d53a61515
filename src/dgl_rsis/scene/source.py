"""A scene on disk: what to read, with one stretch for all of it, as a small description.

The description can be sent to a worker, which opens the scene itself (:class:`SceneReader`);
:mod:`.survey` makes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from math import floor
from types import TracebackType
from typing import Any

import numpy as np
import rasterio
import shapely
from affine import Affine
from rasterio.errors import RasterioError
from rasterio.windows import Window as RasterWindow

from dgl_rsis.errors import ImageError
from dgl_rsis.geo.bands import BandChoice, read_bands
from dgl_rsis.geo.collar import find_collar_part
from dgl_rsis.geo.dataset import error_line, open_raster
from dgl_rsis.geo.stretch import Limits, apply_stretch
from dgl_rsis.geo.vector import polygons_mask
from dgl_rsis.geo.windows import Box
from dgl_rsis.types import BoolArray, MapFrame, Raster, RGBImage

_ON_GRID = 1e-3  # pixels that an origin may lie before its pixel by rounding
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
        """Column and row of the upper left pixel on the grid that all clips of a map share."""
        return grid_origin(self.frame)

    def meets_aoi(self, box: Box) -> bool:
        """Whether a box of pixels touches the area of interest."""
        return meets(self.polygons, box)


def grid_origin(frame: MapFrame | None) -> tuple[int, int]:
    """Column and row of the upper left pixel of a frame on the grid that all clips of a map share.

    That grid begins where the coordinates of the map are 0; an image that is rotated or has no
    place on the map is its own grid.
    """
    if frame is None or frame.crs is None:
        return 0, 0
    a, b, c, d, e, f = frame.transform
    if b or d:
        return 0, 0
    return floor(c / a + _ON_GRID), floor(f / e + _ON_GRID)


def meets(polygons: tuple[shapely.Geometry, ...] | None, box: Box) -> bool:
    """Whether a box touches any of the polygons; there is no limit without any."""
    if polygons is None:
        return True
    area = shapely.box(box.x0, box.y0, box.x1, box.y1)
    return bool(shapely.intersects(list(polygons), area).any())


def cache_limit() -> rasterio.Env:
    """A context in which GDAL keeps few blocks in memory."""
    return rasterio.Env(GDAL_CACHEMAX=CACHE_BYTES)


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
