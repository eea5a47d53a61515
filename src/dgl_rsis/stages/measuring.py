"""Sizes and distances in units: *larger than 500 m²*, *within 100 m of the bridge*."""

from __future__ import annotations

import numpy as np

from dgl_rsis.stages.anchors import Anchor
from dgl_rsis.stages.candidates import CandidateTable
from dgl_rsis.stages.ranking import distances
from dgl_rsis.stages.scored import Field, Floats
from dgl_rsis.text.program.nodes import Measure
from dgl_rsis.text.program.vocabulary import (
    UNIT_IN_METRES,
    UNIT_IN_SQUARE_METRES,
    Comparison,
    Quantity,
    Unit,
)
from dgl_rsis.types import IntArray


def amounts_of(
    node: Measure, indices: IntArray, table: CandidateTable, anchor: Anchor | None
) -> Floats | None:
    """The quantity in metres or square metres, or in pixels where the unit says so.

    Args:
        node: names the quantity and its unit.
        indices: ``(K,)`` candidates.
        table: where they are from.
        anchor: what a distance is measured to.

    Returns:
        ``(K,)``, exact as far as the comparison needs it; None where the image has no ground
        lengths.
    """
    in_pixels = node.unit in (Unit.PIXEL, Unit.SQUARE_PIXEL)
    ground = None if in_pixels else table.ground
    if ground is None and not in_pixels:
        return None
    if anchor is not None:
        return distances(indices, anchor, ground, within=_limit(node))
    if node.quantity is Quantity.AREA:
        areas = table.areas[indices].astype(np.float64)
        return areas if ground is None else areas * ground.pixel_areas(table.centroids[indices])
    length, width = table.sides_of(indices, ground)
    return length if node.quantity is Quantity.LENGTH else width


def fitting(node: Measure, amounts: Floats) -> Field:
    """Which amounts compare with the value as asked."""
    is_less = node.comparison is Comparison.LESS
    fits = amounts < _limit(node) if is_less else amounts > _limit(node)
    return Field(fits.astype(np.float64), fits)


def measure_text(node: Measure) -> str:
    """The measure alone, in words."""
    sign = "<" if node.comparison is Comparison.LESS else ">"
    return f"{node.quantity} {sign} {node.value:g} {node.unit}"


def _limit(node: Measure) -> float:
    """The value in metres or square metres, or in pixels."""
    return node.value * {**UNIT_IN_METRES, **UNIT_IN_SQUARE_METRES}.get(node.unit, 1.0)
