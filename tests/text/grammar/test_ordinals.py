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
        ("the second-floor hall", "second-floor hall"),
        ("the second-largest hall", "second largest hall"),
        ("the third from the top of the ships", "third ship from the top"),
        ("the penultimate ship", "second ship from the right"),
        ("the 12th ship", "12th ship from the left"),
        ("the ship second from the top", "second ship from the top"),
        ("the leftmost ship in the row", "leftmost ship"),
        ("the last ship in the column", "first ship from the bottom"),
        ("the third ship counting upwards", "third ship from the bottom"),
        ("the third ship from right to left", "third ship from the right"),
        (
            "the third ship from the left to the right of the bridge",
            "third ship from the left, right of bridge",
        ),
        ("the third car on the bridge from the left", "third car from the left, on bridge"),
        ("the first two ships", "2 x leftmost ship"),
        ("ship number two from the top", "second ship from the top"),
        ("the first and third ships", "2 x (first ship from the left or third ship from the left)"),
        (
            "the hall left of the second ship from the right",
            "hall, left of second ship from the right",
        ),
        ("the second hall from the road", "hall, second closest to road"),
        ("the second hall after the crossroads", "hall, second closest to crossroads"),
        ("the third hall down from the top", "third hall from the top"),
        ("the third hall, going down", "third hall from the top"),
        ("the second hall left of the road", "hall, left of road, second closest to road"),
        ("the second hall north of the road", "hall, north of road, second closest to road"),
        ("the last hall north of the road", "hall, north of road, first farthest from road"),
        ("second hall from the top north of the road", "second hall from the top, north of road"),
        ("ship no. 3 from the top", "third ship from the top"),
        ("the ship at the end of the row", "first ship from the right"),
        ("the ship at the beginning of the column", "first ship from the top"),
        ("the ships in two neat rows", "every ship"),
        ("the first and last car", "2 x (first car from the left or first car from the right)"),
        ("the last and first cars", "2 x (first car from the right or first car from the left)"),
        (
            "the first and the last car from the top",
            "2 x (first car from the top or first car from the bottom)",
        ),
    ],
)
def test_program(sentence: str, text: str) -> None:
    assert str(parse(sentence).program) == text
