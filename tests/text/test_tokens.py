import pytest

from dgl_rsis.text.lexicon_file import default_lexicon
from dgl_rsis.text.parse import parse
from dgl_rsis.text.tokens import tokenise


def test_hyphens_separate_words_and_tie_them() -> None:
    words = tokenise("the top-left 40-metre hall", default_lexicon())
    assert words.words == ("the", "top", "left", "40", "metre", "hall")
    assert words.is_glued == (False, True, False, True, False, False)


@pytest.mark.parametrize(
    "sentence", ["the roof-eight-only", "200-the picture", "nine-eight-sitting"]
)
def test_a_hyphen_before_a_dropped_word_ties_nothing(sentence: str) -> None:
    words = tokenise(sentence, default_lexicon())
    assert not words.is_glued[-1]
    parse(sentence)


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        ("This image shows a harbor. The largest ship", "the largest ship"),
        ("The image shows a harbor; find the ship", "the ship"),
        ("This image shows a harbor", "a harbor"),
        ("Image of a harbor", "of a harbor"),
        ("The picture shows a hall. It is white", "a hall , it is white"),
        ("teh ship betwen", "the ship between"),
    ],
)
def test_what_sets_the_scene_is_dropped(sentence: str, words: str) -> None:
    assert " ".join(tokenise(sentence, default_lexicon()).words) == words
