from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from rasterio.features import shapes
from shapely.geometry import Polygon, box

from dgl_rsis.geo.outlines import region_polygons
from dgl_rsis.geo.regions import Labels, find_regions

MAPS = arrays(
    np.int16,
    array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=9),
    elements=st.integers(-1, 2),
)
SIDES = st.integers(1, 10)
LIMITS = st.sampled_from([0.5, 1.0, 4.0, 40.0])


def polygons_of(labels: Any, side: int = 50, largest_triangle: float = 0.0) -> Any:
    """Polygons of all regions by their numbers; each must be given out once."""
    regions = find_regions(Labels.of_array(np.asarray(labels), side))
    result = np.full(len(regions), None, object)
    for numbers, polygons in region_polygons(regions, largest_triangle=largest_triangle):
        assert all(each is None for each in result[numbers])
        result[numbers] = polygons
    assert all(each is not None for each in result)
    return result


def same(one: Any, other: Any) -> bool:
    return bool(shapely.equals_exact(shapely.normalize(one), shapely.normalize(other)).all())


def test_a_hole_and_a_region_that_touches_itself() -> None:
    ring = np.ones((4, 4), int)
    ring[1, 1] = ring[2, 2] = 0  # two holes that touch at a corner
    (outside, first, second) = polygons_of(ring, 2)
    assert outside.equals(Polygon(box(0, 0, 4, 4).exterior, [box(1, 1, 2, 2).exterior,
                                                             box(2, 2, 3, 3).exterior]))  # fmt: skip
    assert len(outside.interiors) == 2
    assert outside.is_valid
    assert first.equals(box(1, 1, 2, 2))
    assert second.equals(box(2, 2, 3, 3))
    hook = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 0]])  # closes over a corner
    (around, inside, corner) = polygons_of(hook, 1)
    assert around.is_valid
    assert len(around.interiors) == 1
    assert around.area == 7
    assert inside.equals(box(1, 1, 2, 2))
    assert corner.equals(box(2, 2, 3, 3))


def test_neighbours_share_the_points_where_three_meet() -> None:
    polygons = polygons_of([[0, 0, 1], [0, 0, 1], [2, 2, 2]])
    assert same(polygons[2], Polygon([(0, 2), (2, 2), (3, 2), (3, 3), (0, 3)]))
    assert shapely.coverage_is_valid(polygons)


def test_a_stair_becomes_a_straight_line_for_both_sides() -> None:
    rows, columns = np.mgrid[:40, :40]
    labels = (columns > rows).astype(int)
    below, above = polygons_of(labels, 16, 1.0)
    assert shapely.get_num_coordinates(below) <= 8
    assert shapely.get_num_coordinates(above) <= 8
    assert below.area + above.area == 1600
    assert below.intersection(above).length == pytest.approx(40 * 2**0.5, rel=0.03)


def test_polygons_are_given_out_as_soon_as_they_are_complete() -> None:
    labels = np.zeros((40, 10), int)
    labels[5:8, 2:4] = 1
    labels[:, 8:] = 2
    regions = find_regions(Labels.of_array(labels, 10))
    rows = [numbers.tolist() for numbers, _ in region_polygons(regions)]
    assert rows == [[2], [], [], [0, 1]]


@given(labels=MAPS, side=SIDES)
def test_outlines_are_those_of_the_whole_raster(labels: Any, side: int) -> None:
    polygons = polygons_of(labels, side)
    assert shapely.is_valid(polygons).all()
    assert shapely.coverage_is_valid(polygons)
    regions = find_regions(Labels.of_array(labels))
    (_, numbers) = next(regions.tiles(), (None, np.zeros((0, 0))))
    whole = {
        int(number): shapely.make_valid(shapely.geometry.shape(outline))
        for outline, number in shapes(numbers.astype(np.int32), mask=numbers >= 0, connectivity=4)
    }
    assert len(whole) == len(polygons)
    for number, polygon in enumerate(polygons):
        assert polygon.equals(whole[number])
    assert same(polygons, polygons_of(labels))


@settings(max_examples=150)
@given(labels=MAPS, side=SIDES, limit=LIMITS)
def test_simplified_outlines_are_a_coverage_whatever_the_tiles(
    labels: Any, side: int, limit: float
) -> None:
    labels = np.kron(labels, np.ones((2, 2), int))
    polygons = polygons_of(labels, side, limit)
    assert shapely.is_valid(polygons).all()
    assert (shapely.area(polygons) > 0).all()
    assert shapely.coverage_is_valid(polygons)
    assert same(polygons, polygons_of(labels, 50, limit))
    filled = np.maximum(labels, 0)
    covering = polygons_of(filled, side, limit)
    assert shapely.area(covering).sum() == pytest.approx(labels.size)
    assert shapely.union_all(covering).equals(box(0, 0, labels.shape[1], labels.shape[0]))


def test_simplification_is_a_coverage_on_a_large_ragged_map() -> None:
    noise = np.random.default_rng(5).random((20, 20, 4)).repeat(12, 0).repeat(12, 1)
    labels = (noise + np.random.default_rng(6).random((240, 240, 4)) / 6).argmax(-1)
    exact = polygons_of(labels, 64)
    for limit in (1.0, 9.0, 100.0):
        polygons = polygons_of(labels, 64, limit)
        assert shapely.coverage_is_valid(polygons)
        assert shapely.area(polygons).sum() == pytest.approx(240 * 240)
        points = shapely.get_num_coordinates(polygons).sum()
        assert points < shapely.get_num_coordinates(exact).sum() * 0.85
    assert same(polygons, polygons_of(labels, 100, 100.0))
