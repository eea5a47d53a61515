"""The index against all pairs, for boxes that lie anywhere and some that are huge."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from dgl_rsis.stages.box_index import BoxIndex

Floats = NDArray[np.float64]


def random_boxes(rng: np.random.Generator, count: int) -> Floats:
    corners = rng.random((count, 2)) * 1000
    sides = rng.random((count, 2)) * rng.choice([1.0, 20.0, 900.0], (count, 1), p=[0.3, 0.6, 0.1])
    return np.round(np.concatenate([corners, corners + sides], axis=1))


def gaps_by_hand(boxes: Floats, others: Floats, scale: tuple[float, float]) -> Floats:
    ways = [
        np.maximum(
            np.maximum(boxes[:, None, k] - others[:, k + 2], others[:, k] - boxes[:, None, k + 2]),
            0,
        )
        * scale[k]
        for k in (0, 1)
    ]
    return np.hypot(*ways)


SCALES = st.sampled_from([(1.0, 1.0), (0.5, 2.0)])


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 700), st.integers(1, 40), SCALES)
def test_pairs_are_those_of_all_pairs(
    seed: int, count: int, other_count: int, scale: tuple[float, float]
) -> None:
    rng = np.random.default_rng(seed)
    boxes, others = random_boxes(rng, count), random_boxes(rng, other_count)
    lengths, limits = rng.uniform(1, 50, other_count), rng.uniform(-1, 3, count)
    found = BoxIndex.of(boxes).pairs_within(others, lengths, limits, scale)
    expected = gaps_by_hand(boxes, others, scale) / lengths <= limits[:, None]
    expected &= limits[:, None] >= 0
    assert sorted(zip(*(part.tolist() for part in found), strict=True)) == sorted(
        zip(*(part.tolist() for part in np.nonzero(expected)), strict=True)
    )


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 700), st.integers(1, 40), SCALES)
def test_the_nearest_is_that_of_all(
    seed: int, count: int, other_count: int, scale: tuple[float, float]
) -> None:
    rng = np.random.default_rng(seed)
    boxes, others = random_boxes(rng, count), random_boxes(rng, other_count)
    own = np.where(rng.random(count) < 0.1, rng.integers(0, other_count, count), -1)
    boxes[own >= 0] = others[own[own >= 0]]
    lengths = rng.uniform(1, 50, other_count)
    gaps, numbers = BoxIndex.of(boxes).nearest(others, own, lengths, scale)
    expected = gaps_by_hand(boxes, others, scale) / lengths
    expected[own >= 0, own[own >= 0]] = np.inf
    np.testing.assert_allclose(gaps, expected.min(axis=1))
    known = np.isfinite(gaps)
    np.testing.assert_allclose(gaps[known], expected[known, numbers[known]])


def test_an_empty_index_finds_nothing() -> None:
    index = BoxIndex.of(np.zeros((0, 4)))
    mine, theirs = index.pairs_within(np.array([[0, 0, 1, 1]]), np.ones(1), np.zeros(0))
    assert len(mine) == len(theirs) == 0


def test_blocks_hold_every_box_once() -> None:
    index = BoxIndex.of(random_boxes(np.random.default_rng(0), 700))
    assert len(index.members()) > 5
    assert sorted(np.concatenate(index.members()).tolist()) == list(range(700))
