"""Places after the noun, and relations to anchors."""

from __future__ import annotations

import pytest

from dgl_rsis.text.parse import parse
from dgl_rsis.text.program.nodes import Relate, Select
from dgl_rsis.text.program.vocabulary import Position


@pytest.mark.parametrize(
    ("sentence", "text"),
    [
        ("the hall next to the left edge", "hall, at the left"),
        ("the hall on the left side of the road", "hall, left of road"),
        ("the hall to the left", "hall, at the left"),
        ("the road running through the center", "road, at the center"),
        ("the road running through the forest", "road, across forest"),
        ("the hall just above the center", "hall, at the top"),
        ("the hall slightly left of the center", "hall, at the left"),
        ("the hall in the left part of the harbor", "hall, inside harbor, left of harbor"),
        ("the court bordered by a thin stripe", "court"),
        (
            "the hall between the left ship and the right one",
            "hall, between (ship, at the left) and (ship, at the right)",
        ),
        ("the hall just north of the road", "hall, north of road, closest to road"),
        ("the hall at the edge of the forest", "hall, adjacent forest"),
        ("the hall in the left harbor", "hall, inside (harbor, at the left)"),
        ("the hall near the one on the left", "hall, near (hall, at the left)"),
        ("the hall between the road and the river", "hall, between road and river"),
        ("the hall between the ships", "hall, between ship and ship"),
        ("the hall between the road", "hall, near road"),
        ("the hall right next to the road", "hall, near road"),
        ("the hall right in the center", "hall, at the center"),
        ("the hall just above the bottom edge", "hall, at the bottom"),
        ("the hall above the left ship", "hall, above (ship, at the left)"),
        ("the hall on the west bank of the river", "hall, west of river"),
        ("the hall across the bay from the pier", "hall, opposite pier"),
        ("the hall off to the left", "hall, at the left"),
        ("the hall framed by a dark border", "hall"),
        (
            "the hall left of the road and within 5 m of it",
            "hall, left of road, distance to road < 5 m",
        ),
        ("the car at the bottom of the parking lot", "car, inside parking lot, below parking lot"),
        (
            "the car on the left side of the parking lot",
            "car, inside parking lot, left of parking lot",
        ),
        ("the car on the left of the parking lot", "car, left of parking lot"),
        ("the house at the bottom of the bridge", "house, below bridge"),
    ],
)
def test_program(sentence: str, text: str) -> None:
    assert str(parse(sentence).program) == text


@pytest.mark.parametrize("position", list(Position))
def test_every_place_can_be_that_of_an_anchor(position: Position) -> None:
    query = parse(f"the hall to the {position.replace('_', ' ')} of the road")
    assert isinstance(query.program, Relate)
    assert query.program.anchor == Select("road")


def test_links_is_a_verb_behind_a_known_noun_only() -> None:
    assert str(parse("the road links the town and the port").program).endswith("connected port")
    assert parse("das Haus links vom See").unexecuted == ("links vom see",)
