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
        ("the red car and the blue car", "2 x (1 x red car or 1 x blue car)"),
        ("white cars and red cars", "every (white car or red car)"),
        ("the white building or the red one", "white building or red building"),
        ("two red cars and three blue cars", "5 x (2 x red car or 3 x blue car)"),
        (
            "the red car on the left and the blue car near the bridge",
            "2 x ((1 x red car, at the left) or (1 x blue car, near bridge))",
        ),
        ("the leftmost car and the rightmost car", "2 x (leftmost car or rightmost car)"),
        ("the ship near the pier and the other ship", "ship, near pier, near ship"),
        ("the tank on the left and the ship on the right", "tank, at the left"),
        ("the hall is on the left and its roof is white", "white hall, at the left"),
        ("the car left of and below the truck", "car, left of truck, below truck"),
        (
            "the car to the left or right of the truck",
            "(car, left of truck) or (car, right of truck)",
        ),
        ("the car above and to the left of the truck", "car, above truck, left of truck"),
        ("the car on the left or near the road", "(car, at the left) or (car, near road)"),
        (
            "buildings that are red or near the river",
            "every ((building and red building) or (building, near river))",
        ),
        (
            "buildings left of the road that are red or near the river",
            "every (((building, left of road) and red building) or (building, left of road, near river))",
        ),
    ],
)
def test_program(sentence: str, text: str) -> None:
    assert str(parse(sentence).program) == text


@pytest.mark.parametrize(
    ("sentence", "text", "left"),
    [
        (
            "the tank on the left and the ship on the right",
            "tank, at the left",
            "ship on the right",
        ),
        (
            "the tank on the left and a ship near the pier",
            "tank, at the left",
            "ship near the pier",
        ),
    ],
)
def test_a_second_target_is_left_over(sentence: str, text: str, left: str) -> None:
    query = parse(sentence)
    assert str(query.program) == text
    assert query.unexecuted == (left,)
