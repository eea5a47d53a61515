import numpy as np
import pytest

from dgl_rsis.benchmark.metrics import (
    class_accuracies,
    class_ious,
    confusion_matrix,
    mask_iou,
    mean_class_accuracy,
    mean_iou,
    overall_accuracy,
)

TRUTH = np.array([[0, 0, 1, 1], [0, 0, 1, 1], [2, 2, 1, 1], [2, 2, -1, -1]])
PREDICTED = np.array([[0, 0, 0, 1], [0, 0, 1, 1], [2, -1, 1, 1], [2, 1, 0, 3]])


def test_confusion_matrix_of_a_small_map() -> None:
    expected = [[4, 0, 0, 0, 0], [1, 5, 0, 0, 0], [0, 1, 2, 0, 1], [0, 0, 0, 0, 0]]
    assert confusion_matrix(TRUTH, PREDICTED, 4).tolist() == expected


def test_ious_by_hand() -> None:
    confusion = confusion_matrix(TRUTH, PREDICTED, 4)
    ious = class_ious(confusion)
    # class 3 is predicted only where nothing is counted, so it occurs nowhere
    np.testing.assert_allclose(ious, [4 / 5, 5 / 7, 2 / 4, np.nan])
    assert mean_iou(confusion) == pytest.approx((4 / 5 + 5 / 7 + 2 / 4) / 3)
    assert overall_accuracy(confusion) == pytest.approx(11 / 14)


def test_accuracies_by_hand() -> None:
    confusion = confusion_matrix(TRUTH, PREDICTED, 4)
    # class 3 has no truth, and a pixel without a class counts as wrong
    np.testing.assert_allclose(class_accuracies(confusion), [4 / 4, 5 / 6, 2 / 4, np.nan])
    assert mean_class_accuracy(confusion) == pytest.approx((1 + 5 / 6 + 1 / 2) / 3)


def test_a_perfect_map_and_one_without_any_class() -> None:
    labels = np.array([[0, 1], [1, 0]])
    assert mean_iou(confusion_matrix(labels, labels, 2)) == 1.0
    assert mean_iou(confusion_matrix(labels, np.full_like(labels, -1), 2)) == 0.0


def test_nothing_counted_has_no_accuracy() -> None:
    confusion = confusion_matrix(np.full((2, 2), -1), np.zeros((2, 2), int), 2)
    assert np.isnan(mean_iou(confusion))
    assert np.isnan(overall_accuracy(confusion))
    assert np.isnan(mean_class_accuracy(confusion))


@pytest.mark.parametrize(
    ("truth", "predicted"),
    [(np.zeros((2, 2), int), np.zeros((2, 3), int)), (np.zeros((2, 2), int), np.full((2, 2), 2))],
)
def test_mistakes_of_the_caller_are_said(truth: np.ndarray, predicted: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"truth is|beyond"):
        confusion_matrix(truth, predicted, 2)


def test_mask_iou_by_hand() -> None:
    first, second = np.zeros((4, 4), bool), np.zeros((4, 4), bool)
    first[:2, :2] = second[1:3, :2] = True
    assert mask_iou(first, second) == pytest.approx(2 / 6)
    assert mask_iou(first, ~first) == 0.0
    assert mask_iou(first, first) == 1.0
    assert mask_iou(np.zeros((4, 4), bool), np.zeros((4, 4), bool)) == 1.0
