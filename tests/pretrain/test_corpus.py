from pretrain import corpus
from pretrain.concepts import CONCEPTS, SCENES, TEMPLATES

VOCABULARY = ["[PAD]", "[UNK]", "!", "##ing", "ab", "apple", "b4", "motorway", "reservoir"]


def test_captions_of_held_out_images_are_not_distilled(data, held_out, training):
    field, dictionary = corpus.corpus(data, VOCABULARY, words=9, seed=1)
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
    monkeypatch.setattr(corpus, "captions", lambda _: records)
    field, _ = corpus.corpus(data, VOCABULARY, words=0, seed=1)
    assert {"seen by both", "without a folder"} <= set(field)
    assert "seen by none" not in field


def test_the_corpus_holds_names_in_templates_and_whole_words(data):
    field, dictionary = corpus.corpus(data, VOCABULARY, words=2, seed=1)
    names = [name for group in (*CONCEPTS.values(), *SCENES.values()) for name in group]
    assert {template.format(name) for name in names for template in TEMPLATES} <= set(field)
    assert {"red roof", "motorways"} <= set(field)
    whole = {each for each in dictionary if " " not in each}
    assert whole == {"apple", "motorway"}  # the first two of three letters or more
    for texts in (field, dictionary):
        assert texts == sorted(set(texts))
    assert corpus.corpus(data, VOCABULARY, words=2, seed=1) == (field, dictionary)
    assert corpus.corpus(data, VOCABULARY, words=2, seed=2)[0] != field


def test_words_of_the_lexicon_are_words():
    words = corpus.lexicon_words()
    assert {"motorway", "roof"} <= set(words)
    assert all(word == word.lower() and len(word) >= 3 for word in words)


def test_compounds_are_spelt_closed_and_with_a_hyphen():
    names = {"golf course", "car park", "carpark", "bus", "a pond", "old oil tank"}
    assert corpus.closed_compounds(names) == {
        "golfcourse": "golf course",
        "golf-course": "golf course",
        "car-park": "car park",
    }
