"""Where the pixels of a scene lie on the map of the page.

A scene with a usable georeference lies where it says. Any other is laid out around longitude and
latitude 0, a pixel a metre of Web Mercator, its first row in the north.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray

from dgl_rsis.geo.crs import earth_system
from dgl_rsis.types import MapFrame

if TYPE_CHECKING:
    from geopandas import GeoDataFrame
    from pyproj import Transformer

MERCATOR = "EPSG:3857"
LONLAT = "OGC:CRS84"
MERCATOR_EDGE = 85.051128779806604  # degrees of latitude
WORLD = 20037508.342789244  # metres from the origin of Web Mercator to its edges
_EDGE_POINTS = 21  # on each side of a scene, as its sides are bent in other coordinates
_TILE_SIDE = 256
_MOST_ZOOM = 24
_CLOSER = 3  # zoom levels beyond that of the pixels, at which they are still shown


@dataclass(frozen=True)
class Placement:
    """The way from pixels to longitude and latitude, and back.

    Attributes:
        crs: of map coordinates; that of the scene, or Web Mercator.
        transform: ``(a, b, c, d, e, f)`` from the pixel frame to map coordinates.
        georeferenced: whether the scene says so itself.
        own: from the pixel frame to the coordinates that its files of results have.
        shape: height and width of the scene.
    """

    crs: str
    transform: tuple[float, ...]
    georeferenced: bool
    own: tuple[float, ...]
    shape: tuple[int, int]

    @classmethod
    def of(cls, frame: MapFrame | None, shape: tuple[int, int]) -> Placement:
        """Place a scene of a height and width."""
        own = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0) if frame is None else tuple(frame.transform)
        if frame is not None and frame.crs is not None and earth_system(frame.crs) is not None:
            placed = cls(frame.crs, own, True, own, shape)
            if placed._lies_on_the_map():
                return placed
        height, width = shape
        plain = (1.0, 0.0, -width / 2, 0.0, -1.0, height / 2)
        return cls(MERCATOR, plain, False, own, shape)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east and north in degrees, cut where Web Mercator ends."""
        longitudes, latitudes = self._outline(LONLAT)
        latitudes = np.clip(latitudes, -MERCATOR_EDGE, MERCATOR_EDGE)
        return (
            float(longitudes.min()),
            float(latitudes.min()),
            float(longitudes.max()),
            float(latitudes.max()),
        )

    def zooms(self) -> tuple[int, int]:
        """Least and greatest zoom at which tiles are worth asking for."""
        west, south, east, north = self._extent(MERCATOR)
        sides = max(east - west, 1e-6), max(north - south, 1e-6)
        step = min(sides[0] / self.shape[1], sides[1] / self.shape[0])
        whole = 2 * WORLD / _TILE_SIDE
        closest = math.ceil(math.log2(max(whole / step, 1.0))) + _CLOSER
        farthest = math.floor(math.log2(max(2 * WORLD / max(sides), 1.0))) - 1
        closest = min(max(closest, 0), _MOST_ZOOM)
        return min(max(farthest, 0), closest), closest

    def lonlat_of_pixels(self, geometries: NDArray[np.object_]) -> NDArray[np.object_]:
        """Geometries of the pixel frame in degrees."""
        affine = Affine(*self.transform)
        return _moved(geometries, affine, self._transformer(LONLAT))

    def pixels_of_lonlat(self, geometries: NDArray[np.object_]) -> NDArray[np.object_]:
        """Geometries in degrees in the pixel frame; not finite where they have no place in it."""
        transformer = self._transformer(LONLAT)

        def moved(points: NDArray[np.float64]) -> NDArray[np.float64]:
            x, y = transformer.transform(points[:, 0], points[:, 1], direction="INVERSE")
            back = ~Affine(*self.transform)
            return np.column_stack(
                [back.a * x + back.b * y + back.c, back.d * x + back.e * y + back.f]
            )

        result: NDArray[np.object_] = shapely.transform(geometries, moved)
        return result

    def own_of_lonlat(self, geometries: NDArray[np.object_]) -> NDArray[np.object_]:
        """Geometries in degrees in the coordinates of the files of the scene."""
        pixels = self.pixels_of_lonlat(geometries)
        own = Affine(*self.own)
        return _moved(pixels, own, None)

    def lonlat_of_table(self, table: GeoDataFrame) -> NDArray[np.object_]:
        """Geometries of a table of results in degrees."""
        if self.georeferenced:
            return np.asarray(table.geometry.to_crs(LONLAT).to_numpy())
        pixels = _moved(table.geometry.to_numpy(), ~Affine(*self.own), None)
        return self.lonlat_of_pixels(pixels)

    def placed(self, transform: Affine) -> Affine:
        """From pixels of a file of results, whose transform is given, to map coordinates."""
        return Affine(*self.transform) @ ~Affine(*self.own) @ transform

    def to_json(self) -> dict[str, Any]:
        """In JSON types; :meth:`from_json` reads it."""
        return {
            "crs": self.crs,
            "transform": list(self.transform),
            "georeferenced": self.georeferenced,
            "own": list(self.own),
            "shape": list(self.shape),
        }

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Placement:
        """What :meth:`to_json` made."""
        height, width = values["shape"]
        return cls(
            values["crs"],
            tuple(values["transform"]),
            values["georeferenced"],
            tuple(values["own"]),
            (height, width),
        )

    def _transformer(self, crs: str) -> Transformer:
        from pyproj import Transformer

        return Transformer.from_crs(self.crs, crs, always_xy=True)

    def _outline(self, crs: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Coordinates of points along the sides of the scene."""
        height, width = self.shape
        along = np.linspace(0, 1, _EDGE_POINTS)
        none, all_ = np.zeros_like(along), np.ones_like(along)
        x = np.concatenate([along, along, none, all_]) * width
        y = np.concatenate([none, all_, along, along]) * height
        a, b, c, d, e, f = self.transform
        xs, ys = self._transformer(crs).transform(a * x + b * y + c, d * x + e * y + f)
        return np.asarray(xs), np.asarray(ys)

    def _extent(self, crs: str) -> tuple[float, float, float, float]:
        xs, ys = self._outline(crs)
        return float(xs.min()), float(ys.min()), float(xs.max()), float(ys.max())

    def _lies_on_the_map(self) -> bool:
        """Whether all its sides have a place on a map in Web Mercator."""
        from pyproj.exceptions import ProjError

        if Affine(*self.transform).is_degenerate:
            return False
        try:
            longitudes, latitudes = self._outline(LONLAT)
            mercator = np.array(self._outline(MERCATOR))
        except ProjError:
            return False
        if not (np.isfinite(longitudes).all() and np.isfinite(latitudes).all()):
            return False
        is_near = np.abs(latitudes).max() < 90 and np.abs(latitudes).min() < MERCATOR_EDGE
        return bool(is_near and np.isfinite(mercator).all())


def _moved(
    geometries: NDArray[np.object_], affine: Affine, transformer: Transformer | None
) -> NDArray[np.object_]:
    def moved(points: NDArray[np.float64]) -> NDArray[np.float64]:
        x = affine.a * points[:, 0] + affine.b * points[:, 1] + affine.c
        y = affine.d * points[:, 0] + affine.e * points[:, 1] + affine.f
        if transformer is not None:
            x, y = transformer.transform(x, y)
        return np.column_stack([x, y])

    result: NDArray[np.object_] = shapely.transform(geometries, moved)
    return result
