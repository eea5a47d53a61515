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
        ("This image shows a harbor", "a harbor"),
        ("Image of a harbor", "of a harbor"),
        ("teh ship betwen", "the ship between"),
        ("delineate the harbor", "the harbor"),
        ("fetch me a ship", "a ship"),
        ("ship longer then 5 m", "ship longer than 5 m"),
        ("fields > 2 ha", "fields more than 2 ha"),
        ("ship no. 3", "ship number 3"),
    ],
)
def test_what_carries_no_constraint_is_dropped(sentence: str, words: str) -> None:
    assert " ".join(tokenise(sentence, default_lexicon()).words) == words


@pytest.mark.parametrize(
    ("sentence", "scene", "asked"),
    [
        ("This image shows a harbor. The largest ship", "a harbor ,", "the largest ship"),
        ("The image shows a harbor; find the ship", "a harbor ,", "the ship"),
        ("There is a harbor. The ship on it", "a harbor ,", "the ship on it"),
        ("A harbor. Then find all ships", "a harbor , then", "all ships"),
        ("The picture shows a hall. It is white", "", "a hall , it is white"),
        ("The hall. The roof", "", "the hall , the roof"),
    ],
)
def test_a_sentence_sets_the_scene_of_the_next(sentence: str, scene: str, asked: str) -> None:
    found = tokenise(sentence, default_lexicon())
    assert " ".join(found.words[: found.begins]) == scene
    assert " ".join(found.words[found.begins :]) == asked
