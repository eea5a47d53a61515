"""Ranks."""

from __future__ import annotations

import pytest

from dgl_rsis.text.parse import parse


@pytest.mark.parametrize(
    ("sentence", "text"),
    [
        ("the third building from the right", "third building from the right"),
        ("the second from the left building", "second building from the left"),
        ("the last ship", "first ship from the right"),
        ("the last court from the top", "first court from the bottom"),
        ("the second last ship", "second ship from the right"),
        (
            "the hall left of the second ship from the right",
            "hall, left of second ship from the right",
        ),
    ],
)
def test_program(sentence: str, text: str) -> None:
    assert str(parse(sentence).program) == text
