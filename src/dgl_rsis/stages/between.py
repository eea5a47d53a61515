"""Field of *between*: on the line that joins two anchors, inside its ends (docs/design.md 1.4)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dgl_rsis.stages.anchors import Anchor
from dgl_rsis.stages.box_index import BoxIndex
from dgl_rsis.stages.candidates import CandidateTable, Floats
from dgl_rsis.stages.scored import Field
from dgl_rsis.types import BoolArray, IntArray

LEAST_BETWEEN = 0.3


def between_field(indices: IntArray, first: Anchor, second: Anchor | None = None) -> Field:
    """How well candidates lie between anchors, each between the pair that fits it best.

    Args:
        indices: ``(K,)`` candidates; none is between itself and something.
        first: things, each by itself, or a union.
        second: likewise; None pairs the things of ``first`` with each other.
    """
    table = first.table
    if not first.is_union and (second is None or not second.is_union):
        values = _between_things(table, indices, *_pairs(first, second))
        return Field(values, values >= LEAST_BETWEEN)
    if second is None:
        raise ValueError("a union has no parts to be between")
    values = np.zeros(len(indices))
    centroids = table.centroids[indices]
    for start, start_length, start_own in _ends(first, indices, centroids):
        for end, end_length, end_own in _ends(second, indices, centroids):
            value = _between(centroids, start, end, (start_length + end_length) / 2)
            values = np.maximum(values, np.where(start_own | end_own, 0.0, value))
    return Field(values, values >= LEAST_BETWEEN)


def _pairs(first: Anchor, second: Anchor | None) -> tuple[IntArray, IntArray, Floats]:
    """``(P,)`` things on both sides of each pair, and the mean length of both."""
    if second is None:
        one, two = np.triu_indices(len(first.indices), 1)
        second = first
    else:
        one, two = (part.ravel() for part in np.mgrid[: len(first.indices), : len(second.indices)])
    return first.indices[one], second.indices[two], (first.lengths[one] + second.lengths[two]) / 2


def _ends(
    anchor: Anchor, indices: IntArray, centroids: Floats
) -> Iterator[tuple[Floats, float, BoolArray]]:
    """Points that stand for each thing or the union, its length, and which candidates it is."""
    if anchor.is_union:
        own = np.isin(indices, anchor.indices)
        yield anchor.points_near(centroids), float(anchor.lengths[0]), own
        return
    for thing, length in zip(anchor.indices.tolist(), anchor.lengths.tolist(), strict=True):
        yield anchor.table.centroids[thing], length, indices == thing


def _between_things(
    table: CandidateTable, indices: IntArray, first: IntArray, second: IntArray, lengths: Floats
) -> Floats:
    """``(K,)`` best value over pairs; for a block of neighbours only of pairs that can be best."""
    centroids = table.centroids[indices]
    starts, ends = table.centroids[first], table.centroids[second]
    index = BoxIndex.of(np.concatenate([centroids, centroids], axis=1))
    values = np.zeros(len(indices))
    middles = (index.bounds[:2] + index.bounds[2:]).T / 2
    radii = np.hypot(*(index.bounds[2:] - index.bounds[:2])) / 2
    is_end = np.isin(indices, np.concatenate([first, second]))
    for block, members in enumerate(index.members()):
        least, most = _limits(middles[block], float(radii[block]), starts, ends, lengths)
        # What is an end of the best pair itself needs another one.
        enough = 0.0 if is_end[members].any() else least.max(initial=0.0)
        pairs = np.flatnonzero((most >= enough) & (most > 0))
        if len(pairs):
            each = _between(centroids[members][:, None], starts[pairs], ends[pairs], lengths[pairs])
            own = indices[members][:, None]
            each[(own == first[pairs]) | (own == second[pairs])] = 0
            values[members] = each.max(axis=1)
    return values


def _between(points: Floats, starts: Floats, ends: Floats, lengths: Floats | float) -> Floats:
    """Gaussian of the distance to the joining line, 0 beyond its ends; all broadcast."""
    along, across, reach = _places(points, starts, ends, lengths)
    return np.where((along >= 0) & (along <= 1), np.exp(-((across / reach) ** 2) / 2), 0.0)


def _limits(
    middle: Floats, radius: float, starts: Floats, ends: Floats, lengths: Floats
) -> tuple[Floats, Floats]:
    """``(P,)`` least and largest value of any point that is so near to another."""
    along, across, reach = _places(middle, starts, ends, lengths)
    slack = radius / np.maximum(np.hypot(*(ends - starts).T), 1e-6)
    least = np.exp(-(((across + radius) / reach) ** 2) / 2)
    most = np.exp(-((np.maximum(across - radius, 0) / reach) ** 2) / 2)
    least = np.where((along - slack >= 0) & (along + slack <= 1), least, 0.0)
    return least, np.where((along + slack >= 0) & (along - slack <= 1), most, 0.0)


def _places(
    points: Floats, starts: Floats, ends: Floats, lengths: Floats | float
) -> tuple[Floats, Floats, Floats]:
    """Share of the way along the joining line, distance across, and what counts as near."""
    line, offset = ends - starts, points - starts
    length = np.maximum(np.hypot(line[..., 0], line[..., 1]), 1e-6)
    along = (offset * line).sum(axis=-1) / length**2
    across = np.abs(offset[..., 0] * line[..., 1] - offset[..., 1] * line[..., 0]) / length
    return along, across, 0.35 * length + lengths
