"""Where scenes lie on the map of the page, with a georeference and without."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from affine import Affine

from dgl_rsis.apps.server.placing import MERCATOR_EDGE, Placement
from dgl_rsis.types import MapFrame

SHAPE = (200, 400)
UTM = MapFrame((0.5, 0, 400000, 0, -0.5, 5600000), "EPSG:25832")


@pytest.mark.parametrize(
    "frame",
    [
        None,
        UTM,
        MapFrame((0.35, 0.35, 400000, 0.35, -0.35, 5600000), "EPSG:25832"),
        MapFrame((1e-5, 0, 7, 0, -1e-5, 51), "EPSG:4326"),
        MapFrame((2, 0, 10, 0, -2, 20)),
    ],
    ids=["none", "utm", "rotated", "degrees", "no crs"],
)
def test_there_and_back(frame: MapFrame | None) -> None:
    placement = Placement.of(frame, SHAPE)
    shapes = np.array([shapely.box(10, 20, 90, 120), shapely.box(0, 0, 400, 200)], object)
    placed = placement.lonlat_of_pixels(shapes)
    west, south, east, north = placement.bounds
    assert placed[1].bounds == pytest.approx((west, south, east, north), abs=1e-7)
    back = placement.pixels_of_lonlat(placed)
    for shape, again in zip(shapes, back, strict=True):
        assert again.bounds == pytest.approx(shape.bounds, abs=1e-3)
    assert Placement.from_json(placement.to_json()) == placement


def test_first_row_is_in_the_north_and_a_pixel_a_metre() -> None:
    placement = Placement.of(None, SHAPE)
    west, south, east, north = placement.bounds
    (first,) = placement.lonlat_of_pixels(np.array([shapely.Point(0, 0)], object))
    assert (first.x, first.y) == pytest.approx((west, north))
    assert math.radians(east - west) * 6378137 == pytest.approx(400)
    assert (west, south) == pytest.approx((-east, -north))


@pytest.mark.parametrize(
    "frame",
    [
        MapFrame((1, 0, 0, 0, -1, 0), 'LOCAL_CS["here",UNIT["metre",1]]'),
        MapFrame((1, 0, 0, 0, -1, 0), "EPSG:4978"),
        MapFrame((1, 0, 0, 0, -1, 0), "no system"),
        MapFrame((0, 0, 5, 0, 0, 5), "EPSG:25832"),
        MapFrame((1e9, 0, 0, 0, -1e9, 0), "EPSG:25832"),
        MapFrame((10, 0, -100, 0, -10, 100), "EPSG:3995"),
    ],
    ids=["local", "geocentric", "unknown", "degenerate", "too large", "north pole"],
)
def test_what_has_no_place_on_the_map_is_laid_out_plainly(frame: MapFrame) -> None:
    placement = Placement.of(frame, (20, 20))
    assert not placement.georeferenced
    assert max(map(abs, placement.bounds)) < 0.001


def test_world_is_cut_where_the_map_ends() -> None:
    placement = Placement.of(MapFrame((1, 0, -180, 0, -1, 89), "EPSG:4326"), (178, 360))
    assert placement.georeferenced
    assert placement.bounds == pytest.approx((-180, -MERCATOR_EDGE, 180, MERCATOR_EDGE))
    assert placement.zooms()[0] == 0


def test_files_without_place_are_in_their_own_coordinates() -> None:
    placement = Placement.of(MapFrame((2, 0, 10, 0, -2, 20)), SHAPE)
    (lonlat,) = placement.lonlat_of_pixels(np.array([shapely.Point(3, 4)], object))
    (own,) = placement.own_of_lonlat(np.array([lonlat], object))
    assert (own.x, own.y) == pytest.approx((2 * 3 + 10, -2 * 4 + 20))
    assert placement.placed(Affine(2, 0, 10, 0, -2, 20)) @ (0, 0) == pytest.approx((-200, 100))
