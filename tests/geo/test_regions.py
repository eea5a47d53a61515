from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from geo_maps import painted
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy import ndimage

from dgl_rsis.geo.regions import Labels, find_regions, framed, tiles_of

MAPS = arrays(
    np.int16,
    array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=9),
    elements=st.integers(-1, 2),
)
SIDES = st.integers(1, 10)


def test_a_river_over_many_tiles_is_one_region() -> None:
    labels = np.zeros((50, 500), int)
    labels[24:27] = 1
    labels[10, 10] = -1
    regions = find_regions(Labels.of_array(labels, 8))
    assert regions.classes.tolist() == [0, 1, 0]  # by their first pixels: north, river, south
    assert regions.pixels.tolist() == [24 * 500 - 1, 1500, 23 * 500]
    assert regions.bottoms.tolist() == [23, 26, 49]
    assert (painted(regions)[25] == 1).all()
    assert painted(regions)[10, 10] == -1
    assert regions.source.tiles[0] == (0, 0, 8, 8)


def test_a_spiral_is_joined_when_its_tiles_are_far_apart() -> None:
    spiral = np.array(
        [
            [1, 1, 1, 1, 1, 1, 1],
            [0, 0, 0, 0, 0, 0, 1],
            [1, 1, 1, 1, 1, 0, 1],
            [1, 0, 0, 0, 1, 0, 1],
            [1, 0, 1, 1, 1, 0, 1],
            [1, 0, 0, 0, 0, 0, 1],
            [1, 1, 1, 1, 1, 1, 1],
        ]
    )
    regions = find_regions(Labels.of_array(spiral, 2))
    assert regions.classes.tolist() == [1, 0]
    assert (painted(regions) == 1 - spiral).all()


def test_corners_do_not_join() -> None:
    regions = find_regions(Labels.of_array(np.eye(4, dtype=int), 1))
    assert len(regions) == 4 + 2


@given(labels=MAPS, side=SIDES)
def test_regions_are_those_of_the_whole_map(labels: Any, side: int) -> None:
    regions = find_regions(Labels.of_array(labels, side))
    found = painted(regions)
    assert ((found < 0) == (labels < 0)).all()
    count = 0
    for value in range(3):
        whole, parts = ndimage.label(labels == value)
        count += parts
        for part in range(1, parts + 1):
            (number,) = np.unique(found[whole == part])
            assert regions.classes[number] == value
            assert regions.pixels[number] == (found == number).sum() == (whole == part).sum()
            assert regions.bottoms[number] == np.nonzero(whole == part)[0].max()
    assert len(regions) == count
    _, firsts = np.unique(found[found >= 0], return_index=True)
    assert (np.diff(firsts) > 0).all()


@given(labels=MAPS, side=SIDES)
def test_sums_are_those_of_the_whole_map(labels: Any, side: int) -> None:
    values = np.arange(labels.size, dtype=np.float64).reshape(labels.shape)
    regions = find_regions(Labels.of_array(labels, side))
    sums = regions.sums(lambda tile: values[tile[0] : tile[2], tile[1] : tile[3]])
    found = painted(regions)
    expected = [values[found == number].sum() for number in range(len(regions))]
    assert sums.tolist() == pytest.approx(expected)


@given(labels=MAPS, side=SIDES)
def test_frames_show_what_lies_above_and_to_the_left(labels: Any, side: int) -> None:
    whole = np.pad(labels.astype(np.int64), 1, constant_values=-1)
    height, width = labels.shape
    tiles = tiles_of(labels.shape, side)

    def read(_: int, tile: Any) -> Any:
        return labels[tile[0] : tile[2], tile[1] : tile[3]].astype(np.int64)

    for (top, left, bottom, right), seen in framed(labels.shape, tiles, read):
        below, beyond = bottom + (bottom == height), right + (right == width)
        assert (seen == whole[top : below + 1, left : beyond + 1]).all()


def test_nothing_is_no_region() -> None:
    regions = find_regions(Labels.of_array(np.full((5, 5), -7), 2))
    assert len(regions) == 0
    assert (painted(regions) == -1).all()
    assert regions.sums(lambda tile: np.ones((tile[2] - tile[0], tile[3] - tile[1]))).tolist() == []
