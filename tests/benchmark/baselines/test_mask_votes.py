from __future__ import annotations

import numpy as np
from toy_backbone import quarters

from dgl_rsis.benchmark.baselines.dense_maps import OWN
from dgl_rsis.benchmark.baselines.mask_votes import (
    CORRCLIP_VOTE,
    DENSE_VOTE,
    flat_proposals,
)
from dgl_rsis.pipeline import Model
from dgl_rsis.proposals.masks import MaskSet

LABELS = np.array([[0, 0, 1, 1], [0, 2, 1, 2], [3, 3, 2, 2], [3, 1, 2, 0]], np.int16)
MASKS = MaskSet.from_boxes(np.array([[0, 0, 2, 2], [2, 0, 4, 4]]), (4, 4))
WORDS = ["water", "road", "building", "vegetation"]


def test_corrclip_keeps_labels_outside_of_masks() -> None:
    voted = CORRCLIP_VOTE.vote(LABELS, MASKS)
    assert voted.tolist() == [[0, 0, 2, 2], [0, 0, 2, 2], [3, 3, 2, 2], [3, 1, 2, 2]]


def test_dense_vote_leaves_the_rest_without_class() -> None:
    voted = DENSE_VOTE.vote(LABELS, MASKS)
    assert voted.tolist() == [[0, 0, 2, 2], [0, 0, 2, 2], [-1, -1, 2, 2], [-1, -1, 2, 2]]


def test_without_masks_nothing_changes_or_nothing_is_left() -> None:
    nothing = MaskSet.from_masks([], (4, 4))
    assert (CORRCLIP_VOTE.vote(LABELS, nothing) == LABELS).all()
    assert (DENSE_VOTE.vote(LABELS, nothing) == -1).all()


def test_a_map_is_the_vote_of_dense_labels_in_flat_masks(coloured: Model) -> None:
    image = quarters()
    image[10:13, 10:13] = (10, 10, 200)  # a speck of water in the roof
    masks = flat_proposals(coloured, image, WORDS)
    assert isinstance(masks, MaskSet)
    assert len(masks) > 0
    dense = OWN(coloured, image, WORDS)
    expected = CORRCLIP_VOTE.vote(dense, masks)
    np.testing.assert_array_equal(CORRCLIP_VOTE(coloured, image, WORDS), expected)
    covered = np.any([masks.mask(index) for index in range(len(masks))], axis=0)
    alone = DENSE_VOTE(coloured, image, WORDS)
    np.testing.assert_array_equal(alone, np.where(covered, expected, -1))
