"""A noun phrase while it is read, and the program that it becomes.

docs/design.md 1.1. Scope is decided here and nowhere else: constraints are applied first, the
superlative or ordinal ranks what is left, the number is outermost.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from dgl_rsis.text.lexicon import Attribute
from dgl_rsis.text.program.nodes import All, Count, Extremum, Node, Or, Ordinal, Select
from dgl_rsis.text.program.vocabulary import (
    ANYTHING,
    EXTREME_OF_POSITION,
    Direction,
    Key,
    Position,
    Relation,
)

MOST_CONSTRAINTS = 12

# Beside these ranks begin at the anchor: "the second hall left of the road".
_DIRECTED = frozenset(
    (
        Relation.LEFT_OF,
        Relation.RIGHT_OF,
        Relation.ABOVE,
        Relation.BELOW,
        Relation.NORTH_OF,
        Relation.SOUTH_OF,
        Relation.EAST_OF,
        Relation.WEST_OF,
    )
)

Wrap: TypeAlias = Callable[[Node], Node]
"""A constraint: puts a node around what it constrains."""


@dataclass(frozen=True)
class Adjective:
    """An attribute and the words that say it, ``start`` to before ``end``."""

    attribute: Attribute
    start: int
    end: int


@dataclass
class NounPhrase:
    """What has been read of a noun phrase so far.

    Attributes:
        noun: singular, with its compounds; None until one is read.
        is_plural: the noun was said in the plural.
        is_pronoun: *one* or *ones*, which stand for the noun of the phrase further out.
        every: *all*, *each*.
        count: the number asked for.
        ordinal: the rank asked for, from 1.
        further_ordinals: ranks that *and* adds: *the first and third*; negative from the other
            end: *the first and last*.
        from_the_end: *last*.
        from_place: where the ordinal counts from.
        row_begins: where it counts from unless that is said: a column is read from the top.
        extreme: the superlative: what ranks, and which end of it.
        comparative: *the larger*: a superlative of one, an adjective of several.
        is_partitive: the noun names a set that one is taken from: *one of the ships*.
        set_size: how many the set has: *one of the three ships*.
        distance: the superlative of the distance to ``anchor``.
        distance_words: indices of the words that say it.
        anchor: what the distance is measured to.
        adjectives: before the noun, until it is clear which word is the noun.
        unknown: indices of words that nobody knows, until then.
        attributes: words that describe the noun.
        alternatives: sets of further ones, of which one is enough: *red or blue*.
        others: noun phrases of the same noun that are asked for as well: *and the red one*.
        is_any: one of ``others`` is enough: *or the red one*.
        constraints: in order of appearance.
        last_relation: what *and* continues: *near the road and the river*.
        last_anchor: what *it* stands for behind an anchor: *left of the road and 5 m from it*.
        is_described: the last modifier was one of *with*, which *and* continues.
        is_excepted: the last modifier was an exception, which *and* continues.
        kept: indices of the words that go to the vision-language model.
        left_over: indices of the modifiers that no rule could express.
    """

    noun: str | None = None
    is_plural: bool = False
    is_pronoun: bool = False
    every: bool = False
    count: int | None = None
    ordinal: int | None = None
    further_ordinals: list[int] = field(default_factory=list)
    from_the_end: bool = False
    from_place: Position | None = None
    row_begins: Position | None = None
    extreme: tuple[Key, Direction] | None = None
    comparative: tuple[tuple[Key, Direction], Adjective] | None = None
    is_partitive: bool = False
    set_size: int | None = None
    distance: Direction | None = None
    distance_words: range = range(0)
    anchor: Node | None = None
    adjectives: list[Adjective] = field(default_factory=list)
    unknown: list[int] = field(default_factory=list)
    attributes: list[str] = field(default_factory=list)
    alternatives: list[tuple[str, ...]] = field(default_factory=list)
    others: list[NounPhrase] = field(default_factory=list)
    is_any: bool = False
    constraints: list[Wrap] = field(default_factory=list)
    last_relation: Relation | None = None
    last_anchor: NounPhrase | None = None
    is_excepted: bool = False
    is_described: bool = False
    kept: set[int] = field(default_factory=set)
    left_over: set[int] = field(default_factory=set)

    def name(self, noun: str, is_plural: bool, start: int, end: int) -> None:
        """Take a noun; nouns that follow each other are a compound: *airport terminal*."""
        self.noun = noun if self.noun is None else f"{self.noun} {noun}"
        self.is_plural = is_plural
        self.kept.update(range(start, end))

    def constrain(self, wrap: Wrap, start: int, end: int) -> None:
        """Add a constraint; an endless sentence keeps its first ones."""
        if len(self.constraints) < MOST_CONSTRAINTS:
            self.constraints.append(wrap)
        else:
            self.left_over.update(range(start, end))

    @property
    def is_empty(self) -> bool:
        """Nothing was said that tells one thing from another."""
        return self.noun is None and not self.is_told

    @property
    def is_told(self) -> bool:
        """Something was said that tells one of a kind from another."""
        described = self.attributes or self.alternatives
        return bool(described or self.constraints or self.is_ranked)

    @property
    def is_ranked(self) -> bool:
        """A superlative or a rank was said."""
        return bool(self.extreme or self.ordinal or self.from_the_end)

    @property
    def is_singular(self) -> bool:
        """One thing was said: *the lock*, not *locks*, *two locks* or *every lock*."""
        return self.number_asked() == 1

    def select(self) -> Select:
        """The noun with its attributes."""
        return Select(self.noun or ANYTHING, tuple(dict.fromkeys(self.attributes)))

    def describe(self, other: NounPhrase) -> None:
        """Take the adjectives of another phrase, which is about the same things."""
        self.attributes += other.attributes
        sets = self.alternatives or [()]
        self.alternatives = [(*one, *more) for one in sets for more in other.alternatives or [()]]
        if self.alternatives == [()]:
            self.alternatives = []

    def number_asked(self) -> int | None:
        """How many are asked for; None means all."""
        asked = [self._own_number(), *(other.number_asked() for other in self.others)]
        numbers = [number for number in asked if number is not None]
        if len(numbers) < len(asked):
            return None
        return max(numbers) if self.is_any else sum(numbers)

    def _own_number(self) -> int | None:
        if self.count is not None:
            return self.count
        if self.further_ordinals:
            return 1 + len(self.further_ordinals)
        is_one = self.ordinal is not None or self.from_the_end or self.is_partitive
        return None if self.every or (self.is_plural and not is_one) else 1

    def program(self) -> Node:
        """Constraints inside, then the superlative or the ordinal, the number outside."""
        node = self._told()
        if self.others:
            is_one_each = not self.is_any and self.number_asked() is not None
            each = (self, *self.others)
            node = Or(tuple(one._counted() if is_one_each else one._told() for one in each))
        asked = self.number_asked()
        if asked is None:
            return All(node)
        return Count(node, asked) if asked > 1 else node

    def _told(self) -> Node:
        """The noun with what is said of it, without its number."""
        node: Node = self.select()
        if self.alternatives:
            own = tuple(self.attributes)
            sets = (tuple(dict.fromkeys((*own, *more))) for more in self.alternatives)
            node = Or(tuple(Select(self.noun or ANYTHING, each) for each in sets))
        for wrap in self.constraints:
            node = wrap(node)
        return self._ranked(node)

    def _counted(self) -> Node:
        """The same with its number, unless its rank says that."""
        asked, node = self._own_number(), self._told()
        return node if asked is None or (asked == 1 and self.is_ranked) else Count(node, asked)

    def ranked(self, node: Node) -> Node:
        """Rank what a node yields, and take the number asked for."""
        ranked = self._ranked(node)
        return ranked if self.count is None or self.count == 1 else Count(ranked, self.count)

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
        begins = self.from_place or self.row_begins
        if extreme is None and begins is None and self.last_relation in _DIRECTED:
            anchor = self.last_anchor.as_anchor() if self.last_anchor else None
            extreme = (Key.DISTANCE, Direction.MIN) if anchor is not None else None
        if extreme is None:
            extreme = EXTREME_OF_POSITION[begins or Position.LEFT]
        if self.from_the_end:
            extreme = extreme[0], extreme[1].opposite
        if (self.ordinal or 1) == 1 and self.count is not None and self.count > 1:
            return Extremum(node, *extreme, anchor)  # "the first three", "the last two"
        ranks = [self.ordinal or 1, *self.further_ordinals]
        key, begin = extreme
        nodes = tuple(
            Ordinal(node, abs(rank), key, begin if rank > 0 else begin.opposite, anchor)
            for rank in ranks
        )
        return Or(nodes) if len(nodes) > 1 else nodes[0]
