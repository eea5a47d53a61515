"""The candidates of one sentence, out of the parts of a scene."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from dgl_rsis.config import Settings
from dgl_rsis.scene.instances import Instances, anything, joined, spreading, whole_things
from dgl_rsis.scene.own_scale import compete
from dgl_rsis.scene.part_table import PartTable
from dgl_rsis.scene.scoring import NounScores
from dgl_rsis.stages.candidates import CandidateTable
from dgl_rsis.stages.scope import is_pair
from dgl_rsis.text.lexicon import Lexicon
from dgl_rsis.text.program.nodes import Node, Relate, Select
from dgl_rsis.text.program.tree import walk
from dgl_rsis.text.program.vocabulary import ANYTHING
from dgl_rsis.types import FloatArray


@dataclass
class Gatherer:
    """Gathers candidates.

    Attributes:
        table: parts of the scene.
        settings: of all stages.
    """

    table: PartTable
    settings: Settings

    def candidates(
        self, program: Node, nouns: Sequence[str], scores: Mapping[str, NounScores]
    ) -> CandidateTable:
        """The instances of all nouns, those of each next to each other.

        Polygons of several parts are not dissolved: areas, hulls and distances are the same.

        What spreads and is only looked at from elsewhere (*north of the river*) stays in segments:
        the nearest of many small ones is found sooner than the nearest point of a huge one.

        Args:
            program: of the sentence.
            nouns: of it, the target's first, ``ANYTHING`` among them where it is used.
            scores: of all others.
        """
        whole = [self._instances(noun, scores) for noun in nouns]
        distant = seen_from_elsewhere(program, self.settings.knowledge.words.lexicon) - {nouns[0]}
        found = [
            Instances.single(each.parts) if noun in distant else each
            for noun, each in zip(nouns, whole, strict=True)
        ]
        every = joined(found)
        ends = np.cumsum([0, *map(len, found)])
        rows = {noun: np.arange(ends[k], ends[k + 1]) for k, noun in enumerate(nouns)}
        probabilities = {
            noun: _probability(each, every, self.table) for noun, each in scores.items()
        }
        for noun, each in zip(nouns, whole, strict=True):
            if noun in distant:  # a segment is as probable as the whole that it belongs to
                mean = _probability(scores[noun], each, self.table)
                probabilities[noun][rows[noun]] = np.repeat(mean, np.diff(each.starts))
        table = self.table
        boxes = table.boxes[every.parts]
        if len(every):
            low = np.minimum.reduceat(boxes[:, :2], every.starts[:-1], axis=0)
            high = np.maximum.reduceat(boxes[:, 2:], every.starts[:-1], axis=0)
            boxes = np.concatenate([low, high], axis=1)
        colours, paints, looks = (
            every.mean(each, table.areas).astype(np.float32)
            for each in (table.colours, table.paints, table.objectness)
        )
        return CandidateTable(
            shape=table.shape,
            areas=every.sums(table.areas),
            boxes=boxes,
            centroids=every.mean(table.centroids, table.areas),
            crop=None,
            probabilities={
                noun: np.minimum(each, np.float32(1)) for noun, each in probabilities.items()
            },
            objectness=looks,
            colours=colours,
            paints=paints,
            frame=table.frame,
            instances=rows,
            are_instances=True,
            polygons=self._polygons(every),
        )

    def _instances(self, noun: str, scores: Mapping[str, NounScores]) -> Instances:
        thresholds = self.settings.instances
        if noun == ANYTHING:
            return anything(self.table, thresholds)
        own = scores[noun]
        is_stuff = self.settings.knowledge.words.lexicon.is_stuff(noun)
        find = spreading if is_stuff else whole_things
        found = find(self.table, own.probability, own.rival, thresholds)
        if own.at_own_scale is None:
            return found
        return compete(self.table, found, own.probability, own.at_own_scale, thresholds)

    def _polygons(self, instances: Instances) -> NDArray[np.object_]:
        """``(n,)`` polygons in pixels of the scene, those of several parts side by side."""
        outlines = self.table.outlines(instances.parts)
        sizes = np.diff(instances.starts)
        polygons = np.empty(len(instances), dtype=object)
        single = sizes == 1
        polygons[single] = outlines[instances.starts[:-1][single]]
        for index in np.flatnonzero(~single).tolist():
            parts = outlines[instances.starts[index] : instances.starts[index + 1]]
            polygons[index] = shapely.multipolygons(shapely.get_parts(parts))
        return polygons


def seen_from_elsewhere(program: Node, lexicon: Lexicon) -> set[str]:
    """Nouns of what spreads that a program only names as what something else lies at."""
    nodes = list(walk(program))
    named = Counter(node.noun for node in nodes if isinstance(node, Select))
    plain: Counter[str] = Counter()
    for node in nodes:
        if isinstance(node, Relate) and is_pair(node):
            continue
        for anchor in (getattr(node, "anchor", None), getattr(node, "anchor2", None)):
            if isinstance(anchor, Select) and not anchor.attributes:
                plain[anchor.noun] += 1
    return {
        noun for noun, count in plain.items() if count == named[noun] and lexicon.is_stuff(noun)
    }


def _probability(scores: NounScores, instances: Instances, table: PartTable) -> FloatArray:
    """``(n,)`` by the cells or, where that is more, at the scale of the things."""
    probability = instances.mean(scores.probability, table.areas)
    if scores.at_own_scale is not None:
        own = instances.mean(scores.at_own_scale, table.areas)
        probability = np.maximum(probability, own)
    return np.asarray(probability, np.float32)
