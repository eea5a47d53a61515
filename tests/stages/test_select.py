import numpy as np
import pytest

from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.stages import select


def test_score_is_the_weighted_geometric_mean():
    terms = {"a": np.array([0.25, 1.0], np.float32), "b": np.array([1.0, 1.0], np.float32)}
    score = select.combined_score(terms, {"a": 1.0, "b": 1.0, "absent": 5.0})
    np.testing.assert_allclose(score, [0.5, 1.0], atol=2e-3)


def test_a_weight_of_zero_does_not_count():
    terms = {"a": np.array([0.2], np.float32), "b": np.array([0.0], np.float32)}
    score = select.combined_score(terms, {"a": 1.0, "b": 0.0})
    assert score[0] == pytest.approx(0.2, abs=2e-3)


def test_distinct_leaves_out_what_overlaps_or_contains():
    boxes = np.array([[0, 0, 4, 4], [1, 1, 3, 3], [0, 0, 8, 8], [5, 5, 8, 8], [3, 0, 7, 4]])
    masks = MaskSet.from_boxes(boxes, (8, 8))
    assert select.distinct(masks, range(5), limit=None) == [0, 3, 4]
    assert select.distinct(masks, range(5), limit=1) == [0]
    assert select.distinct(masks, [1, 0, 2], limit=None) == [1]
