"""Lengths and directions on the ground, for the pixels of one image (docs/design.md 3.1).

A CRS does not say how long a pixel is on the ground: degrees shrink towards the poles, feet are
not metres, and a metre of a Mercator map is cos(latitude) metres on the ground. So all of it is
measured on the ellipsoid of the CRS with geodesics (Karney 2013, through pyproj), at the centre
of the image. What holds at the centre is used for the whole image.
"""

from __future__ import annotations

import math

from affine import Affine
from pyproj import CRS, Geod, Transformer
from pyproj.exceptions import CRSError, ProjError

from dgl_rsis.types import MapFrame

_REACH = 10.0  # pixels on either side of the centre for north: far above rounding, still local


def map_frame(
    transform: tuple[float, float, float, float, float, float],
    crs: str | None,
    shape: tuple[int, int],
) -> MapFrame:
    """Describe where an image lies, how large its pixels are and where north is.

    Args:
        transform: affine ``(a, b, c, d, e, f)`` from the pixel frame to the map.
        crs: WKT or ``AUTHORITY:CODE``; None if unknown.
        shape: height and width of the image in pixels.

    Returns:
        A frame whose ``metres_per_pixel`` and ``north`` are measured at the centre of the image;
        both None without a CRS, with a local (engineering) CRS, without a real transform, and
        where the centre has no place on the ellipsoid.
    """
    unknown = MapFrame(transform=transform, crs=crs)
    system = earth_system(crs)
    affine = Affine(*transform)
    if system is None or affine.is_degenerate or affine == Affine.identity():
        return unknown
    ground = _Ground(system)
    column, row = shape[1] / 2, shape[0] / 2
    along_columns = ground.distance(affine @ (column - 0.5, row), affine @ (column + 0.5, row))
    along_rows = ground.distance(affine @ (column, row - 0.5), affine @ (column, row + 0.5))
    if not (0 < along_columns < math.inf and 0 < along_rows < math.inf):
        return unknown
    reach = _REACH * max(along_columns, along_rows)
    south_end, north_end = (
        ~affine @ ground.move_north(affine @ (column, row), metres) for metres in (-reach, reach)
    )
    dx, dy = north_end[0] - south_end[0], north_end[1] - south_end[1]
    length = math.hypot(dx, dy)
    north = (dx / length, dy / length) if 0 < length < math.inf else None
    return MapFrame(transform, crs, (along_columns, along_rows), north)


def frame_around(
    bounds: tuple[float, float, float, float], crs: str | None
) -> tuple[MapFrame, tuple[int, int]]:
    """A grid over a part of a map, where no image gives one: north up, a metre a pixel.

    Args:
        bounds: ``x0, y0, x1, y1`` in map coordinates.
        crs: WKT or ``AUTHORITY:CODE``; None if unknown.

    Returns:
        the frame, and the height and width in pixels that cover the bounds. A pixel is a metre
        long and wide on the ground at the centre, a map unit where the CRS gives no lengths.
    """
    x0, y0, x1, y1 = bounds
    middle = ((x0 + x1) / 2, (y0 + y1) / 2)
    step = max(x1 - x0, y1 - y0, 1e-6) / 1000
    around = map_frame((step, 0, middle[0] - step / 2, 0, -step, middle[1] + step / 2), crs, (1, 1))
    across, down = (step / metres for metres in around.metres_per_pixel or (step, step))
    shape = max(1, math.ceil((y1 - y0) / down)), max(1, math.ceil((x1 - x0) / across))
    return map_frame((across, 0, x0, 0, -down, y1), crs, shape), shape


def earth_system(crs: str | None) -> CRS | None:
    """The CRS if it ties coordinates to an ellipsoid, None if it is local, unknown or absent."""
    if crs is None:
        return None
    try:
        system = CRS.from_user_input(crs)
    except CRSError:
        return None
    if system.is_compound:
        system = system.sub_crs_list[0]
    if system.is_engineering or system.is_geocentric or system.geodetic_crs is None:
        return None
    return system


def north_degrees(frame: MapFrame) -> float | None:
    """Direction of true north in degrees clockwise from the top of the image, None if unknown."""
    if frame.north is None:
        return None
    return math.degrees(math.atan2(frame.north[0], -frame.north[1]))


class _Ground:
    """Distances and moves on the ellipsoid between points given in map coordinates."""

    def __init__(self, system: CRS) -> None:
        geodetic = system.geodetic_crs
        geod = system.get_geod()
        if geodetic is None or geod is None:
            raise ValueError(f"{system.name} has no ellipsoid")
        self._geod: Geod = geod
        self._transformer = Transformer.from_crs(system, geodetic, always_xy=True)
        # Geographic axes need not be degrees: some national systems count in grads.
        self._degrees = math.degrees(geodetic.axis_info[0].unit_conversion_factor)

    def _degrees_at(self, point: tuple[float, float]) -> tuple[float, float]:
        longitude, latitude = self._transformer.transform(*point)
        return longitude * self._degrees, latitude * self._degrees

    def distance(self, start: tuple[float, float], end: tuple[float, float]) -> float:
        """Geodesic metres between two map points, NaN where they have no place on Earth."""
        longitudes, latitudes = zip(self._degrees_at(start), self._degrees_at(end), strict=True)
        try:
            return float(self._geod.line_length(longitudes, latitudes))
        except ProjError:
            return math.nan

    def move_north(self, point: tuple[float, float], metres: float) -> tuple[float, float]:
        """The map point reached by going so many metres due north (south if negative)."""
        longitude, latitude, _ = self._geod.fwd(*self._degrees_at(point), 0.0, metres)
        x, y = self._transformer.transform(
            longitude / self._degrees, latitude / self._degrees, direction="INVERSE"
        )
        return float(x), float(y)
