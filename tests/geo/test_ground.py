"""Pixel steps against geodesics, in every kind of CRS, far from the centre, on turned rasters."""

from __future__ import annotations

import numpy as np
import pytest
from affine import Affine
from pyproj import Geod, Transformer

from dgl_rsis.geo.crs import frame_around, map_frame
from dgl_rsis.geo.ground import Ground, ground_of
from dgl_rsis.types import MapFrame

GEOD = Geod(ellps="WGS84")
SHAPE = (4000, 6000)
# CRS, map coordinates of a place at about 60 degrees north, map units of a pixel of about 10 m.
PLACES = {
    "EPSG:4326": 1e-4,
    "EPSG:32632": 10.0,
    "EPSG:3395": 20.0,
    "EPSG:3857": 20.0,
}


def raster(crs: str, turn: float, longitude: float = 11.9) -> MapFrame:
    """A raster of about 40 by 60 km whose centre lies at 60 degrees north, turned."""
    x, y = Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(longitude, 60.0)
    unit = PLACES[crs]
    transform = (
        Affine.translation(x, y)
        @ Affine.rotation(turn)
        @ Affine.scale(unit, -unit)
        @ Affine.translation(-SHAPE[1] / 2, -SHAPE[0] / 2)
    )
    return map_frame(tuple(transform)[:6], crs, SHAPE)


def places_of(frame: MapFrame, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Longitudes and latitudes of points of the pixel frame."""
    affine = Affine(*frame.transform)
    x, y = np.array([affine @ (float(c), float(r)) for c, r in points]).T
    return Transformer.from_crs(frame.crs, "EPSG:4326", always_xy=True).transform(x, y)


CORNERS = np.array([[0, 0], [6000, 0], [3000, 2000], [10, 3990], [6000, 4000], [4500, 900]], float)


@pytest.mark.parametrize("turn", [0.0, 30.0, -75.0])
@pytest.mark.parametrize("crs", PLACES)
def test_steps_are_geodesics(crs: str, turn: float) -> None:
    frame = raster(crs, turn)
    ground = ground_of(frame, SHAPE)
    assert ground is not None
    for way in np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [-2.0, 1.0]]):
        ways = np.broadcast_to(way, CORNERS.shape)
        start, end = places_of(frame, CORNERS - way / 2), places_of(frame, CORNERS + way / 2)
        _, _, lengths = GEOD.inv(*start, *end)
        np.testing.assert_allclose(ground.lengths(ways, CORNERS), lengths, rtol=1e-3)
        least = np.hypot(*(way * ground.least))
        assert (least <= np.array(lengths) * (1 + 1e-3)).all()


@pytest.mark.parametrize("turn", [0.0, 30.0])
@pytest.mark.parametrize("crs", PLACES)
def test_pixel_areas_are_geodesic(crs: str, turn: float) -> None:
    frame = raster(crs, turn)
    ground = ground_of(frame, SHAPE)
    assert ground is not None
    square = np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]])
    expected = [
        abs(GEOD.polygon_area_perimeter(*places_of(frame, corner + square))[0])
        for corner in CORNERS
    ]
    np.testing.assert_allclose(ground.pixel_areas(CORNERS), expected, rtol=2e-3)


@pytest.mark.parametrize("turn", [0.0, 30.0])
@pytest.mark.parametrize("crs", PLACES)
def test_east_and_north_are_those_of_the_ellipsoid(crs: str, turn: float) -> None:
    frame = raster(crs, turn)
    ground = ground_of(frame, SHAPE)
    assert ground is not None
    middle = np.array([[3000.0, 2000.0]])
    for azimuth in (0, 45, 100, 260):
        longitude, latitude, _ = GEOD.fwd(
            *(each[0] for each in places_of(frame, middle)), azimuth, 50
        )
        x, y = Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(longitude, latitude)
        way = np.array(~Affine(*frame.transform) @ (x, y)) - middle[0]
        east, north = ground.center @ way
        turned = np.degrees(np.arctan2(east, north)) - azimuth
        assert (turned + 180) % 360 - 180 == pytest.approx(0, abs=0.05)
        assert np.hypot(east, north) == pytest.approx(50, rel=1e-3)


def test_near_the_centre_of_a_zone_one_place_speaks_for_all() -> None:
    ground = ground_of(map_frame((0.5, 0, 5e5, 0, -0.5, 6e6), "EPSG:32632", (999, 999)), (999, 999))
    assert ground is not None
    assert ground.is_plain
    assert ground.least == pytest.approx((0.5, 0.5), rel=1e-3)


def test_what_the_frame_says_holds() -> None:
    """A frame that was made by hand: long pixels, north to the right."""
    frame = MapFrame((1, 0, 0, 0, -1, 0), None, (2.0, 0.5), (1.0, 0.0))
    ground = ground_of(frame, (10, 10))
    assert ground is not None
    np.testing.assert_allclose(ground.center @ [1, 0], [0, 2], atol=1e-12)
    np.testing.assert_allclose(ground.center @ [0, 1], [0.5, 0], atol=1e-12)
    assert ground.pixel_areas(np.zeros((1, 2))) == pytest.approx([1.0])
    assert ground_of(MapFrame((1, 0, 0, 0, -1, 0)), (10, 10)) is None


def test_slanted_steps_bound_ways_from_below() -> None:
    ground = Ground(np.array([[1.0, 0.8], [0.0, -0.6]]), None, (10, 10))
    assert not ground.is_plain
    ways = np.random.default_rng(0).normal(size=(99, 2))
    lengths = ground.lengths(ways, np.zeros((99, 2)))
    assert (np.hypot(*(ways * ground.least).T) <= lengths + 1e-12).all()


def test_a_grid_around_a_part_of_a_map() -> None:
    frame, shape = frame_around((10.0, 60.0, 10.01, 60.02), "EPSG:4326")
    assert frame.metres_per_pixel == pytest.approx((1.0, 1.0), rel=1e-3)
    assert shape == pytest.approx((2229, 559), abs=3)
    affine = Affine(*frame.transform)
    assert affine @ (0, 0) == pytest.approx((10.0, 60.02))
    assert affine @ shape[::-1] == pytest.approx((10.01, 60.0), abs=2e-5)
    frame, shape = frame_around((0, 0, 30, 20), None)
    assert frame.metres_per_pixel is None
    assert shape == (20, 30)
