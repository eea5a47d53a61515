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
