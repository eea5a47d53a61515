"""Nodes, JSON both ways, the schema."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dgl_rsis.errors import TextError
from dgl_rsis.text.program import (
    NODES,
    All,
    And,
    Comparison,
    Count,
    Direction,
    Extremum,
    Filter,
    Key,
    Measure,
    Node,
    Not,
    Or,
    Ordinal,
    Position,
    Quantity,
    Relate,
    Relation,
    Select,
    Unit,
    from_json,
    nouns_in,
    schema,
)

SELECTS = st.builds(Select, st.sampled_from(["hall", "ship"]), st.just(("white",)))
OTHER_KEYS = st.sampled_from([key for key in Key if key is not Key.DISTANCE])
OTHER_RELATIONS = st.sampled_from([each for each in Relation if each is not Relation.BETWEEN])
AREAS = st.floats(0, 1e6)


def _around(nodes: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    both = st.tuples(nodes, nodes)
    directions = st.sampled_from(list(Direction))
    return st.one_of(
        st.builds(Filter, nodes, st.sampled_from(list(Position))),
        st.builds(Relate, nodes, OTHER_RELATIONS, nodes),
        st.builds(Relate, nodes, st.just(Relation.BETWEEN), nodes, nodes),
        st.builds(Extremum, nodes, OTHER_KEYS, directions),
        st.builds(Extremum, nodes, st.just(Key.DISTANCE), directions, nodes),
        st.builds(Ordinal, nodes, st.integers(1, 12), OTHER_KEYS, directions),
        st.builds(Count, nodes, st.integers(1, 9)),
        st.builds(All, nodes),
        st.builds(
            Measure,
            nodes,
            st.just(Quantity.AREA),
            st.sampled_from(list(Comparison)),
            AREAS,
            st.just(Unit.HECTARE),
        ),
        st.builds(And, both),
        st.builds(Or, both),
        st.builds(Not, nodes),
    )


PROGRAMS: st.SearchStrategy[Node] = st.recursive(SELECTS, _around, max_leaves=6)


@given(PROGRAMS)
def test_json_round_trip(program: Node) -> None:
    assert from_json(json.loads(json.dumps(program.to_json()))) == program
    assert str(program)
    assert set(nouns_in(program)) <= {"hall", "ship"}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([], "expected an object"),
        ({"op": "select"}, "lacks the field 'noun'"),
        ({"op": "find", "noun": "hall"}, "unknown op 'find'"),
        ({"op": "select", "noun": "hall", "colour": "red"}, "no field colour"),
        ({"op": "select", "noun": ""}, "program.noun"),
        ({"op": "select", "noun": "hall", "attributes": "red"}, "program.attributes"),
        ({"op": "all", "child": 3}, "program.child: expected an object"),
        ({"op": "count", "n": 0, "child": {"op": "select", "noun": "a"}}, "counts from 1"),
        ({"op": "count", "n": True, "child": {"op": "select", "noun": "a"}}, "program.n"),
        (
            {"op": "filter", "position": "leftish", "child": {"op": "select", "noun": "a"}},
            "none of left, right",
        ),
        ({"op": "and", "nodes": []}, "program.nodes"),
    ],
)
def test_malformed(values: Any, message: str) -> None:
    with pytest.raises(TextError, match=message):
        from_json(values)


def test_anchors_are_checked() -> None:
    hall, ship = Select("hall"), Select("ship")
    with pytest.raises(TextError, match="anchor2"):
        Relate(hall, Relation.BETWEEN, ship)
    with pytest.raises(TextError, match="needs an anchor"):
        Extremum(hall, Key.DISTANCE)
    with pytest.raises(TextError, match="cannot be measured in m2"):
        Measure(hall, Quantity.LENGTH, Comparison.LESS, 3, Unit.SQUARE_METRE)


def test_too_deep() -> None:
    values: dict[str, Any] = {"op": "select", "noun": "hall"}
    for _ in range(3000):
        values = {"op": "not", "child": values}
    with pytest.raises(TextError, match="nested deeper"):
        from_json(values)


def test_schema_knows_every_node_and_word() -> None:
    published = schema()
    assert set(NODES) <= set(published["$defs"])
    assert published["$defs"]["filter"]["properties"]["position"]["enum"] == list(Position)
    assert published["$defs"]["relate"]["required"] == ["op", "child", "relation", "anchor"]
    json.dumps(published)


@pytest.mark.parametrize(
    ("program", "text"),
    [
        (
            Extremum(Relate(Select("building"), Relation.LEFT_OF, Select("road")), Key.AREA),
            "largest building, left of road",
        ),
        (Ordinal(Select("court"), 2, Key.X), "second court from the left"),
        (Ordinal(Select("court"), 2, Key.AREA, Direction.MAX), "second largest court"),
        (
            Extremum(Select("ship"), Key.DISTANCE, Direction.MIN, Select("bridge")),
            "ship, closest to bridge",
        ),
        (
            All(Filter(Select("tank", ("white",)), Position.UPPER_LEFT)),
            "every white tank, at the upper left",
        ),
        (Count(Select("ship"), 2), "2 x ship"),
    ],
)
def test_readable(program: Node, text: str) -> None:
    assert str(program) == text
