"""Offsets of patches: known counts, and that every pixel is in one."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dgl_rsis.benchmark.datasets.patches import Patch, cut, disjoint_spans, grid, shifted_spans


@pytest.mark.parametrize(
    ("length", "starts"),
    [
        (500, [0]),
        (896, [0]),
        (897, [0, 1]),
        (1000, [0, 104]),
        (1300, [0, 404]),
        (1408, [0, 512]),
        (4000, [0, 512, 1024, 1536, 2048, 2560, 3072, 3104]),
    ],
)
def test_starts_of_isaid(length: int, starts: list[int]) -> None:
    assert shifted_spans(length, 896, 512) == tuple((start, start + 896) for start in starts)


def collapsing_windows(length: int) -> list[tuple[int, int]]:
    """What MMSegmentation's converters of Potsdam and Vaihingen cut along one side.

    A stride of 256 says how many windows there are; each begins at its number times 512, and one
    that passes the border is shifted back. Equal windows are one file.
    """
    count = math.ceil((length - 512) / 256) + 1
    starts = (min(512 * number, length - 512) for number in range(count + 1))
    return sorted({(start, start + 512) for start in starts})


@given(st.integers(512, 8000))
def test_windows_of_the_converters_collapse_to_a_stride_of_their_size(length: int) -> None:
    assert list(shifted_spans(length, 512, 512)) == collapsing_windows(length)


@given(st.integers(1, 5000), st.integers(1, 1000), st.data())
def test_shifted_spans_cover_the_image_and_stay_inside(
    length: int, side: int, data: st.DataObject
) -> None:
    stride = data.draw(st.integers(1, side))
    spans = shifted_spans(length, side, stride)
    covered = np.zeros(max(length, side), bool)
    for start, end in spans:
        assert end - start == side
        covered[start:end] = True
    assert covered.all()
    assert spans[0][0] == 0
    assert spans[-1][1] == max(length, side)  # the last one ends at the border
    assert all(start % stride == 0 for start, _ in spans[:-1])
    assert list(spans) == sorted(set(spans))


@given(st.integers(1, 5000), st.integers(1, 1000))
def test_disjoint_spans_cover_every_pixel_once(length: int, side: int) -> None:
    spans = disjoint_spans(length, side)
    pixels = [pixel for start, end in spans for pixel in range(start, end)]
    assert pixels == list(range(length))
    assert all(end - start == side for start, end in spans[:-1])
    assert 0 < spans[-1][1] - spans[-1][0] <= side


def test_a_grid_goes_row_by_row() -> None:
    assert grid([(0, 2), (2, 4)], [(0, 3), (3, 5)]) == (
        Patch(0, 0, 3, 2),
        Patch(3, 0, 5, 2),
        Patch(0, 2, 3, 4),
        Patch(3, 2, 5, 4),
    )


def test_a_cut_is_a_copy() -> None:
    values = np.arange(12).reshape(3, 4)
    part = cut(values, Patch(1, 0, 3, 2), 0)
    assert part.tolist() == [[1, 2], [5, 6]]
    part[:] = 0
    assert values[0, 1] == 1


def test_beyond_the_image_a_cut_is_filled() -> None:
    values = np.ones((2, 3, 3), np.uint8)
    part = cut(values, Patch(0, 0, 4, 4), 7)
    assert part.shape == (4, 4, 3)
    assert (part[:2, :3] == 1).all()
    assert part.sum() == 18 + 7 * (48 - 18)
