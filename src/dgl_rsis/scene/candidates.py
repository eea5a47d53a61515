"""The candidates of one sentence, out of the parts of a scene."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from dgl_rsis.config import Settings
from dgl_rsis.scene.instances import Instances, joined, spreading, whole_things
from dgl_rsis.scene.part_table import PartTable
from dgl_rsis.scene.scoring import NounScores
from dgl_rsis.stages.candidates import CandidateTable
from dgl_rsis.text.lexicon_file import default_lexicon
from dgl_rsis.text.program.vocabulary import ANYTHING
from dgl_rsis.types import FloatArray, IntArray


@dataclass
class Gatherer:
    """Gathers candidates; outlines that were put together once are remembered.

    Attributes:
        table: parts of the scene.
        settings: of all stages.
    """

    table: PartTable
    settings: Settings
    _outlines: dict[bytes, shapely.Geometry] = field(default_factory=dict)

    def candidates(self, nouns: Sequence[str], scores: Mapping[str, NounScores]) -> CandidateTable:
        """The instances of all nouns, those of each next to each other.

        Args:
            nouns: of a sentence, ``ANYTHING`` among them where it is used.
            scores: of all others.
        """
        found = [self._instances(noun, scores) for noun in nouns]
        every = joined(found)
        ends = np.cumsum([0, *map(len, found)])
        indices = {
            noun: np.arange(ends[number], ends[number + 1]) for number, noun in enumerate(nouns)
        }
        table, parts, starts = self.table, every.parts, every.starts[:-1]
        weights = table.areas[parts].astype(np.float64)
        areas = np.add.reduceat(weights, starts) if len(every) else np.zeros(0)

        def mean(values: NDArray[Any]) -> NDArray[np.float64]:
            """Mean of a column over the parts of each candidate, by area."""
            kept = np.asarray(values[parts], np.float64)
            if not len(every):
                return kept
            columns = kept.reshape(len(kept), -1) * weights[:, None]
            sums = np.add.reduceat(columns, starts, axis=0) / areas[:, None]
            return np.asarray(sums.reshape(len(every), *kept.shape[1:]))

        def floats(values: NDArray[Any]) -> FloatArray:
            return mean(values).astype(np.float32)

        boxes = table.boxes[parts]
        if len(every):
            low = np.minimum.reduceat(boxes[:, :2], starts, axis=0)
            high = np.maximum.reduceat(boxes[:, 2:], starts, axis=0)
            boxes = np.concatenate([low, high], axis=1)
        return CandidateTable(
            shape=table.shape,
            areas=areas,
            boxes=boxes,
            centroids=mean(table.centroids),
            crop=None,
            probabilities={
                noun: np.minimum(floats(each.probability), np.float32(1))
                for noun, each in scores.items()
            },
            objectness=floats(table.objectness),
            colours=floats(table.colours),
            paints=floats(table.paints),
            frame=table.frame,
            instances=indices,
            are_instances=True,
            polygons=self._polygons(every),
        )

    def _instances(self, noun: str, scores: Mapping[str, NounScores]) -> Instances:
        program = self.settings.program
        if noun == ANYTHING:
            return whole_things(self.table, np.ones(len(self.table), np.float32), program)
        own = scores[noun]
        if default_lexicon().is_stuff(noun):
            return spreading(self.table, own.probability, own.rival, self.settings.instances)
        return whole_things(self.table, own.probability, program)

    def _polygons(self, instances: Instances) -> NDArray[np.object_]:
        """``(n,)`` polygons in pixels of the scene."""
        polygons = np.empty(len(instances), dtype=object)
        sizes = np.diff(instances.starts)
        single = np.flatnonzero(sizes == 1)
        polygons[single] = self.table.outlines(instances.parts[instances.starts[single]])
        for index in np.flatnonzero(sizes > 1).tolist():
            parts = instances.parts[instances.starts[index] : instances.starts[index + 1]]
            key = np.sort(parts).tobytes()
            if key not in self._outlines:
                self._outlines[key] = self._union(parts)
            polygons[index] = self._outlines[key]
        return polygons

    def _union(self, parts: IntArray) -> shapely.Geometry:
        """Parts as one polygon; all borders run along edges of pixels."""
        return shapely.union_all(self.table.outlines(parts), grid_size=1.0)
