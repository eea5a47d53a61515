"""The typed program for the modifiers of a sentence: nodes, JSON both ways, schema, readable text.

Source: DESIGN.md section 1.4. A program is a tree that is read from the inside out: ``Select``
finds the instances of a noun, every other node narrows or ranks what its child yields, so the
order of scope is the nesting. This module is the only vocabulary of positions, relations, keys
and units; executing them is the work of ``stages.spatial``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, fields
from enum import StrEnum
from typing import Any, ClassVar, TypeAlias, cast

from dgl_rsis.errors import TextError

ANYTHING = "object"
"""The noun of a phrase that names no kind of thing: *the one on the left*."""

DEEPEST = 40
"""Nesting allowed in JSON; sentences stay far below."""


class Position(StrEnum):
    """A place in the image or, for compass words, towards true north."""

    LEFT = "left"
    RIGHT = "right"
    TOP = "top"
    BOTTOM = "bottom"
    UPPER_LEFT = "upper_left"
    UPPER_RIGHT = "upper_right"
    LOWER_LEFT = "lower_left"
    LOWER_RIGHT = "lower_right"
    CENTER = "center"
    EDGE = "edge"
    CORNER = "corner"
    NORTH = "north"
    NORTHEAST = "northeast"
    EAST = "east"
    SOUTHEAST = "southeast"
    SOUTH = "south"
    SOUTHWEST = "southwest"
    WEST = "west"
    NORTHWEST = "northwest"


class Relation(StrEnum):
    """How the target lies to an anchor."""

    LEFT_OF = "left_of"
    RIGHT_OF = "right_of"
    ABOVE = "above"
    BELOW = "below"
    UPPER_LEFT_OF = "upper_left_of"
    UPPER_RIGHT_OF = "upper_right_of"
    LOWER_LEFT_OF = "lower_left_of"
    LOWER_RIGHT_OF = "lower_right_of"
    NORTH_OF = "north_of"
    NORTHEAST_OF = "northeast_of"
    EAST_OF = "east_of"
    SOUTHEAST_OF = "southeast_of"
    SOUTH_OF = "south_of"
    SOUTHWEST_OF = "southwest_of"
    WEST_OF = "west_of"
    NORTHWEST_OF = "northwest_of"
    NEAR = "near"
    FAR_FROM = "far_from"
    ADJACENT = "adjacent"
    BETWEEN = "between"
    INSIDE = "inside"
    ON = "on"
    CONTAINS = "contains"
    ACROSS = "across"
    ALONG = "along"
    SURROUNDED_BY = "surrounded_by"
    CONNECTED = "connected"
    OPPOSITE = "opposite"
    PARALLEL = "parallel"
    IN_FRONT_OF = "in_front_of"
    BEHIND = "behind"
    LARGER_THAN = "larger_than"
    SMALLER_THAN = "smaller_than"


class Key(StrEnum):
    """What candidates are ranked by; each grows in the direction of its name.

    ``x`` grows to the right and ``y`` downwards; ``diagonal_down`` grows to the lower right,
    ``diagonal_up`` to the upper right; ``center`` grows towards the middle of the image;
    ``distance`` is the distance to an anchor.
    """

    AREA = "area"
    LENGTH = "length"
    WIDTH = "width"
    BRIGHTNESS = "brightness"
    X = "x"
    Y = "y"
    DIAGONAL_DOWN = "diagonal_down"
    DIAGONAL_UP = "diagonal_up"
    NORTH = "north"
    EAST = "east"
    NORTHEAST = "northeast"
    NORTHWEST = "northwest"
    CENTER = "center"
    DISTANCE = "distance"


class Direction(StrEnum):
    """Which end of a key is meant."""

    MAX = "max"
    MIN = "min"


class Quantity(StrEnum):
    """What is measured on the ground."""

    AREA = "area"
    LENGTH = "length"
    WIDTH = "width"
    DISTANCE = "distance"


class Comparison(StrEnum):
    """How a measured quantity compares with a value."""

    LESS = "less"
    GREATER = "greater"


class Unit(StrEnum):
    """Units of lengths and areas."""

    PIXEL = "px"
    METRE = "m"
    KILOMETRE = "km"
    FOOT = "ft"
    YARD = "yd"
    MILE = "mi"
    SQUARE_PIXEL = "px2"
    SQUARE_METRE = "m2"
    SQUARE_KILOMETRE = "km2"
    SQUARE_FOOT = "ft2"
    HECTARE = "ha"
    ACRE = "acre"


UNIT_IN_METRES: Mapping[Unit, float] = {
    Unit.METRE: 1.0,
    Unit.KILOMETRE: 1000.0,
    Unit.FOOT: 0.3048,
    Unit.YARD: 0.9144,
    Unit.MILE: 1609.344,
}
UNIT_IN_SQUARE_METRES: Mapping[Unit, float] = {
    Unit.SQUARE_METRE: 1.0,
    Unit.SQUARE_KILOMETRE: 1e6,
    Unit.SQUARE_FOOT: 0.3048**2,
    Unit.HECTARE: 1e4,
    Unit.ACRE: 4046.8564224,
}

EXTREME_OF_POSITION: Mapping[Position, tuple[Key, Direction]] = {
    Position.LEFT: (Key.X, Direction.MIN),
    Position.RIGHT: (Key.X, Direction.MAX),
    Position.TOP: (Key.Y, Direction.MIN),
    Position.BOTTOM: (Key.Y, Direction.MAX),
    Position.UPPER_LEFT: (Key.DIAGONAL_DOWN, Direction.MIN),
    Position.LOWER_RIGHT: (Key.DIAGONAL_DOWN, Direction.MAX),
    Position.UPPER_RIGHT: (Key.DIAGONAL_UP, Direction.MAX),
    Position.LOWER_LEFT: (Key.DIAGONAL_UP, Direction.MIN),
    Position.NORTH: (Key.NORTH, Direction.MAX),
    Position.SOUTH: (Key.NORTH, Direction.MIN),
    Position.EAST: (Key.EAST, Direction.MAX),
    Position.WEST: (Key.EAST, Direction.MIN),
    Position.NORTHEAST: (Key.NORTHEAST, Direction.MAX),
    Position.SOUTHWEST: (Key.NORTHEAST, Direction.MIN),
    Position.NORTHWEST: (Key.NORTHWEST, Direction.MAX),
    Position.SOUTHEAST: (Key.NORTHWEST, Direction.MIN),
    Position.CENTER: (Key.CENTER, Direction.MAX),
    Position.EDGE: (Key.CENTER, Direction.MIN),
    Position.CORNER: (Key.CENTER, Direction.MIN),
}
"""*leftmost* is the smallest x: the superlative of every place."""


@dataclass(frozen=True)
class Step:
    """A node of a program.

    Attributes:
        op: name of the node in JSON.
    """

    op: ClassVar[str]

    def to_json(self) -> dict[str, Any]:
        """Nested objects with an ``op`` each; optional fields that are not set are left out."""
        values: dict[str, Any] = {"op": self.op}
        for each in fields(self):
            value = getattr(self, each.name)
            if value is not None:
                values[each.name] = _value_to_json(value)
        return values

    def children(self) -> Iterator[Node]:
        """The nodes directly below, targets before anchors."""
        for each in fields(self):
            value = getattr(self, each.name)
            for node in value if isinstance(value, tuple) else (value,):
                if isinstance(node, Step):
                    yield cast("Node", node)

    def parts(self) -> tuple[str, str]:
        """The head (*largest building*) and what follows it (*, left of road*), for reading."""
        raise NotImplementedError

    def __str__(self) -> str:
        return "".join(self.parts())


@dataclass(frozen=True)
class Select(Step):
    """Instances of a noun that have all attributes.

    Attributes:
        noun: singular, lower case; ``ANYTHING`` for no kind in particular.
        attributes: words in order of appearance.
    """

    op: ClassVar[str] = "select"
    noun: str
    attributes: tuple[str, ...] = ()

    def parts(self) -> tuple[str, str]:
        """See ``Step.parts``."""
        return " ".join((*self.attributes, self.noun)), ""


@dataclass(frozen=True)
class Filter(Step):
    """What lies at a place of the image."""

    op: ClassVar[str] = "filter"
    child: Node
    position: Position

    def parts(self) -> tuple[str, str]:
        """See ``Step.parts``."""
        head, tail = self.child.parts()
        return head, f"{tail}, at the {_spoken(self.position)}"


@dataclass(frozen=True)
class Relate(Step):
    """What has a relation to an anchor; ``between`` takes two anchors."""

    op: ClassVar[str] = "relate"
    child: Node
    relation: Relation
    anchor: Node
    anchor2: Node | None = None

    def __post_init__(self) -> None:
        if (self.relation is Relation.BETWEEN) != (self.anchor2 is not None):
            raise TextError("program: relation 'between', and only it, needs anchor and anchor2")

    def parts(self) -> tuple[str, str]:
        """See ``Step.parts``."""
        head, tail = self.child.parts()
        second = f" and {_nested(self.anchor2)}" if self.anchor2 is not None else ""
        return head, f"{tail}, {_spoken(self.relation)} {_nested(self.anchor)}{second}"


@dataclass(frozen=True)
class Extremum(Step):
    """The candidate with the largest or smallest value of a key; ``distance`` needs an anchor."""

    op: ClassVar[str] = "extremum"
    child: Node
    key: Key
    direction: Direction = Direction.MAX
    anchor: Node | None = None

    def __post_init__(self) -> None:
        _check_anchor(self.op, self.key is Key.DISTANCE, self.anchor)

    def parts(self) -> tuple[str, str]:
        """See ``Step.parts``."""
        head, tail = self.child.parts()
        word = _SUPERLATIVES[self.key, self.direction]
        if self.anchor is not None:
            return head, f"{tail}, {word} {_nested(self.anchor)}"
        return f"{word} {head}", tail


@dataclass(frozen=True)
class Ordinal(Step):
    """The n-th candidate by a key, counted from one end.

    Attributes:
        child: what is ranked.
        n: rank, from 1.
        key: what it is ranked by.
        direction: ``min`` counts from the smallest value (from the left for ``x``), ``max`` from
            the largest (the second largest).
        anchor: for ``distance``.
    """

    op: ClassVar[str] = "ordinal"
    child: Node
    n: int
    key: Key
    direction: Direction = Direction.MIN
    anchor: Node | None = None

    def __post_init__(self) -> None:
        _check_number(self.op, self.n)
        _check_anchor(self.op, self.key is Key.DISTANCE, self.anchor)

    def parts(self) -> tuple[str, str]:
        """See ``Step.parts``."""
        head, tail = self.child.parts()
        place = _PLACE_OF_EXTREME.get((self.key, self.direction))
        if place is not None:
            return f"{_ranked(self.n)} {head} from the {_spoken(place)}", tail
        word = _SUPERLATIVES[self.key, self.direction]
        if self.anchor is not None:
            return f"{_ranked(self.n)} {head}", f"{tail}, {word} {_nested(self.anchor)}"
        return f"{_ranked(self.n)} {word} {head}", tail


@dataclass(frozen=True)
class Count(Step):
    """The n best candidates."""

    op: ClassVar[str] = "count"
    child: Node
    n: int

    def __post_init__(self) -> None:
        _check_number(self.op, self.n)

    def parts(self) -> tuple[str, str]:
        """See ``Step.parts``."""
        head, tail = self.child.parts()
        return f"{self.n} x {head}", tail


@dataclass(frozen=True)
class All(Step):
    """Every candidate that is plausible."""

    op: ClassVar[str] = "all"
    child: Node

    def parts(self) -> tuple[str, str]:
        """See ``Step.parts``."""
        head, tail = self.child.parts()
        return f"every {head}", tail


@dataclass(frozen=True)
class Measure(Step):
    """Candidates whose size, or distance to an anchor, compares with a value on the ground."""

    op: ClassVar[str] = "measure"
    child: Node
    quantity: Quantity
    comparison: Comparison
    value: float
    unit: Unit
    anchor: Node | None = None

    def __post_init__(self) -> None:
        _check_anchor(self.op, self.quantity is Quantity.DISTANCE, self.anchor)
        areal = self.unit in UNIT_IN_SQUARE_METRES or self.unit is Unit.SQUARE_PIXEL
        if areal != (self.quantity is Quantity.AREA):
            raise TextError(f"program: {self.quantity} cannot be measured in {self.unit}")

    def parts(self) -> tuple[str, str]:
        """See ``Step.parts``."""
        head, tail = self.child.parts()
        sign = "<" if self.comparison is Comparison.LESS else ">"
        to = f" to {_nested(self.anchor)}" if self.anchor is not None else ""
        return head, f"{tail}, {self.quantity}{to} {sign} {self.value:g} {self.unit}"


@dataclass(frozen=True)
class And(Step):
    """What every child yields."""

    op: ClassVar[str] = "and"
    nodes: tuple[Node, ...]

    def parts(self) -> tuple[str, str]:
        """See ``Step.parts``."""
        return " and ".join(_nested(node) for node in self.nodes), ""


@dataclass(frozen=True)
class Or(Step):
    """What any child yields."""

    op: ClassVar[str] = "or"
    nodes: tuple[Node, ...]

    def parts(self) -> tuple[str, str]:
        """See ``Step.parts``."""
        return " or ".join(_nested(node) for node in self.nodes), ""


@dataclass(frozen=True)
class Not(Step):
    """What the child does not yield."""

    op: ClassVar[str] = "not"
    child: Node

    def parts(self) -> tuple[str, str]:
        """See ``Step.parts``."""
        return f"not {_nested(self.child)}", ""


Node: TypeAlias = (
    Select | Filter | Relate | Extremum | Ordinal | Count | All | Measure | And | Or | Not
)
NODES: Mapping[str, type[Node]] = {
    each.op: each
    for each in (Select, Filter, Relate, Extremum, Ordinal, Count, All, Measure, And, Or, Not)
}


# How the annotation of a field reads in JSON: a kind of value, or one of the vocabularies.
_JSON_KINDS: Mapping[str, str | type[StrEnum]] = {
    "Node": "node",
    "Node | None": "node",
    "tuple[Node, ...]": "nodes",
    "str": "text",
    "tuple[str, ...]": "words",
    "int": "integer",
    "float": "number",
    **{
        each.__name__: each
        for each in (Position, Relation, Key, Direction, Quantity, Comparison, Unit)
    },
}


def from_json(values: Any) -> Node:
    """Read a program from the nested objects of ``to_json``.

    Args:
        values: what ``json.loads`` gives.

    Raises:
        TextError: an object is not a node, or a field is missing, unknown or of a wrong type;
            the message names its place in the tree.
    """
    return _node_from_json(values, "program", 0)


def walk(node: Node) -> Iterator[Node]:
    """The node and all nodes below it, parents first."""
    yield node
    for child in node.children():
        yield from walk(child)


def nouns_in(program: Node) -> list[str]:
    """Nouns that the execution needs scores for, each once, the target's first.

    A phrase without a kind of thing (``ANYTHING``) needs none.
    """
    found = [node.noun for node in walk(program) if isinstance(node, Select)]
    return list(dict.fromkeys(noun for noun in found if noun != ANYTHING))


def schema() -> dict[str, Any]:
    """JSON schema (draft 2020-12) of a program: the whole vocabulary."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "DGL-RSIS program",
        "$ref": "#/$defs/node",
        "$defs": {
            "node": {"oneOf": [{"$ref": f"#/$defs/{op}"} for op in NODES]},
            **{op: _schema_of(kind) for op, kind in NODES.items()},
        },
    }


