from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from dgl_rsis.errors import InputError
from dgl_rsis.proposals.merging import Merging
from dgl_rsis.proposals.region_tree import RegionTree, forest
from dgl_rsis.proposals.tree import build_region_tree

LABELS = np.array([[0, 0, 1, 1], [0, 0, 1, 1], [2, 2, 3, -1], [2, 2, 3, 3]])


def small_tree() -> RegionTree:
    """Leaves 0 and 3 merge, then 1 and 2, then both."""
    merging = Merging(np.array([[0, 3], [1, 2], [4, 5]]), np.array([1, 2, 3], dtype=np.float32))
    return forest((4, 4), [LABELS], [merging])


def blocks(seed: int, shape: tuple[int, int], side: int) -> NDArray[np.uint8]:
    """An image of squares of random colour."""
    generator = np.random.default_rng(seed)
    coarse = generator.integers(0, 256, (-(-shape[0] // side), -(-shape[1] // side), 3))
    fine = coarse.repeat(side, axis=0).repeat(side, axis=1)[: shape[0], : shape[1]]
    return np.asarray(fine.astype(np.uint8))


def test_leaves_are_renumbered_so_that_nodes_are_intervals() -> None:
    tree = small_tree()
    assert tree.leaf_ranges.tolist() == [[0, 1], [1, 2], [2, 3], [3, 4], [0, 2], [2, 4], [0, 4]]
    assert np.array_equal(tree.mask(4), (LABELS == 0) | (LABELS == 3))
    assert np.array_equal(tree.mask(6), LABELS >= 0)
    assert tree.children.tolist()[4:] == [[0, 1], [2, 3], [4, 5]]
    assert tree.parents.tolist() == [4, 4, 5, 5, 6, 6, -1]
    assert list(tree.leaves_of(5)) == [2, 3]


def test_geometry_of_a_small_tree() -> None:
    tree = small_tree()
    assert tree.areas.tolist() == [4, 3, 4, 4, 7, 8, 15]
    assert tree.boxes[4].tolist() == [0, 0, 4, 4]
    assert tree.boxes[2].tolist() == [2, 0, 4, 2]
    np.testing.assert_allclose(tree.centroids[5], [2, 2])
    np.testing.assert_allclose(tree.moments[0], [4 / 12, 4 / 12, 0], atol=1e-12)
    assert np.array_equal(tree.crop(2), np.ones((2, 2), dtype=bool))


def test_accumulate_sums_leaves_into_nodes() -> None:
    sums = small_tree().accumulate(np.array([1.0, 10, 100, 1000]))
    assert sums.tolist() == [1, 10, 100, 1000, 11, 1100, 1111]


def test_nested_within_a_tree_only() -> None:
    tree = small_tree()
    assert tree.nested([6, 4, 0, 2]).tolist() == [
        [True, True, True, True],
        [False, True, True, False],
        [False, False, True, False],
        [False, False, False, True],
    ]
    both = build_region_tree(blocks(0, (32, 32), 8))
    roots = [both.offsets[1] - 1, both.offsets[2] - 1]
    assert both.nested(roots).tolist() == [[True, False], [False, True]]


@settings(max_examples=15, deadline=None)
@given(
    shape=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    side=st.integers(1, 9),
    holes=st.sampled_from([0.0, 0.1, 0.6]),
    working_side=st.sampled_from([9, 1024]),
    seed=st.integers(0, 999),
)
def test_leaves_partition_and_nodes_are_disjoint_unions(
    shape: tuple[int, int], side: int, holes: float, working_side: int, seed: int
) -> None:
    valid = np.random.default_rng(seed).random(shape) >= holes
    tree = build_region_tree(blocks(seed, shape, side), valid=valid, working_side=working_side)
    masks = [tree.mask(node) for node in range(len(tree))]
    for number in range(tree.tree_count):
        leaves = masks[tree.offsets[number] : tree.offsets[number] + tree.leaf_count(number)]
        covered = np.sum(leaves, axis=0) if leaves else np.zeros(shape)
        assert np.array_equal(covered, valid.astype(int))
        if valid.any():
            assert np.array_equal(masks[tree.offsets[number + 1] - 1], valid)
    for node, (first, second) in enumerate(tree.children.tolist()):
        y, x = np.nonzero(masks[node])
        assert tree.areas[node] == len(y) > 0
        assert tree.boxes[node].tolist() == [x.min(), y.min(), x.max() + 1, y.max() + 1]
        np.testing.assert_allclose(tree.centroids[node], [x.mean() + 0.5, y.mean() + 0.5])
        if first >= 0:
            assert not (masks[first] & masks[second]).any()
            assert np.array_equal(masks[first] | masks[second], masks[node])
            assert tree.parents[first] == tree.parents[second] == node
            assert tree.heights[node] >= max(tree.heights[first], tree.heights[second])


@pytest.mark.parametrize(
    ("shape", "field_shape"),
    [((40, 61), (5, 7)), ((33, 20), (50, 41)), ((24, 24), (24, 24)), ((1, 1), (3, 4))],
)
def test_pool_equals_the_mean_over_each_mask(
    upsample, shape: tuple[int, int], field_shape: tuple[int, int]
) -> None:
    generator = np.random.default_rng(5)
    valid = generator.random(shape) >= 0.05
    valid[0, 0] = True
    tree = build_region_tree(blocks(5, shape, 6), valid=valid)
    field = generator.standard_normal((*field_shape, 3)).astype(np.float32)
    large = upsample(field, shape)
    expected = np.array([large[tree.mask(node)].mean(axis=0) for node in range(len(tree))])
    pooled = tree.pool(field)
    assert pooled.dtype == np.float32
    np.testing.assert_allclose(pooled, expected, atol=1e-5)
    np.testing.assert_allclose(tree.pool(field[..., 0]), expected[:, 0], atol=1e-5)
    for number in range(2):
        start = tree.offsets[number]
        rows = slice(start, start + tree.leaf_count(number))
        np.testing.assert_allclose(tree.pool_leaves(field, number), expected[rows], atol=1e-5)


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (20, 3000)])
def test_unusual_shapes(shape: tuple[int, int]) -> None:
    tree = build_region_tree(blocks(1, shape, 7))
    assert tree.areas[-1] == shape[0] * shape[1]


def test_nothing_valid_gives_no_proposals() -> None:
    tree = build_region_tree(blocks(1, (6, 5), 3), valid=np.zeros((6, 5), dtype=bool))
    assert len(tree) == 0
    assert tree.boxes.shape == (0, 4)
    assert tree.pool(np.ones((2, 2, 3))).shape == (0, 3)


def test_a_square_on_a_ground_is_a_node_and_results_repeat() -> None:
    image = np.full((64, 64, 3), 90, dtype=np.uint8)
    image[20:40, 10:35] = (200, 60, 50)
    tree, again = build_region_tree(image), build_region_tree(image)
    truth = image[..., 0] == 200
    best = max((m & truth).sum() / (m | truth).sum() for m in map(tree.mask, range(len(tree))))
    assert best > 0.95
    assert np.array_equal(tree.leaf_labels(0), again.leaf_labels(0))
    assert np.array_equal(tree.children, again.children)


def test_features_join_the_merging_cost() -> None:
    generator = np.random.default_rng(2)
    image = blocks(2, (48, 48), 12)
    field = generator.standard_normal((4, 4, 8)).astype(np.float32)
    plain = build_region_tree(image)
    guided = build_region_tree(image, features=field, learned_weight=30.0)
    assert len(plain) == len(guided)
    assert np.array_equal(plain.leaf_labels(0) >= 0, guided.leaf_labels(0) >= 0)
    assert not np.array_equal(plain.heights, guided.heights)
    longer = build_region_tree(image, features=7 * field, learned_weight=30.0)
    np.testing.assert_allclose(guided.heights, longer.heights, rtol=1e-5)  # directions count
    for unweighted in (field, None):  # a weight of nothing, and nothing that is weighed
        same = build_region_tree(image, features=unweighted, learned_weight=0.0)
        assert np.array_equal(plain.children, same.children)
        assert np.array_equal(plain.heights, same.heights)


def test_features_part_what_colour_does_not() -> None:
    # Four columns of grey, equally far from each other; features tell the outer two from the rest.
    image = np.repeat([100, 112, 124, 136], 12)[None, :, None].repeat(48, axis=0)
    image = image.repeat(3, axis=2).astype(np.uint8)
    outer = abs(np.arange(48) - 23.5) > 12
    field = np.stack([outer, ~outer], axis=-1)[None].repeat(48, axis=0).astype(np.float32)
    inner = ~outer[None].repeat(48, axis=0)

    def best(tree: RegionTree) -> float:
        masks = map(tree.mask, range(len(tree)))
        return max(float((m & inner).sum() / (m | inner).sum()) for m in masks)

    assert best(build_region_tree(image)) < 0.7
    assert best(build_region_tree(image, features=field, learned_weight=50.0)) > 0.95


@pytest.mark.parametrize("shape", [(5, 5), (5, 5, 4), (0, 5, 3)])
def test_other_images_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="image has shape"):
        build_region_tree(np.zeros(shape, dtype=np.uint8))


def test_valid_of_another_size_is_refused() -> None:
    with pytest.raises(InputError, match="valid has shape"):
        build_region_tree(np.zeros((4, 4, 3), dtype=np.uint8), valid=np.ones((4, 5), dtype=bool))
