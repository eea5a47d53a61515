"""Tiles of 256 pixels in Web Mercator: of scenes as the model sees them, and of results."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.crs import CRS
from rasterio.io import DatasetReader
from rasterio.windows import Window as RasterWindow

from dgl_rsis.apps.server.opening import guarded
from dgl_rsis.apps.server.placing import MERCATOR, WORLD, Placement
from dgl_rsis.apps.server.problems import Problem
from dgl_rsis.errors import ImageError
from dgl_rsis.geo.bands import BandChoice, read_bands
from dgl_rsis.geo.dataset import open_raster
from dgl_rsis.geo.stretch import Limits as StretchLimits
from dgl_rsis.geo.stretch import apply_stretch
from dgl_rsis.types import BoolArray

if TYPE_CHECKING:
    from rio_tiler.models import ImageData

SIDE = 256
_MOST_ZOOM = 30
_TILER_MEMORY = 64 * 2**20  # bytes of GDAL's cache of blocks


@dataclass(frozen=True)
class TileNumber:
    """A tile of the usual scheme: ``z`` from 0, ``x`` from the west, ``y`` from the north."""

    z: int
    x: int
    y: int

    def __post_init__(self) -> None:
        count = 2 ** min(max(self.z, 0), _MOST_ZOOM)
        if not (0 <= self.z <= _MOST_ZOOM and 0 <= self.x < count and 0 <= self.y < count):
            raise Problem(
                422,
                "no-tile",
                f"there is no tile {self.z}/{self.x}/{self.y}; z is 0 to {_MOST_ZOOM}, "
                "x and y are 0 to 2**z - 1",
            )

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east and north in metres of Web Mercator."""
        side = 2 * WORLD / 2**self.z
        west, north = -WORLD + self.x * side, WORLD - self.y * side
        return west, north - side, west + side, north

    def meets(self, extent: tuple[float, float, float, float]) -> bool:
        """Whether it touches a rectangle in metres of Web Mercator."""
        west, south, east, north = self.bounds
        return west < extent[2] and east > extent[0] and south < extent[3] and north > extent[1]


@dataclass(frozen=True)
class Look:
    """How the values of a scene become a picture.

    Attributes:
        choice: which bands.
        limits: values that become 0 and 255; None takes them as they are.
    """

    choice: BandChoice
    limits: StretchLimits | None


def load_tiler() -> None:
    """Import what draws tiles, which takes seconds, before the first is asked for."""
    import_module("rio_tiler.reader")


@cache
def empty_tile() -> bytes:
    """A PNG with nothing on it."""
    return _png(np.zeros((SIDE, SIDE, 4), np.uint8))


def scene_tile(path: Path, tile: TileNumber, placement: Placement, look: Look) -> bytes:
    """A tile of a scene, transparent where there is no data.

    Raises:
        ImageError: the file cannot be read there.
    """
    choice = look.choice
    found = _read(path, tile, placement, choice, smooth=choice.palette is None)
    if found is None:
        return empty_tile()
    values, valid = found
    picture = apply_stretch(values, look.limits)
    if valid.all():  # a quarter less to compress
        return _png(picture)
    return _png(np.dstack([picture, np.where(valid, np.uint8(255), np.uint8(0))]))


def class_tile(path: Path, tile: TileNumber, placement: Placement) -> bytes:
    """A tile of a class map in its colours."""
    with rasterio.open(path) as dataset:
        colours = dataset.colormap(1)
    found = _read(path, tile, placement, BandChoice((1,), "classes", nodata=(0,)), smooth=False)
    if found is None:
        return empty_tile()
    values, valid = found
    picture = _coloured(values[0], colours)
    picture[~valid] = 0
    return _png(picture)


def heat_tile(path: Path, tile: TileNumber, placement: Placement) -> bytes:
    """A tile of an activation: brighter and less transparent where it is higher."""
    nan = float("nan")
    found = _read(path, tile, placement, BandChoice((1,), "heat", nodata=(nan,)), smooth=True)
    if found is None:
        return empty_tile()
    values, valid = found
    heat = np.clip(np.nan_to_num(values[0].astype(np.float32)), 0, 1)
    picture = _heat_colours()[np.round(heat * 255).astype(np.uint8)]
    picture[~valid] = 0
    return _png(picture)


@cache
def _heat_colours() -> NDArray[np.uint8]:
    """``(256, 4)`` from transparent violet over red to opaque yellow."""
    stops = np.array([0.0, 0.35, 0.7, 1.0])
    colours = np.array(
        [[60, 10, 110, 0], [170, 40, 110, 120], [245, 120, 30, 200], [255, 245, 120, 235]], float
    )
    level = np.linspace(0, 1, 256)
    columns = [np.interp(level, stops, colours[:, band]) for band in range(4)]
    return np.round(np.stack(columns, axis=1)).astype(np.uint8)


