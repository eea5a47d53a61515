from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dgl_rsis.proposals.merging import adjacency, merge

LABELS = np.array([[0, 0, 1, 1], [0, 0, 1, 1], [2, 2, 3, 3], [2, 2, 3, 3]])
STEPS = np.ones(24, dtype=np.float32)


def test_adjacency_by_hand() -> None:
    steps = np.arange(24, dtype=np.float32)
    touching = adjacency(LABELS, 4, steps)
    assert touching.pairs.tolist() == [[0, 1], [0, 2], [1, 3], [2, 3]]
    assert touching.lengths.tolist() == [2, 2, 2, 2]
    # Steps to the right: row by row, three each; steps down follow from 12 on, four each.
    assert touching.contrasts.tolist() == [1 + 4, 16 + 17, 18 + 19, 7 + 10]


def test_alike_regions_merge_first() -> None:
    means = np.array([[0.0], [1.0], [10.0], [12.0]])
    merging = merge(means, np.full(4, 4), adjacency(LABELS, 4, STEPS))
    assert [sorted(pair) for pair in merging.children.tolist()] == [[0, 1], [2, 3], [4, 5]]
    assert (np.diff(merging.heights) > 0).all()


def test_an_edge_between_alike_regions_keeps_them_apart() -> None:
    labels = np.array([[0, 0, 1, 1, 2, 2]])
    soft, hard = 1.0, 9.0
    steps = np.array([0, soft, 0, hard, 0], dtype=np.float32)
    means = np.array([[0.0], [2.0], [4.0]])
    assert sorted(merge(means, np.full(3, 2), adjacency(labels, 3, steps)).children[0]) == [0, 1]
    merging = merge(means, np.full(3, 2), adjacency(labels, 3, steps[::-1].copy()))
    assert sorted(merging.children[0]) == [1, 2]


def test_what_has_one_colour_and_other_features_merges_last() -> None:
    labels = np.array([[0, 0, 1, 1, 2, 2, 3, 3]])
    touching = adjacency(labels, 4, np.zeros(7, dtype=np.float32))  # no step of colour anywhere
    learned = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    merging = merge(np.full((4, 3), 50.0), np.full(4, 2), touching, learned)
    assert sorted(sorted(pair) for pair in merging.children.tolist()) == [[0, 1], [2, 3], [4, 5]]
    # Ward's cost: sqrt(|difference|^2 * 4 * 4 / (4 + 4)), over (1 / sqrt(4)) ** 0.3
    np.testing.assert_allclose(merging.heights, [0, 0, 2 * 2**0.3], rtol=1e-6)


def test_features_that_say_nothing_leave_the_merging_as_it_is() -> None:
    generator = np.random.default_rng(0)
    labels = np.arange(30).reshape(5, 6)
    touching = adjacency(labels, 30, generator.random(49, dtype=np.float32))
    means, areas = generator.random((30, 3)), generator.integers(1, 9, 30)
    plain = merge(means, areas, touching)
    for learned in (np.zeros((30, 0)), np.zeros((30, 4)), np.full((30, 4), 0.25)):
        same = merge(means, areas, touching, learned)
        assert np.array_equal(plain.children, same.children)
        assert np.array_equal(plain.heights, same.heights)


def test_islands_join_last() -> None:
    labels = np.array([[0, 1, -1, 2, 3]])
    steps = np.ones(4, dtype=np.float32)
    means = np.array([[0.0], [9.0], [0.0], [9.0]])
    merging = merge(means, np.array([1, 1, 1, 1]), adjacency(labels, 4, steps))
    assert [sorted(pair) for pair in merging.children.tolist()] == [[0, 1], [2, 3], [4, 5]]


def test_one_leaf_and_none() -> None:
    nothing = np.zeros((1, 1), dtype=int)
    touching = adjacency(nothing, 1, np.zeros(0, dtype=np.float32))
    assert merge(np.zeros((1, 3)), np.array([1]), touching).children.shape == (0, 2)
    assert merge(np.zeros((0, 3)), np.zeros(0, dtype=int), touching).children.shape == (0, 2)


@settings(max_examples=30, deadline=None)
@given(height=st.integers(1, 8), width=st.integers(1, 8), seed=st.integers(0, 999))
def test_every_node_has_one_parent_and_heights_do_not_fall(
    height: int, width: int, seed: int
) -> None:
    count = height * width
    generator = np.random.default_rng(seed)
    labels = generator.permutation(count).reshape(height, width)
    steps = generator.random(height * (width - 1) + (height - 1) * width, dtype=np.float32)
    means = generator.integers(0, 3, (count, 2)).astype(np.float64)
    merging = merge(means, np.ones(count, dtype=int), adjacency(labels, count, steps))
    assert sorted(merging.children.ravel().tolist()) == list(range(2 * count - 2))
    heights = np.concatenate([np.zeros(count), merging.heights])
    for row, pair in enumerate(merging.children.tolist()):
        assert max(pair) < count + row
        assert heights[count + row] >= heights[pair].max()
