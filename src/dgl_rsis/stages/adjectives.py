"""Adjectives of a noun as constraints, measured on candidates instead of asked from the model."""

from __future__ import annotations

import numpy as np

from dgl_rsis.stages.attributes import colour_scores, shape_scores
from dgl_rsis.stages.candidates import CandidateTable
from dgl_rsis.stages.scored import Field, Floats
from dgl_rsis.text.lexicon import Lexicon
from dgl_rsis.types import BoolArray, IntArray

LEAST_DENIED = 0.55  # value of an adjective that is denied, in [0, 1]
LEAST_OUTSTANDING = 0.2  # value of what stands far out
OUTSTANDING = 10.0  # times the scores of the rest that something stands far out
LEAST_VALUE = 0.1  # of an adjective that does not fit at all
NOTABLE = 0.5  # doublings of the median area from which things are large or small


def measured(
    word: str,
    indices: IntArray,
    table: CandidateTable,
    lexicon: Lexicon,
    *,
    enough: float,
    divides: bool,
) -> Field | None:
    """How well candidates fulfil a colour, a size or a shape.

    Args:
        word: the adjective.
        indices: ``(K,)`` candidates.
        table: where they are from.
        lexicon: names what adjectives measure.
        enough: share of the best score from which an adjective holds.
        divides: whether a size rules out the other half (*all large tanks*); one that is asked
            for alone is judged by its size, but never ruled out.

    Returns:
        a field over the candidates; None where the adjective cannot be measured.
    """
    if not len(indices):
        return None
    known = lexicon.attributes.get(word) or lexicon.attributes.get(word.replace("-", " "))
    if table.colours is not None:
        name = known.measure if known is not None and known.measure else word
        scores = _colour(name, table, indices, lexicon)
        if scores is not None:
            return _soft(scores, enough)
    if known is not None and known.kind == "size":
        return _size(known.measure, table, indices, divides=divides)
    if known is not None and known.kind == "shape":
        fits = shape_scores(known.measure, table.shapes_of(indices))
        if fits is not None:
            return _soft(fits, enough)
    return None


def denied(condition: Field) -> BoolArray:
    """Which candidates a measured adjective is denied of (*not white*).

    What is least white of all is not white for that: an absolute measure decides. Where nothing
    reaches it, what stands far out is meant.
    """
    values = condition.values
    reached: BoolArray = values >= LEAST_DENIED
    rest = float(values[~condition.holds].max(initial=0.0))
    is_apart = OUTSTANDING * (rest - LEAST_VALUE) < float(values.max(initial=0.0)) - LEAST_VALUE
    if reached.any() or not is_apart or values.max(initial=0.0) < LEAST_OUTSTANDING:
        return reached
    return condition.holds & ~condition.holds.all()


def _colour(name: str, table: CandidateTable, indices: IntArray, lexicon: Lexicon) -> Floats | None:
    """How well the paint fits a colour; what is dark as a whole may be lit in part."""
    assert table.colours is not None
    own = table.colours[indices]
    typical = float(np.median(own[:, 0])) if len(indices) > 2 else None
    whole = colour_scores(name, own, lexicon.colours, typical_lightness=typical)
    is_shade = name in ("dark", "bright")
    if whole is None or table.paints is None or is_shade:
        return None if whole is None else whole.astype(np.float64)
    paint = colour_scores(name, table.paints[indices], lexicon.colours)
    assert paint is not None
    is_dark = name == "black" or name.startswith("dark ")
    scores: Floats = (np.maximum(whole, paint) if is_dark else paint).astype(np.float64)
    return scores


def _soft(scores: Floats, enough: float) -> Field:
    """Measured adjectives weigh, and hold from a share of the best on."""
    return Field(
        LEAST_VALUE + (1 - LEAST_VALUE) * scores,
        scores >= max(enough * scores.max(initial=0.0), 1e-3),
    )


def _size(measure: str, table: CandidateTable, indices: IntArray, *, divides: bool) -> Field:
    """Rank of the area among the instances: sizes are relative."""
    areas = table.areas[indices].astype(np.float64)
    ranks = np.argsort(np.argsort(areas)) / max(1, len(indices) - 1)
    share = {"large": ranks, "small": 1 - ranks, "medium": 1 - np.abs(2 * ranks - 1)}[measure]
    values = 0.3 + 0.7 * share if len(indices) > 1 else np.ones(1)
    return Field(values, _divided(measure, areas) if divides else np.ones(len(indices), dtype=bool))


def _divided(measure: str, areas: Floats) -> BoolArray:
    """Which areas are large, small or neither against the median: equals stay together.

    Where nothing differs that much from the median, the middle of the range divides.
    """
    doublings = np.log2(areas / np.median(areas))
    if measure == "medium":
        holds: BoolArray = np.abs(doublings) < NOTABLE
        return holds
    signed = doublings if measure == "large" else -doublings
    limit = NOTABLE if (signed >= NOTABLE).any() else (signed.min() + signed.max()) / 2
    return np.asarray(signed >= limit)
