"""Scores of nouns from features that were kept."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scene.toy_scenes import PixelBackbone, toy_model

from dgl_rsis.nouns import against_others
from dgl_rsis.scene.scoring import PartScorer
from dgl_rsis.scene.views import Views
from dgl_rsis.stages import local
from dgl_rsis.text.knowledge import class_prompts, competitors
from dgl_rsis.text.lexicon_file import default_lexicon


def scorer(features: Any, whole: Any = None, **stages: Any) -> PartScorer:
    model = toy_model(PixelBackbone(), **stages)
    nothing = Views.none(len(features))
    table: Any = SimpleNamespace(
        features=features,
        header={"whole": whole},
        views=nothing.features,
        view_weights=nothing.weights,
    )
    return PartScorer(table, model.backbone, model.settings)


@pytest.mark.parametrize("bias", [0.0, 0.3])
def test_scores_are_those_of_cells_with_the_same_features(bias: float) -> None:
    features = np.random.default_rng(0).random((40, 2, 3))
    features /= np.linalg.norm(features, axis=-1, keepdims=True)
    kept = features.astype(np.float16)
    whole = np.array([0.6, 0.8, 0.0], np.float32)
    options = {"scales": [1.0], "ground_sampling": [], "global_bias": bias}
    own = scorer(kept, whole.tolist() if bias else None, local=options)
    nouns = ["building", "river"]
    found = own.scores(nouns)
    texts = local.encode_classes(
        own.backbone,
        [class_prompts(noun) for noun in nouns],
        [class_prompts(word, knowledge=False) for word in competitors(nouns)],
    )
    readings = tuple(kept[None, :, reading].astype(np.float32) for reading in range(2))
    picture = np.zeros((1, 40, 3), np.uint8)
    image = local.ImageFeatures(readings, (1.0, 0.5), picture, whole if bias else None)
    scale = own.backbone.dense_logit_scale
    expected = local.dense_probabilities(image, texts, scale, own.settings.local)[0]
    for index, noun in enumerate(nouns):
        view = against_others(expected, nouns, index, default_lexicon())
        assert found[noun].probability == pytest.approx(view[:, 0], abs=1e-5)
        assert found[noun].rival == pytest.approx(view[:, 1:].max(-1), abs=1e-5)


def test_a_word_is_compared_once() -> None:
    own = scorer(np.ones((5, 1, 3), np.float16))
    own.scores(["building"])
    calls: Any = own.backbone.calls  # type: ignore[attr-defined]
    texts = len(calls["texts"])
    own.scores(["building"])
    assert len(calls["texts"]) == texts
    own.scores(["building", "river"])
    assert len(calls["texts"]) > texts
    assert own.scores([]) == {}


def test_no_part_has_no_score() -> None:
    found = scorer(np.zeros((0, 1, 3), np.float16)).scores(["building"])
    assert found["building"].probability.shape == (0,)
