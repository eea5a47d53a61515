"""Accuracy of maps and masks: confusion matrix, IoU and accuracy per class, IoU of two masks.

Definitions as usual for PASCAL VOC: ``IoU_c = TP_c / (TP_c + FP_c + FN_c)`` over all counted
pixels. A class that is neither in the truth nor in the prediction has no IoU (NaN), and the mean
is taken over the others.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dgl_rsis.types import BoolArray, IntArray

Labels: TypeAlias = NDArray[np.integer[Any]]


def confusion_matrix(truth: Labels, predicted: Labels, class_count: int) -> IntArray:
    """Count pixels by true and predicted class.

    Args:
        truth: labels of any shape in -1..``class_count - 1``; pixels below 0 are not counted.
        predicted: labels of the same shape; below 0 means no class, which is always wrong.
        class_count: number of classes ``C``.

    Returns:
        ``(C, C + 1)`` int64: rows are true classes, columns predicted ones, *no class* last.
    """
    if truth.shape != predicted.shape:
        raise ValueError(f"truth is {truth.shape}, prediction {predicted.shape}")
    if max(truth.max(initial=-1), predicted.max(initial=-1)) >= class_count:
        raise ValueError(f"a label reaches beyond {class_count} classes")
    counted = truth >= 0
    columns = predicted[counted].astype(np.int64)
    columns[columns < 0] = class_count
    cells = truth[counted].astype(np.int64) * (class_count + 1) + columns
    counts: IntArray = np.bincount(cells, minlength=class_count * (class_count + 1))
    return counts.reshape(class_count, class_count + 1)


def class_ious(confusion: IntArray) -> NDArray[np.float64]:
    """IoU of every class.

    Args:
        confusion: from ``confusion_matrix``; sums over images may be passed too.

    Returns:
        ``(C,)`` in [0, 1]; NaN for a class that occurs nowhere.
    """
    count = len(confusion)
    hits = np.diagonal(confusion[:, :count]).astype(np.float64)
    union = confusion.sum(axis=1) + confusion[:, :count].sum(axis=0) - hits
    ious: NDArray[np.float64] = np.divide(hits, union, out=np.full(count, np.nan), where=union > 0)
    return ious


def mean_iou(confusion: IntArray) -> float:
    """Mean of the IoUs of the classes that occur; NaN when none does."""
    ious = class_ious(confusion)
    occurring = ious[~np.isnan(ious)]
    return float(occurring.mean()) if len(occurring) else float("nan")


def overall_accuracy(confusion: IntArray) -> float:
    """Share of the counted pixels with the right class; NaN when none is counted."""
    total = int(confusion.sum())
    return float(np.trace(confusion)) / total if total else float("nan")


def class_accuracies(confusion: IntArray) -> NDArray[np.float64]:
    """Share of every class that is labelled as what it is (its recall).

    Args:
        confusion: from ``confusion_matrix``, of pixels or of whole regions.

    Returns:
        ``(C,)`` in [0, 1]; NaN for a class without truth.
    """
    hits = np.diagonal(confusion[:, : len(confusion)]).astype(np.float64)
    total = confusion.sum(axis=1)
    shares: NDArray[np.float64] = np.divide(
        hits, total, out=np.full(len(confusion), np.nan), where=total > 0
    )
    return shares


def mean_class_accuracy(confusion: IntArray) -> float:
    """Mean of the accuracies of the classes that have truth; NaN when none has."""
    shares = class_accuracies(confusion)
    present = shares[~np.isnan(shares)]
    return float(present.mean()) if len(present) else float("nan")


def mask_iou(first: BoolArray, second: BoolArray) -> float:
    """IoU of two masks of one shape; 1 when both are empty."""
    if first.shape != second.shape:
        raise ValueError(f"masks of different shapes, {first.shape} and {second.shape}")
    union = int(np.count_nonzero(first | second))
    return int(np.count_nonzero(first & second)) / union if union else 1.0
