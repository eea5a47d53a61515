from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from toy_backbone import ToyBackbone, quarters

from dgl_rsis.benchmark.baselines.methods import ReferMethod
from dgl_rsis.benchmark.baselines.similarity import CROP_SCORE, DENSE_SCORE, phrase_probability
from dgl_rsis.config import make_settings
from dgl_rsis.pipeline import Model
from dgl_rsis.proposals.masks import MaskSet


def test_probability_by_hand() -> None:
    dense = np.array([[[1, 0], [0, 1]]], np.float32)
    phrase, others = np.float32([1, 0]), np.float32([[0, 1], [0, 1]])
    found = phrase_probability(dense, phrase, others, np.log(6))
    # weights 6, 1, 1 and 1, 6, 6
    np.testing.assert_allclose(found, [[6 / 8, 1 / 13]], rtol=1e-5)


@pytest.mark.parametrize("method", [DENSE_SCORE, CROP_SCORE], ids=["dense", "crop"])
@pytest.mark.parametrize(
    ("sentence", "quarter"), [("the building", 0), ("the vegetation", 1), ("the water", 2)]
)
def test_the_words_alone_choose(
    method: ReferMethod[Any], sentence: str, quarter: int, coloured: Model, quarter_masks: MaskSet
) -> None:
    prepared = method.prepare(coloured, quarters(), quarter_masks)
    found = method.answer(prepared, sentence)
    np.testing.assert_array_equal(found, quarter_masks.mask(quarter))


def test_dense_score_hears_the_noun_phrase_only_and_crops_the_sentence(
    quarter_masks: MaskSet,
) -> None:
    sentence = "the building left of the water"
    asked = {}
    for name, method in (("dense", DENSE_SCORE), ("crop", CROP_SCORE)):
        backbone = ToyBackbone()
        prepared = method.prepare(Model(backbone, make_settings()), quarters(), quarter_masks)
        count = len(backbone.calls["texts"])
        images = (backbone.calls["dense"], backbone.calls["images"])
        method.answer(prepared, sentence)
        asked[name] = backbone.calls["texts"][count:]
        assert (backbone.calls["dense"], backbone.calls["images"]) == images  # read before
    assert asked == {"dense": ["a photo of a building."], "crop": [sentence]}


def test_no_masks_no_answer(coloured: Model) -> None:
    nothing = MaskSet.from_masks([], (64, 64))
    for method in (DENSE_SCORE, CROP_SCORE):
        assert not method.answer(method.prepare(coloured, quarters(), nothing), "the road").any()
