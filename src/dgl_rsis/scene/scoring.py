"""Probabilities of nouns for the parts of a scene, from the features that were kept of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from dgl_rsis.config import Settings
from dgl_rsis.models.base import Backbone
from dgl_rsis.own_scale import against_others
from dgl_rsis.scene.part_table import PartTable
from dgl_rsis.stages import local
from dgl_rsis.text.knowledge import ClassPrompts
from dgl_rsis.types import FloatArray

_Key = tuple[tuple[str, ...], ...]
_TINY = 1e-30
_ROWS = 8192  # parts whose features are in memory at once


@dataclass(frozen=True)
class NounScores:
    """Scores of one noun.

    Attributes:
        probability: ``(N,)`` float32 in [0, 1], against its rivals.
        rival: ``(N,)`` float32 in [0, 1] of the best of these; 0 without any.
        at_own_scale: ``(N,)`` float32 in [0, 1], of things in the readings that suit their sizes, 0
            for segments; None for what spreads, or where things were not read so.
    """

    probability: FloatArray
    rival: FloatArray
    at_own_scale: FloatArray | None = None


@dataclass
class PartScorer:
    """Scores nouns; what was compared once is remembered.

    Attributes:
        table: parts of the scene.
        backbone: the image-text model.
        settings: of all stages.
    """

    table: PartTable
    backbone: Backbone
    settings: Settings
    _of_parts: dict[_Key, FloatArray] = field(default_factory=dict)  # (N, R) logits
    _of_views: dict[_Key, FloatArray] = field(default_factory=dict)  # (T, V) logits

    def scores(self, nouns: Sequence[str]) -> dict[str, NounScores]:
        """Scores of all nouns of a sentence, as ``nouns.score_nouns`` compares them.

        Args:
            nouns: distinct, without ``ANYTHING``.
        """
        if not nouns:
            return {}
        knowledge = self.settings.knowledge
        own = nouns if self.settings.text.decouple else []
        words = knowledge.words
        rest = words.competitors(own) if knowledge.background else []
        prompts = [
            *(words.class_prompts(noun, knowledge=knowledge.enabled) for noun in nouns),
            *(words.class_prompts(word, knowledge=False) for word in rest),
        ]
        probabilities = self._probabilities(prompts)
        things = self._of_things(prompts) if self._asks_things(nouns) else None
        found = {}
        for index, noun in enumerate(nouns):
            seen = against_others(probabilities, nouns, index, words.lexicon)
            at_own_scale = None
            if things is not None and not words.lexicon.is_stuff(noun):
                at_own_scale = np.zeros(len(self.table), np.float32)
                view = against_others(things, nouns, index, words.lexicon)
                at_own_scale[~self.table.is_segment] = view[:, 0]
            rival = seen[:, 1:].max(axis=1, initial=0.0)
            found[noun] = NounScores(seen[:, 0], rival, at_own_scale)
        return found

    def _asks_things(self, nouns: Sequence[str]) -> bool:
        """Whether some noun is looked for among things at their own scale."""
        return (
            self.settings.text.decouple
            and self.table.view_weights.shape[1] > 0
            and not all(self.settings.knowledge.words.lexicon.is_stuff(noun) for noun in nouns)
        )

    def _probabilities(self, prompts: Sequence[ClassPrompts]) -> FloatArray:
        """``(N, K)``: the mean over all readings, as ``local.dense_probabilities`` has it."""
        scale = self.backbone.dense_logit_scale
        features = self.table.features
        scales = np.full(features.shape[1], scale, np.float32)
        by_reading = self._by_row(self._of_parts, prompts, features, scales)
        return np.asarray(by_reading.mean(axis=1), np.float32)

    def _of_things(self, prompts: Sequence[ClassPrompts]) -> FloatArray:
        """``(T, K)``: weighted by the readings, as ``things.thing_probabilities`` has it."""
        views, weights = self.table.views, self.table.view_weights
        sets = views.shape[1] // weights.shape[1]
        scales = [self.backbone.dense_logit_scale, self.backbone.region_logit_scale][:sets]
        by_view = self._by_row(
            self._of_views,
            prompts,
            views,
            np.repeat(np.array(scales, np.float32), weights.shape[1]),
        )
        shares = np.tile(weights, sets) / sets
        return np.asarray(np.einsum("tv,tvk->tk", shares, by_view), np.float32)

    def _by_row(
        self,
        known: dict[_Key, FloatArray],
        prompts: Sequence[ClassPrompts],
        features: NDArray[np.float16],
        scales: FloatArray,
    ) -> FloatArray:
        """``(n, V, K)`` probabilities of names for ``(n, V, D)`` features.

        Args:
            known: logits of names, which those that are missing are added to.
            prompts: the names.
            features: on disk.
            scales: ``(V,)`` inverse temperatures.
        """
        missing = [each for each in prompts if _key(each) not in known]
        for each, values in zip(missing, self._compare(missing, features, scales), strict=True):
            known[_key(each)] = values
        logits = np.stack([known[_key(each)] for each in prompts], axis=-1)
        logits -= logits.max(axis=-1, keepdims=True)
        rows = np.exp(logits, out=logits)
        rows /= rows.sum(axis=-1, keepdims=True)
        return rows

    def _compare(
        self, prompts: Sequence[ClassPrompts], features: NDArray[np.float16], scales: FloatArray
    ) -> list[FloatArray]:
        """``(n, V)`` logits of each name; see ``local.class_probabilities``."""
        if not prompts:
            return []
        texts = local.encode_classes(self.backbone, prompts)
        bias = np.zeros(len(texts.features), np.float32)
        whole = self.table.header["whole"]
        if whole is not None:
            share = local.bias_share(self.backbone, self.settings.local)
            bias = share * (texts.features @ np.asarray(whole, np.float32))
        starts = np.flatnonzero(np.diff(texts.owner, prepend=-1))
        counts = np.diff(np.append(starts, len(texts.owner)))
        parts = []
        for row in range(0, max(1, len(features)), _ROWS):
            rows = features[row : row + _ROWS].astype(np.float32)
            logits = scales[:, None] * (rows @ texts.features.T - bias)
            top = logits.max(axis=-1, keepdims=True, initial=-np.inf)
            sums = np.add.reduceat(np.exp(logits - top), starts, axis=-1) / counts
            parts.append(np.log(sums + _TINY) + top)
        logits = np.concatenate(parts)
        return [np.asarray(logits[..., number], np.float32) for number in range(len(prompts))]


def _key(prompts: ClassPrompts) -> _Key:
    return tuple(prompts.synonyms.values())
