"""Keys that superlatives and ordinals sort by, and the ranks that follow from them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dgl_rsis.stages.anchors import Anchor
from dgl_rsis.stages.candidates import CandidateTable
from dgl_rsis.stages.outlines import box_gaps, outline_gaps
from dgl_rsis.stages.places import COMPASS, directions_of
from dgl_rsis.stages.scored import Floats, Scored
from dgl_rsis.text.program.vocabulary import Direction, Key
from dgl_rsis.types import IntArray


def key_values(
    key: Key, indices: IntArray, table: CandidateTable, anchors: Sequence[Anchor] = ()
) -> Floats:
    """``(K,)`` values of a key; lengths in pixels, places as shares of the image.

    Args:
        key: what to sort by; brightness needs measured colours.
        indices: candidates.
        table: where they are from.
        anchors: what a distance is measured to.
    """
    centroids = table.centroids[indices]
    height, width = table.shape
    across, down = (centroids / np.array([width, height])).T
    if key is Key.DISTANCE:
        return distances(indices, table, anchors)
    if key in (Key.LENGTH, Key.WIDTH):
        shapes = table.shapes_of(indices)
        return shapes.length if key is Key.LENGTH else shapes.width
    if key is Key.BRIGHTNESS and table.colours is not None:
        lightness: Floats = table.colours[indices, 0]
        return lightness
    if key.value in COMPASS:
        northward: Floats = centroids @ np.sum(directions_of(key.value, table), axis=0)
        return northward
    keys: dict[Key, Floats] = {
        Key.AREA: table.areas[indices].astype(np.float64),
        Key.CENTER: -np.hypot((across - 0.5) * width, (down - 0.5) * height),
        Key.X: across,
        Key.Y: down,
        Key.DIAGONAL_DOWN: across + down,
        Key.DIAGONAL_UP: across - down,
    }
    return keys[key]


def distances(
    indices: IntArray,
    table: CandidateTable,
    anchors: Sequence[Anchor],
    scale: tuple[float, float] = (1.0, 1.0),
    *,
    within: float = np.inf,
) -> Floats:
    """Gap to the nearest anchor that is not the candidate itself, in units of ``scale``.

    Args:
        indices: ``(K,)`` candidates.
        table: where they are from.
        anchors: at least one.
        scale: units per pixel across and down.
        within: only smaller distances need to be exact; larger ones stay larger.
    """
    nearest = np.full(len(indices), np.inf)
    for anchor in anchors:
        if anchor.is_union:
            gaps = np.where(np.isin(indices, anchor.indices), np.inf, anchor.gaps(indices, scale))
            nearest = np.minimum(nearest, gaps)
    things = [int(anchor.indices[0]) for anchor in anchors if not anchor.is_union]
    if things:
        nearest = np.minimum(nearest, _to_nearest(indices, table, things, scale, within))
    known = np.isfinite(nearest)
    return np.where(known, nearest, nearest[known].max(initial=0.0))


def _to_nearest(
    indices: IntArray,
    table: CandidateTable,
    things: Sequence[int],
    scale: tuple[float, float],
    within: float,
) -> Floats:
    """``(K,)`` gap to the nearest of some candidates; infinite where there is no other one.

    Outlines are looked at only where the boxes do not tell already that another one is nearer.
    """
    bounds = np.stack([box_gaps(table, indices, each, scale) for each in things])
    bounds[indices == np.array(things)[:, None]] = np.inf
    by_boxes: Floats = bounds.min(axis=0)
    if table.fill_boxes[indices].all() and table.fill_boxes[things].all():
        return by_boxes
    likely = bounds.argmin(axis=0)
    nearest = np.where(by_boxes < within, np.inf, by_boxes)
    for is_likely in (True, False):
        for k, each in enumerate(things):
            open_ones = np.flatnonzero((bounds[k] < nearest) & ((likely == k) == is_likely))
            if len(open_ones):
                gaps = outline_gaps(table, indices[open_ones], each, scale)
                nearest[open_ones] = np.minimum(nearest[open_ones], gaps)
    return nearest


def by_extreme(scored: Scored, keys: Floats, direction: Direction, decay: float) -> Scored:
    """1 for the extreme one inside what holds, and for what equals it; falling with every rank."""
    signed = np.where(scored.holds, keys if direction is Direction.MIN else -keys, np.inf)
    ranks = np.searchsorted(np.sort(signed), signed)
    return scored.ranked(np.exp(-decay * ranks))


def by_rank(
    scored: Scored, keys: Floats, direction: Direction, wanted: int, decay: float
) -> Scored:
    """1 for the wanted rank (from 1) inside what holds, falling with every rank beside it."""
    signed = np.where(scored.holds, keys if direction is Direction.MIN else -keys, np.inf)
    ranks = np.argsort(np.argsort(signed, kind="stable"), kind="stable") + 1
    return scored.ranked(np.exp(-decay * np.abs(ranks - wanted)))
