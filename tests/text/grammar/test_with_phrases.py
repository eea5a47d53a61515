"""*with* after a noun."""

from __future__ import annotations

import pytest

from dgl_rsis.text.parse import parse


@pytest.mark.parametrize(
    ("sentence", "text"),
    [
        ("the house with a pool", "house, near pool"),
        ("the house with a red roof", "red house"),
        ("the house with a red roof and a pool", "red house, near pool"),
        ("the house with a road on its left", "house, right of road"),
        ("the house with a road to the left of it", "house, right of road"),
        ("the lake with trees around it", "lake, surrounded by tree"),
        ("the bridge with cars driving on it", "bridge, contains car"),
        ("the house with the largest area", "largest house"),
        ("the court with white lines", "court"),
        ("the hall with windows on the left", "hall, at the left"),
        ("the pier with the most boats", "pier"),
        ("the pier with a lamp at its end", "pier, near lamp"),
        ("the tank to the left of which there is a road", "tank, right of road"),
        ("the ship next to which there is a pier", "ship, near pier"),
    ],
)
def test_program(sentence: str, text: str) -> None:
    assert str(parse(sentence).program) == text


@pytest.mark.parametrize("part", ["windows", "roof"])
def test_what_says_nothing_measurable_is_left_over(part: str) -> None:
    query = parse(f"the house with {part}")
    assert str(query.program) == "house"
    assert query.unexecuted == (f"with {part}",)


@pytest.mark.parametrize(
    ("sentence", "text", "left"),
    [
        ("the car whose left neighbour is red", "car", "whose left neighbour is red"),
    ],
)
def test_what_a_thing_without_a_name_is_is_left_over(sentence: str, text: str, left: str) -> None:
    query = parse(sentence)
    assert str(query.program) == text
    assert query.unexecuted == (left,)
