import numpy as np
import pytest
import torch
from pretrain import text
from pretrain.concepts import CONCEPTS, SCENES, TEMPLATES

VOCABULARY = ["[PAD]", "[UNK]", "!", "##ing", "ab", "apple", "b4", "motorway", "reservoir"]


def test_captions_of_held_out_images_are_not_distilled(data, held_out, training):
    field, dictionary = text.corpus(data, VOCABULARY, words=9, seed=1)
    texts = [*field, *dictionary]
    assert not [each for each in texts for name in held_out if name in each]
    for name in training:
        assert f"Curved river beside {name}" in field  # without the full stop
        assert f"a boat is in {name}" in field


def test_a_caption_is_left_out_by_its_own_image_only(data, held_out, training, monkeypatch):
    records = [
        {"image": f"River/{held_out[0]}", "captions": ["seen by both .", "seen by none ."]},
        {"image": f"River/{training[0]}", "captions": ["seen by both ."]},
        {"image": training[1], "captions": ["without a folder ."]},
    ]
    monkeypatch.setattr(text, "captions", lambda _: records)
    field, _ = text.corpus(data, VOCABULARY, words=0, seed=1)
    assert {"seen by both", "without a folder"} <= set(field)
    assert "seen by none" not in field


def test_the_corpus_holds_names_in_templates_and_whole_words(data):
    field, dictionary = text.corpus(data, VOCABULARY, words=2, seed=1)
    names = [name for group in (*CONCEPTS.values(), *SCENES.values()) for name in group]
    assert {template.format(name) for name in names for template in TEMPLATES} <= set(field)
    assert {"red roof", "motorways"} <= set(field)
    whole = {each for each in dictionary if " " not in each}
    assert whole == {"apple", "motorway"}  # the first two of three letters or more
    for texts in (field, dictionary):
        assert texts == sorted(set(texts))
    assert text.corpus(data, VOCABULARY, words=2, seed=1) == (field, dictionary)
    assert text.corpus(data, VOCABULARY, words=2, seed=2)[0] != field


def test_words_of_the_lexicon_are_words():
    words = text.lexicon_words()
    assert {"motorway", "roof"} <= set(words)
    assert all(word == word.lower() and len(word) >= 3 for word in words)


@pytest.mark.parametrize("batch", [8, 16])
def test_batches_hold_texts_of_like_length_three_to_five(batch):
    lengths = torch.arange(100) % 10 + 1
    pools = [torch.arange(40), torch.arange(40, 100)]
    batches = text._chunk(pools, lengths, batch)
    rows = torch.cat(batches)
    assert [len(each) for each in batches] == [batch] * 8
    assert int((rows < 40).sum()) == 3 * batch
    spans = sorted((int(lengths[b].min()), int(lengths[b].max())) for b in batches)
    assert all(spans[k][1] <= spans[k + 1][0] for k in range(7))


def test_a_modified_noun_is_drawn_to_its_noun():
    texts = ["pond", "inland pond", "odd pond"]
    features = np.array([[1, 0], [0, 1], [0, 1]], np.float32)
    drawn = text.noun_first(texts, features)
    np.testing.assert_allclose(drawn[1], [0.5**0.5, 0.5**0.5], rtol=1e-6)
    np.testing.assert_array_equal(drawn[[0, 2]], features[[0, 2]])  # odd is no known modifier


def test_compounds_are_spelt_closed_and_with_a_hyphen():
    names = {"golf course", "car park", "carpark", "bus", "a pond", "old oil tank"}
    assert text.closed_compounds(names) == {
        "golfcourse": "golf course",
        "golf-course": "golf course",
        "car-park": "car park",
    }