def _schema_of(kind: type[Node]) -> dict[str, Any]:
    known = {each.name: each for each in fields(kind)}
    properties = {
        name: _schema_of_field(_JSON_KINDS[str(each.type)]) for name, each in known.items()
    }
    required = [name for name, each in known.items() if each.default is MISSING]
    return {
        "type": "object",
        "description": (kind.__doc__ or "").strip().splitlines()[0],
        "properties": {"op": {"const": kind.op}, **properties},
        "required": ["op", *required],
        "additionalProperties": False,
    }


def _schema_of_field(kind: str | type[StrEnum]) -> dict[str, Any]:
    node = {"$ref": "#/$defs/node"}
    schemas: dict[str, dict[str, Any]] = {
        "node": node,
        "nodes": {"type": "array", "items": node, "minItems": 1},
        "text": {"type": "string", "minLength": 1},
        "words": {"type": "array", "items": {"type": "string"}},
        "integer": {"type": "integer", "minimum": 1},
        "number": {"type": "number"},
    }
    return schemas[kind] if isinstance(kind, str) else {"enum": [each.value for each in kind]}


def _value_to_json(value: Any) -> Any:
    if isinstance(value, Step):
        return value.to_json()
    if isinstance(value, tuple):
        return [_value_to_json(each) for each in value]
    return value.value if isinstance(value, StrEnum) else value


