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
