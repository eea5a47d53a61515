"""Keys that superlatives and ordinals sort by, and the ranks that follow from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from dgl_rsis.geo.ground import Ground
from dgl_rsis.stages.anchors import Anchor
from dgl_rsis.stages.candidates import CandidateTable
from dgl_rsis.stages.places import COMPASS, directions_of
from dgl_rsis.stages.scored import Floats, Scored
from dgl_rsis.stages.shapes import Shapes
from dgl_rsis.text.program.vocabulary import Direction, Key
from dgl_rsis.types import IntArray

_SHAPES: Mapping[Key, Callable[[Shapes], Floats]] = {
    Key.LENGTH: lambda shapes: shapes.length,
    Key.WIDTH: lambda shapes: shapes.width,
    Key.ELONGATION: lambda shapes: shapes.aspect,
    Key.CIRCULARITY: lambda shapes: shapes.circularity,
}


def key_values(
    key: Key, indices: IntArray, table: CandidateTable, anchor: Anchor | None = None
) -> Floats:
    """``(K,)`` values of a key: lengths in pixels, places as shares of the image.

    Distances are in metres where the ground is known.

    Args:
        key: what to sort by; brightness needs measured colours.
        indices: candidates.
        table: where they are from.
        anchor: what a distance is measured to.
    """
    if key is Key.DISTANCE and anchor is not None:
        return distances(indices, anchor, table.ground)
    if key is Key.AREA:
        return table.areas[indices].astype(np.float64)
    if key in _SHAPES:
        return _SHAPES[key](table.shapes_of(indices))
    if key is Key.BRIGHTNESS and table.colours is not None:
        lightness: Floats = table.colours[indices, 0]
        return lightness
    centroids = table.centroids[indices]
    if key.value in COMPASS:
        return np.asarray(centroids @ np.sum(directions_of(key.value, table), axis=0))
    height, width = table.shape
    if key is Key.CENTER:
        return -np.hypot(centroids[:, 0] - width / 2, centroids[:, 1] - height / 2)
    across, down = (centroids / np.array([width, height])).T
    keys: dict[Key, Floats] = {
        Key.X: across,
        Key.Y: down,
        Key.DIAGONAL_DOWN: across + down,
        Key.DIAGONAL_UP: across - down,
    }
    return keys[key]


def distances(
    indices: IntArray,
    anchor: Anchor,
    ground: Ground | None = None,
    *,
    within: float = np.inf,
) -> Floats:
    """``(K,)`` gap to the nearest of an anchor, as far as any for what has no other one.

    Args:
        indices: candidates.
        anchor: things or a union; the candidate itself does not count.
        ground: gaps are metres on it; pixels if None.
        within: only smaller distances need to be exact; larger ones stay larger.
    """
    gaps = anchor.gaps(indices, ground=ground, within=within)
    known = np.isfinite(gaps)
    return np.where(known, gaps, gaps[known].max(initial=0.0))


def by_extreme(scored: Scored, keys: Floats, direction: Direction, decay: float) -> Scored:
    """1 for the extreme one inside what holds, and for what equals it; falling with every rank."""
    signed = np.where(scored.holds, keys if direction is Direction.MIN else -keys, np.inf)
    order = np.argsort(signed)
    values = signed[order]
    is_first = np.append(True, values[1:] > values[:-1])[: len(values)]
    ranks = np.empty(len(values), dtype=np.int64)
    ranks[order] = np.maximum.accumulate(np.where(is_first, np.arange(len(values)), 0))
    return scored.ranked(np.exp(-decay * ranks))


def by_rank(
    scored: Scored, keys: Floats, direction: Direction, wanted: int, decay: float
) -> Scored:
    """1 for the wanted rank (from 1) inside what holds, falling with every rank beside it."""
    signed = np.where(scored.holds, keys if direction is Direction.MIN else -keys, np.inf)
    ranks = np.argsort(np.argsort(signed, kind="stable"), kind="stable") + 1
    return scored.ranked(np.exp(-decay * np.abs(ranks - wanted)))
