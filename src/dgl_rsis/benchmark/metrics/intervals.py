"""Bootstrap intervals of figures that follow from sums over images.

Percentile bootstrap (Efron & Tibshirani 1993, chapter 13) of whole clusters (Davison & Hinkley
1997, section 3.8): images are drawn with replacement, not sentences or pixels, as what lies in one
image succeeds and fails together. Means, ratios of sums and IoUs of a confusion matrix are all
functions of sums over images, so a resample is a product of how often each image was drawn and
the sums of the images.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Statistics: TypeAlias = Callable[[Floats], Mapping[str, Floats]]
"""Figures by name, each ``(...)``, of sums ``(..., *shape of the totals of an image)``."""

LEVEL = 0.95
RESAMPLES = 1_000
_CHUNK = 2**22  # numbers that are held at once: 32 MB


@dataclass(frozen=True)
class Interval:
    """A figure with the interval that its resamples span.

    Attributes:
        value: of all images; NaN where it is not defined.
        low: lower end; NaN where no resample has a value.
        high: upper end.
    """

    value: float
    low: float
    high: float


def totals_by_image(images: Sequence[str], values: NDArray[Any]) -> Floats:
    """Sum rows by image.

    Args:
        images: ``M`` names, in any order.
        values: ``(M, ...)`` counts or other terms of sums.

    Returns:
        ``(N, ...)``, images in alphabetical order.
    """
    if len(images) != len(values):
        raise ValueError(f"{len(images)} names of images for {len(values)} rows")
    names, places = np.unique(np.asarray(images, dtype=np.str_), return_inverse=True)
    totals = np.zeros((len(names), *values.shape[1:]))
    np.add.at(totals, places, values)
    return totals


def bootstrap_intervals(
    totals: NDArray[Any],
    statistics: Statistics,
    *,
    level: float = LEVEL,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> dict[str, Interval]:
    """Percentile intervals of figures.

    Args:
        totals: ``(N, ...)`` sums of every image; images are resampled.
        statistics: figures of a sum of such totals.
        level: share of the resamples inside, in (0, 1).
        resamples: how many are drawn.
        seed: of the random numbers; the same seed gives the same intervals.

    Returns:
        One interval for each figure. Resamples in which a figure is not defined are left out.
    """
    drawn = [statistics(sums) for sums in _resampled(totals, resamples, seed)]
    return _intervals(statistics(totals.sum(axis=0, dtype=np.float64)), drawn, level)


def bootstrap_differences(
    first: NDArray[Any],
    second: NDArray[Any],
    statistics: Statistics,
    *,
    level: float = LEVEL,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> dict[str, Interval]:
    """Percentile intervals of the differences of two runs, first less second.

    Both runs are seen on the same resamples, so that what makes an image hard or easy for both
    cancels.

    Args:
        first: ``(N, ...)`` sums of every image in one run.
        second: the same of the other run, images in the same order.
        statistics: figures of a sum of such totals.
        level: share of the resamples inside, in (0, 1).
        resamples: how many are drawn.
        seed: of the random numbers.
    """
    if first.shape != second.shape:
        raise ValueError(f"totals of two runs differ in shape, {first.shape} and {second.shape}")

    def differences(sums: Floats) -> dict[str, Floats]:
        both = np.moveaxis(sums, -first.ndim, 0)
        one, other = statistics(both[0]), statistics(both[1])
        return {name: one[name] - other[name] for name in one}

    return bootstrap_intervals(
        np.stack([first, second], axis=1), differences, level=level, resamples=resamples, seed=seed
    )


def _resampled(totals: NDArray[Any], resamples: int, seed: int) -> Iterator[Floats]:
    """Sums ``(chunk, ...)`` of resamples, in chunks of bounded size."""
    count = len(totals)
    if count == 0:
        raise ValueError("no images to resample")
    flat = np.asarray(totals, dtype=np.float64).reshape(count, -1)
    chunk = max(1, _CHUNK // max(flat.shape))
    generator = np.random.default_rng(seed)
    for start in range(0, resamples, chunk):
        rows = min(chunk, resamples - start)
        drawn = generator.integers(0, count, (rows, count))
        drawn += np.arange(rows)[:, None] * count
        times = np.bincount(drawn.ravel(), minlength=rows * count).reshape(rows, count)
        yield (times.astype(np.float64) @ flat).reshape(rows, *totals.shape[1:])


def _intervals(
    values: Mapping[str, Floats], drawn: Sequence[Mapping[str, Floats]], level: float
) -> dict[str, Interval]:
    intervals = {}
    for name, value in values.items():
        found = np.concatenate([figures[name] for figures in drawn])
        found = found[~np.isnan(found)]
        low, high = (
            np.quantile(found, [(1 - level) / 2, (1 + level) / 2]) if len(found) else [np.nan] * 2
        )
        intervals[name] = Interval(float(value), float(low), float(high))
    return intervals


def ratio(numerators: Floats, denominators: Floats) -> Floats:
    """Ratios of sums; NaN where the denominator is 0."""
    quotients: Floats = np.divide(
        numerators,
        denominators,
        out=np.full(np.shape(denominators), np.nan),
        where=np.asarray(denominators) != 0,
    )
    return quotients
