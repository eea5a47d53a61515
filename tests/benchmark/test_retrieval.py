from itertools import combinations

import numpy as np
import pytest

from dgl_rsis.benchmark.retrieval import chance_recall_at, recall_at

SIMILARITIES = np.array([[0.9, 0.1, 0.5, 0.3], [0.2, 0.4, 0.6, 0.8]], np.float32)
RELEVANT = np.array([[False, True, True, False], [True, False, False, False]])


@pytest.mark.parametrize(("k", "share"), [(1, 0.0), (2, 0.5), (3, 0.5), (4, 1.0), (9, 1.0)])
def test_the_best_right_item_decides(k: int, share: float) -> None:
    # the right ones are second and fourth, and fourth
    assert recall_at(k, SIMILARITIES, RELEVANT) == share


def test_equal_similarities_find_nothing() -> None:
    flat = np.zeros_like(SIMILARITIES)
    assert recall_at(2, flat, RELEVANT) == 0
    assert recall_at(3, flat, RELEVANT) == 0.5  # two wrong ones can stand before two right ones


def test_right_items_do_not_stand_in_each_others_way() -> None:
    assert recall_at(1, np.array([[0.5, 0.5, 0.1]]), np.array([[True, True, False]])) == 1


@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_chance_is_the_mean_over_all_choices(k: int) -> None:
    shares = [RELEVANT[:, list(chosen)].any(axis=1).mean() for chosen in combinations(range(4), k)]
    assert chance_recall_at(k, RELEVANT) == pytest.approx(np.mean(shares))


def test_chance_of_more_than_there_is() -> None:
    assert chance_recall_at(7, RELEVANT) == 1


@pytest.mark.parametrize(
    ("k", "relevant"),
    [(0, RELEVANT), (1, np.zeros((2, 4), bool)), (1, np.zeros((0, 4), bool))],
)
def test_mistakes_of_the_caller_are_said(k: int, relevant: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"at least 1|needs a right item"):
        recall_at(k, np.zeros(relevant.shape, np.float32), relevant)
    with pytest.raises(ValueError, match=r"at least 1|needs a right item"):
        chance_recall_at(k, relevant)


def test_shapes_must_agree() -> None:
    with pytest.raises(ValueError, match="similarities are"):
        recall_at(1, SIMILARITIES[:, :3], RELEVANT)
