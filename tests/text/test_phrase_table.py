"""Matching phrases."""

from __future__ import annotations

from dgl_rsis.text.phrase_table import PhraseTable

TABLE = PhraseTable([("left", 1), ("left of", 2), ("left hand side of", 3), ("left", 4)])


def test_the_longest_phrase_wins() -> None:
    assert TABLE.match(["left", "of", "it"], 0) == (2, 2)
    assert TABLE.match(["the", "left", "hand", "side", "of"], 1) == (3, 5)
    assert TABLE.match(["left", "hand"], 0) == (1, 1)


def test_nothing_matches_behind_the_end_or_inside_a_phrase() -> None:
    assert TABLE.match(["left"], 1) is None
    assert TABLE.match(["hand", "side"], 0) is None


def test_the_first_value_of_a_phrase_stays() -> None:
    assert TABLE.get("left") == 1
    assert TABLE.get("hand") is None
    assert list(TABLE) == ["left", "left of", "left hand side of"]
