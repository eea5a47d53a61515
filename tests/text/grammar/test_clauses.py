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
        ("the ship moored near the pier", "ship, near pier"),
        ("the road near the path that runs along the river", "road, near (path, along river)"),
        ("the hall near the road that is red", "red hall, near road"),
        ("the hall near the road that is not red", "(hall, near road) and not red hall"),
        ("the hall near the road that is the largest", "largest hall, near road"),
        ("a bridge over the river that is longer than 9 m", "bridge, across river, length > 9 m"),
        ("the hall near the barn that is larger than 9 m²", "hall, near (barn, area > 9 m2)"),
        ("the hall near the barn is larger than 9 m²", "hall, near barn, area > 9 m2"),
        ("the hall near the barn covers more than 9 m²", "hall, near barn, area > 9 m2"),
        ("the hall near the barn that covers more than 9 m²", "hall, near (barn, area > 9 m2)"),
        ("the hall near the barn has a red roof", "red hall, near barn"),
        ("the bridge near the pier crosses the river", "bridge, near pier, across river"),
        ("the house across the street", "house, across street"),
        ("the hall near the road that is dry", "hall, near dry road"),
        ("the ships near the lock that are white", "every white ship, near lock"),
        ("the lock near the ships that is white", "white lock, near ship"),
        ("parked beside the barn is a tractor", "tractor, near barn"),
        ("the court near the pool can be seen on the left", "court, near pool, at the left"),
    ],
)
def test_program(sentence: str, text: str) -> None:
    assert str(parse(sentence).program) == text


@pytest.mark.parametrize(
    "words",
    [
        "under construction",
        "perpendicular to the shore",
        "pointing north",
        "running from left to right",
        "shows a pale colour",
        "casts a long shadow",
        "casting a long shadow to the left",
        "zarks the long river",
    ],
)
def test_what_only_describes_is_left_over(words: str) -> None:
    query = parse(f"the ship {words}")
    assert str(query.program) == "ship"
    assert query.unexecuted == (words,)
