"""Probabilities of nouns for the parts of a scene, from the features that were kept of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from dgl_rsis.config import Settings
from dgl_rsis.models.base import Backbone
from dgl_rsis.own_scale import against_others
from dgl_rsis.scene.part_table import PartTable
from dgl_rsis.stages import local
from dgl_rsis.text.knowledge import ClassPrompts, class_prompts, competitors
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
    """

    probability: FloatArray
    rival: FloatArray


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
    _logits: dict[_Key, FloatArray] = field(default_factory=dict)

    def scores(self, nouns: Sequence[str]) -> dict[str, NounScores]:
        """Scores of all nouns of a sentence, as ``nouns.score_nouns`` compares them.

        Args:
            nouns: distinct, without ``ANYTHING``.
        """
        if not nouns:
            return {}
        knowledge = self.settings.knowledge
        own = nouns if self.settings.text.decouple else []
        rest = competitors(own) if knowledge.background else []
        prompts = [
            *(class_prompts(noun, knowledge=knowledge.enabled) for noun in nouns),
            *(class_prompts(word, knowledge=False) for word in rest),
        ]
        probabilities = self._probabilities(prompts)
        found = {}
        for index, noun in enumerate(nouns):
            view = against_others(probabilities, nouns, index)
            found[noun] = NounScores(view[:, 0], view[:, 1:].max(axis=1, initial=0.0))
        return found

    def _probabilities(self, prompts: Sequence[ClassPrompts]) -> FloatArray:
        """``(N, K)``: the mean over all readings, as ``local.dense_probabilities`` has it."""
        self._compare([each for each in prompts if _key(each) not in self._logits])
        logits = np.stack([self._logits[_key(each)] for each in prompts], axis=-1)
        logits -= logits.max(axis=-1, keepdims=True)
        by_reading = np.exp(logits, out=logits)
        by_reading /= by_reading.sum(axis=-1, keepdims=True)
        return np.asarray(by_reading.mean(axis=1), np.float32)

    def _compare(self, prompts: Sequence[ClassPrompts]) -> None:
        """Compare the parts with names that are new; see ``local.class_probabilities``."""
        if not prompts:
            return
        texts = local.encode_classes(self.backbone, prompts)
        scale = np.float32(self.backbone.dense_logit_scale)
        bias = np.zeros(len(texts.features), np.float32)
        whole = self.table.header["whole"]
        if whole is not None and self.settings.local.global_bias > 0:
            embedding = np.asarray(whole, np.float32)
            bias = self.settings.local.global_bias * (texts.features @ embedding)
        starts = np.flatnonzero(np.diff(texts.owner, prepend=-1))
        counts = np.diff(np.append(starts, len(texts.owner)))
        features = self.table.features
        parts = []
        for row in range(0, max(1, len(features)), _ROWS):
            rows = features[row : row + _ROWS].astype(np.float32)
            logits = scale * (rows @ texts.features.T - bias)
            top = logits.max(axis=-1, keepdims=True, initial=-np.inf)
            sums = np.add.reduceat(np.exp(logits - top), starts, axis=-1) / counts
            parts.append(np.log(sums + _TINY) + top)
        logits = np.concatenate(parts)
        for number, each in enumerate(prompts):
            self._logits[_key(each)] = np.asarray(logits[..., number], np.float32)


def _key(prompts: ClassPrompts) -> _Key:
    return tuple(prompts.synonyms.values())
