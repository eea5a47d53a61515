"""Fields of relations: how well candidates are *left of the hall* or *near the river*.

docs/design.md 1.4, after the fields of GeoSelect (arXiv:2607.03869), in the pixel frame (y down);
compass words turn with true north. An anchor is one candidate, or the union of candidates that
spread (a river), seen from its nearest point.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from dgl_rsis.stages.anchors import LEAST_ASPECT, Anchor
from dgl_rsis.stages.candidates import CandidateTable
from dgl_rsis.stages.places import directions_of
from dgl_rsis.stages.scored import Field, Floats
from dgl_rsis.text.program.vocabulary import Key, Position, Relation
from dgl_rsis.types import IntArray

LEAST_REACHED = 0.135
"""Value of a Gaussian of the gap from which something is near; of two lengths."""
PARALLEL_WITHIN = 12.0
"""Standard deviation in degrees of what is called parallel."""


def related(relation: Relation, indices: IntArray, anchors: Sequence[Anchor]) -> Field:
    """How well candidates stand in a relation to one of several anchors, each to its best.

    Args:
        relation: any but *between*.
        indices: ``(K,)`` candidates.
        anchors: at least one; nothing is related to itself.
    """
    return _best(
        [_without(relation_field(relation, indices, each), indices, each) for each in anchors]
    )


def between(indices: IntArray, pairs: Sequence[tuple[Anchor, Anchor]]) -> Field:
    """How well candidates lie between the anchors of a pair, each of its best pair."""
    fields = [
        _without(_without(between_field(indices, a, b), indices, a), indices, b) for a, b in pairs
    ]
    return _best(fields)


def relation_field(relation: Relation, indices: IntArray, anchor: Anchor) -> Field:
    """How well candidates stand in a relation to one anchor; ``between`` is ``between_field``."""
    table = anchor.table
    name = relation.value.removesuffix("_of")
    if relation in _DIRECTIONAL:
        values = _beside(directions_of(_AS_POSITION.get(name, name), table), indices, anchor)
        return Field(values, values > 0)
    if relation in _REACH:
        reach = max(1.0, _REACH[relation] * anchor.reach)
        gaps = anchor.gaps(indices, within=2.01 * reach)
        values = np.exp(-((gaps / reach) ** 2) / 2)
        return Field(values, values >= LEAST_REACHED)
    if relation is Relation.FAR_FROM:
        scale = 0.2 * float(np.hypot(*table.shape))
        values = 1 - np.exp(-((anchor.gaps(indices) / scale) ** 2) / 2)
        return Field(values, values >= 0.4)
    if relation in _COMPARED:
        return _compared(relation, indices, anchor)
    if relation is Relation.PARALLEL:
        return _parallel(indices, anchor)
    areas = table.areas[indices].astype(np.float64)
    inside, around = anchor.shares(indices)
    if relation is Relation.CONTAINS:
        values = np.clip(inside * areas / anchor.area, 0, 1)
        return Field(values, values >= 0.5)
    if relation is Relation.INSIDE:
        # A car is a hole in the car park that it stands on: the ground around it counts, too.
        return Field(np.maximum(inside, around), (inside >= 0.5) | (around >= 0.6))
    if relation is Relation.ON:
        values = np.maximum(inside, around)
        return Field(values, values >= 0.3)
    if relation is Relation.SURROUNDED_BY:
        return Field(around, around >= 0.4)
    # Across: a bridge hides the water below it, so the water beside it counts.
    values = np.clip(np.maximum(inside, 2 * around), 0, 1)
    return Field(values, values >= 0.1)


def between_field(indices: IntArray, first: Anchor, second: Anchor) -> Field:
    """How well candidates lie between two anchors: on the line that joins them, inside its ends."""
    centroids = first.table.centroids[indices]
    start = first.points_near(centroids)
    end = second.points_near(centroids)
    line = end - start
    length = np.maximum(np.hypot(line[:, 0], line[:, 1]), 1e-6)
    offset = centroids - start
    along = (offset * line).sum(axis=1) / length**2
    across = np.abs(offset[:, 0] * line[:, 1] - offset[:, 1] * line[:, 0]) / length
    reach = 0.35 * length + (first.reach + second.reach) / 2
    outside = np.maximum(np.maximum(-along, along - 1), 0)
    values = np.exp(-((across / reach) ** 2) / 2) * np.exp(-((outside / 0.25) ** 2) / 2)
    return Field(values, (values >= 0.3) & (outside == 0))


def _without(condition: Field, indices: IntArray, anchor: Anchor) -> Field:
    """Nothing is related to itself."""
    own = np.isin(indices, anchor.indices)
    return Field(np.where(own, 0.0, condition.values), condition.holds & ~own)


def _best(fields: Sequence[Field]) -> Field:
    return Field(
        np.max([each.values for each in fields], axis=0),
        np.any([each.holds for each in fields], axis=0),
    )


def _beside(directions: list[Floats], indices: IntArray, anchor: Anchor) -> Floats:
    """Directional relation: share of the way from the anchor to the border of the image."""
    height, width = anchor.table.shape
    centroids = anchor.table.centroids[indices]
    points = anchor.points_near(centroids)
    shares = []
    for each in directions:
        # The border lies where the direction leaves the image: the farthest corner along it.
        corners = np.array([[0, 0], [width, 0], [0, height], [width, height]], dtype=np.float64)
        room = (corners @ each).max() - points @ each
        shares.append(((centroids - points) @ each) / np.maximum(room, 1.0))
    values: Floats = np.clip(np.min(shares, axis=0), 0, 1)
    if anchor.is_union and len(directions) == 1:
        # Seen from its nearest point, a winding river also has houses "left" of a bend below it.
        offsets = centroids - points
        lengths = np.maximum(np.hypot(offsets[:, 0], offsets[:, 1]), 1e-6)
        values = np.where(offsets @ directions[0] >= 0.5 * lengths, values, 0.0)
    return values


def _compared(relation: Relation, indices: IntArray, anchor: Anchor) -> Field:
    """Share of the candidate in the sum of both sizes, or of the lightness of both.

    Without measured colours nothing is brighter or darker, so that the step is dropped and noted.
    """
    table = anchor.table
    key, is_more = _COMPARED[relation]
    own = _sizes(key, table, indices)
    others = _sizes(key, table, anchor.indices)
    if own is None or others is None:
        return Field(np.zeros(len(indices)), np.zeros(len(indices), dtype=bool))
    other = others.sum() if key is Key.AREA else others.mean()
    share = own / np.maximum(own + other, 1e-6)
    values = share if is_more else 1 - share
    return Field(values, values > 0.5)


def _parallel(indices: IntArray, anchor: Anchor) -> Field:
    """Gaussian of the angle between long sides; what has no long side has no direction."""
    shapes = anchor.table.shapes_of(indices)
    own = shapes.angle
    others, is_long = anchor.angles_near(anchor.table.centroids[indices])
    is_long &= shapes.aspect >= LEAST_ASPECT
    turns = np.abs((own - others + 90) % 180 - 90)
    values = np.where(is_long, np.exp(-((turns / PARALLEL_WITHIN) ** 2) / 2), 0.0)
    return Field(values, values >= 0.3)


def _sizes(key: Key, table: CandidateTable, indices: IntArray) -> Floats | None:
    """``(K,)`` area, length or width in pixels, or Lab lightness; None where it is unknown."""
    if key is Key.AREA:
        areas: Floats = table.areas[indices].astype(np.float64)
        return areas
    if key is Key.BRIGHTNESS:
        return None if table.colours is None else table.colours[indices, 0].astype(np.float64)
    shapes = table.shapes_of(indices)
    return shapes.length if key is Key.LENGTH else shapes.width


_AS_POSITION = {"above": "top", "below": "bottom"}
_DIRECTIONAL = frozenset(
    relation
    for relation in Relation
    if _AS_POSITION.get(relation.value) or relation.value.removesuffix("_of") in list(Position)
)
# Length scale of gaussians over the gap, in lengths of the anchor.
_REACH: Mapping[Relation, float] = {
    Relation.NEAR: 1.5,
    Relation.ADJACENT: 0.25,
    Relation.CONNECTED: 0.25,
    Relation.ALONG: 0.5,
    Relation.OPPOSITE: 1.5,
    Relation.IN_FRONT_OF: 1.5,
    Relation.BEHIND: 1.5,
}
# What comparisons compare, and whether the target has more of it.
_COMPARED: Mapping[Relation, tuple[Key, bool]] = {
    Relation.LARGER_THAN: (Key.AREA, True),
    Relation.SMALLER_THAN: (Key.AREA, False),
    Relation.LONGER_THAN: (Key.LENGTH, True),
    Relation.SHORTER_THAN: (Key.LENGTH, False),
    Relation.WIDER_THAN: (Key.WIDTH, True),
    Relation.NARROWER_THAN: (Key.WIDTH, False),
    Relation.BRIGHTER_THAN: (Key.BRIGHTNESS, True),
    Relation.DARKER_THAN: (Key.BRIGHTNESS, False),
}
ONLY_NEAR = frozenset((Relation.OPPOSITE, Relation.IN_FRONT_OF, Relation.BEHIND))
"""Relations that are executed as nearness, for want of more."""
