"""Instances of a noun in the table of a scene: sets of parts, one set for every whole thing.

A thing is one part, or several that were cut at borders of tiles and meet there. What spreads (a
river) is made of segments: those that speak for the noun, joined where they touch, whichever tiles
they are from.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from dgl_rsis.config import InstanceSettings
from dgl_rsis.scene.part_table import PartTable
from dgl_rsis.stages.polygons import PolygonOutlines
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

    def sums(self, column: NDArray[Any]) -> NDArray[np.float64]:
        """``(n, ...)`` sums of a column of the table over the parts of each."""
        if not len(self):
            return np.zeros((0, *column.shape[1:]))
        values = column[self.parts].astype(np.float64)
        return np.asarray(np.add.reduceat(values, self.starts[:-1], axis=0))

    def mean(self, column: NDArray[Any], areas: IntArray) -> NDArray[np.float64]:
        """``(n, ...)`` means of a column of the table over the parts of each, by area.

        Args:
            column: ``(N, ...)``.
            areas: ``(N,)`` of all parts.
        """
        weights = areas[self.parts].astype(np.float64)
        values = column[self.parts].astype(np.float64)
        flat = values.reshape(len(values), math.prod(values.shape[1:])) * weights[:, None]
        if not len(self):
            return np.zeros((0, *column.shape[1:]))
        sums = np.add.reduceat(flat, self.starts[:-1], axis=0)
        sums /= np.add.reduceat(weights, self.starts[:-1])[:, None]
        return np.asarray(sums.reshape(len(self), *column.shape[1:]))

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
    table: PartTable,
    probability: FloatArray,
    rival: FloatArray,
    settings: InstanceSettings,
    *,
    sinks: bool = True,
) -> Instances:
    """Connected segments that speak for a noun: what ``stages.instances`` does with leaves.

    Args:
        table: parts of the scene.
        probability: ``(N,)`` of the noun.
        rival: ``(N,)`` of the best other name; 0 where there is none.
        settings: thresholds.
        sinks: whether the best segment is one where the noun wins nowhere.
    """
    segments = np.flatnonzero(table.is_segment)
    if not len(segments):
        return joined([])
    odds = _evidence(probability[segments], rival[segments], settings)
    if sinks:
        odds -= min(0.0, float(odds.max()) - settings.least_margin)
    speaking = segments[odds > settings.least_strength * np.clip(odds.max(), 0, 1)]
    return _connected(speaking, table.touching, len(table))


def whole_things(
    table: PartTable, probability: FloatArray, rival: FloatArray, settings: InstanceSettings
) -> Instances:
    """Things of a noun: regions that look like objects, else connected segments.

    As ``stages.instances.instance_masks`` has it: connected segments that speak for the noun are a
    thing, unless regions that look like objects of their own make up most of them.

    Args:
        table: parts of the scene.
        probability: ``(N,)`` of the noun.
        rival: ``(N,)`` of the best other name; 0 where there is none.
        settings: thresholds.
    """
    regions = _regions(table, _evidence(probability, rival, settings), settings)
    pieces = spreading(table, probability, rival, settings, sinks=not len(regions))
    areas = table.areas
    owner = np.full(len(table), len(pieces), np.int64)  # the last: no piece at all
    owner[pieces.parts] = np.repeat(np.arange(len(pieces)), np.diff(pieces.starts))
    sizes = np.append(np.bincount(owner[pieces.parts], areas[pieces.parts], len(pieces)), 0)
    common = table.shared[regions] @ csr_array(
        (np.ones(len(pieces.parts)), (pieces.parts, owner[pieces.parts])),
        shape=(len(table), len(pieces) + 1),
    )
    home = np.full(len(regions), len(pieces), np.int64)
    covered = np.zeros(len(pieces) + 1)
    for place in range(len(regions)):
        row = slice(common.indptr[place], common.indptr[place + 1])
        if row.stop > row.start:
            best = row.start + int(common.data[row].argmax())
            home[place] = common.indices[best]
            covered[home[place]] += common.data[best]
    is_split = covered >= settings.split * sizes
    is_split[:-1] &= ~_solid(table, pieces, is_split[:-1], settings)
    kept = regions[is_split[home]]
    cut = table.is_cut[kept]
    rest = np.flatnonzero(~is_split[:-1] & (sizes[:-1] >= settings.speck * _usual(sizes[:-1])))
    return joined(
        [
            Instances.single(kept[~cut]),
            _connected(np.sort(kept[cut]), table.joints, len(table)),
            pieces.take(rest),
        ]
    )


def anything(table: PartTable, settings: InstanceSettings) -> Instances:
    """Whatever looks like a whole thing."""
    things = np.flatnonzero(~table.is_segment & ~table.is_cut)
    order = things[np.argsort(-table.objectness[things], kind="stable")]
    return Instances.single(suppressed(table.shared, table.areas, order, settings.largest_overlap))


def _evidence(
    probability: FloatArray, rival: FloatArray, settings: InstanceSettings
) -> NDArray[np.float64]:
    """Log-odds of a name against its best rival, limited."""
    odds = np.log(probability + EPSILON) - np.log(rival + EPSILON)
    limit = settings.evidence_limit
    return np.asarray(np.clip(odds, -limit, limit), np.float64)


def _regions(table: PartTable, odds: NDArray[np.float64], settings: InstanceSettings) -> IntArray:
    """Things with the most evidence that look like objects and hardly overlap.

    As in a whole image their evidence is that of all cells below: the mean feature of two roofs and
    the yard between them would hide the yard.
    """
    odds = _over_segments(table, odds)
    cells = table.areas / float(table.header["cell"]) ** 2
    worth = odds * cells - settings.price
    alive = ~table.is_segment & (worth > 0)
    if not alive.any():
        return np.zeros(0, np.int64)
    strongest = np.where(alive, worth, -np.inf).argmax()
    alive &= odds >= settings.least_strength * odds[strongest]
    alive &= table.objectness >= settings.whole_objectness
    alive &= ~_seen_whole(table, alive)
    chosen = np.flatnonzero(alive)
    order = chosen[np.argsort(-worth[chosen], kind="stable")]
    return np.sort(suppressed(table.shared, table.areas, order, settings.largest_overlap))


def _over_segments(table: PartTable, odds: NDArray[np.float64]) -> NDArray[np.float64]:
    """``(N,)`` means over the segments below each part; its own where there is none."""
    segments = np.flatnonzero(table.is_segment)
    common = table.shared[:, segments]
    covered = np.asarray(common.sum(axis=1), np.float64)
    means = (common @ odds[segments]) / np.maximum(covered, 1)
    return np.where(covered > 0, means, odds)


def _solid(
    table: PartTable, pieces: Instances, asked: BoolArray, settings: InstanceSettings
) -> BoolArray:
    """``(n,)`` sets of several segments that fill a rectangle or a circle, of those asked for."""
    solid: BoolArray = np.zeros(len(pieces), bool)
    numbers = np.flatnonzero(asked & (np.diff(pieces.starts) > 1))
    polygons = np.empty(len(numbers), dtype=object)
    for place, number in enumerate(numbers.tolist()):
        parts = pieces.parts[pieces.starts[number] : pieces.starts[number + 1]]
        polygons[place] = shapely.multipolygons(shapely.get_parts(table.outlines(parts)))
    if len(numbers):
        shapes = PolygonOutlines(polygons).shapes(np.arange(len(numbers)))
        solid[numbers] = np.maximum(shapes.rectangularity, shapes.circularity) >= settings.solid
    return solid


def _usual(sizes: NDArray[np.float64]) -> float:
    """The size that half of the area lies in larger ones of; 0 without any."""
    if not len(sizes):
        return 0.0
    order = np.sort(sizes)
    return float(order[np.searchsorted(np.cumsum(order), order.sum() / 2)])


def _seen_whole(table: PartTable, plausible: BoolArray) -> BoolArray:
    """``(N,)`` parts that were cut, of things that a neighbouring tile saw whole."""
    cut = np.flatnonzero(plausible & table.is_cut)
    whole = np.flatnonzero(plausible & ~table.is_cut)
    seen: BoolArray = np.zeros(len(table), bool)
    if len(cut) and len(whole):
        covered = table.shared[cut][:, whole].max(axis=1).toarray().ravel()
        seen[cut] = covered >= COVERED * table.areas[cut]
    return seen


def shared_pixels(table: PartTable, instances: Instances) -> csr_array:
    """``(n, n)`` pixels that two instances share, as far as the table knows them."""
    owners = np.repeat(np.arange(len(instances)), np.diff(instances.starts))
    ones = np.ones(len(instances.parts), np.int64)
    belongs = csr_array((ones, (owners, instances.parts)), shape=(len(instances), len(table)))
    return csr_array(belongs @ table.shared @ belongs.T)


def suppressed(
    shared: csr_array, areas: NDArray[np.number], order: IntArray, largest: float
) -> IntArray:
    """Those that share little with any before them.

    Args:
        shared: ``(n, n)`` pixels that two share.
        areas: ``(n,)`` pixels.
        order: of those to choose among, best first.
        largest: share of the smaller of two that both may cover.
    """
    is_open: BoolArray = np.ones(len(areas), bool)
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
