"""How many are asked for."""

from __future__ import annotations

import pytest

from dgl_rsis.text.parse import parse


@pytest.mark.parametrize(
    ("sentence", "count", "text"),
    [
        ("the ship", 1, "ship"),
        ("all the ships", None, "every ship"),
        ("each ship", None, "every ship"),
        ("three white ships", 3, "3 x white ship"),
        ("two of the ships", 2, "2 x ship"),
        ("12 ships", 12, "12 x ship"),
        ("9999999 ships", 10**6, "1000000 x ship"),
        ("the red one", 1, "red object"),
        ("a dozen ships", 12, "12 x ship"),
        ("two of the three ships", 2, "2 x ship"),
        ("at least three ships", None, "every ship"),
        ("a long row of ships", None, "every ship"),
        ("the two-storey hall", 1, "two-storey hall"),
        ("0 ships", None, "every ship"),
        ("twenty-five ships", 25, "25 x ship"),
        ("two rows of ships", None, "every ship"),
        ("those on the left", None, "every object, at the left"),
        ("the southern one", 1, "object, at the south"),
    ],
)
def test_number_asked(sentence: str, count: int | None, text: str) -> None:
    query = parse(sentence)
    assert query.count == count
    assert str(query.program) == text


@pytest.mark.parametrize(
    ("sentence", "text", "left"),
    [
        ("all but two ships", "every ship", "but two"),
        ("half of the ships", "every ship", "half"),
        ("half the ships", "every ship", "half"),
        ("most of the ships", "every ship", "most"),
        ("most ships", "every ship", "most"),
        ("0 ships", "every ship", "0"),
    ],
)
def test_shares_are_left_over(sentence: str, text: str, left: str) -> None:
    query = parse(sentence)
    assert str(query.program) == text
    assert query.unexecuted == (left,)
