"""Execution of a typed program over one table of scored candidates, bottom-up.

docs/design.md 1.4 (the explicit part of the paper's global modifiers), with fields after
GeoSelect (arXiv:2607.03869). Every node yields instances with factors in [0, 1] and whether its
constraints hold; places and relations multiply, a superlative ranks anew inside what holds. A step
that cannot be executed (no such anchor, no ground lengths, nothing left) is dropped and noted: the
answer is never forfeited.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from dgl_rsis.config import ProgramSettings, make_settings
from dgl_rsis.stages.adjectives import denied
from dgl_rsis.stages.anchors import Anchor
from dgl_rsis.stages.between import between_field
from dgl_rsis.stages.candidates import CandidateTable
from dgl_rsis.stages.constraints import LEAST_ATTRIBUTE, Constraints
from dgl_rsis.stages.measuring import amounts_of, fitting, measure_text
from dgl_rsis.stages.places import COMPASS, place_field
from dgl_rsis.stages.ranking import by_extreme, by_rank, key_values
from dgl_rsis.stages.relations import ONLY_NEAR, relation_field
from dgl_rsis.stages.rows import row_field
from dgl_rsis.stages.scope import Scope, counts, is_pair, ranks, target_of
from dgl_rsis.stages.scored import Field, Floats, Scored
from dgl_rsis.stages.selection import Selection
from dgl_rsis.stages.steps import Recorder, Step
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
    Row,
    Select,
)
from dgl_rsis.text.program.tree import nouns_in
from dgl_rsis.text.program.vocabulary import ANYTHING, EXTREME_OF_POSITION, Key, Relation
from dgl_rsis.types import FloatArray, IntArray

PLAIN = Scope()
MOST_PAIRED = 20  # anchors on either side of *between*: pairs grow with the square

__all__ = [
    "CandidateTable",
    "Execution",
    "Step",
    "execute",
    "nouns_in",
]


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
    trace = run.record.last
    values, attributes = np.zeros((2, len(table)), dtype=np.float32)
    values[scored.indices] = np.where(scored.holds, scored.values, 0.0)
    attributes[scored.indices] = np.where(scored.holds, scored.attributes, 0.0)
    total = scored.total
    alive = np.flatnonzero(total > 0)
    order = alive[np.argsort(-total[alive], kind="stable")]
    target = target_of(program)
    is_stuff = target is not None and run.lexicon.is_stuff(target.noun)
    return Execution(
        values=values,
        attributes=attributes,
        instances=scored.indices[order],
        is_union=is_stuff and not ranks(program) and not counts(program),
        unmeasured=tuple(
            word
            for word in (target.attributes if target is not None else ())
            if word in run.selection.unmeasured
        ),
        notes=tuple(dict.fromkeys(trace.all_notes())),
        trace=trace,
    )


@dataclass
class _Run:
    """One execution: the table, and what is recorded on the way."""

    table: CandidateTable
    settings: ProgramSettings
    lexicon: Lexicon
    record: Recorder = field(default_factory=Recorder)

    def __post_init__(self) -> None:
        self.constraints = Constraints(self.settings.smallest_attribute, self.record)
        self.selection = Selection(self.table, self.settings, self.lexicon, self.constraints)

    def whole(self, node: Node) -> Scored:
        """Execute a whole phrase, the target's or an anchor's: ``of``, then ``notable``."""
        result = self.selection.notable(node, self.of(node))
        self.record.revise(result)
        return result

    def of(self, node: Node, scope: Scope = PLAIN) -> Scored:
        """Execute a node and everything below it."""
        self.record.open()
        result = self._executed(node, scope)
        self.record.close(node, result)
        return result

    def _executed(self, node: Node, scope: Scope) -> Scored:
        dividing = replace(scope, divides=True)
        keeping = replace(dividing, keeps_all=True)
        match node:
            case Select():
                return self.selection.instances(node, scope)
            case Filter():
                return self._filter(node, self.of(node.child, scope), scope)
            case Row():
                return self._row(node, self.of(node.child, scope), scope)
            case Relate():
                return self._relate(node, self.of(node.child, scope), scope)
            case Extremum() | Ordinal():
                return self._ranked(node, self.of(node.child, keeping), scope)
            case Count():
                return self._count(node, self.of(node.child, dividing))
            case All():
                return self.of(node.child, keeping)
            case Measure():
                return self._measure(node, self.of(node.child, scope), scope)
            case And() | Or():
                return self._combined(node, scope)
            case Not():
                everything = self.selection.instances(Select(ANYTHING), PLAIN)
                denied = self._negation(node, everything)
                return self.constraints.applied(everything, denied, str(node), scope)

    # --- constraints ---------------------------------------------------------------------------

    def _filter(self, node: Filter, child: Scored, scope: Scope) -> Scored:
        if not len(child):
            return child
        if node.position.value in COMPASS:
            self._note_north()
        condition = place_field(node.position, self.table, child.indices)
        what = node.position.value.replace("_", " ")
        if scope.is_denied or (child.holds & condition.holds).any():
            return self.constraints.applied(child, condition, what, scope)
        if (among := self.constraints.among(child, condition, what)) is not None:
            return among
        if scope.keeps_all:
            return self.constraints.dropped(child, f"nothing lies at the {what}", scope)
        self.record.note(f"nothing lies at the {what}: the nearest to it was taken")
        key, direction = EXTREME_OF_POSITION[node.position]
        return by_extreme(
            child, self._keys(key, child.indices), direction, self.settings.rank_decay
        )

    def _row(self, node: Row, child: Scored, scope: Scope) -> Scored:
        # All instances form the rows, not only what holds: the third row of cars may be the only
        # one with a white car in it.
        condition = row_field(node, self.table, child.indices)
        return self.constraints.applied(child, condition, str(node), scope)

    def _anchor(self, node: Node, *, apart: bool = False) -> Anchor | None:
        """Each of a bare noun, n of a number, all of *all*, the best of a constraint, stuff as one.

        Args:
            node: the anchor.
            apart: whether parts of stuff stay apart (*between the two roads*).

        Returns:
            None where there is nothing of it.
        """
        scored = self.whole(node)
        live = self._there(scored, node)
        if not len(live):
            return None
        bare = isinstance(node, Select) and not node.attributes
        target = target_of(node)
        is_stuff = target is not None and self.lexicon.is_stuff(target.noun)
        if is_stuff and not apart and not ranks(node):
            return Anchor(self.table, live, is_union=True)
        if not bare and not isinstance(node, All | Count):
            live = np.array([scored.best])
        return Anchor(self.table, live)

    def _there(self, scored: Scored, node: Node) -> IntArray:
        """What holds and is probable enough to be the anchor of something."""
        live = scored.live
        sure = scored.probability[scored.holds] >= self.settings.least_anchor
        if len(live) and not sure.any():
            best = float(scored.probability[scored.holds].max())
            self.record.note(f"'{node}' has probability {best:.2f}: it is taken as not there")
        return np.asarray(live[sure], np.int64)

    def _relate(self, node: Relate, child: Scored, scope: Scope) -> Scored:
        others, least = _others(node), 1
        if node.relation is Relation.CONTAINS and isinstance(others, Count):
            least = others.n  # "containing two cars": any two
            others = others if ranks(others) else All(others.child)
        anchor = self._anchor(others, apart=is_pair(node))
        if anchor is None:
            return self.constraints.dropped(
                child, f"no anchor '{node.anchor}'", scope, "the relation"
            )
        if not len(child):
            return child
        if node.relation.value.removesuffix("_of") in COMPASS:
            self._note_north()
        if node.relation in ONLY_NEAR:
            self.record.note(f"'{node.relation.value.replace('_', ' ')}' was executed as near")
        if node.anchor2 is not None:
            condition = self._between(node, node.anchor2, child.indices, anchor)
        else:
            # "all water" is one thing still, "both rivers" are two.
            several = Count if anchor.is_union else All | Count
            condition = relation_field(
                node.relation,
                child.indices,
                anchor,
                every=isinstance(node.anchor, several),
                least=least,
            )
        what = f"{node.relation.value.replace('_', ' ')} {node.anchor}"
        return self.constraints.applied(child, condition, what, scope)

    def _between(self, node: Relate, other: Node, indices: IntArray, first: Anchor) -> Field:
        if is_pair(node):
            second, is_missing = None, len(first.indices) < 2
        else:
            second = self._anchor(other)
            is_missing = second is None
        if is_missing:
            self.record.note("between: the second anchor was not found, executed as near")
            return relation_field(Relation.NEAR, indices, first)
        return between_field(indices, first.best(MOST_PAIRED), second and second.best(MOST_PAIRED))

    def _measure(self, node: Measure, child: Scored, scope: Scope) -> Scored:
        anchor = self._anchor(node.anchor) if node.anchor is not None else None
        if node.anchor is not None and anchor is None:
            return self.constraints.dropped(
                child, f"no anchor '{node.anchor}'", scope, "the distance"
            )
        amounts = amounts_of(node, child.indices, self.table, anchor)
        if amounts is None:
            why = "the image has no ground lengths"
            return self.constraints.dropped(child, why, scope, f"'{measure_text(node)}'")
        return self.constraints.applied(child, fitting(node, amounts), measure_text(node), scope)

    # --- ranks and numbers ---------------------------------------------------------------------

    def _ranked(self, node: Extremum | Ordinal, child: Scored, scope: Scope) -> Scored:
        if not len(child.live):
            return child
        anchor = self._anchor(node.anchor) if node.anchor is not None else None
        if node.anchor is not None and anchor is None:
            return self.constraints.dropped(
                child, f"no anchor '{node.anchor}'", scope, "the ranking"
            )
        if node.key is Key.BRIGHTNESS and self.table.colours is None:
            why = "no colours were measured"
            return self.constraints.dropped(child, why, scope, "the ranking by brightness")
        keys = self._keys(node.key, child.indices, anchor)
        if isinstance(node, Extremum):
            return by_extreme(child, keys, node.direction, self.settings.rank_decay)
        wanted = min(node.n, len(child.live))
        if wanted < node.n:
            self.record.note(f"only {wanted} found for rank {node.n}: the last one was taken")
        return by_rank(child, keys, node.direction, wanted, self.settings.rank_decay)

    def _keys(self, key: Key, indices: IntArray, anchor: Anchor | None = None) -> Floats:
        if key.value in COMPASS:
            self._note_north()
        return key_values(key, indices, self.table, anchor)

    def _count(self, node: Count, child: Scored) -> Scored:
        if child.holds.sum() < node.n:
            child = child.widened(LEAST_ATTRIBUTE)
        live = np.flatnonzero(child.holds)
        if len(live) < node.n:
            self.record.note(f"only {len(live)} of {node.n} were found")
        best = live[np.argsort(-child.total[live], kind="stable")][: node.n]
        holds = np.zeros(len(child), dtype=bool)
        holds[best] = True
        return replace(child, holds=holds)

    # --- sets ----------------------------------------------------------------------------------

    def _combined(self, node: And | Or, scope: Scope) -> Scored:
        """And: minimum, in the instances of the first child; or: maximum, over all."""
        first = self.of(node.nodes[0], scope)
        for other in node.nodes[1:]:
            if isinstance(node, Or):
                first = first.united(self.of(other, scope))
            elif isinstance(other, Not):
                first = self.constraints.applied(
                    first, self._negation(other, first), str(other), scope
                )
            else:
                second = self.of(other, replace(scope, divides=False)).at(first.indices)
                condition = Field(second.total, second.holds)
                joint = self.constraints.applied(first, condition, str(other), scope)
                first = replace(joint, values=np.minimum(first.values, joint.values))
        return first

    def _negation(self, node: Not, scored: Scored) -> Field | None:
        """A noun with attributes denies the attributes, anything else what it yields."""
        child = node.child
        if isinstance(child, Select) and child.attributes:
            fields = {
                word: field
                for word in child.attributes
                if (field := self.selection.attribute(word, scored.indices, divides=True))
                is not None
            }
            if not fields:
                return None
            values = np.min([field.values for field in fields.values()], axis=0)
            has_all = [
                field.holds if self.selection.is_size(word) else denied(field)
                for word, field in fields.items()
            ]
            return Field(1.0 - 0.9 * values, ~np.all(has_all, axis=0))
        excluded = self.of(child, Scope(is_denied=True)).at(scored.indices)
        least = 1.0 if ranks(child) and not counts(child) else 1e-6
        taken = excluded.holds & (excluded.values >= least)
        return Field(1.0 - 0.9 * taken, ~taken)

    def _note_north(self) -> None:
        if self.table.frame is None or self.table.frame.north is None:
            self.record.note("true north is unknown: up was taken")


def _others(node: Relate) -> Node:
    """The anchors of a relation: any two may be *the two other cars* that a car is between."""
    anchor, target = node.anchor, target_of(node.child)
    noun = target_of(anchor)
    is_same = target is not None and noun is not None and target.noun == noun.noun
    return anchor.child if is_pair(node) and is_same and isinstance(anchor, Count) else anchor
