"""What is in a program."""

from __future__ import annotations

from dgl_rsis.text.program.nodes import All, And, Filter, Not, Relate, Select
from dgl_rsis.text.program.tree import nouns_in, walk
from dgl_rsis.text.program.vocabulary import ANYTHING, Position, Relation

HALL, ROAD = Select("hall"), Select("road", ("wide",))
BY_THE_ROAD = Relate(HALL, Relation.NEAR, ROAD)


def test_parents_come_first() -> None:
    assert list(walk(All(BY_THE_ROAD))) == [All(BY_THE_ROAD), BY_THE_ROAD, HALL, ROAD]


def test_nouns_are_named_once_and_only_where_they_are_kinds_of_things() -> None:
    other = Filter(Select(ANYTHING), Position.LEFT)
    assert nouns_in(And((BY_THE_ROAD, Not(other), Not(HALL)))) == ["hall", "road"]
    assert nouns_in(other) == []
