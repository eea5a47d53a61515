"""The order in which the rules of a noun phrase are asked; the first that applies reads."""

from __future__ import annotations

from dgl_rsis.text.grammar import (
    attributes,
    clauses,
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
        quantifiers.determiner,
        attributes.joined_attributes,
        attributes.intensified_before_noun,
        ordinals.ordinal,
        ordinals.last,
        superlatives.superlative,
        places.place_before_noun,
    ),
    after_noun=(
        coordination.joined,
        clauses.relative_clause,
        negation.excepted,
        measures.ranged,
        measures.measured,
        ordinals.counted_from,
        superlatives.anchor_of_distance,
        superlatives.superlative_after_noun,
        negation.negated,
        relations.located,
        with_phrases.with_phrase,
        of_phrases.of_phrase,
        attributes.attribute_after_noun,
        attributes.intensified_after_noun,
        clauses.copula,
        clauses.verb,
    ),
)
