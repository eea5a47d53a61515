"""Negations and exceptions."""

from __future__ import annotations

import pytest

from dgl_rsis.text.parse import parse


@pytest.mark.parametrize(
    ("sentence", "text"),
    [
        ("buildings that are not white", "every (building and not white building)"),
        ("the hall not near the road", "hall and not (hall, near road)"),
        ("the hall isn't on the left", "hall and not (hall, at the left)"),
        ("all halls except the red one", "every (hall and not red hall)"),
        ("all halls except those near the road", "every (hall and not (hall, near road))"),
        ("the ships excluding tugs", "every (ship and not tug)"),
        ("ships not parked near the pier", "every (ship and not (ship, near pier))"),
        ("ships not moored at the pier", "every (ship and not (ship, adjacent pier))"),
        ("the red hall, not the blue one", "red hall and not blue hall"),
        ("halls that do not have a red roof", "every (hall and not red hall)"),
        ("all halls but the upper one", "every (hall and not (1 x hall, at the top))"),
        ("all halls but the largest", "every (hall and not largest hall)"),
        ("the non-white halls", "every (hall and not white hall)"),
        ("the hall that is neither white nor red", "hall and not white hall and not red hall"),
        ("the hall which is not the largest", "hall and not largest hall"),
        ("halls without a pool", "every (hall and not (hall, near pool))"),
        ("ships outside the harbor", "every (ship and not (ship, inside harbor))"),
        ("cars on the road except the red one", "every ((car, on road) and not red car)"),
        ("halls which aren't white or grey", "every (hall and not white hall and not grey hall)"),
        ("ships that are not moored", "every (ship and not moored ship)"),
        ("halls not larger than the ship", "every (hall and not (hall, larger than ship))"),
        ("all ships but the last", "every (ship and not first ship from the right)"),
        ("the hall which is not the third from the left", "hall and not third hall from the left"),
        ("every building that is not a house", "every (building and not house)"),
        ("vehicles except trucks and the buses", "every (vehicle and not truck and not bus)"),
        ("the ship that has no pier to its left", "ship and not (ship, right of pier)"),
        ("the halls that do not lie within 5 m of the road", "every hall, distance to road > 5 m"),
        (
            "the three smallest but not the leftmost ships",
            "3 x smallest (ship and not leftmost ship)",
        ),
        ("all but the smallest ship", "every (ship and not smallest ship)"),
    ],
)
def test_program(sentence: str, text: str) -> None:
    assert str(parse(sentence).program) == text


@pytest.mark.parametrize(
    ("sentence", "left"),
    [
        ("the hall without windows", "without windows"),
        ("a hall not taller than 9 m", "not taller than 9 m"),
        ("the ships except", "except"),
    ],
)
def test_what_cannot_be_excluded_is_left_over(sentence: str, left: str) -> None:
    query = parse(sentence)
    assert query.unexecuted == (left,)
    assert "not" not in str(query.program)
