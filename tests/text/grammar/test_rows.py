"""Rows and columns."""

from __future__ import annotations

import pytest

from dgl_rsis.text.parse import parse


@pytest.mark.parametrize(
    ("sentence", "text"),
    [
        ("the third ship in the top row", "third ship from the left, in the top row"),
        ("the ship in the lowest row", "ship, in the bottom row"),
        ("the white car in the third row", "white car, in the third row from the top"),
        ("the car in the second row from the bottom", "car, in the second row from the bottom"),
        ("the last car in the last row", "first car from the right, in the bottom row"),
        (
            "the second ship in the left column",
            "second ship from the top, in the left column",
        ),
        ("the ships in the second column", "every ship, in the second column from the left"),
        ("all tanks of the middle row", "every tank, in the middle row"),
        ("the middle row of cars", "every car, in the middle row"),
        ("the second row of cars", "every car, in the second row from the top"),
        ("the truck in the top row of vehicles", "truck, in the top row"),
        ("the ship at the right end of the middle row", "rightmost ship, in the middle row"),
        ("the vehicle in the column of cars", "vehicle"),
        ("a row of cars", "every car"),
        (
            "the ship left of the white one in the bottom row",
            "ship, left of (white ship, in the bottom row)",
        ),
        (
            "the tank in the second column of the second row",
            "tank, in the second column from the left, in the second row from the top",
        ),
        (
            "the tank in the first row and the third column",
            "tank, in the top row, in the third column from the left",
        ),
    ],
)
def test_program(sentence: str, text: str) -> None:
    query = parse(sentence)
    assert str(query.program) == text
    assert not query.unexecuted


@pytest.mark.parametrize("sentence", ["the ship in the left row", "the ship in the top column"])
def test_a_place_that_tells_no_row_from_another_is_a_place(sentence: str) -> None:
    assert "row" not in str(parse(sentence).program)
    assert "column" not in str(parse(sentence).program)
