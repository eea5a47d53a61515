"""A noun phrase while it is read, and the program that it becomes.

DESIGN.md section 1.1. Scope is decided here and nowhere else: constraints are applied first, the
superlative or ordinal ranks what is left, the number is outermost.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from dgl_rsis.text.program import (
    ANYTHING,
    EXTREME_OF_POSITION,
    All,
    Count,
    Direction,
    Extremum,
    Key,
    Node,
    Ordinal,
    Position,
    Relation,
    Select,
)

Wrap: TypeAlias = Callable[[Node], Node]
"""A constraint: puts a node around what it constrains."""


@dataclass
class NounPhrase:
    """What has been read of a noun phrase so far."""

    noun: str | None = None
    is_plural: bool = False
    is_pronoun: bool = False
    every: bool = False
    count: int | None = None
    ordinal: int | None = None
    extreme: tuple[Key, Direction] | None = None
    distance: Direction | None = None
    from_place: Position | None = None
    anchor: Node | None = None
    from_the_end: bool = False
    attributes: list[str] = field(default_factory=list)
    constraints: list[Wrap] = field(default_factory=list)
    last_relation: Relation | None = None
    kept: set[int] = field(default_factory=set)
    left_over: set[int] = field(default_factory=set)

    @property
    def is_empty(self) -> bool:
        """Nothing was said that tells one thing from another."""
        return self.noun is None and not (self.attributes or self.constraints or self.extreme)

    def select(self) -> Select:
        """The noun with its attributes."""
        return Select(self.noun or ANYTHING, tuple(dict.fromkeys(self.attributes)))

    def number_asked(self) -> int | None:
        """How many are asked for; None means all."""
        if self.count is not None:
            return self.count
        ranked = self.ordinal is not None or self.from_the_end
        return None if self.every or (self.is_plural and not ranked) else 1

    def program(self) -> Node:
        """Constraints inside, then the superlative or the ordinal, the number outside."""
        node: Node = self.select()
        for wrap in self.constraints:
            node = wrap(node)
        node = self._ranked(node)
        asked = self.number_asked()
        if asked is None:
            return All(node)
        return Count(node, asked) if asked > 1 else node

    def as_anchor(self) -> Node:
        """The program; a plural without a number means each of them, as a bare noun does."""
        node = self.program()
        return node.child if isinstance(node, All) else node

    def _ranked(self, node: Node) -> Node:
        extreme = self.extreme
        if extreme is None and self.distance is not None and self.anchor is not None:
            extreme = Key.DISTANCE, self.distance
        anchor = self.anchor if extreme is not None and extreme[0] is Key.DISTANCE else None
        if self.ordinal is None and not self.from_the_end:
            return Extremum(node, *extreme, anchor) if extreme is not None else node
        if extreme is None:
            extreme = EXTREME_OF_POSITION[self.from_place or Position.LEFT]
        if self.from_the_end:
            extreme = extreme[0], opposite(extreme[1])
        return Ordinal(node, self.ordinal or 1, *extreme, anchor)


def opposite(direction: Direction) -> Direction:
    """The other end of a key."""
    return Direction.MIN if direction is Direction.MAX else Direction.MAX
