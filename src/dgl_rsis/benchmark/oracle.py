"""Right answers to questions about the things of an image, by brute force from their pixels.

The oracle shares no code with the parser and the executor that it judges. It also tells how
clearly an answer is right: the smallest margin of all decisions that the answer hangs on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from dgl_rsis.benchmark import conditions
from dgl_rsis.benchmark.conditions import CLEAR, Clearness
from dgl_rsis.benchmark.measures import Measures
from dgl_rsis.benchmark.questions import (
    Amid,
    Beside,
    Between,
    Colour,
    Compared,
    Condition,
    Except,
    Limit,
    Not,
    Parallel,
    Place,
    Rank,
    Reach,
    Shape,
    Size,
    Things,
)

LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601
CLOSE = 20.0  # pixels; distances below differ by shares of this


@dataclass(frozen=True)
class Answer:
    """What a question refers to.

    Attributes:
        chosen: indices of things.
        margin: smallest clearness of all decisions; below ``CLEAR`` the question should not be
            asked. Below 0 it has no answer: nothing fits, or another number than was said.
    """

    chosen: frozenset[int]
    margin: float

    @property
    def is_clear(self) -> bool:
        """Whether there is an answer that no sensible reading could deny."""
        return self.margin >= CLEAR and bool(self.chosen)


_NOTHING = Answer(frozenset(), -1.0)


class _UnclearError(Exception):
    """An anchor has no clear answer, so that nothing can be said of what lies beside it."""


@dataclass(frozen=True)
class Oracle:
    """Answers questions about one image.

    Attributes:
        measures: of all things of the image.
    """

    measures: Measures
    _related_to: dict[tuple[str, str, tuple[int, ...], int], Clearness] = field(
        default_factory=dict, repr=False
    )

    def answer(self, things: Things) -> Answer:
        """The things that a question refers to."""
        indices = self.measures.truth.of_kind(things.kind)
        if not indices:
            return _NOTHING
        try:
            clearness = np.full(len(indices), np.inf)
            for condition in things.conditions:
                clearness = np.minimum(clearness, self._clearness(condition, indices))
            margin = float(np.abs(clearness).min(initial=np.inf))
            chosen = [index for index, each in zip(indices, clearness, strict=True) if each > 0]
            if things.rank is not None and chosen:
                chosen, gap = self._ranked(things.rank, chosen, things.number or 1)
                margin = min(margin, gap)
        except _UnclearError:
            return _NOTHING
        if not chosen or (things.number is not None and len(chosen) != things.number):
            return _NOTHING
        return Answer(frozenset(chosen), margin)

    # --- conditions ----------------------------------------------------------------------------

    def _clearness(self, condition: Condition, indices: list[int]) -> Clearness:
        measures = self.measures
        match condition:
            case Colour(word):
                return conditions.colour(measures, indices, word)
            case Size(word):
                return conditions.size(measures, indices, word)
            case Shape(word):
                return conditions.shape(measures, indices, word)
            case Place(name, is_corner):
                return conditions.place(measures, indices, name, is_corner=is_corner)
            case Limit():
                return self._limited(condition, indices)
            case Not(inner):
                return -self._clearness(inner, indices)
            case Except(things):
                excluded = self._clear(things)
                return np.array([-1.0 if index in excluded else 1.0 for index in indices])
            case Between(first, second):
                return self._between(first, second, indices)
            case _:
                return self._related(condition, indices)

    def _related(
        self, condition: Beside | Reach | Amid | Compared | Parallel, indices: list[int]
    ) -> Clearness:
        """To the anchor, or to any of several; a thing has no relation to itself."""
        best = np.full(len(indices), -np.inf)
        for anchor in self._anchors(condition.anchor):
            key = (type(condition).__name__, _word(condition), tuple(anchor), indices[0])
            if key not in self._related_to:
                is_other = np.array([index not in anchor for index in indices])
                others = [index for index in indices if index not in anchor]
                found = np.full(len(indices), -np.inf)
                found[is_other] = self._to_anchor(condition, others, anchor)
                self._related_to[key] = found
            best = np.maximum(best, self._related_to[key])
        return np.where(np.isinf(best), -1.0, best)

    def _to_anchor(
        self,
        condition: Beside | Reach | Amid | Compared | Parallel,
        indices: list[int],
        anchor: list[int],
    ) -> Clearness:
        measures = self.measures
        if not indices:
            return np.zeros(0)
        match condition:
            case Beside(side):
                return conditions.beside(measures, indices, side, anchor)
            case Reach(word):
                return conditions.reach(measures, indices, word, anchor)
            case Amid(word):
                return conditions.amid(measures, indices, word, anchor)
            case Compared(word):
                share = conditions.above(measures.areas[indices], measures.areas[anchor].sum())
                return share if word == "larger" else -share
            case Parallel():
                return conditions.parallel(measures, indices, anchor[0])

    def _between(self, first: Things, second: Things | None, indices: list[int]) -> Clearness:
        starts = self._anchors(first)
        if second is None:
            pairs = [(a[0], b[0]) for k, a in enumerate(starts) for b in starts[k + 1 :]]
        else:
            pairs = [(a[0], b[0]) for a in starts for b in self._anchors(second)]
        best = np.full(len(indices), -1.0)
        for pair in pairs:
            found = conditions.between(self.measures, indices, *pair)
            best = np.maximum(best, np.where(np.isin(indices, pair), -1.0, found))
        return best

    def _limited(self, limit: Limit, indices: list[int]) -> Clearness:
        across, down = self.measures.truth.frame.metres_per_pixel or (1.0, 1.0)
        if limit.quantity == "area":
            amounts = self.measures.areas[indices] * across * down
        else:
            # Rendered pixels are squares, so that lengths are the same along both axes.
            amounts = across * self._lengths(limit, indices)
        clearness = conditions.above(amounts, limit.value * limit.metres)
        return clearness if limit.is_above else -clearness

    def _lengths(self, limit: Limit, indices: list[int]) -> Clearness:
        if limit.quantity == "distance" and limit.anchor is not None:
            return self._distances(limit.anchor, indices)
        which = 0 if limit.quantity == "length" else 1
        return np.array([self.measures.sides(index)[which] for index in indices])

    # --- ranks ---------------------------------------------------------------------------------

    def _ranked(self, rank: Rank, indices: list[int], number: int) -> tuple[list[int], float]:
        """The n-th, or the first ``number``; and the clearness of the rank."""
        values = self._values(rank, indices)
        order = np.argsort(-values if rank.is_largest else values, kind="stable")
        first = rank.n - 1
        last = first + number
        if last > len(indices):
            return [], -1.0
        ranked = values[order]
        cuts = [cut for cut in (first, last) if 0 < cut < len(indices)]
        gaps = [self._gap(rank, ranked, indices, cut) for cut in cuts]
        return [indices[k] for k in order[first:last]], min(gaps, default=np.inf)

    def _gap(self, rank: Rank, ranked: Clearness, indices: list[int], cut: int) -> float:
        """Clearness with which two neighbours in a ranking differ."""
        before, behind = float(ranked[cut - 1]), float(ranked[cut])
        gap = abs(before - behind)
        if rank.key in ("area", "length", "width", "brightness"):
            return gap / max(before, behind, 1e-9)
        if rank.key in ("centre", "distance"):
            return gap / max(before, behind, CLOSE)
        spread = float(np.ptp(ranked))
        sizes = [np.mean(self.measures.sides(index)[:2]) for index in indices]
        return gap / max(spread, float(np.mean(sizes)))

    def _values(self, rank: Rank, indices: list[int]) -> Clearness:
        measures = self.measures
        centroids = measures.centroids[indices]
        height, width = measures.truth.shape
        match rank.key:
            case "area":
                return measures.areas[indices]
            case "length" | "width":
                which = 0 if rank.key == "length" else 1
                return np.array([measures.sides(index)[which] for index in indices])
            case "brightness":
                return np.array(measures.colours[indices] @ LUMA)
            case "x":
                return centroids[:, 0]
            case "y":
                return centroids[:, 1]
            case "north" | "east":
                return np.array(centroids @ conditions.directions(measures, rank.key)[0])
            case "centre":
                return np.array(np.hypot(*(centroids - (width / 2, height / 2)).T))
            case "distance":
                if rank.anchor is None:
                    raise ValueError("a distance needs an anchor")
                return self._distances(rank.anchor, indices)

    def _distances(self, anchor: Things, indices: list[int]) -> Clearness:
        """Pixels to the nearest anchor that is not the thing itself."""
        nearest = np.full(len(indices), np.inf)
        for each in self._anchors(anchor):
            is_other = np.array([index not in each for index in indices])
            others = [index for index in indices if index not in each]
            if others:
                nearest[is_other] = np.minimum(nearest[is_other], self.measures.gaps(others, each))
        if np.isinf(nearest).any():
            raise _UnclearError
        return nearest

    # --- anchors -------------------------------------------------------------------------------

    def _anchors(self, things: Things) -> Sequence[list[int]]:
        """Groups of things that a relation refers to, each as one."""
        indices = self.measures.truth.of_kind(things.kind)
        if not indices:
            raise _UnclearError
        if self.measures.truth.things[indices[0]].is_spread:
            if things.conditions or things.rank:
                raise _UnclearError  # part of a river is no anchor that people speak of
            return [indices]
        return [[index] for index in sorted(self._clear(things))]

    def _clear(self, things: Things) -> frozenset[int]:
        found = self.answer(things)
        if not found.is_clear:
            raise _UnclearError
        return found.chosen


def _word(condition: Beside | Reach | Amid | Compared | Parallel) -> str:
    """What a relation says besides its anchor."""
    if isinstance(condition, Parallel):
        return ""
    return condition.side if isinstance(condition, Beside) else condition.word
