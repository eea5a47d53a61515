"""Commas and *and* between modifiers."""

from __future__ import annotations

import pytest

from dgl_rsis.text.parse import parse


@pytest.mark.parametrize(
    ("sentence", "text"),
    [
        ("the hall near the road and the river", "hall, near road, near river"),
        ("the hall near the road and on the left", "hall, near road, at the left"),
        ("the hall near the road, on the left", "hall, near road, at the left"),
        ("the hall near the road on the left", "hall, near (road, at the left)"),
        (
            "the hall near the pier and not near the road",
            "(hall, near pier) and not (hall, near road)",
        ),
        ("the hall near the pier and not white", "(hall, near pier) and not white hall"),
        ("the hall near the pier and no more than 9 m long", "hall, near pier, length < 9 m"),
        ("the canal that runs from the lake to the sea", "canal, connected lake, connected sea"),
        ("the bridge connecting the farm to the hall", "bridge, connected farm, connected hall"),
        ("the ships near the road and larger than 500 m2", "every ship, near road, area > 500 m2"),
        (
            "the hall near the road or left of the river",
            "(hall, near road) or (hall, left of river)",
        ),
        ("a road leading from the farm, with a hall", "road, connected farm, near hall"),
    ],
)
def test_program(sentence: str, text: str) -> None:
    assert str(parse(sentence).program) == text
