"""Execution of a typed program over one table of scored candidates, bottom-up.

docs/design.md 1.4 (the explicit part of the paper's global modifiers), with fields after
GeoSelect (arXiv:2607.03869). Every node yields instances with factors in [0, 1] and whether its
constraints hold; places and relations multiply, a superlative ranks anew inside what holds. A step
that cannot be executed (no such anchor, no ground lengths, nothing left) is dropped and noted: the
answer is never forfeited.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from dgl_rsis.config import ProgramSettings, make_settings
from dgl_rsis.stages.adjectives import measured
from dgl_rsis.stages.candidates import CandidateTable, find_instances
from dgl_rsis.stages.ranking import COMPASS, by_extreme, by_rank, distances, key_values
from dgl_rsis.stages.relations import (
    ONLY_NEAR,
    Anchor,
    Field,
    Floats,
    between_field,
    place_field,
    relation_field,
)
from dgl_rsis.stages.scored import Scored
from dgl_rsis.text.lexicon import Lexicon
from dgl_rsis.text.lexicon_file import default_lexicon
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
    Select,
)
from dgl_rsis.text.program.tree import nouns_in, walk
from dgl_rsis.text.program.vocabulary import (
    ANYTHING,
    EXTREME_OF_POSITION,
    UNIT_IN_METRES,
    UNIT_IN_SQUARE_METRES,
    Comparison,
    Key,
    Quantity,
    Relation,
    Unit,
)
from dgl_rsis.types import BoolArray, FloatArray, IntArray

LEAST_DENIED = 0.55  # of a measured adjective that is denied (*not white*), in [0, 1]

__all__ = [
    "CandidateTable",
    "Execution",
    "Step",
    "execute",
    "nouns_in",
]


@dataclass(frozen=True)
class Step:
    """One executed node, for the explanation.

    Attributes:
        node: what was executed.
        indices: ``(K,)`` candidates that it looked at.
        values: ``(K,)`` in [0, 1], product of all factors up to here.
        holds: ``(K,)`` whether all constraints up to here hold.
        notes: what this node dropped or left to the model, and why.
        children: the nodes that it was executed over, in their order: the target first, then
            anchors; for a set its members.
    """

    node: Node
    indices: IntArray
    values: FloatArray
    holds: BoolArray
    notes: tuple[str, ...] = ()
    children: tuple[Step, ...] = ()


@dataclass(frozen=True)
class Execution:
    """What a program yields.

    Attributes:
        values: ``(N,)`` float32 in [0, 1] over the whole table: places, relations, ranks; 0 for
            what is no instance of the target or violates a constraint.
        attributes: ``(N,)`` float32 in [0, 1]: measured attributes of the target; 0 likewise.
        instances: indices with a value above 0, most probable first.
        is_union: the target spreads (*the river*) and nothing ranks it: its instances are one
            answer together.
        unmeasured: adjectives of the target that are left to the model.
        notes: what was dropped or left to the model, and why.
        trace: the root of the executed program; its steps keep the scores of all candidates.
    """

    values: FloatArray
    attributes: FloatArray
    instances: IntArray
    is_union: bool
    unmeasured: tuple[str, ...]
    notes: tuple[str, ...]
    trace: Step


def execute(
    program: Node,
    table: CandidateTable,
    *,
    settings: ProgramSettings | None = None,
    lexicon: Lexicon | None = None,
) -> Execution:
    """Execute a program.

    Args:
        program: from ``parse`` or ``from_json``.
        table: candidates with probabilities for ``nouns_in(program)``.
        settings: limits; those of the preset ``default`` if None.
        lexicon: names stuff and colours; the package's own if None.
    """
    run = _Run(table, settings or make_settings().program, lexicon or default_lexicon())
    scored = run.whole(program)
    trace = run.levels[0].steps[0]
    values, attributes = np.zeros((2, len(table)), dtype=np.float32)
    values[scored.indices] = np.where(scored.holds, scored.values, 0.0)
    attributes[scored.indices] = np.where(scored.holds, scored.attributes, 0.0)
    alive = scored.indices[scored.holds & (scored.total > 0)]
    order = np.argsort(-scored.at(alive).total, kind="stable")
    nodes = list(walk(program))
    ranks = any(isinstance(node, Extremum | Ordinal | Count) for node in _spine(program))
    target = next((node for node in nodes if isinstance(node, Select)), None)
    return Execution(
        values=values,
        attributes=attributes,
        instances=alive[order],
        is_union=target is not None and run.lexicon.is_stuff(target.noun) and not ranks,
        unmeasured=tuple(
            word
            for word in (target.attributes if target is not None else ())
            if word in run.unmeasured
        ),
        notes=tuple(dict.fromkeys(_notes_of(trace))),
        trace=trace,
    )


@dataclass(frozen=True)
class _Level:
    """What gathers while one node is executed: its notes, and the steps of the nodes below it."""

    notes: list[str] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)


@dataclass
class _Run:
    """One execution: the table, and what is noted on the way."""

    table: CandidateTable
    settings: ProgramSettings
    lexicon: Lexicon
    unmeasured: set[str] = field(default_factory=set)
    levels: list[_Level] = field(default_factory=lambda: [_Level()])

    @property
    def notes(self) -> list[str]:
        """Notes of the node that is being executed."""
        return self.levels[-1].notes

    def whole(self, node: Node) -> Scored:
        """Execute a whole phrase, the target's or an anchor's: ``of``, then ``notable``."""
        executed = self.of(node)
        result = self.notable(node, executed)
        step = self.levels[-1].steps[-1]
        self.levels[-1].steps[-1] = replace(
            step, values=result.total.astype(np.float32), holds=result.holds
        )
        return result

    def of(self, node: Node, *, divides: bool = False) -> Scored:
        """Execute a node and everything below it.

        Args:
            node: what to execute.
            divides: whether a size rules out the other instances, as what lies above ranks them
                or takes several.
        """
        self.levels.append(_Level())
        result = self._executed(node, divides=divides)
        level = self.levels.pop()
        values, notes = result.total.astype(np.float32), tuple(dict.fromkeys(level.notes))
        self.levels[-1].steps.append(
            Step(node, result.indices, values, result.holds, notes, tuple(level.steps))
        )
        return result

    def _executed(self, node: Node, *, divides: bool) -> Scored:
        match node:
            case Select():
                result = self._select(node, divides=divides)
            case Filter():
                result = self._filter(node, self.of(node.child, divides=divides))
            case Relate():
                result = self._relate(node, self.of(node.child, divides=divides))
            case Extremum() | Ordinal():
                result = self._ranked(node, self.of(node.child, divides=True))
            case Count():
                result = self._count(node, self.of(node.child, divides=True))
            case All():
                result = self.of(node.child, divides=True)
            case Measure():
                result = self._measure(node, self.of(node.child, divides=divides))
            case And() | Or():
                result = self._combined(node, divides=divides)
            case Not():
                everything = self._select(Select(ANYTHING))
                result = self._constrain(everything, self._negation(node, everything), str(node))
        return result

    # --- instances -----------------------------------------------------------------------------

    def _probability(self, noun: str) -> FloatArray:
        if noun == ANYTHING:
            return np.ones(len(self.table), dtype=np.float32)
        if noun not in self.table.probabilities:
            self.notes.append(f"no scores for '{noun}': every candidate was considered")
            return np.ones(len(self.table), dtype=np.float32)
        return self.table.probabilities[noun]

    def _select(self, node: Select, *, divides: bool = False) -> Scored:
        probability = self._probability(node.noun)
        among = self.table.instances.get(node.noun)
        indices = find_instances(self.table, probability, self.settings, among=among)
        if not len(indices):
            self.notes.append(f"no '{node.noun}' was found")
        scored = Scored.bare(indices, probability[indices].astype(np.float64))
        for word in node.attributes:
            condition = self._attribute(word, indices, divides=divides)
            scored = self._constrain(scored, condition, word, is_attribute=True)
        return scored

    def notable(self, node: Node, scored: Scored) -> Scored:
        """Of several, those of a notable size for their kind, where such a size was said.

        A size rules nothing out before other constraints do, but *the small tank at the top* is
        no medium one that lies closer to the top.
        """
        target = next((each for each in walk(node) if isinstance(each, Select)), None)
        for word in target.attributes if target is not None else ():
            if not self._is_size(word) or not len(scored):
                continue
            condition = self._attribute(word, scored.indices, divides=True)
            if condition is not None and (scored.holds & condition.holds).any():
                scored = replace(scored, holds=scored.holds & condition.holds)
        return scored

    def _is_size(self, word: str) -> bool:
        known = self.lexicon.attributes.get(word)
        return known is not None and known.kind == "size"

    def _attribute(self, word: str, indices: IntArray, *, divides: bool) -> Field | None:
        """A measured adjective; None, and a note, where it is left to the model."""
        enough = self.settings.smallest_attribute
        condition = measured(
            word, indices, self.table, self.lexicon, enough=enough, divides=divides
        )
        if condition is None and len(indices):
            self.unmeasured.add(word)
            known = self.lexicon.attributes.get(word)
            is_height = known is not None and known.kind == "height"
            why = ": an image from above shows no heights" if is_height else ""
            self.notes.append(f"'{word}' is left to the vision-language model{why}")
        return condition

    # --- constraints ---------------------------------------------------------------------------

    def _constrain(
        self, scored: Scored, condition: Field | None, what: str, *, is_attribute: bool = False
    ) -> Scored:
        """Multiply a constraint in; one that nothing fulfils is dropped and noted."""
        if condition is None or not len(scored):
            return scored
        if not (scored.holds & condition.holds).any():
            self.notes.append(f"nothing is '{what}': dropped")
            return scored
        return scored.fulfilling(condition, is_attribute=is_attribute)

    def _filter(self, node: Filter, child: Scored) -> Scored:
        if not len(child):
            return child
        if node.position.value in COMPASS:
            self._note_north()
        condition = place_field(node.position, self.table, child.indices)
        if (child.holds & condition.holds).any():
            return self._constrain(child, condition, node.position.value)
        what = node.position.value.replace("_", " ")
        self.notes.append(f"nothing lies at the {what}: the nearest to it was taken")
        key, direction = EXTREME_OF_POSITION[node.position]
        return by_extreme(
            child, self._keys(key, child.indices), direction, self.settings.rank_decay
        )

    def _anchors(self, node: Node, *, apart: bool = False) -> list[Anchor]:
        """Each instance of a bare noun, n of a number, the best of a constraint, stuff as one.

        Args:
            node: the anchor.
            apart: whether parts of stuff stay apart (*between the two roads*).
        """
        scored = self.whole(node)
        live = self._there(scored, node)
        if not len(live):
            return []
        bare = isinstance(node, Select) and not node.attributes
        noun = next(each.noun for each in walk(node) if isinstance(each, Select))
        if (
            self.lexicon.is_stuff(noun)
            and not apart
            and not any(isinstance(each, Extremum | Ordinal) for each in _spine(node))
        ):
            return [Anchor(self.table, live, is_union=True)]
        if not bare and not isinstance(node, Count):
            live = np.array([scored.best])
        return [Anchor(self.table, np.array([index])) for index in live.tolist()]

    def _there(self, scored: Scored, node: Node) -> IntArray:
        """What holds and is probable enough to be the anchor of something."""
        live = scored.live
        sure = scored.probability[scored.holds] >= self.settings.least_anchor
        if len(live) and not sure.any():
            best = float(scored.probability[scored.holds].max())
            self.notes.append(f"'{node}' has probability {best:.2f}: it is taken as not there")
        return np.asarray(live[sure], np.int64)

    def _relate(self, node: Relate, child: Scored) -> Scored:
        anchors = self._anchors(node.anchor, apart=_is_pair(node))
        if not anchors:
            self.notes.append(f"no anchor '{node.anchor}': the relation was dropped")
            return child
        if not len(child):
            return child
        if node.relation.value.removesuffix("_of") in COMPASS:
            self._note_north()
        if node.relation in ONLY_NEAR:
            self.notes.append(f"'{node.relation.value.replace('_', ' ')}' was executed as near")
        if node.relation is Relation.BETWEEN and node.anchor2 is not None:
            condition = self._between(node, child, anchors)
        else:
            fields = [
                _without(relation_field(node.relation, child.indices, anchor), child, anchor)
                for anchor in anchors
            ]
            condition = _best(fields)
        what = f"{node.relation.value.replace('_', ' ')} {node.anchor}"
        return self._constrain(child, condition, what)

    def _between(self, node: Relate, child: Scored, first: list[Anchor]) -> Field | None:
        same = _is_pair(node)
        second = first if same or node.anchor2 is None else self._anchors(node.anchor2)
        if not second or (same and len(first) < 2):
            self.notes.append("between: the second anchor was not found, executed as near")
            return _best([relation_field(Relation.NEAR, child.indices, each) for each in first])
        limit = 20  # pairs grow with the square
        pairs = [
            (a, b)
            for i, a in enumerate(first[:limit])
            for j, b in enumerate(second[:limit])
            if not same or i < j
        ]
        fields = [
            _without(_without(between_field(child.indices, a, b), child, a), child, b)
            for a, b in pairs
        ]
        return _best(fields)

    def _measure(self, node: Measure, child: Scored) -> Scored:
        amounts = self._amounts(node, child.indices)
        if amounts is None or not len(child):
            return child
        limit = node.value * _factor(node.unit)
        fits = amounts < limit if node.comparison is Comparison.LESS else amounts > limit
        return self._constrain(child, Field(fits.astype(np.float64), fits), _tail(node))

    def _amounts(self, node: Measure, indices: IntArray) -> Floats | None:
        """The quantity in metres or square metres, or in pixels where the unit says so."""
        in_pixels = node.unit in (Unit.PIXEL, Unit.SQUARE_PIXEL)
        frame = self.table.frame
        metres = frame.metres_per_pixel if frame is not None else None
        if metres is None and not in_pixels:
            self.notes.append(f"'{_tail(node)}' was dropped: the image has no ground lengths")
            return None
        scale = (1.0, 1.0) if in_pixels or metres is None else metres
        if node.quantity is Quantity.AREA:
            return self.table.areas[indices] * float(scale[0] * scale[1])
        side = float(np.sqrt(scale[0] * scale[1]))
        if node.quantity in (Quantity.LENGTH, Quantity.WIDTH):
            return self._keys(Key(node.quantity.value), indices) * side
        anchors = self._anchors(node.anchor) if node.anchor is not None else []
        if not anchors:
            self.notes.append(f"no anchor '{node.anchor}': the distance was dropped")
            return None
        limit = node.value * _factor(node.unit)
        return distances(indices, self.table, anchors, scale, within=limit)

    # --- ranks and numbers ---------------------------------------------------------------------

    def _ranked(self, node: Extremum | Ordinal, child: Scored) -> Scored:
        if not len(child.live):
            return child
        anchors = self._anchors(node.anchor) if node.anchor is not None else []
        if node.anchor is not None and not anchors:
            self.notes.append(f"no anchor '{node.anchor}': the ranking was dropped")
            return child
        if node.key is Key.BRIGHTNESS and self.table.colours is None:
            self.notes.append("no colours were measured: the ranking by brightness was dropped")
            return child
        keys = self._keys(node.key, child.indices, anchors)
        if isinstance(node, Extremum):
            return by_extreme(child, keys, node.direction, self.settings.rank_decay)
        wanted = min(node.n, len(child.live))
        if wanted < node.n:
            self.notes.append(f"only {wanted} found for rank {node.n}: the last one was taken")
        return by_rank(child, keys, node.direction, wanted, self.settings.rank_decay)

    def _keys(self, key: Key, indices: IntArray, anchors: Sequence[Anchor] = ()) -> Floats:
        if key.value in COMPASS:
            self._note_north()
        return key_values(key, indices, self.table, anchors)

    def _count(self, node: Count, child: Scored) -> Scored:
        live = np.flatnonzero(child.holds)
        if len(live) < node.n:
            self.notes.append(f"only {len(live)} of {node.n} were found")
        best = live[np.argsort(-child.total[live], kind="stable")][: node.n]
        holds = np.zeros(len(child), dtype=bool)
        holds[best] = True
        return replace(child, holds=holds)

    # --- sets ----------------------------------------------------------------------------------

    def _combined(self, node: And | Or, *, divides: bool) -> Scored:
        """And: minimum, in the instances of the first child; or: maximum, over all."""
        first = self.of(node.nodes[0], divides=divides)
        for other in node.nodes[1:]:
            if isinstance(node, And):
                if isinstance(other, Not):
                    condition = self._negation(other, first)
                    first = self._constrain(first, condition, str(other))
                    continue
                second = self.of(other).at(first.indices)
                condition = Field(second.total, second.holds)
                joint = self._constrain(first, condition, str(other))
                first = replace(joint, values=np.minimum(first.values, joint.values))
            else:
                first = first.united(self.of(other, divides=divides))
        return first

    def _negation(self, node: Not, scored: Scored) -> Field | None:
        """A noun with attributes denies the attributes, anything else what it yields."""
        child = node.child
        if isinstance(child, Select) and child.attributes:
            fields = {
                word: field
                for word in child.attributes
                if (field := self._attribute(word, scored.indices, divides=True)) is not None
            }
            if not fields:
                return None
            values = np.min([field.values for field in fields.values()], axis=0)
            # What is least red of all is not red for that: denying takes an absolute measure.
            has_all = [
                field.holds if self._is_size(word) else field.values >= LEAST_DENIED
                for word, field in fields.items()
            ]
            return Field(1.0 - 0.9 * values, ~np.all(has_all, axis=0))
        excluded = self.of(child).at(scored.indices)
        spine = _spine(child)
        ranks = any(isinstance(each, Extremum | Ordinal) for each in spine)
        ranks = ranks and not any(isinstance(each, Count) for each in spine)
        taken = excluded.holds & (excluded.values >= (1.0 if ranks else 1e-6))
        return Field(1.0 - 0.9 * taken, ~taken)

    def _note_north(self) -> None:
        if self.table.frame is None or self.table.frame.north is None:
            self.notes.append("true north is unknown: up was taken")


def _notes_of(step: Step) -> Iterator[str]:
    """Notes of a step and of all steps below it, in the order of execution."""
    for child in step.children:
        yield from _notes_of(child)
    yield from step.notes


def _spine(node: Node) -> list[Node]:
    """The node and its targets, without anchors."""
    found = [node]
    while (child := getattr(found[-1], "child", None)) is not None:
        found.append(child)
    if isinstance(found[-1], And | Or):
        found += _spine(found[-1].nodes[0])
    return found


def _is_pair(node: Relate) -> bool:
    """Whether something is between two of the same: *between the roads*."""
    return node.relation is Relation.BETWEEN and node.anchor == node.anchor2


def _without(condition: Field, child: Scored, anchor: Anchor) -> Field:
    """Nothing is related to itself."""
    own = np.isin(child.indices, anchor.indices)
    return Field(np.where(own, 0.0, condition.values), condition.holds & ~own)


def _best(fields: list[Field]) -> Field:
    return Field(
        np.max([each.values for each in fields], axis=0),
        np.any([each.holds for each in fields], axis=0),
    )


def _factor(unit: Unit) -> float:
    return {**UNIT_IN_METRES, **UNIT_IN_SQUARE_METRES}.get(unit, 1.0)


def _tail(node: Measure) -> str:
    """The measure alone, in words."""
    sign = "<" if node.comparison is Comparison.LESS else ">"
    return f"{node.quantity} {sign} {node.value:g} {node.unit}"
