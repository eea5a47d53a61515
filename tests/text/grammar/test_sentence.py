"""Whole sentences: the target and what is left over."""

from __future__ import annotations

import pytest

from dgl_rsis.text.grammar.sentence import read_sentence
from dgl_rsis.text.lexicon_file import default_lexicon
from dgl_rsis.text.tokens import tokenise


@pytest.mark.parametrize(
    ("sentence", "noun", "left_over"),
    [
        ("the hall near the road", "hall", []),
        ("on the left, the hall", "hall", []),
        ("the hall or the shed", "hall", ["shed"]),
        ("the hall 5, and so", "hall", ["5"]),
        ("of the", None, []),
    ],
)
def test_target_and_rest(sentence: str, noun: str | None, left_over: list[str]) -> None:
    lexicon = default_lexicon()
    words = tokenise(sentence, lexicon)
    target = read_sentence(words, lexicon)
    assert target.noun == noun
    assert [words.words[i] for i in sorted(target.left_over)] == left_over


@pytest.mark.parametrize(
    ("sentence", "program"),
    [
        ("There is a harbor. The longest ship lies left of it.", "longest ship, left of harbor"),
        ("There is a harbor. The ship to its left is white.", "white ship, left of harbor"),
        ("The image shows a white hall. Find the car near it.", "car, near white hall"),
        ("There are two red halls. Mark the larger one.", "largest red hall"),
        ("There are two halls. The halls near the road are red.", "2 x red hall, near road"),
        ("There is a hall. The roof is white.", "white hall"),
        ("A pier. The ship is left of it.", "pier, at the left"),
    ],
)
def test_it_stands_for_what_set_the_scene(sentence: str, program: str) -> None:
    lexicon = default_lexicon()
    assert str(read_sentence(tokenise(sentence, lexicon), lexicon).program()) == program
