from __future__ import annotations

import math

import pytest
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st

from dgl_rsis.geo.crs import map_frame, north_degrees
from dgl_rsis.types import MapFrame

LOCAL = 'LOCAL_CS["site",UNIT["metre",1]]'


def test_projected_metres_and_convergence() -> None:
    # UTM 32, west of its central meridian: true north lies to the right of grid north.
    frame = map_frame((0.5, 0, 346000, 0, -0.5, 5648000), "EPSG:25832", (1000, 1000))
    assert frame.metres_per_pixel == pytest.approx((0.5, 0.5), rel=5e-4)
    convergence = math.degrees(math.sin(math.radians(50.96)) * math.radians(9 - 6.81))
    assert north_degrees(frame) == pytest.approx(convergence, abs=0.02)


def test_mercator_is_measured_on_the_ground() -> None:
    # Manila: a metre of the map is cos(14.6 degrees) metres on the ground.
    frame = map_frame((0.1, 0, 13467532, 0, -0.1, 1632020), "EPSG:3395", (2048, 2048))
    assert frame.metres_per_pixel == pytest.approx((0.0968, 0.0968), rel=1e-3)
    assert frame.north == pytest.approx((0, -1), abs=1e-9)


def test_degrees_and_feet() -> None:
    frame = map_frame((1e-5, 0, 10, 0, -1e-5, 60), "EPSG:4326", (100, 100))
    assert frame.metres_per_pixel == pytest.approx((0.5580, 1.1141), rel=1e-3)
    frame = map_frame((1, 0, 1e6, 0, -1, 2e5), "EPSG:2263", (100, 100))
    assert frame.metres_per_pixel == pytest.approx((0.3048, 0.3048), rel=1e-4)


def test_grads() -> None:
    frame = map_frame((1e-4, 0, 2, 0, -1e-4, 54), "EPSG:4807", (10, 10))
    assert frame.metres_per_pixel is not None
    assert frame.metres_per_pixel[1] == pytest.approx(10.0, rel=5e-3)  # a quadrant is 10,000 km


@given(st.floats(-179, 179))
def test_north_turns_with_the_image(degrees: float) -> None:
    transform = Affine.translation(500000, 5000000) @ Affine.rotation(degrees) @ Affine.scale(1, -1)
    frame = map_frame(tuple(transform)[:6], "EPSG:32632", (0, 0))
    angle = north_degrees(frame)
    assert angle is not None
    assert (angle - degrees + 180) % 360 - 180 == pytest.approx(0, abs=1e-3)


def test_south_up() -> None:
    frame = map_frame((1, 0, 500000, 0, 1, 5000000), "EPSG:32632", (10, 10))
    assert frame.north == pytest.approx((0, 1), abs=1e-5)


@pytest.mark.parametrize(
    ("transform", "crs"),
    [
        ((1, 0, 0, 0, -1, 0), None),
        ((1, 0, 0, 0, -1, 0), LOCAL),
        ((1, 0, 0, 0, 1, 0), "EPSG:32632"),
        ((0, 0, 5, 0, 0, 5), "EPSG:32632"),
        ((1, 0, 1e9, 0, -1, 1e9), "EPSG:32632"),
        ((1, 0, 0, 0, -1, 0), "nonsense"),
    ],
)
def test_unknown_lengths(transform: tuple[float, ...], crs: str | None) -> None:
    frame = map_frame(transform, crs, (10, 10))
    assert frame == MapFrame(transform, crs)
    assert north_degrees(frame) is None


def test_compound_crs_uses_its_horizontal_part() -> None:
    frame = map_frame((0.5, 0, 346000, 0, -0.5, 5648000), "EPSG:25832+7837", (10, 10))
    assert frame.metres_per_pixel == pytest.approx((0.5, 0.5), rel=1e-3)
