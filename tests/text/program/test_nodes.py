"""What nodes check and how they read."""

from __future__ import annotations

import itertools

import pytest

from dgl_rsis.errors import TextError
from dgl_rsis.text.program.nodes import (
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
    Row,
    Select,
)
from dgl_rsis.text.program.vocabulary import (
    Comparison,
    Direction,
    Key,
    Line,
    Position,
    Quantity,
    Relation,
    Unit,
)


def test_anchors_are_checked() -> None:
    hall, ship = Select("hall"), Select("ship")
    with pytest.raises(TextError, match="anchor2"):
        Relate(hall, Relation.BETWEEN, ship)
    with pytest.raises(TextError, match="needs an anchor"):
        Extremum(hall, Key.DISTANCE)
    with pytest.raises(TextError, match="cannot be measured in m2"):
        Measure(hall, Quantity.LENGTH, Comparison.LESS, 3, Unit.SQUARE_METRE)


@pytest.mark.parametrize(
    ("line", "place"), [(Line.ROW, Position.LEFT), (Line.COLUMN, Position.TOP)]
)
def test_rows_are_counted_down_and_columns_across(line: Line, place: Position) -> None:
    with pytest.raises(TextError, match=f"a {line} is not counted from the {place}"):
        Row(Select("ship"), line, place)


@pytest.mark.parametrize("node", [Count, Ordinal])
def test_ranks_and_numbers_begin_at_one(node: type[Count] | type[Ordinal]) -> None:
    with pytest.raises(TextError, match=f"'{node.op}' counts from 1, got 0"):
        Count(Select("ship"), 0) if node is Count else Ordinal(Select("ship"), 0, Key.X)


def _closest(anchor: str) -> Node:
    return Extremum(Select("ship"), Key.DISTANCE, Direction.MIN, Select(anchor))


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
        (Row(Select("ship"), Line.ROW, Position.TOP), "ship, in the top row"),
        (Row(Select("ship"), Line.COLUMN, Position.CENTER), "ship, in the middle column"),
        (
            Ordinal(Row(Select("ship"), Line.ROW, Position.BOTTOM, 3), 2, Key.X),
            "second ship from the left, in the third row from the bottom",
        ),
        (
            Relate(Select("ship"), Relation.BETWEEN, Select("dam"), Count(Select("pier"), 2)),
            "ship, between dam and 2 x pier",
        ),
        (
            Ordinal(Select("ship"), 3, Key.DISTANCE, Direction.MIN, Select("pier")),
            "ship, third closest to pier",
        ),
        (
            Measure(Select("road"), Quantity.WIDTH, Comparison.LESS, 12.0, Unit.METRE),
            "road, width < 12 m",
        ),
        (
            And((Select("ship"), Not(Filter(Select("ship"), Position.LEFT)))),
            "ship and not (ship, at the left)",
        ),
        (Or((Select("ship"), Select("pier"))), "ship or pier"),
        (Not(Or((Select("ship"), Select("pier")))), "not (ship or pier)"),
        (
            Extremum(Count(_closest("pier"), 3), Key.X, Direction.MIN),
            "leftmost 3 x ship, closest to pier",
        ),
    ],
)
def test_readable(program: Node, text: str) -> None:
    assert str(program) == text


def test_different_scopes_read_differently() -> None:
    ship = Select("ship")
    wraps = (
        lambda node: Filter(node, Position.LEFT),
        lambda node: Extremum(node, Key.AREA),
        lambda node: Extremum(node, Key.DISTANCE, Direction.MIN, Select("pier")),
        lambda node: Ordinal(node, 2, Key.X),
        lambda node: Count(node, 2),
        lambda node: All(node),
        lambda node: And((node, Not(Select("ship", ("red",))))),
        lambda node: Or((node, Select("pier"))),
        lambda node: Relate(node, Relation.NEAR, Extremum(node, Key.AREA)),
    )
    programs = [wrap(inner(ship)) for wrap, inner in itertools.permutations(wraps, 2)]
    assert len({str(program) for program in programs}) == len(programs)


def test_deep_programs_read_in_no_time() -> None:
    node: Node = Select("ship")
    for _ in range(200):
        node = Relate(Select("ship"), Relation.NEAR, node)
    assert str(node).count("near") == 200
