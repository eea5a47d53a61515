"""Where noun phrases end and modifiers begin."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dgl_rsis.text.grammar.boundaries import (
    begins_modifier,
    begins_noun,
    ends_compound,
    ends_phrase,
    is_function_word,
)
from dgl_rsis.text.grammar.reader import Reader


@pytest.mark.parametrize("word", ["of", "the", "is", "runs"])
def test_function_words(reader_of: Callable[[str], Reader], word: str) -> None:
    assert is_function_word(reader_of(f"hall {word}"), 1)


@pytest.mark.parametrize(
    "words",
    [", hall", "of", "near", "with", "not", "except", "largest", "closest", "left", "within 5 m"],
)
def test_closed_class_words_end_a_phrase(reader_of: Callable[[str], Reader], words: str) -> None:
    reader = reader_of(f"hall {words}")
    assert ends_phrase(reader, 1)
    assert not begins_noun(reader, 1)


@pytest.mark.parametrize("word", ["ship", "white", "flurb"])
def test_other_words_begin_a_noun(reader_of: Callable[[str], Reader], word: str) -> None:
    reader = reader_of(f"hall and {word}")
    assert begins_noun(reader, 2)
    assert not begins_modifier(reader, 2)
    assert not begins_noun(reader, 3)


@pytest.mark.parametrize(
    "words",
    ["near", "with", "the closest", "within 5 m", "left", "of", "", "not near", "no more than 5 m"],
)
def test_modifiers(reader_of: Callable[[str], Reader], words: str) -> None:
    assert begins_modifier(reader_of(f"hall and {words}"), 2)


def test_an_article_alone_does_not_begin_a_modifier(reader_of: Callable[[str], Reader]) -> None:
    assert not begins_modifier(reader_of("hall and the river"), 2)


@pytest.mark.parametrize(("words", "ends"), [("covers more than 2 ha", True), ("cover", False)])
def test_a_measuring_verb_ends_a_compound(
    reader_of: Callable[[str], Reader], words: str, ends: bool
) -> None:
    assert ends_compound(reader_of(f"hall {words}"), 1) is ends
