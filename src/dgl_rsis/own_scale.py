"""Wiring of things that are read at the scale that suits their size (stages/things.py)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from dgl_rsis.config import InstanceSettings, Settings
from dgl_rsis.models.base import Backbone
from dgl_rsis.prepared import PreparedImage
from dgl_rsis.proposals.filters import Overlaps
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.proposals.objectness import objectness
from dgl_rsis.stages import local, things
from dgl_rsis.stages.instances import Mask
from dgl_rsis.text.lexicon import Lexicon
from dgl_rsis.types import FloatArray, IntArray, Proposals


@dataclass(frozen=True)
class OwnScale:
    """Those nouns of a sentence that are things, read at the scales that suit their sizes.

    Attributes:
        image: prepared image.
        seen: all nouns of the sentence.
        texts: of the nouns, then of the competitors.
        backbone: the image-text model.
        settings: of all stages.
    """

    image: PreparedImage
    seen: Sequence[str]
    texts: local.TextFeatures
    backbone: Backbone
    settings: Settings

    @cached_property
    def nouns(self) -> tuple[str, ...]:
        """Nouns that do not spread, or that nobody knows; none where the stage is off."""
        if not (self.settings.instances.own_scale and self.settings.text.decouple):
            return ()
        known = {noun: self._lexicon.find(noun) for noun in self.seen}
        return tuple(noun for noun, entry in known.items() if entry is None or not entry.is_stuff)

    def probabilities(self, masks: Proposals) -> FloatArray:
        """``(N, K)`` of all names over masks."""
        return self._of(self.image.reader.level_features(masks), masks)

    @cached_property
    def of_nodes(self) -> FloatArray:
        """``(N, K)`` of all names over the regions of the tree."""
        assert self.image.tree is not None
        return self._of(self.image.node_features, self.image.tree)

    def whole_things(self, noun: str, found: Sequence[Mask], dense: FloatArray) -> list[Mask]:
        """What evidence found, and regions that look like such a thing beside it.

        Where the cells of what evidence found are mostly the noun, it stands; elsewhere it competes
        with regions of the tree.

        Args:
            noun: one of ``nouns``.
            found: by the evidence of cells.
            dense: ``(h, w, k)`` probabilities of the cells, the noun's first.
        """
        nodes, settings = self.image.nodes, self.settings.instances
        index = self.seen.index(noun)
        likely = against_others(self.of_nodes, self.seen, index, self._lexicon)[:, 0]
        chosen = things.best_things(nodes.overlaps, likely, nodes.objectness, settings)
        both = [*found, *(placed(nodes.tree, node) for node in chosen.tolist())]
        corners, crops = [(x0, y0) for _, x0, y0 in both], [crop for crop, _, _ in both]
        masks = MaskSet.from_crops(crops, corners, nodes.tree.shape)
        likely = against_others(self.probabilities(masks), self.seen, index, self._lexicon)[:, 0]
        looks, first = objectness(masks, self.image.lab), np.arange(len(found))
        best = whole_masks(Overlaps(masks), first, likely, looks, dense[..., 0], settings)
        return [both[place] for place in best.tolist()]

    @property
    def _lexicon(self) -> Lexicon:
        return self.settings.knowledge.words.lexicon

    def _of(self, pooled: things.LevelFeatures, proposals: Proposals) -> FloatArray:
        pyramid, own = self.image.reader.pyramid(), self.settings.instances
        weights = things.level_weights(
            proposals.areas, pyramid.steps, own.thing_cells, own.thing_spread
        )
        return things.thing_probabilities(
            pooled,
            weights,
            self.image.reader.features(),
            self.texts,
            self.backbone,
            self.settings.local,
        )


def whole_masks(
    overlaps: Overlaps,
    found: IntArray,
    likely: FloatArray,
    looks: FloatArray,
    cells: FloatArray,
    settings: InstanceSettings,
) -> IntArray:
    """Masks that are whole things of a noun: those that evidence is sure of go before all others.

    Args:
        overlaps: of ``N`` masks.
        found: those that evidence found.
        likely: ``(N,)`` probability of the noun at the scales that suit the masks.
        looks: ``(N,)`` objectness.
        cells: ``(h, w)`` probability of the noun in the cells of the image.
        settings: thresholds.
    """
    by_cells = overlaps.proposals.pool(cells)
    sure = found[by_cells[found] >= settings.sure]
    return things.best_things(overlaps, np.maximum(likely, by_cells), looks, settings, first=sure)


def placed(proposals: Proposals, index: int) -> Mask:
    """A proposal as a crop with its upper left corner."""
    x0, y0 = proposals.boxes[index, :2].tolist()
    return proposals.crop(index), x0, y0


def against_others(
    probabilities: FloatArray, nouns: Sequence[str], index: int, lexicon: Lexicon
) -> FloatArray:
    """Probabilities of one noun and its rivals: words for the same thing do not compete.

    Args:
        probabilities: ``(..., K)`` of all nouns, then of the background words.
        nouns: the nouns.
        index: of the one noun.
        lexicon: tells which words mean the same thing.

    Returns:
        ``(..., k)``, the noun first, normalised.
    """
    rivals = [
        column
        for column in range(probabilities.shape[-1])
        if column >= len(nouns)
        or (column != index and not lexicon.overlap(nouns[column], nouns[index]))
    ]
    kept = probabilities[..., [index, *rivals]]
    return np.asarray(kept / kept.sum(-1, keepdims=True), np.float32)
