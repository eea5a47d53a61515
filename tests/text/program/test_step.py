"""What every node can do."""

from __future__ import annotations

from dgl_rsis.text.program.nodes import Count, Extremum, Relate, Select
from dgl_rsis.text.program.step import nested
from dgl_rsis.text.program.vocabulary import Key, Relation


def test_children_come_in_order_target_first() -> None:
    ship, dam, pier = Select("ship"), Select("dam"), Select("pier")
    assert list(Relate(ship, Relation.BETWEEN, dam, pier).children()) == [ship, dam, pier]
    assert list(ship.children()) == []


def test_fields_that_are_not_set_are_left_out_of_json() -> None:
    assert Extremum(Select("ship"), Key.AREA).to_json() == {
        "op": "extremum",
        "child": {"op": "select", "noun": "ship", "attributes": []},
        "key": "area",
        "direction": "max",
    }


def test_only_what_is_long_gets_brackets() -> None:
    near = Relate(Select("road"), Relation.NEAR, Select("river"))
    assert nested(near) == "(road, near river)"
    assert nested(Count(Select("road"), 2)) == "2 x road"
