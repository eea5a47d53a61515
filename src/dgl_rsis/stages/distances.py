"""Distances to the nearest of several candidates.

Boxes are told apart by an index; outlines are looked at only where boxes do not tell already that
another one is nearer.
"""

from __future__ import annotations

import numpy as np

from dgl_rsis.geo.ground import Ground
from dgl_rsis.stages.box_index import BoxIndex
from dgl_rsis.stages.candidates import CandidateTable, Floats
from dgl_rsis.types import IntArray


def nearest_gaps(
    table: CandidateTable,
    indices: IntArray,
    others: IntArray,
    *,
    lengths: Floats | None = None,
    ground: Ground | None = None,
    within: float = np.inf,
) -> Floats:
    """Gap of each candidate to the nearest other one, in lengths of that one.

    Args:
        table: where all are from.
        indices: ``(K,)`` candidates.
        others: ``(A,)``; a candidate that is one of them is not compared with itself.
        lengths: ``(A,)`` units of the gap to each; 1 if None.
        ground: gaps are metres on it; pixels if None.
        within: only smaller gaps need to be exact; larger ones stay larger.

    Returns:
        ``(K,)``, infinite where there is no other one.
    """
    unit = np.ones(len(others)) if lengths is None else lengths
    if not len(indices) or not len(others):
        return np.full(len(indices), np.inf)
    boxes = table.boxes[indices]
    own = _own(indices, others)
    index = BoxIndex.of(boxes)
    scale = (1.0, 1.0) if ground is None else ground.least
    gaps, likely = index.nearest(table.boxes[others], own, unit, scale)
    are_boxes = table.fill_boxes[indices].all() and table.fill_boxes[others].all()
    if are_boxes and (ground is None or ground.is_plain):
        return gaps
    bounds = gaps.copy()
    near = np.flatnonzero(bounds < within)
    first = likely[near]
    gaps[near] = table.gaps(indices[near], others[first], ground) / unit[first]
    limits = np.where(bounds < np.minimum(gaps, within), np.minimum(gaps, within), -1.0)
    mine, theirs = index.pairs_within(table.boxes[others], unit, limits, scale)
    rest = (theirs != own[mine]) & (theirs != likely[mine])
    mine, theirs = mine[rest], theirs[rest]
    np.minimum.at(gaps, mine, table.gaps(indices[mine], others[theirs], ground) / unit[theirs])
    return gaps


def _own(indices: IntArray, others: IntArray) -> IntArray:
    """``(K,)`` number of each candidate among others, -1 for none."""
    order = np.argsort(others)
    places = np.minimum(np.searchsorted(others, indices, sorter=order), len(others) - 1)
    numbers = order[places]
    return np.where(others[numbers] == indices, numbers, -1)
