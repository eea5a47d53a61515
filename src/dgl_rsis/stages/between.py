"""Field of *between*: on the line that joins two anchors, inside its ends (docs/design.md 1.4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

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


@dataclass(frozen=True)
class _Bands:
    """The ways between pairs of things, as linear forms of a point.

    Attributes:
        along: ``(P, 3)`` share of the way from start to end: ``x``, ``y`` and constant.
        across: ``(P, 3)`` distance from the joining line, in lengths of what counts as near.
    """

    along: Floats
    across: Floats

    @classmethod
    def of(cls, starts: Floats, ends: Floats, lengths: Floats) -> _Bands:
        line = ends - starts
        length = np.maximum(np.hypot(line[:, 0], line[:, 1]), 1e-6)[:, None]
        along = line / length**2
        across = np.stack([-line[:, 1], line[:, 0]], axis=1) / length
        across /= _reach(length, lengths[:, None])
        return cls(
            *(np.column_stack([each, -(each * starts).sum(axis=1)]) for each in (along, across))
        )

    def take(self, pairs: IntArray) -> _Bands:
        """Some of the pairs."""
        return _Bands(self.along[pairs], self.across[pairs])

    def squares(self, points: Floats) -> Floats:
        """``(K, P)`` squared distances of points; infinite beyond the ends."""
        along, squares = (points @ each[:, :2].T + each[:, 2] for each in (self.along, self.across))
        squares *= squares
        squares[(along < 0) | (along > 1)] = np.inf
        return np.asarray(squares)

    def limits(self, middle: Floats, radius: float) -> tuple[Floats, Floats]:
        """``(P,)`` least and largest squared distance of any point that is so near to another."""
        (along, slack), (across, margin) = (
            (each[:, :2] @ middle + each[:, 2], radius * np.hypot(each[:, 0], each[:, 1]))
            for each in (self.along, self.across)
        )
        least = np.maximum(np.abs(across) - margin, 0) ** 2
        most = (np.abs(across) + margin) ** 2
        least[(along + slack < 0) | (along - slack > 1)] = np.inf
        most[(along - slack < 0) | (along + slack > 1)] = np.inf
        return least, most


def _between_things(
    table: CandidateTable, indices: IntArray, first: IntArray, second: IntArray, lengths: Floats
) -> Floats:
    """``(K,)`` best value over pairs; for a block of neighbours only of pairs that can be best."""
    centroids = table.centroids[indices]
    bands = _Bands.of(table.centroids[first], table.centroids[second], lengths)
    index = BoxIndex.of(np.concatenate([centroids, centroids], axis=1))
    squares = np.full(len(indices), np.inf)
    middles = (index.bounds[:2] + index.bounds[2:]).T / 2
    radii = np.hypot(*(index.bounds[2:] - index.bounds[:2])) / 2
    is_end = np.isin(indices, np.concatenate([first, second]))
    for block, members in enumerate(index.members()):
        least, most = bands.limits(middles[block], float(radii[block]))
        # What is an end of the best pair itself needs another one.
        enough = np.inf if is_end[members].any() else most.min(initial=np.inf)
        pairs = np.flatnonzero((least <= enough) & (least < np.inf))
        if len(pairs):
            each = bands.take(pairs).squares(centroids[members])
            ends = np.flatnonzero(is_end[members])
            own = indices[members][ends][:, None]
            each[ends] = np.where(
                (own == first[pairs]) | (own == second[pairs]), np.inf, each[ends]
            )
            squares[members] = each.min(axis=1)
    return np.exp(-squares / 2)


def _between(points: Floats, starts: Floats, ends: Floats, lengths: float) -> Floats:
    """``(K,)`` Gaussian of the distance to the joining line, 0 beyond its ends."""
    line, offset = ends - starts, points - starts
    length = np.maximum(np.hypot(line[:, 0], line[:, 1]), 1e-6)
    along = (offset * line).sum(axis=1) / length**2
    across = np.abs(offset[:, 0] * line[:, 1] - offset[:, 1] * line[:, 0]) / length
    values = np.exp(-((across / _reach(length, lengths)) ** 2) / 2)
    return np.where((along >= 0) & (along <= 1), values, 0.0)


def _reach(length: Floats, lengths: Floats | float) -> Floats:
    """What counts as near the joining line: a share of it, and the length of the things."""
    return 0.35 * length + lengths
