"""The order in which the rules of a noun phrase are asked; the first that applies reads."""

from __future__ import annotations

from dgl_rsis.text.grammar import (
    appositions,
    attributes,
    clauses,
    comparatives,
    coordination,
    measures,
    negation,
    of_phrases,
    ordinals,
    places,
    quantifiers,
    relations,
    superlatives,
    with_phrases,
)
from dgl_rsis.text.grammar.reader import Rules

RULES = Rules(
    before_noun=(
        quantifiers.every,
        quantifiers.count,
        quantifiers.portion,
        quantifiers.determiner,
        attributes.joined_attributes,
        attributes.intensified_before_noun,
        negation.negated_before_noun,
        ordinals.last,
        ordinals.ordinal,
        superlatives.superlative,
        comparatives.comparative,
        measures.measured_before_noun,
        places.place_before_noun,
    ),
    after_noun=(
        negation.excepted,
        coordination.joined,
        coordination.connected_to,
        measures.measured,
        measures.measured_height,
        comparatives.compared,
        clauses.relative_clause,
        ordinals.row_of_unknown_place,
        ordinals.counted_from,
        ordinals.counted_further_out,
        superlatives.anchor_of_distance,
        superlatives.superlative_after_noun,
        appositions.named_again,
        negation.negated,
        clauses.describing_verb,
        clauses.participle,
        relations.located,
        with_phrases.with_phrase,
        of_phrases.of_phrase,
        attributes.attribute_after_noun,
        attributes.intensified_after_noun,
        clauses.copula,
        clauses.verb,
    ),
)
