"""Sizes and distances on the ground."""

from __future__ import annotations

import pytest

from dgl_rsis.text.parse import parse


@pytest.mark.parametrize(
    ("sentence", "text"),
    [
        ("buildings larger than 500 m2", "every building, area > 500 m2"),
        ("fields between 0.5 and 2 hectares", "every field, area > 0.5 ha, area < 2 ha"),
        ("roads narrower than 3 m", "every road, width < 3 m"),
        ("ships longer than 100 m", "every ship, length > 100 m"),
        ("the hall within 100 m", "hall, length < 100 m"),
        ("buildings within 100 m of the bridge", "every building, distance to bridge < 100 m"),
        (
            "buildings farther than 1,000 px from the river",
            "every building, distance to river > 1000 px",
        ),
        ("ships larger than the hall", "every ship, larger than hall"),
        ("halls with an area of at least 2 acres", "every hall, area > 2 acre"),
        ("trucks over 12 m long", "every truck, length > 12 m"),
        ("a road whose width is less than 6 yd", "road, width < 6 yd"),
        ("objects below 100 px in area", "every object, area < 100 px2"),
        ("the hall at a distance of more than 1 km from the dam", "hall, distance to dam > 1 km"),
        ("over 12 m long trucks", "every truck, length > 12 m"),
        ("the hall less than 9 m west of the dam", "hall, distance to dam < 9 m, west of dam"),
    ],
)
def test_program(sentence: str, text: str) -> None:
    assert str(parse(sentence).program) == text


@pytest.mark.parametrize(
    "words",
    [
        "taller than 20 m",
        "with a height of more than 20 m",
        "about 200 m long",
        "30 m from the road",
        "of 2 hectares",
    ],
)
def test_what_has_no_bound_or_no_place_in_an_image_is_left_over(words: str) -> None:
    query = parse(f"the tower {words}")
    assert str(query.program) == "tower"
    assert query.unexecuted == (words,)
