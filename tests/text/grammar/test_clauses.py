"""Relative clauses, copulas and verbs."""

from __future__ import annotations

import pytest

from dgl_rsis.text.parse import parse


@pytest.mark.parametrize(
    ("sentence", "text"),
    [
        ("the hall near the ship that is white", "hall, near white ship"),
        ("the hall near the ship is white", "white hall, near ship"),
        ("the hall which lies near the road", "hall, near road"),
        ("the ships near the bridge lie on the left", "every ship, near bridge, at the left"),
        ("the road runs along the river", "road, along river"),
    ],
)
def test_program(sentence: str, text: str) -> None:
    assert str(parse(sentence).program) == text
