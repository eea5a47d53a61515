"""Accuracy and area of a class map, from a sample with known classes or from a full count.

Good practice of Olofsson et al. (2014), Remote Sensing of Environment 148:42-57; equations are
cited by their numbers there. A stratified random sample, map classes as strata, tells with which
error probability each map class is what it says; weighted by the areas of the map classes this
estimates the accuracy of the map and the true area of every class. Counting pixels of the map
alone would be biased by the errors of the map.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dgl_rsis.errors import InputError
from dgl_rsis.types import IntArray

Floats: TypeAlias = NDArray[np.float64]

NORMAL_95 = 1.96
"""Standard errors on either side of an estimate that make an interval of 95 %."""


@dataclass(frozen=True)
class Estimates:
    """Estimates with what the sample leaves open.

    Attributes:
        values: of any shape; NaN where nothing gives a value.
        standard_errors: of the same shape; None after a full count, which leaves nothing open.
    """

    values: Floats
    standard_errors: Floats | None

    @property
    def margins(self) -> Floats | None:
        """Half the width of the intervals of 95 %."""
        return None if self.standard_errors is None else NORMAL_95 * self.standard_errors


@dataclass(frozen=True)
class Assessment:
    """Accuracy of a map of ``C`` classes.

    Attributes:
        counts: ``(C, C)`` int64: rows are classes of the map, columns those of the reference.
        proportions: ``(C, C)`` share of the area of the map in each cell (eq. 4), sum 1.
        overall: share of the area with the right class, shape ``()`` (eq. 1 and 5).
        users: ``(C,)`` share of the area mapped as a class that is of it (eq. 2 and 6).
        producers: ``(C,)`` share of the area of a class that is mapped as it (eq. 3 and 7).
        mapped: ``(C,)`` share of the area that is mapped as each class.
        shares: ``(C,)`` share of the area that is of each class (eq. 9 and 10).
    """

    counts: IntArray
    proportions: Floats
    overall: Estimates
    users: Estimates
    producers: Estimates
    mapped: Floats
    shares: Estimates


def from_sample(counts: IntArray, areas: Floats, names: Sequence[str]) -> Assessment:
    """Estimate accuracy and shares of area from a sample stratified by map class.

    Args:
        counts: ``(C, C)`` sampled points by class of the map (rows) and reference (columns).
        areas: ``(C,)`` area of each class in the map, in any unit; 0 for a class that only the
            reference has, whose row is empty.
        names: of the classes, for errors.

    Raises:
        InputError: a class of the map has fewer than two points, so that its errors are unknown.
    """
    sampled = counts.sum(axis=1)
    for name, points, area in zip(names, sampled.tolist(), areas.tolist(), strict=True):
        if area > 0 and points < 2:
            raise InputError(
                f"class {name} covers {area / areas.sum():.2%} of the map, but {points} of its "
                "points have a reference class; label at least 2, better 50"
            )
        if area <= 0 and points:
            raise InputError(f"{points} points are of class {name}, which the map does not have")
    weights = areas / areas.sum()
    present = sampled > 0
    rates = np.divide(counts, sampled[:, None], out=np.zeros(counts.shape), where=present[:, None])
    proportions = weights[:, None] * rates
    # Variances of the rates, of one point less than there are: eq. 5 to 7 and 10 are sums of these.
    spread = np.zeros(counts.shape)
    spread[present] = rates[present] * (1 - rates[present]) / (sampled[present, None] - 1)
    weighted = weights[:, None] ** 2 * spread
    own = np.diagonal(weighted)
    users = np.where(present, np.diagonal(rates), np.nan)
    totals = proportions.sum(axis=0)
    producers = _shares(np.diagonal(proportions), totals)
    others = weighted.sum(axis=0) - own
    producer_errors = _shares(
        np.sqrt((1 - producers) ** 2 * own + producers**2 * others), totals
    )  # eq. 7 with areas as shares of the map
    return Assessment(
        counts=counts,
        proportions=proportions,
        overall=Estimates(np.asarray(np.trace(proportions)), np.asarray(np.sqrt(own.sum()))),
        users=Estimates(users, np.where(present, np.sqrt(np.diagonal(spread)), np.nan)),
        producers=Estimates(producers, producer_errors),
        mapped=weights,
        shares=Estimates(totals, np.sqrt(weighted.sum(axis=0))),
    )


def from_full_count(counts: IntArray) -> Assessment:
    """Accuracy where the reference is known for every pixel: no sample, so no intervals.

    Args:
        counts: ``(C, C)`` pixels by class of the map (rows) and reference (columns), not empty.
    """
    proportions = counts / counts.sum()
    hits, mapped, shares = (
        np.diagonal(proportions),
        proportions.sum(axis=1),
        proportions.sum(axis=0),
    )
    return Assessment(
        counts=counts,
        proportions=proportions,
        overall=Estimates(np.asarray(hits.sum()), None),
        users=Estimates(_shares(hits, mapped), None),
        producers=Estimates(_shares(hits, shares), None),
        mapped=mapped,
        shares=Estimates(shares, None),
    )


def sample_size(
    shares: Floats, accuracies: Floats, standard_error: float, population: float = math.inf
) -> int:
    """Points that a stratified sample needs (eq. 13).

    Args:
        shares: ``(C,)`` share of each class of the map, sum 1.
        accuracies: ``(C,)`` expected user's accuracy of each class, in [0, 1].
        standard_error: wanted of the overall accuracy, above 0.
        population: pixels of the map; infinite for the approximation of the paper.
    """
    deviations = np.sqrt(accuracies * (1 - accuracies))
    mean, squares = float(shares @ deviations), float(shares @ deviations**2)
    return math.ceil(mean**2 / (standard_error**2 + squares / population))


def allocate(total: int, pixels: IntArray, least: int) -> IntArray:
    """Divide points among the classes: in proportion to their pixels, but at least so many each.

    As section 5.1.2 of the paper: rare classes get the minimum, the others share the rest.

    Args:
        total: points in all; more where the minimum asks for it.
        pixels: ``(C,)`` pixels of each class, above 0.
        least: points of every class; a class with fewer pixels gets all of them.

    Returns:
        ``(C,)`` int64 points of each class, at most its pixels.
    """
    floor = np.minimum(least, pixels)
    rare = np.zeros(len(pixels), dtype=bool)
    while True:
        rest = max(0, total - int(floor[rare].sum()))
        common = int(pixels[~rare].sum())
        wanted = rest * pixels / common if common else np.zeros(len(pixels))
        found = ~rare & (wanted < floor)
        if not found.any():
            break
        rare |= found
    points = np.where(rare, floor, np.minimum(np.floor(wanted), pixels)).astype(np.int64)
    # What rounding left goes to the largest remainders.
    remainders = np.where(rare | (points >= pixels), -1.0, wanted - points)
    missing = min(total - int(points.sum()), int((remainders >= 0).sum()))
    if missing > 0:
        points[np.argsort(-remainders, kind="stable")[:missing]] += 1
    return points


def to_records(assessment: Assessment, names: Sequence[str], area: float) -> dict[str, Any]:
    """Figures by class in types of JSON, but for NaN.

    Args:
        assessment: of a map.
        names: of its classes.
        area: of the whole map, in any unit: areas are in the same.
    """
    fields = {
        "users_accuracy": (assessment.users, 1.0),
        "producers_accuracy": (assessment.producers, 1.0),
        "area": (assessment.shares, area),
    }
    classes = [
        {
            "class": name,
            "mapped_area": float(assessment.mapped[place]) * area,
            **{
                field: _record(estimates, place, scale)
                for field, (estimates, scale) in fields.items()
            },
        }
        for place, name in enumerate(names)
    ]
    return {
        "overall_accuracy": _record(assessment.overall, (), 1.0),
        "classes": classes,
        "counts": assessment.counts.tolist(),
        "proportions": assessment.proportions.tolist(),
    }


def _record(estimates: Estimates, place: Any, scale: float) -> dict[str, float]:
    """One estimate; with its standard error and interval of 95 % if it comes from a sample."""
    value = float(estimates.values[place]) * scale
    if estimates.standard_errors is None:
        return {"value": value}
    error = float(estimates.standard_errors[place]) * scale
    margin = NORMAL_95 * error
    return {
        "value": value,
        "standard_error": error,
        "low": value - margin,
        "high": value + margin,
    }


def _shares(parts: Floats, wholes: Floats) -> Floats:
    """Parts of wholes; NaN where the whole is 0."""
    shares: Floats = np.divide(parts, wholes, out=np.full(len(wholes), np.nan), where=wholes > 0)
    return shares
