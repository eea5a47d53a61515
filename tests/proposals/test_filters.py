from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dgl_rsis.errors import InputError
from dgl_rsis.proposals.filters import (
    Overlaps,
    flatten_tree,
    mask_iou,
    non_maximum_suppression,
    within_areas,
)
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.proposals.region_tree import RegionTree
from dgl_rsis.proposals.tree import build_region_tree


def random_tree(seed: int) -> RegionTree:
    generator = np.random.default_rng(seed)
    coarse = generator.integers(0, 256, (5, 4, 3)).repeat(7, axis=0).repeat(6, axis=1)
    return build_region_tree(coarse.astype(np.uint8), valid=generator.random((35, 24)) > 0.05)


def brute_force(tree: RegionTree | MaskSet, other: RegionTree | MaskSet) -> np.ndarray:
    first = np.array([tree.mask(i) for i in range(len(tree))]).reshape(len(tree), -1)
    second = np.array([other.mask(i) for i in range(len(other))]).reshape(len(other), -1)
    shared = first.astype(int) @ second.T.astype(int)
    return shared / (first.sum(1)[:, None] + second.sum(1)[None] - shared)


def test_overlap_of_two_boxes_by_hand() -> None:
    boxes = MaskSet.from_boxes(np.array([[0, 0, 2, 2], [1, 1, 3, 3], [3, 3, 4, 4]]), (4, 4))
    expected = [[1, 1 / 7, 0], [1 / 7, 1, 0], [0, 0, 1]]
    np.testing.assert_allclose(mask_iou(boxes, boxes), expected, rtol=1e-6)


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 999))
def test_overlaps_equal_brute_force(seed: int) -> None:
    tree = random_tree(seed)
    generator = np.random.default_rng(seed)
    masks = generator.random((5, 35, 24)) > 0.7
    masks[2:, 10:, :] = False
    flat = MaskSet.from_masks(masks)
    np.testing.assert_allclose(mask_iou(tree, flat), brute_force(tree, flat), atol=1e-6)
    np.testing.assert_allclose(mask_iou(flat, tree), brute_force(flat, tree), atol=1e-6)
    np.testing.assert_allclose(mask_iou(flat, flat), brute_force(flat, flat), atol=1e-6)
    for proposals in (tree, flat):
        overlaps = Overlaps(proposals)
        found = np.array([overlaps.ious(index) for index in range(len(proposals))])
        np.testing.assert_allclose(found, brute_force(proposals, proposals), atol=1e-6)


def test_the_better_of_two_alike_stays() -> None:
    boxes = np.array([[0, 0, 4, 4], [0, 0, 4, 5], [6, 6, 9, 9], [0, 0, 2, 2]])
    flat = MaskSet.from_boxes(boxes, (10, 10))
    scores = np.array([0.5, 0.9, 0.1, 0.7])
    assert non_maximum_suppression(flat, scores, 0.7).tolist() == [1, 3, 2]
    assert non_maximum_suppression(flat, scores, 0.9).tolist() == [1, 3, 0, 2]
    assert non_maximum_suppression(flat, scores, 0.7, limit=1).tolist() == [1]
    assert non_maximum_suppression(flat, scores, 0.7, among=np.array([0, 2])).tolist() == [0, 2]


def test_scores_must_fit() -> None:
    flat = MaskSet.from_boxes(np.array([[0, 0, 4, 4]]), (10, 10))
    with pytest.raises(InputError, match="as many scores"):
        non_maximum_suppression(flat, np.zeros(2))


def test_images_must_fit() -> None:
    boxes = np.array([[0, 0, 2, 2]])
    with pytest.raises(InputError, match="cannot be compared"):
        mask_iou(MaskSet.from_boxes(boxes, (4, 4)), MaskSet.from_boxes(boxes, (4, 5)))


def test_areas_within_limits() -> None:
    flat = MaskSet.from_boxes(np.array([[0, 0, 1, 1], [0, 0, 2, 2], [0, 0, 4, 4]]), (4, 4))
    assert within_areas(flat, minimum=2).tolist() == [1, 2]
    assert within_areas(flat, maximum_share=0.5).tolist() == [0, 1]


def test_a_flat_set_from_a_tree() -> None:
    tree = random_tree(4)
    flat = flatten_tree(tree, tree.areas.astype(float), iou=0.6, limit=7, minimum_area=20)
    assert len(flat) == 7
    assert (flat.areas >= 20).all()
    assert (flat.areas <= 0.9 * 35 * 24).all()
    overlaps = brute_force(flat, flat)
    assert overlaps[~np.eye(7, dtype=bool)].max() <= 0.6
