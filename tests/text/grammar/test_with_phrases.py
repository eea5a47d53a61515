"""*with* after a noun."""

from __future__ import annotations

import pytest

from dgl_rsis.text.parse import parse


@pytest.mark.parametrize(
    ("sentence", "text"),
    [
        ("the house with a pool", "house, near pool"),
        ("the house with a red roof", "red house"),
        ("the hall with windows on the left", "hall, at the left"),
    ],
)
def test_program(sentence: str, text: str) -> None:
    assert str(parse(sentence).program) == text


@pytest.mark.parametrize("part", ["windows", "roof"])
def test_what_says_nothing_measurable_is_left_over(part: str) -> None:
    query = parse(f"the house with {part}")
    assert str(query.program) == "house"
    assert query.unexecuted == (f"with {part}",)
