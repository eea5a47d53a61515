"""How the words of programs are said."""

from __future__ import annotations

import pytest

from dgl_rsis.text.program.vocabulary import Direction, Key, Position, Relation
from dgl_rsis.text.program.wording import PLACE_OF_EXTREME, SUPERLATIVES, ranked, spoken


def test_names_are_said_in_words() -> None:
    assert spoken(Position.UPPER_LEFT) == "upper left"
    assert spoken(Relation.SURROUNDED_BY) == "surrounded by"


@pytest.mark.parametrize(("n", "word"), [(1, "first"), (9, "ninth"), (10, "10th")])
def test_ranks(n: int, word: str) -> None:
    assert ranked(n) == word


def test_both_ends_of_every_key_have_a_word_of_their_own() -> None:
    assert set(SUPERLATIVES) == {(key, end) for key in Key for end in Direction}
    assert len(set(SUPERLATIVES.values())) == len(SUPERLATIVES)


def test_ranks_are_counted_from_a_place() -> None:
    assert PLACE_OF_EXTREME[Key.X, Direction.MIN] is Position.LEFT
    assert SUPERLATIVES[Key.DIAGONAL_UP, Direction.MIN] == "lower-leftmost"
    assert (Key.CENTER, Direction.MAX) not in PLACE_OF_EXTREME
