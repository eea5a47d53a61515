"""Typing errors in closed-class words and long nouns."""

from __future__ import annotations

import pytest

from dgl_rsis.text.lexicon_file import default_lexicon
from dgl_rsis.text.spelling import Spelling


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("teh", "the"),
        ("fo", "of"),
        ("betwen", "between"),
        ("rigth", "right"),
        ("abovve", "above"),
        ("bettom", "bottom"),
        ("lagest", "largest"),
        ("conrer", "corner"),
        ("larges", "largest"),
        ("bulding", "building"),
        ("wharehouse", "warehouse"),
    ],
)
def test_one_error_is_corrected(typed: str, meant: str) -> None:
    assert default_lexicon().spelling.correct(typed) == meant


@pytest.mark.parametrize(
    "word",
    [
        "wide",
        "night",
        "flurb",
        "white",
        "tower",
        "land",
        "b",
        "42",
        "",
        "gadget",
        "planet",
        "hous",
        "leaving",
    ],
)
def test_other_words_stay(word: str) -> None:
    assert default_lexicon().spelling.correct(word) == word


def test_what_could_be_two_words_stays() -> None:
    spelling = Spelling(["lower", "lover", "below"], frozenset())
    assert spelling.correct("loer") == "loer"
    assert spelling.correct("belw") == "below"