def _node_from_json(values: Any, where: str, depth: int) -> Node:
    if depth > DEEPEST:
        raise TextError(f"{where}: nested deeper than {DEEPEST} nodes; simplify the program")
    if not isinstance(values, Mapping):
        raise TextError(f"{where}: expected an object with 'op', got {values!r}")
    kind = NODES.get(str(values.get("op")))
    if kind is None:
        raise TextError(f"{where}: unknown op {values.get('op')!r}; use one of {', '.join(NODES)}")
    known = {each.name: each for each in fields(kind)}
    strange = sorted(str(name) for name in values if name != "op" and name not in known)
    if strange:
        raise TextError(f"{where}: '{kind.op}' has no field {', '.join(strange)}")
    read: dict[str, Any] = {}
    for name, each in known.items():
        if name in values:
            read[name] = _field_from_json(
                values[name], _JSON_KINDS[str(each.type)], f"{where}.{name}", depth + 1
            )
        elif each.default is MISSING:
            raise TextError(f"{where}: '{kind.op}' lacks the field '{name}'")
    return kind(**read)


def _field_from_json(value: Any, kind: str | type[StrEnum], where: str, depth: int) -> Any:
    if kind == "node":
        return _node_from_json(value, where, depth)
    if kind == "nodes" and isinstance(value, list) and value:
        return tuple(_node_from_json(each, f"{where}[{i}]", depth) for i, each in enumerate(value))
    if kind == "words" and isinstance(value, list) and all(isinstance(w, str) for w in value):
        return tuple(value)
    if kind == "text" and isinstance(value, str) and value.strip():
        return value
    numeric = isinstance(value, int | float) and not isinstance(value, bool)
    if kind == "integer" and numeric and int(value) == value:
        return int(value)
    if kind == "number" and numeric and math.isfinite(value):
        return float(value)
    if isinstance(kind, str):
        raise TextError(f"{where}: {value!r} is not of kind '{kind}'")
    if value not in list(kind):
        raise TextError(f"{where}: {value!r} is none of {', '.join(kind)}")
    return kind(value)


