"""Instances of a noun in the table of a scene: sets of parts, one set for every whole thing.

A thing is one part, or several that were cut at borders of tiles and meet there. What spreads (a
river) is made of segments: those that speak for the noun, joined where they touch, whichever tiles
they are from.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from dgl_rsis.config import InstanceSettings, ProgramSettings
from dgl_rsis.scene.part_table import PartTable
from dgl_rsis.types import BoolArray, FloatArray, IntArray

EPSILON = 1e-6
COVERED = 0.7  # share of a part in a whole thing that makes it a part of that


@dataclass(frozen=True)
class Instances:
    """Instances as sets of parts.

    Attributes:
        parts: all parts, those of one instance after the other.
        starts: ``(n + 1,)`` where the parts of each begin.
    """

    parts: IntArray
    starts: IntArray

    def __len__(self) -> int:
        return len(self.starts) - 1

    def take(self, instances: IntArray) -> Instances:
        """Some of them, in that order."""
        sizes = np.diff(self.starts)[instances]
        ends = np.concatenate([[0], np.cumsum(sizes)])
        places = np.arange(ends[-1]) + np.repeat(self.starts[instances] - ends[:-1], sizes)
        return Instances(self.parts[places], ends)

    @classmethod
    def single(cls, parts: IntArray) -> Instances:
        """Each part is one."""
        return cls(parts, np.arange(len(parts) + 1))

    @classmethod
    def grouped(cls, parts: IntArray, groups: IntArray) -> Instances:
        """Parts with the same number of a group are one; numbers run from 0."""
        order = np.argsort(groups, kind="stable")
        counts = np.bincount(groups)
        return cls(parts[order], np.concatenate([[0], np.cumsum(counts)]))


def joined(instances: list[Instances]) -> Instances:
    """All of them, one after the other."""
    starts, last = [np.zeros(1, np.int64)], 0
    for each in instances:
        starts.append(each.starts[1:] + last)
        last += len(each.parts)
    parts = [np.zeros(0, np.int64), *(each.parts for each in instances)]
    return Instances(np.concatenate(parts), np.concatenate(starts))


def spreading(
    table: PartTable, probability: FloatArray, rival: FloatArray, settings: InstanceSettings
) -> Instances:
    """Connected segments that speak for a noun: what ``stages.instances`` does with leaves.

    Args:
        table: parts of the scene.
        probability: ``(N,)`` of the noun.
        rival: ``(N,)`` of the best other name; 0 where there is none.
        settings: thresholds.
    """
    segments = np.flatnonzero(table.is_segment)
    if not len(segments):
        return joined([])
    odds = np.log(probability[segments] + EPSILON) - np.log(rival[segments] + EPSILON)
    odds = np.clip(odds, -settings.evidence_limit, settings.evidence_limit)
    odds -= min(0.0, float(odds.max()) - settings.least_margin)
    speaking = segments[odds > settings.least_strength * np.clip(odds.max(), 0, 1)]
    return _connected(speaking, table.touching, len(table))


def whole_things(table: PartTable, probability: FloatArray, settings: ProgramSettings) -> Instances:
    """Things that are probable and look like whole ones, one version of each.

    Greedy by probability x objectness, as ``stages.suppression`` is for the candidates of an
    image; of those that are kept, parts that were cut are joined where they meet.

    Args:
        table: parts of the scene.
        probability: ``(N,)`` of the noun.
        settings: limits.
    """
    things = ~table.is_segment
    if not things.any():
        return joined([])
    enough = max(
        settings.lowest_probability,
        settings.relative_probability * float(probability[things].max()),
    )
    plausible = things & (probability >= enough)
    plausible &= ~_seen_whole(table, plausible)
    score = np.where(plausible, probability * table.objectness, 0.0)
    alive = np.flatnonzero(plausible & (score >= settings.relative_score * score.max()))
    order = alive[np.lexsort((-table.areas[alive], -np.round(score[alive], 3)))]
    kept = _suppressed(table, order, settings.largest_overlap)
    cut = table.is_cut[kept]
    return joined(
        [
            Instances.single(kept[~cut]),
            _connected(np.sort(kept[cut]), table.joints, len(table)),
        ]
    )


def _seen_whole(table: PartTable, plausible: BoolArray) -> BoolArray:
    """``(N,)`` parts that were cut, of things that a neighbouring tile saw whole."""
    cut = np.flatnonzero(plausible & table.is_cut)
    whole = np.flatnonzero(plausible & ~table.is_cut)
    seen: BoolArray = np.zeros(len(table), bool)
    if len(cut) and len(whole):
        covered = table.shared[cut][:, whole].max(axis=1).toarray().ravel()
        seen[cut] = covered >= COVERED * table.areas[cut]
    return seen


def _suppressed(table: PartTable, order: IntArray, largest: float) -> IntArray:
    """Those that share little with any before them."""
    shared, areas = table.shared, table.areas
    is_open: BoolArray = np.ones(len(table), bool)
    kept = []
    for index in order.tolist():
        if not is_open[index]:
            continue
        kept.append(index)
        row = slice(shared.indptr[index], shared.indptr[index + 1])
        others, common = shared.indices[row], shared.data[row]
        is_open[others[common > largest * np.minimum(areas[others], areas[index])]] = False
    return np.array(kept, np.int64)


def _connected(parts: IntArray, pairs: IntArray, count: int) -> Instances:
    """Parts that are connected by pairs of them, each set as one.

    Args:
        parts: ascending.
        pairs: ``(P, 2)``.
        count: of all parts.
    """
    if not len(parts):
        return joined([])
    places = np.full(count, -1, np.int64)
    places[parts] = np.arange(len(parts))
    first, second = places[pairs].T
    both = (first >= 0) & (second >= 0)
    links: NDArray[np.int8] = np.ones(int(both.sum()), np.int8)
    graph = csr_array((links, (first[both], second[both])), shape=(len(parts), len(parts)))
    _, groups = connected_components(graph, directed=False)
    return Instances.grouped(parts, np.asarray(groups, np.int64))
