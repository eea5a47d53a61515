"""Comparatives."""

from __future__ import annotations

import pytest

from dgl_rsis.text.parse import parse


@pytest.mark.parametrize(
    ("sentence", "text"),
    [
        ("the larger hall", "largest hall"),
        ("the larger halls", "every larger hall"),
        ("a larger hall", "larger hall"),
        ("the longer of the two ships", "longest ship"),
        ("the ship shorter than the others", "shortest ship"),
        ("the ship wider than any other ship", "widest ship"),
        ("the hall larger than the other ship", "hall, larger than ship"),
        ("the roof darker than the road", "roof, darker than road"),
        ("a longer ship than the pier", "ship, longer than pier"),
        ("the lighter blue hall", "light blue hall"),
        ("which of the two halls is larger", "largest hall"),
        ("the hall that is longer", "longest hall"),
        ("the halls that are longer", "every longer hall"),
        ("the longer one of both piers", "longest pier"),
        ("a ship shorter than the pier beside it", "ship, shorter than (pier, near ship)"),
        ("larger of the two tanks", "largest tank"),
    ],
)
def test_program(sentence: str, text: str) -> None:
    assert str(parse(sentence).program) == text


@pytest.mark.parametrize(
    "words",
    ["as large as the stadium", "at least as large as the stadium", "twice as long as the road"],
)
def test_equal_sizes_are_left_over(words: str) -> None:
    query = parse(f"the hall {words}")
    assert str(query.program) == "hall"
    assert query.unexecuted == (words,)
