"""Programs from JSON and back, what is refused, the schema."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dgl_rsis.errors import TextError
from dgl_rsis.text.program.json_form import from_json, schema
from dgl_rsis.text.program.nodes import (
    NODES,
    All,
    And,
    Count,
    Extremum,
    Filter,
    Measure,
    Node,
    Not,
    Or,
    Ordinal,
    Relate,
    Select,
)
from dgl_rsis.text.program.vocabulary import (
    Comparison,
    Direction,
    Key,
    Position,
    Quantity,
    Relation,
    Unit,
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