def _read(
    path: Path, tile: TileNumber, placement: Placement, choice: BandChoice, *, smooth: bool
) -> tuple[NDArray[Any], BoolArray] | None:
    """Values ``(B, 256, 256)`` and where they are valid; None where nothing of it is there."""
    if not tile.meets(placement.mercator_extent):
        return None
    with rasterio.Env(GDAL_CACHEMAX=_TILER_MEMORY), guarded(), open_raster(path) as dataset:
        if placement.georeferenced:
            return _warped(dataset, tile, choice, smooth=smooth)
        return _laid_out(dataset, tile, placement, choice)


def _warped(
    dataset: DatasetReader, tile: TileNumber, choice: BandChoice, *, smooth: bool
) -> tuple[NDArray[Any], BoolArray]:
    from rio_tiler.errors import RioTilerError
    from rio_tiler.reader import part

    nodata = choice.nodata[0] if choice.nodata else None
    options: dict[str, Any] = {} if nodata is None else {"nodata": nodata}
    try:
        image: ImageData = part(
            dataset,
            tile.bounds,
            dst_crs=CRS.from_string(MERCATOR),
            height=SIDE,
            width=SIDE,
            indexes=choice.indexes,
            resampling_method="average" if smooth else "nearest",
            reproject_method="bilinear" if smooth else "nearest",
            **options,
        )
    except RioTilerError as error:
        raise ImageError(f"a tile cannot be read: {error}") from error
    values = np.asarray(image.array.data)
    valid: BoolArray = np.asarray(~np.ma.getmaskarray(image.array).all(0), bool)
    if values.dtype.kind == "f":
        valid = valid & np.asarray(np.isfinite(values).all(0))
    if choice.palette is not None:
        colours = _coloured(values[0], choice.palette)
        valid &= colours[..., 3] > 0
        return colours[..., :3].transpose(2, 0, 1), valid
    return values, valid


def _coloured(
    values: NDArray[Any], palette: Mapping[int, tuple[int, int, int, int]]
) -> NDArray[np.uint8]:
    """RGBA of the entries of a palette ``(h, w)``; those beyond its end take the last colour."""
    table = np.zeros((max(palette) + 1, 4), np.uint8)
    for index, colour in palette.items():
        table[index] = colour
    picture: NDArray[np.uint8] = table[np.minimum(values, len(table) - 1)]
    return picture


def _laid_out(
    dataset: DatasetReader, tile: TileNumber, placement: Placement, choice: BandChoice
) -> tuple[NDArray[Any], BoolArray] | None:
    """A tile of what has no georeference: its pixels are parallel to those of the tile."""
    to_map = placement.placed(dataset.transform)
    west, south, east, north = tile.bounds
    (left, top), (right, bottom) = (~to_map @ (west, north), ~to_map @ (east, south))
    x0, y0 = max(0, int(np.floor(left))), max(0, int(np.floor(top)))
    x1, y1 = min(dataset.width, int(np.ceil(right))), min(dataset.height, int(np.ceil(bottom)))
    if x0 >= x1 or y0 >= y1:
        return None
    across, down = (right - left) / SIDE, (bottom - top) / SIDE
    shape = (_shrunk(y1 - y0, down), _shrunk(x1 - x0, across))
    part, here = read_bands(dataset, choice, RasterWindow(x0, y0, x1 - x0, y1 - y0), shape)
    columns, has_column = _places(left, across, x0, x1, shape[1])
    rows, has_row = _places(top, down, y0, y1, shape[0])
    inside = has_row[:, None] & has_column[None, :]
    return part[:, rows[:, None], columns[None, :]], here[np.ix_(rows, columns)] & inside


def _shrunk(pixels: int, step: float) -> int:
    """How many of so many pixels to read where a pixel of a tile is ``step`` of them wide."""
    return min(pixels, max(1, round(pixels / step)))


def _places(
    start: float, step: float, low: int, high: int, count: int
) -> tuple[NDArray[np.int64], BoolArray]:
    """For each pixel of a side of a tile the one that was read, and whether there is one."""
    centres = start + (np.arange(SIDE) + 0.5) * step
    has_one = (centres >= low) & (centres < high)
    places = np.floor((centres - low) * count / (high - low)).astype(np.int64)
    return np.clip(places, 0, count - 1), has_one


def _png(picture: NDArray[np.uint8]) -> bytes:
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(picture)).save(stream, format="PNG", compress_level=1)
    return stream.getvalue()


TileMaker = Callable[[Path, TileNumber, Placement], bytes]
LAYERS: dict[str, TileMaker] = {"classes": class_tile, "heat": heat_tile}
"""Layers of results -> what draws their tiles."""
