"""Accuracy of class maps: all from one confusion matrix, however large the set is.

Definitions as usual for PASCAL VOC: ``IoU_c = TP_c / (TP_c + FP_c + FN_c)`` over all counted
pixels of all images together. A class that is neither in the truth nor in the prediction has no
IoU (NaN), and the mean is taken over the others. The frequency-weighted IoU is that of Long et
al. (2015), section 5: IoUs weighted by the share of the counted pixels that are of the class.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dgl_rsis.benchmark.metrics.intervals import (
    RESAMPLES,
    Floats,
    Interval,
    bootstrap_differences,
    bootstrap_intervals,
    ratio,
)
from dgl_rsis.types import IntArray

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


@dataclass(frozen=True)
class MapFigures:
    """Figures of a set of maps, each in [0, 1]; NaN where nothing gives them a value.

    Attributes:
        pixels: how many were counted.
        mean_iou: over all classes that occur, the background among them.
        mean_iou_without_background: over the others; equal where the set has no background.
        frequency_weighted_iou: mean of the IoUs by the share of the true pixels.
        overall_accuracy: share of the counted pixels with the right class.
        foreground_iou: IoU of the only class beside the background; NaN in sets with more.
        class_ious: one per class, in the order of the set.
    """

    pixels: int
    mean_iou: float
    mean_iou_without_background: float
    frequency_weighted_iou: float
    overall_accuracy: float
    foreground_iou: float
    class_ious: tuple[float, ...]

    def to_dict(self) -> dict[str, Any]:
        """The same in types of JSON, but for NaN."""
        return {**asdict(self), "class_ious": list(self.class_ious)}


def map_figures(confusion: IntArray, background: int | None = None) -> MapFigures:
    """Figures of a confusion matrix.

    Args:
        confusion: ``(C, C + 1)`` from ``confusion_matrix``, summed over the images of a set.
        background: index of the class that stands for everything else; None where there is none.
    """
    figures = _figures(_class_totals(confusion), background)
    return MapFigures(
        pixels=int(confusion.sum()),
        **{name: float(value) for name, value in figures.items()},
        class_ious=tuple(class_ious(confusion).tolist()),
    )


def map_intervals(
    confusions: IntArray,
    background: int | None = None,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> dict[str, Interval]:
    """Intervals of 95 % of the figures of a set, by a bootstrap of its images.

    Args:
        confusions: ``(N, C, C + 1)``, the matrix of every image. Images that share a scene may be
            summed first (``totals_by_image``).
        background: as for ``map_figures``.
        resamples: how many are drawn.
        seed: of the random numbers.

    Returns:
        By name of the figure, as in ``MapFigures`` without ``pixels`` and ``class_ious``.
    """
    return bootstrap_intervals(
        _class_totals(confusions),
        partial(_figures, background=background),
        resamples=resamples,
        seed=seed,
    )


def map_differences(
    first: IntArray,
    second: IntArray,
    background: int | None = None,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> dict[str, Interval]:
    """Intervals of 95 % of the differences of two runs on the same images, first less second.

    Args:
        first: ``(N, C, C + 1)`` of one run.
        second: of the other, images in the same order.
        background: as for ``map_figures``.
        resamples: how many are drawn.
        seed: of the random numbers.
    """
    return bootstrap_differences(
        _class_totals(first),
        _class_totals(second),
        partial(_figures, background=background),
        resamples=resamples,
        seed=seed,
    )


def _class_totals(confusions: IntArray) -> Floats:
    """Hits, true and predicted pixels of every class, ``(..., 3, C)``: all that figures need."""
    count = confusions.shape[-2]
    named = confusions[..., :count]
    hits = np.diagonal(named, axis1=-2, axis2=-1)
    totals = np.stack([hits, confusions.sum(axis=-1), named.sum(axis=-2)], axis=-2)
    return totals.astype(np.float64)


def _figures(totals: Floats, background: int | None) -> dict[str, Floats]:
    """Figures by name, each ``(...)``, of ``(..., 3, C)`` from ``_class_totals``."""
    hits, truth, predicted = np.moveaxis(totals, -2, 0)
    ious = ratio(hits, truth + predicted - hits)
    others = [each for each in range(ious.shape[-1]) if each != background]
    is_binary = background is not None and len(others) == 1
    return {
        "mean_iou": _mean_of_known(ious),
        "mean_iou_without_background": _mean_of_known(ious[..., others]),
        "frequency_weighted_iou": ratio((truth * np.nan_to_num(ious)).sum(-1), truth.sum(-1)),
        "overall_accuracy": ratio(hits.sum(-1), truth.sum(-1)),
        "foreground_iou": ious[..., others[0]] if is_binary else np.full(ious.shape[:-1], np.nan),
    }


def _mean_of_known(values: Floats) -> Floats:
    """Mean over the last axis without NaN; NaN where nothing is left."""
    known = ~np.isnan(values)
    return ratio(np.where(known, values, 0.0).sum(axis=-1), known.sum(axis=-1))
