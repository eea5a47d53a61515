from __future__ import annotations

import numpy as np
import pytest

from dgl_rsis.benchmark.baselines.prompts import (
    BACKGROUND,
    background_features,
    class_queries,
    mixed_text,
    noun_phrase,
    other_phrases,
    rivals,
)
from dgl_rsis.errors import InputError, TextError
from dgl_rsis.models.hf_clip import HfClip


def test_one_plain_prompt_for_every_name() -> None:
    prompts, owner = class_queries(["water", "building, house"], None)
    assert prompts == ["a photo of a water.", "a photo of a building.", "a photo of a house."]
    assert owner.tolist() == [0, 1, 1]


@pytest.mark.parametrize("words", [[], ["road", ""], ["road,", "tree"]])
def test_a_missing_name_is_told(words: list[str]) -> None:
    with pytest.raises(InputError, match="a name is missing"):
        class_queries(words, None)


def test_background_is_one_of_the_classes() -> None:
    with pytest.raises(InputError, match="no class 2 for background among 2"):
        class_queries(["road", "tree"], 2)


def test_phrases_of_a_sentence() -> None:
    sentence = "the white ship left of the large pier near the house"
    assert noun_phrase(sentence) == "white ship"
    assert other_phrases(sentence) == ("large pier", "house")
    assert noun_phrase("it") == "it"
    assert other_phrases("the red car on the left side of the image") == ()
    with pytest.raises(TextError):
        noun_phrase("?!")


def test_text_is_half_sentence_and_half_noun_phrase(worded: HfClip) -> None:
    sentence = "the red roof left of the road"
    whole, noun = worded.encode_texts([sentence, "red roof"]).astype(np.float64)
    expected = 0.5 * whole + 0.5 * noun
    expected /= np.sqrt((expected**2).sum())
    np.testing.assert_allclose(mixed_text(worded, sentence), expected, atol=1e-6)
    assert abs(float(whole @ expected) - 1) > 1e-4  # the noun phrase takes part


def test_words_that_are_asked_for_do_not_compete(worded: HfClip) -> None:
    features = background_features(worded)
    assert features.shape == (len(BACKGROUND), worded.dim)
    left = [word for word in BACKGROUND if word not in ("building", "road")]
    found = rivals("The buildings beside a road", features)
    np.testing.assert_array_equal(found, features[[BACKGROUND.index(word) for word in left]])
