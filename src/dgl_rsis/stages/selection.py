"""Instances of what a noun phrase names: one noun with its adjectives."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from dgl_rsis.config import ProgramSettings
from dgl_rsis.stages.adjectives import measured
from dgl_rsis.stages.candidates import CandidateTable
from dgl_rsis.stages.constraints import Constraints
from dgl_rsis.stages.scope import Scope, target_of
from dgl_rsis.stages.scored import Field, Scored
from dgl_rsis.stages.suppression import find_instances
from dgl_rsis.text.lexicon import Lexicon
from dgl_rsis.text.program.nodes import Node, Select
from dgl_rsis.text.program.vocabulary import ANYTHING
from dgl_rsis.types import FloatArray, IntArray


@dataclass(frozen=True)
class Selection:
    """Forms instances of nouns and measures adjectives.

    Attributes:
        table: candidates.
        settings: limits.
        lexicon: knows adjectives.
        constraints: apply the adjectives and take the notes.
        unmeasured: collects adjectives that are left to the model.
    """

    table: CandidateTable
    settings: ProgramSettings
    lexicon: Lexicon
    constraints: Constraints
    unmeasured: set[str] = field(default_factory=set)

    def _probability(self, noun: str) -> FloatArray:
        if noun == ANYTHING:
            return np.ones(len(self.table), dtype=np.float32)
        if noun not in self.table.probabilities:
            self.constraints.record.note(f"no scores for '{noun}': every candidate was considered")
            return np.ones(len(self.table), dtype=np.float32)
        return self.table.probabilities[noun]

    def instances(self, node: Select, scope: Scope) -> Scored:
        """Things of a kind with their measured adjectives."""
        probability = self._probability(node.noun)
        among = self.table.instances.get(node.noun)
        indices = find_instances(self.table, probability, self.settings, among=among)
        if not len(indices):
            self.constraints.record.note(f"no '{node.noun}' was found")
        scored = Scored.bare(indices, probability[indices].astype(np.float64))
        for word in node.attributes:
            condition = self.attribute(word, indices, divides=scope.divides)
            scored = self.constraints.applied(scored, condition, word, scope, is_attribute=True)
        return scored

    def notable(self, node: Node, scored: Scored) -> Scored:
        """Of several, those of a notable size for their kind, where such a size was said.

        A size rules nothing out before other constraints do, but *the small tank at the top* is
        no medium one that lies closer to the top.
        """
        target = target_of(node)
        for word in target.attributes if target is not None else ():
            if not self.is_size(word) or not len(scored):
                continue
            condition = self.attribute(word, scored.indices, divides=True)
            if condition is not None and (scored.holds & condition.holds).any():
                scored = replace(scored, holds=scored.holds & condition.holds)
        return scored

    def is_size(self, word: str) -> bool:
        """Whether an adjective says how large a thing is for its kind."""
        known = self.lexicon.attributes.get(word)
        return known is not None and known.kind == "size"

    def attribute(self, word: str, indices: IntArray, *, divides: bool) -> Field | None:
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
            self.constraints.record.note(f"'{word}' is left to the vision-language model{why}")
        return condition
