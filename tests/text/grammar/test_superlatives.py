"""Superlatives before and after the noun, of sizes, places and distances."""

from __future__ import annotations

import pytest

from dgl_rsis.text.parse import parse


@pytest.mark.parametrize(
    ("sentence", "text"),
    [
        ("the largest hall", "largest hall"),
        ("the hall that is the largest", "largest hall"),
        ("the second largest hall", "second largest hall"),
        ("the building that is the second largest", "second largest building"),
        ("the left-most car", "leftmost car"),
        ("the car that is most to the left", "leftmost car"),
        ("the farthest car from the left edge", "rightmost car"),
        ("the most northerly car", "northmost car"),
        ("the left of the two cars", "leftmost car"),
        ("the building closest to the left edge", "leftmost building"),
        ("the building farthest from the left edge", "rightmost building"),
        ("the closest ship to the bridge", "ship, closest to bridge"),
        ("the ship closest to the bridge", "ship, closest to bridge"),
        ("the second closest ship to the bridge", "ship, second closest to bridge"),
        ("the ship closest to the left-most car", "ship, closest to leftmost car"),
        (
            "the second farthest hall from the right-most car",
            "hall, second farthest from rightmost car",
        ),
        ("the car on the left-most road", "car, on leftmost road"),
        ("the car in the left-most part of the image", "car, at the left"),
        ("the least wide canal", "narrowest canal"),
        ("the most narrow canal", "narrowest canal"),
        ("the largest but one hall", "second largest hall"),
        ("the next largest hall", "second largest hall"),
        ("the southern one of the two piers", "southmost pier"),
        ("the hall that is furthest up", "topmost hall"),
        (
            "the leftmost of the three ships closest to the pier",
            "leftmost 3 x ship, closest to pier",
        ),
        ("the smallest of the two northernmost ships", "smallest 2 x northmost ship"),
        ("the second tallest building", "building"),
        ("the second most damaged building", "building"),
        ("the second most northerly building", "second building from the north"),
        ("the top-most left-most tank", "topmost tank"),
    ],
)
def test_program(sentence: str, text: str) -> None:
    assert str(parse(sentence).program) == text


def test_a_distance_without_an_anchor_is_left_over() -> None:
    query = parse("the hall closest")
    assert str(query.program) == "hall"
    assert query.unexecuted == ("closest",)


@pytest.mark.parametrize(
    ("sentence", "text", "left"),
    [
        ("the second tallest building", "building", "second tallest"),
        ("the second most damaged hall", "hall", "second most damaged"),
        ("the top-most left-most tank", "topmost tank", "left most"),
    ],
)
def test_what_ranks_nothing_is_left_over(sentence: str, text: str, left: str) -> None:
    query = parse(sentence)
    assert str(query.program) == text
    assert query.unexecuted == (left,)
