import json
import time

import numpy as np
import pytest
import torch
from torchmetrics.functional.classification import binary_jaccard_index, multiclass_jaccard_index

from dgl_rsis.benchmark.metrics import (
    class_accuracies,
    class_ious,
    confusion_matrix,
    map_differences,
    map_figures,
    map_intervals,
    mean_class_accuracy,
    mean_iou,
    overall_accuracy,
)

TRUTH = np.array([[0, 0, 1, 1], [0, 0, 1, 1], [2, 2, 1, 1], [2, 2, -1, -1]])
PREDICTED = np.array([[0, 0, 0, 1], [0, 0, 1, 1], [2, -1, 1, 1], [2, 1, 0, 3]])
NAMES = [
    *("mean_iou", "mean_iou_without_background", "frequency_weighted_iou"),
    *("overall_accuracy", "foreground_iou"),
]


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


def test_figures_by_hand() -> None:
    figures = map_figures(confusion_matrix(TRUTH, PREDICTED, 4), background=0)
    assert figures.pixels == 14
    assert figures.mean_iou == pytest.approx((4 / 5 + 5 / 7 + 2 / 4) / 3)
    assert figures.mean_iou_without_background == pytest.approx((5 / 7 + 2 / 4) / 2)
    weighted = (4 * 4 / 5 + 6 * 5 / 7 + 4 * 2 / 4) / 14
    assert figures.frequency_weighted_iou == pytest.approx(weighted)
    assert figures.overall_accuracy == pytest.approx(11 / 14)
    assert np.isnan(figures.foreground_iou)
    np.testing.assert_allclose(figures.class_ious, [4 / 5, 5 / 7, 2 / 4, np.nan])


def test_without_a_background_both_means_are_one() -> None:
    figures = map_figures(confusion_matrix(TRUTH, PREDICTED, 4))
    assert figures.mean_iou_without_background == figures.mean_iou


@pytest.mark.parametrize("background", [0, 1])
def test_foreground_of_binary_sets(background: int) -> None:
    figures = map_figures(np.array([[5, 2, 1], [3, 4, 0]]), background=background)
    ious = (5 / 11, 4 / 9)
    assert figures.foreground_iou == pytest.approx(ious[1 - background])
    assert figures.mean_iou_without_background == figures.foreground_iou
    assert figures.mean_iou == pytest.approx(sum(ious) / 2)


def test_figures_go_into_json() -> None:
    figures = map_figures(np.array([[5, 2, 1], [3, 4, 0]]), background=0)
    read = json.loads(json.dumps(figures.to_dict()))
    assert list(read) == ["pixels", *NAMES, "class_ious"]
    assert read["class_ious"] == pytest.approx([5 / 11, 4 / 9])


@pytest.mark.parametrize("seed", range(5))
def test_as_torchmetrics(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth = rng.integers(-1, 6, (40, 50))  # class 6 occurs nowhere
    predicted = np.where(rng.random(truth.shape) < 0.6, truth, rng.integers(0, 6, truth.shape))
    predicted = np.where(truth < 0, 0, predicted)
    figures = map_figures(confusion_matrix(truth, predicted, 7))
    pair = torch.from_numpy(predicted), torch.from_numpy(truth)
    for average, value in (
        ("macro", figures.mean_iou),
        ("weighted", figures.frequency_weighted_iou),
    ):
        theirs = multiclass_jaccard_index(*pair, num_classes=7, average=average, ignore_index=-1)
        assert value == pytest.approx(theirs.item(), rel=1e-5)
    theirs = multiclass_jaccard_index(*pair, num_classes=7, average="none", ignore_index=-1)
    np.testing.assert_allclose(np.nan_to_num(figures.class_ious), theirs.numpy(), rtol=1e-5)
    binary = (truth == 1).astype(int), (predicted == 1).astype(int)
    foreground = map_figures(confusion_matrix(*binary, 2), background=0).foreground_iou
    theirs = binary_jaccard_index(torch.from_numpy(binary[1]), torch.from_numpy(binary[0]))
    assert foreground == pytest.approx(theirs.item(), rel=1e-5)


def confusions(count: int, classes: int, seed: int = 0) -> np.ndarray:
    """Matrices of images with a few classes each, accuracy differing from image to image."""
    rng = np.random.default_rng(seed)
    found = np.zeros((count, classes, classes + 1), np.int64)
    for matrix in found:
        present = rng.choice(classes, 4, replace=False)
        matrix[np.ix_(present, present)] = rng.integers(0, 2000, (4, 4))
        matrix[present, present] += rng.integers(0, 20_000, 4)
    return found


def test_intervals_are_those_of_resampled_matrices() -> None:
    found = confusions(60, 5)
    intervals = map_intervals(found, background=0, resamples=400, seed=3)
    assert list(intervals) == NAMES
    rng = np.random.default_rng(3)
    drawn = [
        map_figures(found[rng.integers(0, 60, (1, 60))[0]].sum(axis=0), background=0)
        for _ in range(400)
    ]
    whole = map_figures(found.sum(axis=0), background=0)
    for name in NAMES[:-1]:
        low, high = np.quantile([getattr(each, name) for each in drawn], [0.025, 0.975])
        assert intervals[name].value == pytest.approx(getattr(whole, name))
        assert intervals[name].low == pytest.approx(low)
        assert intervals[name].high == pytest.approx(high)
    assert np.isnan(intervals["foreground_iou"].low)


def test_differences_of_equal_runs_are_none() -> None:
    found = confusions(30, 5)
    for name, interval in map_differences(found, found, background=0).items():
        expected = [np.nan] * 3 if name == "foreground_iou" else [0, 0, 0]
        np.testing.assert_array_equal([interval.value, interval.low, interval.high], expected)


def test_a_run_that_is_better_everywhere_is_surely_better() -> None:
    worse = confusions(100, 6)
    better = worse.copy()
    for matrix in better:  # a tenth of the errors of every row is put right
        moved = (matrix - np.diag(np.diag(matrix[:, :6])) @ np.eye(6, 7, dtype=int)) // 10
        matrix -= moved
        matrix[range(6), range(6)] += moved.sum(axis=1)
    found = map_differences(better, worse)
    single = map_intervals(better)["mean_iou"]
    assert found["mean_iou"].low > 0
    assert found["overall_accuracy"].low > 0
    assert found["mean_iou"].high - found["mean_iou"].low < single.high - single.low


def test_five_hundred_images_take_seconds() -> None:
    found = confusions(500, 16)
    began = time.process_time()
    map_intervals(found, background=0, resamples=1000)
    assert time.process_time() - began < 3
