from __future__ import annotations

import numpy as np

from dgl_rsis.benchmark.votes import majority_of_masks, paint_masks
from dgl_rsis.proposals.masks import MaskSet

LABELS = np.array(
    [
        [0, 0, 1, 1],
        [0, 2, 1, 2],
        [3, 3, 2, 2],
        [-1, -1, 2, 0],
    ],
    np.int16,
)
UPPER_LEFT, RIGHT, UNLABELLED, SMALL = (0, 0, 2, 2), (2, 0, 4, 4), (0, 3, 2, 4), (3, 3, 4, 4)
MASKS = MaskSet.from_boxes(np.array([SMALL, UPPER_LEFT, RIGHT, UNLABELLED]), (4, 4))


def test_the_most_frequent_label_of_each_mask_wins() -> None:
    # upper left 0 0 0 2; right 1 1 1 2 2 2 2 0; without labels; one pixel
    assert majority_of_masks(LABELS, MASKS).tolist() == [0, 0, 2, -1]


def test_of_equals_the_smallest_label_wins() -> None:
    labels = np.array([[3, 1, 1, 3]])
    assert majority_of_masks(labels, MaskSet.from_boxes(np.array([[0, 0, 4, 1]]), (1, 4))) == [1]


def test_small_masks_lie_on_large_ones_and_the_rest_stays() -> None:
    painted = paint_masks(majority_of_masks(LABELS, MASKS), MASKS, LABELS)
    assert painted.dtype == np.int16
    assert painted.tolist() == [[0, 0, 2, 2], [0, 0, 2, 2], [3, 3, 2, 2], [-1, -1, 2, 0]]
    nowhere = np.full((4, 4), -1)
    alone = paint_masks(np.array([-1, 5, -1, -1]), MASKS, nowhere)
    assert alone.tolist() == [[5, 5, -1, -1], [5, 5, -1, -1], [-1] * 4, [-1] * 4]
    assert (nowhere == -1).all()
