"""Pictures that lie on a map: what a result shows, layer by layer, placed for a map in a browser.

Maps in browsers are Web Mercator, and stretch a picture between its bounds. So pictures are warped
to Web Mercator first. What has no place on such a map is laid beside the equator, where a degree is
as long as it is wide, so that it looks as it is.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, replace
from functools import singledispatch
from io import BytesIO
from typing import Any

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from PIL import Image
from pyproj import Transformer
from rasterio.enums import Resampling
from rasterio.features import rasterize
from rasterio.warp import reproject

from dgl_rsis.drawing import CHOSEN, OTHERS, heat_colours, outlined, sampled
from dgl_rsis.geo.palette import class_colours
from dgl_rsis.results import ReferResult, SceneAnswer, SegmentResult
from dgl_rsis.scene.overview import overview
from dgl_rsis.scene.scene_map import SceneMap
from dgl_rsis.types import MapFrame, Raster

SIDE = 2048  # pixels of the longest side of a picture, as far as every browser takes them
NORTHERNMOST = 85.0  # degrees of latitude, where Web Mercator maps end
_WEB_MERCATOR = "EPSG:3857"
_STEP = 1e-5  # degrees from pixel to pixel of what has no place: about a metre
_BORDER_POINTS = 21  # on each side, as straight lines of a map are curves on another
_FINEST = 640  # small images are enlarged to about this, so that outlines are fine lines


@dataclass(frozen=True)
class Overlay:
    """A picture and its place.

    Attributes:
        name: what it shows.
        picture: RGBA.
        opacity: in [0, 1], at first.
        bounds: ``west, south, east, north`` in degrees.
        on_earth: whether that is its true place.
    """

    name: str
    picture: Image.Image
    opacity: float
    bounds: tuple[float, float, float, float]
    on_earth: bool

    @property
    def url(self) -> str:
        """The picture as a data URL."""
        file = BytesIO()
        self.picture.save(file, format="WEBP", quality=88, lossless=self.name != "image")
        return f"data:image/webp;base64,{b64encode(file.getvalue()).decode()}"


@singledispatch
def overlays_of(result: object) -> list[Overlay]:
    """What a result shows, from below; all overlays have the same bounds.

    Raises:
        TypeError: it is no result.
    """
    raise TypeError(f"{type(result).__name__} is no result that can be explored")


@overlays_of.register
def _(result: SegmentResult) -> list[Overlay]:
    size = _size(result.raster.shape)
    labels = sampled(result.labels, size)
    palette = np.array([*((*colour, 255) for colour in class_colours(result.classes)), (0,) * 4])
    classes = Image.fromarray(palette[labels].astype(np.uint8))
    layers = [("image", _image(result.raster, size), 1.0), ("classes", classes, 0.55)]
    return _placed(layers, result.raster.frame, result.raster.shape)


@overlays_of.register
def _(result: SceneMap) -> list[Overlay]:
    return overlays_of(overview(result, SIDE))


@overlays_of.register
def _(result: ReferResult) -> list[Overlay]:
    size = _size(result.raster.shape)
    layers = [("image", _image(result.raster, size), 1.0)]
    if result.heatmap.any():
        colours = np.round(heat_colours(result.heatmap, size)).astype(np.uint8)
        opaque = np.full((*colours.shape[:2], 1), 255, np.uint8)
        layers.append(("heat", Image.fromarray(np.concatenate([colours, opaque], axis=2)), 0.0))
    layers.append(("matches", outlined(Image.new("RGBA", size), result.matches), 1.0))
    return _placed(layers, result.raster.frame, result.raster.shape)


@overlays_of.register
def _(result: SceneAnswer) -> list[Overlay]:
    width, height = _size(result.shape)
    scale = width / result.shape[1], height / result.shape[0]
    ranked = sorted(result.matches, key=lambda match: match.chosen)  # the chosen lie on top
    shapes = [
        (shapely.transform(match.outline, lambda xy: xy * scale), 2 if match.chosen else 1)
        for match in ranked
    ]
    codes = np.zeros((height, width), np.uint8)
    if shapes:
        rasterize(shapes, out=codes, all_touched=True)  # what is smaller than a pixel is seen, too
    colours = np.array([(0, 0, 0, 0), (*OTHERS, 160), (*CHOSEN, 160)], np.uint8)
    picture = Image.fromarray(colours[codes])
    return _placed([("matches", picture, 1.0)], result.frame, result.shape)


def _size(shape: tuple[int, int]) -> tuple[int, int]:
    """Width and height at which an image is drawn."""
    height, width = shape
    longest = max(height, width)
    factor = SIDE / longest if longest > SIDE else max(1, _FINEST // longest)
    return max(1, round(width * factor)), max(1, round(height * factor))


def _image(raster: Raster, size: tuple[int, int]) -> Image.Image:
    """The image, clear where there is no data."""
    opaque = np.where(raster.valid, np.uint8(255), np.uint8(0))[..., None]
    picture = Image.fromarray(np.concatenate([raster.rgb, opaque], axis=2))
    shrinks = size[0] < picture.width
    return picture.resize(size, Image.Resampling.BOX if shrinks else Image.Resampling.NEAREST)


def _placed(
    layers: list[tuple[str, Image.Image, float]], frame: MapFrame | None, shape: tuple[int, int]
) -> list[Overlay]:
    """Pictures of a whole image on the map.

    Args:
        layers: name, RGBA picture and opacity.
        frame: where the image lies.
        shape: height and width of the image in pixels.
    """
    height, width = shape
    flat = [Overlay(*layer, (0.0, 0.0, width * _STEP, height * _STEP), False) for layer in layers]
    if frame is None or not is_on_web_map(frame, shape):
        return flat
    return [_warped(each, frame, shape) for each in flat]


def is_on_web_map(frame: MapFrame, shape: tuple[int, int]) -> bool:
    """Whether all of an image has a place on a Web Mercator map."""
    if frame.crs is None or frame.metres_per_pixel is None:
        return False
    degrees = Transformer.from_crs(frame.crs, "EPSG:4326", always_xy=True)
    latitudes = degrees.transform(*_border(frame, shape))[1]
    return bool((np.abs(latitudes) <= NORTHERNMOST).all())  # what has no place is infinite


def _border(frame: MapFrame, shape: tuple[int, int]) -> NDArray[np.float64]:
    """Points around an image, ``(2, n)`` map coordinates."""
    step = np.linspace(0, 1, _BORDER_POINTS)
    none, all_ = np.zeros_like(step), np.ones_like(step)
    columns = np.concatenate([step, all_, step, none]) * shape[1]
    rows = np.concatenate([none, step, all_, step]) * shape[0]
    a, b, c, d, e, f = frame.transform
    return np.stack([a * columns + b * rows + c, d * columns + e * rows + f])


def _warped(overlay: Overlay, frame: MapFrame, shape: tuple[int, int]) -> Overlay:
    """A picture in Web Mercator, its longest side as it is; pixels keep their colours."""
    x, y = Transformer.from_crs(frame.crs, _WEB_MERCATOR, always_xy=True).transform(
        *_border(frame, shape)
    )
    left, bottom, right, top = x.min(), y.min(), x.max(), y.max()
    step = max(right - left, top - bottom) / max(overlay.picture.size)
    width, height = max(1, round((right - left) / step)), max(1, round((top - bottom) / step))
    pixels = np.moveaxis(np.asarray(overlay.picture), 2, 0)
    _, rows, columns = pixels.shape
    shown: NDArray[Any] = np.zeros((4, height, width), np.uint8)
    reproject(
        pixels,
        shown,
        src_transform=Affine(*frame.transform) @ Affine.scale(shape[1] / columns, shape[0] / rows),
        src_crs=frame.crs,
        dst_transform=Affine((right - left) / width, 0.0, left, 0.0, (bottom - top) / height, top),
        dst_crs=_WEB_MERCATOR,
        resampling=Resampling.nearest,
    )
    degrees = Transformer.from_crs(_WEB_MERCATOR, "EPSG:4326", always_xy=True)
    (west, east), (south, north) = degrees.transform((left, right), (bottom, top))
    picture = Image.fromarray(np.moveaxis(shown, 0, 2))
    return replace(overlay, picture=picture, bounds=(west, south, east, north), on_earth=True)
