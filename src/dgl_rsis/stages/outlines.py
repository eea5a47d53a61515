"""Distances between candidates by their outlines.

Boxes around turned or bent things overlap where the things do not: a distance between boxes is
only a lower bound, and exact where both candidates fill their boxes.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from dgl_rsis.stages.candidates import CandidateTable
from dgl_rsis.types import BoolArray, IntArray

Points: TypeAlias = NDArray[np.float64]


def outline_gaps(
    table: CandidateTable,
    indices: IntArray,
    anchor: int,
    scale: tuple[float, float] = (1.0, 1.0),
    *,
    within: float | NDArray[np.floating[Any]] = np.inf,
) -> Points:
    """Shortest way between the pixels of candidates and those of one other.

    Args:
        table: where all of them are from.
        indices: ``(K,)`` candidates.
        anchor: the other one.
        scale: units per pixel across and down.
        within: only smaller gaps, ``(K,)`` or one for all, are measured exactly; a larger one may
            be that between the boxes.

    Returns:
        ``(K,)`` in units of ``scale``, 0 where they touch.
    """
    gaps = box_gaps(table, indices, anchor, scale)
    is_outlined = ~(table.fill_boxes[indices] & table.fill_boxes[anchor])
    rest = np.flatnonzero(is_outlined & (gaps < within))
    if len(rest):
        gaps[rest] = _by_pixels(table, indices[rest], anchor, np.array(scale))
    return gaps


def box_gaps(
    table: CandidateTable, indices: IntArray, anchor: int, scale: tuple[float, float]
) -> Points:
    """``(K,)`` shortest way between the boxes of candidates and of one other."""
    left, top, right, bottom = table.boxes[indices].T
    x0, y0, x1, y1 = table.boxes[anchor].tolist()
    across = np.maximum(np.maximum(x0 - right, left - x1), 0) * scale[0]
    down = np.maximum(np.maximum(y0 - bottom, top - y1), 0) * scale[1]
    gaps: Points = np.hypot(across, down)
    return gaps


def _by_pixels(table: CandidateTable, indices: IntArray, anchor: int, scale: Points) -> Points:
    outlines = [table.outline_of(index) for index in indices.tolist()]
    starts = np.cumsum([0, *(len(each) for each in outlines[:-1])])
    points, others = np.concatenate(outlines), table.outline_of(anchor)
    nearest = cKDTree(others * scale).query(points * scale)[1]
    # Between the edges of pixels, not their centres.
    steps = np.maximum(np.abs(points - others[nearest]) - 1, 0) * scale
    ways = np.hypot(steps[:, 0], steps[:, 1])
    ways[_covered(table, points, anchor)] = 0
    gaps: Points = np.minimum.reduceat(ways, starts)
    x0, y0, x1, y1 = table.boxes[anchor]
    boxes = table.boxes[indices]
    around = (boxes[:, :2] <= (x0, y0)).all(axis=1) & (boxes[:, 2:] >= (x1, y1)).all(axis=1)
    for k in np.flatnonzero(around).tolist():
        if _covered(table, others, int(indices[k])).any():
            gaps[k] = 0
    return gaps


def _covered(table: CandidateTable, points: IntArray, index: int) -> BoolArray:
    """``(n,)`` bool: pixels that belong to a candidate."""
    mask = table.mask_of(index)
    columns, rows = (points - table.boxes[index, :2]).T
    height, width = mask.shape
    inside: BoolArray = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
    inside[inside] = mask[rows[inside], columns[inside]]
    return inside
