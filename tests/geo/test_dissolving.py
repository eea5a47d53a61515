from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from geo_maps import painted_classes
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from dgl_rsis.geo.dissolving import dissolve
from dgl_rsis.geo.regions import Labels, find_regions

MAPS = arrays(
    np.int16,
    array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=9),
    elements=st.integers(-1, 2),
)


def dissolved(labels: Any, least: float, side: int = 50, **options: Any) -> Any:
    regions = find_regions(Labels.of_array(np.asarray(labels), side))
    return painted_classes(dissolve(regions, regions.pixels, least, **options).regions)


def test_the_longest_border_wins() -> None:
    labels = np.array(
        [
            [1, 1, 1, 1, 1],
            [1, 1, 0, 2, 2],
            [1, 1, 0, 2, 2],
            [2, 2, 2, 2, 2],
        ]
    )
    # the sliver of two pixels shares 3 edges with each of both; 1 has 9 pixels, 2 has 9
    expected = labels.copy()
    expected[expected == 0] = 1  # the one that begins first
    assert (dissolved(labels, 3) == expected).all()
    larger = np.vstack([labels, [[2, 2, 2, 2, 2]]])
    assert (dissolved(larger, 3)[1:3, 2] == 2).all()  # as long a border, a larger area
    longer = np.vstack([labels[:3], [[1, 1, 1, 2, 2]], np.full((2, 5), 2)])
    assert (dissolved(longer, 3)[1:3, 2] == 1).all()  # four edges against two of a larger one


def test_borders_are_measured_on_the_ground() -> None:
    labels = np.array([[1, 1, 1], [2, 0, 0], [2, -1, -1], [2, -1, -1]])
    assert (dissolved(labels, 3)[1, 1:] == 1).all()  # two edges above, one beside
    assert (dissolved(labels, 3, pixel=(1.0, 3.0))[1, 1:] == 2).all()  # 2 x 1 above, 1 x 3 beside


def test_the_smallest_go_first_and_may_make_another_large_enough() -> None:
    labels = np.array([[0, 0, 0, 0, 1, 1, 2, 3, 3, 3, 3]])
    # 2 goes first, to the larger of its neighbours; that makes 3 larger than 0, which 1 goes to
    assert dissolved(labels, 3).tolist() == [[0, 0, 0, 0, 3, 3, 3, 3, 3, 3, 3]]
    assert dissolved(np.array([[0, 1, 1, 2, 2, 2]]), 3).tolist() == [[1, 1, 1, 2, 2, 2]]


def test_regions_of_one_class_that_meet_become_one() -> None:
    labels = np.array([[1, 1, 0, 1, 1], [1, 1, 0, 1, 1]])
    regions = find_regions(Labels.of_array(labels, 2))
    found = dissolve(regions, regions.pixels, 3)
    assert found.regions.classes.tolist() == [1]
    assert found.regions.pixels.tolist() == [10]
    assert found.of_before.tolist() == [0, 0, 0]
    assert found.changed.tolist() == [False, True, False]


def test_what_lies_in_no_data_stays() -> None:
    labels = np.array([[-1, -1, -1, -1], [-1, 0, -1, 1], [-1, -1, -1, -1]])
    assert (dissolved(labels, 100) == labels).all()


@given(labels=MAPS, least=st.integers(1, 9), side=st.integers(1, 10))
def test_nothing_small_has_a_neighbour_and_no_data_stays(
    labels: Any, least: int, side: int
) -> None:
    result = dissolved(labels, least, side)
    assert (result == dissolved(labels, least)).all()  # whatever the tiles
    assert ((result < 0) == (labels < 0)).all()
    left = find_regions(Labels.of_array(result))
    for number in np.flatnonzero(left.pixels < least).tolist():
        inside = next(left.tiles())[1] == number
        around = np.zeros(np.add(labels.shape, 2), bool)
        for down, across in ((0, 1), (2, 1), (1, 0), (1, 2)):
            around[down : down + labels.shape[0], across : across + labels.shape[1]] |= inside
        assert (result[around[1:-1, 1:-1] & ~inside] < 0).all()
    before = find_regions(Labels.of_array(labels))
    kept = np.isin(next(before.tiles())[1], np.flatnonzero(before.pixels >= least))
    assert (result[kept] == labels[kept]).all()  # what is large enough keeps its class
    assert find_regions(Labels.of_array(labels)).pixels.sum() == left.pixels.sum()


def test_facts_are_those_of_the_new_map() -> None:
    labels = np.random.default_rng(4).integers(-1, 3, (30, 30))
    regions = find_regions(Labels.of_array(labels, 7))
    found = dissolve(regions, regions.pixels, 5).regions
    anew = find_regions(Labels.of_array(painted_classes(found), 7))
    assert len(found) == len(anew)
    assert sorted(zip(found.pixels, found.classes, found.bottoms, strict=True)) == sorted(
        zip(anew.pixels, anew.classes, anew.bottoms, strict=True)
    )
    assert found.pixels.sum() == pytest.approx((labels >= 0).sum())
