import numpy as np
import pytest

from dgl_rsis.models.base import TokenActivations
from dgl_rsis.stages import cross_attention


def tokens(text, maps):
    """Token activations of a text, one token per word, with class token and separator."""
    spans, start = [(0, 0)], 0
    for word in text.split():
        start = text.index(word, start)
        spans.append((start, start + len(word)))
        start += len(word)
    spans.append((0, 0))
    return TokenActivations(np.array(maps, np.float32), np.array(spans), np.zeros(2, np.float32))


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        ("the white ship", "there is a white ship"),
        ("An oil tank", "there is a oil tank"),
        ("ship", "there is a ship"),
        ("therapy pool", "there is a therapy pool"),
    ],
)
def test_sentences_are_wrapped_without_their_article(words, asked):
    assert cross_attention.wrap(words) == asked


@pytest.mark.parametrize(
    ("text", "noun", "named"),
    [
        ("there is a white ship next to the pier", "ship", "ship"),
        ("there is a two ships", "ship", "ships"),
        ("there is a Storage Tanks by the road", "storage tank", "Storage Tanks"),
        ("there is a bushes near the people", "person", "people"),
        ("there is a shipyard", "ship", None),
        ("there is a thing", "", None),
    ],
)
def test_the_primary_word_is_found(text, noun, named):
    span = cross_attention.primary_span(text, noun)
    assert (None if span is None else text[slice(*span)]) == named


def test_focus_words_mean_something():
    text = cross_attention.wrap("the white ship that is next to the two piers")
    words = [text[slice(*span)] for span in cross_attention.focus_spans(text)]
    assert {"white", "ship", "two", "piers"} <= set(words)
    assert not {"there", "is", "a", "the", "that", "to"} & set(words)


def test_primary_word_emphasis_known_answer():
    # class token, "there", "ship", separator over two cells
    said = tokens("there ship", [[[0, 1]], [[0, 4]], [[3, 4]], [[9, 9]]])
    span = cross_attention.primary_span("there ship", "ship")
    got = cross_attention.sentence_map(said, span, [span])
    # E: M - O = (3, 0), its unit over one token (1, 0), times M = (3, 0);
    # mean of class token (0, 1), focus (3, 4), E (3, 0) and M (3, 4) is (9, 9) / 4
    np.testing.assert_allclose(got, [[1, 1]], atol=1e-6)
    without = cross_attention.sentence_map(said, None, [span])
    np.testing.assert_allclose(without, np.array([[3, 5]]) / 4, atol=1e-6)
    assert got[0, 0] > without[0, 0]


def test_two_other_words_share_the_norm():
    said = tokens("a b ship", [[[0, 0]], [[0, 2]], [[1, 2]], [[4, 2]], [[0, 0]]])
    span = cross_attention.primary_span("a b ship", "ship")
    got = cross_attention.sentence_map(said, span, [span])
    # differences (4, 0) and (3, 0) have length 5: E is 0.8 * 4 and 0.6 * 4 in the first cell
    expected = np.array([4 * 2 + 3.2 + 2.4, 2 * 2])
    np.testing.assert_allclose(got[0], expected / expected.mean(), atol=1e-6)


def test_the_size_of_gradients_does_not_matter():
    rng = np.random.default_rng(0)
    maps = rng.random((5, 4, 4))
    text = "a white ship"
    span = cross_attention.primary_span(text, "ship")
    one, tiny = (
        cross_attention.sentence_map(tokens(text, maps * scale), span, [(2, 7), span])
        for scale in (1, 1e-30)
    )
    np.testing.assert_allclose(one, tiny, rtol=1e-4)
    assert one.mean() == pytest.approx(1)


def test_nothing_is_zero_and_a_word_that_was_cut_is_left_out():
    text = "a ship"
    dark = cross_attention.sentence_map(tokens(text, np.zeros((4, 2, 2))), (2, 6), [(2, 6)])
    assert dark.shape == (2, 2)
    assert not dark.any()
    beyond = cross_attention.sentence_map(tokens(text, np.ones((4, 2, 2))), (90, 95), [(90, 95)])
    np.testing.assert_allclose(beyond, 1)
