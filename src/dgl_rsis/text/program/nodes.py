"""The nodes of a program: what each holds, checks and says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from dgl_rsis.errors import TextError
from dgl_rsis.text.program.step import Step, followed, nested, preceded
from dgl_rsis.text.program.vocabulary import (
    Comparison,
    Direction,
    Key,
    Line,
    Position,
    Quantity,
    Relation,
    Unit,
    is_areal,
)
from dgl_rsis.text.program.wording import (
    PLACE_OF_EXTREME,
    PLACES_OF_LINES,
    SUPERLATIVES,
    ranked,
    spoken,
)


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
        head, tail = followed(self.child)
        return head, f"{tail}, at the {spoken(self.position)}"


@dataclass(frozen=True)
class Row(Step):
    """What stands in one of the rows or columns that all of its kind form.

    Attributes:
        child: what is looked for in it.
        line: rows or columns.
        place: where rows are counted from, ``top`` or ``bottom``, columns from ``left`` or
            ``right``; ``center`` is the middle one.
        n: which one, from 1.
    """

    op: ClassVar[str] = "row"
    child: Node
    line: Line
    place: Position
    n: int = 1

    def __post_init__(self) -> None:
        _check_number(self.op, self.n)
        if self.place not in PLACES_OF_LINES[self.line]:
            raise TextError(f"program: a {self.line} is not counted from the {self.place}")

    def parts(self) -> tuple[str, str]:
        """See ``Step.parts``."""
        head, tail = self.child.parts()
        if self.n == 1:
            place = "middle" if self.place is Position.CENTER else spoken(self.place)
            return head, f"{tail}, in the {place} {self.line}"
        return head, f"{tail}, in the {ranked(self.n)} {self.line} from the {spoken(self.place)}"


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
        head, tail = followed(self.child)
        second = f" and {nested(self.anchor2)}" if self.anchor2 is not None else ""
        return head, f"{tail}, {spoken(self.relation)} {nested(self.anchor)}{second}"


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

    @property
    def ranks(self) -> bool:
        """See ``Step.ranks``."""
        return self.anchor is None

    def parts(self) -> tuple[str, str]:
        """See ``Step.parts``."""
        word = SUPERLATIVES[self.key, self.direction]
        if self.anchor is not None:
            head, tail = followed(self.child)
            return head, f"{tail}, {word} {nested(self.anchor)}"
        head, tail = preceded(self.child)
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

    @property
    def ranks(self) -> bool:
        """See ``Step.ranks``."""
        return self.anchor is None

    def parts(self) -> tuple[str, str]:
        """See ``Step.parts``."""
        word = SUPERLATIVES[self.key, self.direction]
        if self.anchor is not None:
            head, tail = followed(self.child)
            return head, f"{tail}, {ranked(self.n)} {word} {nested(self.anchor)}"
        head, tail = preceded(self.child)
        place = PLACE_OF_EXTREME.get((self.key, self.direction))
        if place is not None:
            return f"{ranked(self.n)} {head} from the {spoken(place)}", tail
        return f"{ranked(self.n)} {word} {head}", tail


@dataclass(frozen=True)
class Count(Step):
    """The n best candidates."""

    op: ClassVar[str] = "count"
    child: Node
    n: int

    def __post_init__(self) -> None:
        _check_number(self.op, self.n)

    @property
    def ranks(self) -> bool:
        """See ``Step.ranks``."""
        return True

    def parts(self) -> tuple[str, str]:
        """See ``Step.parts``."""
        head, tail = preceded(self.child)
        return f"{self.n} x {head}", tail


@dataclass(frozen=True)
class All(Step):
    """Every candidate that is plausible."""

    op: ClassVar[str] = "all"
    child: Node

    @property
    def ranks(self) -> bool:
        """See ``Step.ranks``."""
        return True

    def parts(self) -> tuple[str, str]:
        """See ``Step.parts``."""
        head, tail = preceded(self.child)
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
        if is_areal(self.unit) != (self.quantity is Quantity.AREA):
            raise TextError(f"program: {self.quantity} cannot be measured in {self.unit}")

    def parts(self) -> tuple[str, str]:
        """See ``Step.parts``."""
        head, tail = followed(self.child)
        sign = "<" if self.comparison is Comparison.LESS else ">"
        to = f" to {nested(self.anchor)}" if self.anchor is not None else ""
        return head, f"{tail}, {self.quantity}{to} {sign} {self.value:g} {self.unit}"


@dataclass(frozen=True)
class And(Step):
    """What every child yields."""

    op: ClassVar[str] = "and"
    is_joined: ClassVar[bool] = True
    nodes: tuple[Node, ...]

    def parts(self) -> tuple[str, str]:
        """See ``Step.parts``."""
        said = (str(each) if isinstance(each, And | Not) else nested(each) for each in self.nodes)
        return " and ".join(said), ""


@dataclass(frozen=True)
class Or(Step):
    """What any child yields."""

    op: ClassVar[str] = "or"
    is_joined: ClassVar[bool] = True
    nodes: tuple[Node, ...]

    def parts(self) -> tuple[str, str]:
        """See ``Step.parts``."""
        return " or ".join(nested(node) for node in self.nodes), ""


@dataclass(frozen=True)
class Not(Step):
    """What the child does not yield."""

    op: ClassVar[str] = "not"
    is_joined: ClassVar[bool] = True
    child: Node

    def parts(self) -> tuple[str, str]:
        """See ``Step.parts``."""
        return f"not {nested(self.child)}", ""


Node: TypeAlias = (
    Select | Filter | Row | Relate | Extremum | Ordinal | Count | All | Measure | And | Or | Not
)
NODES: Mapping[str, type[Node]] = {
    each.op: each
    for each in (Select, Filter, Row, Relate, Extremum, Ordinal, Count, All, Measure, And, Or, Not)
}


def _check_anchor(op: str, needed: bool, anchor: Step | None) -> None:
    if needed != (anchor is not None):
        raise TextError(f"program: '{op}' needs an anchor for a distance, and only then")


def _check_number(op: str, n: int) -> None:
    if n < 1:
        raise TextError(f"program: '{op}' counts from 1, got {n}")