def _check_anchor(op: str, needed: bool, anchor: Step | None) -> None:
    if needed != (anchor is not None):
        raise TextError(f"program: '{op}' needs an anchor for a distance, and only then")


def _check_number(op: str, n: int) -> None:
    if n < 1:
        raise TextError(f"program: '{op}' counts from 1, got {n}")


def _spoken(word: StrEnum) -> str:
    return word.value.replace("_", " ")


def _nested(node: Step) -> str:
    head, tail = node.parts()
    return f"({head}{tail})" if tail else head


def _ranked(n: int) -> str:
    words = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")
    return words[n - 1] if n <= len(words) else f"{n}th"


_PLACE_OF_EXTREME: Mapping[tuple[Key, Direction], Position] = {
    extreme: position
    for position, extreme in reversed(list(EXTREME_OF_POSITION.items()))
    if position is not Position.CENTER
}
_SUPERLATIVES: Mapping[tuple[Key, Direction], str] = {
    (Key.AREA, Direction.MAX): "largest",
    (Key.AREA, Direction.MIN): "smallest",
    (Key.LENGTH, Direction.MAX): "longest",
    (Key.LENGTH, Direction.MIN): "shortest",
    (Key.WIDTH, Direction.MAX): "widest",
    (Key.WIDTH, Direction.MIN): "narrowest",
    (Key.BRIGHTNESS, Direction.MAX): "brightest",
    (Key.BRIGHTNESS, Direction.MIN): "darkest",
    (Key.CENTER, Direction.MAX): "most central",
    (Key.DISTANCE, Direction.MAX): "farthest from",
    (Key.DISTANCE, Direction.MIN): "closest to",
    **{
        extreme: _spoken(place).replace(" ", "-") + "most"
        for extreme, place in _PLACE_OF_EXTREME.items()
    },
}
