"""Fields of relations: how well candidates are *left of the hall* or *near the river*.

docs/design.md 1.4, after the fields of GeoSelect (arXiv:2607.03869), in the pixel frame (y down);
compass words turn with true north. Where there are several things, a candidate may stand in the
relation to any of them, and the one that fits best counts; only of those that can be the best one
anything is computed. Where every one is asked for (*left of both halls*), the one that fits worst
counts in directions and comparisons. Nothing is related to itself.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dgl_rsis.stages.anchors import LEAST_ASPECT, Anchor
from dgl_rsis.stages.box_index import BoxIndex
from dgl_rsis.stages.candidates import CandidateTable
from dgl_rsis.stages.places import directions_of
from dgl_rsis.stages.scored import Field, Floats
from dgl_rsis.text.program.vocabulary import Key, Position, Relation
from dgl_rsis.types import IntArray

LEAST_REACHED = 0.135
"""Value of a Gaussian of the gap from which something is near; of two lengths."""
PARALLEL_WITHIN = 12.0
"""Standard deviation in degrees of what is called parallel."""


def relation_field(
    relation: Relation, indices: IntArray, anchor: Anchor, *, every: bool = False, least: int = 1
) -> Field:
    """How well candidates stand in a relation to an anchor; ``between`` has its own module.

    Args:
        relation: any but ``between``.
        indices: ``(K,)`` candidates.
        anchor: things, each by itself, or a union.
        every: directions and comparisons hold to all things (*left of both halls*), not to any;
            to all parts of a union.
        least: number of things that something contains.
    """
    if every and anchor.is_union and relation in {*_DIRECTIONAL, *_COMPARED}:
        parts = [
            relation_field(relation, indices, Anchor(anchor.table, part[None], is_union=True))
            for part in anchor.indices
        ]
        values = np.min([part.values for part in parts], axis=0)
        return Field(values, np.all([part.holds for part in parts], axis=0))
    field = _field(relation, indices, anchor, every=every, least=least)
    if not anchor.is_union:
        return field
    own = np.isin(indices, anchor.indices)
    return Field(np.where(own, 0.0, field.values), field.holds & ~own)


def _field(
    relation: Relation, indices: IntArray, anchor: Anchor, *, every: bool, least: int
) -> Field:
    if relation in _DIRECTIONAL:
        name = relation.value.removesuffix("_of")
        directions = directions_of(_AS_POSITION.get(name, name), anchor.table)
        beside = beside_all if every else beside_things
        values = (beside_union if anchor.is_union else beside)(directions, indices, anchor)
        return Field(values, values > 0)
    if relation in _REACH:
        reach = np.maximum(1.0, _REACH[relation] * anchor.lengths)
        values = np.exp(-(anchor.gaps(indices, lengths=reach, within=2.01) ** 2) / 2)
        return Field(values, values >= LEAST_REACHED)
    if relation is Relation.FAR_FROM:
        scale = 0.2 * float(np.hypot(*anchor.table.shape))
        gaps = anchor.gaps(indices)
        values = np.where(np.isfinite(gaps), 1 - np.exp(-((gaps / scale) ** 2) / 2), 0.0)
        return Field(values, values >= 0.4)
    if relation in _COMPARED:
        return _compared(relation, indices, anchor, every=every)
    if relation is Relation.PARALLEL:
        return _parallel(indices, anchor)
    return _enclosed(relation, indices, anchor, least)


# --- beside ------------------------------------------------------------------------------------


def beside_things(directions: list[Floats], indices: IntArray, anchor: Anchor) -> Floats:
    """``(K,)`` share of the way from a thing to the border of the image, best of all things.

    Args:
        directions: unit vectors; the smallest share over them counts.
        indices: candidates.
        anchor: things.
    """
    ways = np.stack(directions, axis=1)  # (2, D)
    centroids = anchor.table.centroids
    starts, ends = centroids[anchor.indices] @ ways, centroids[indices] @ ways
    borders = _borders(anchor.table.shape) @ ways
    values = np.zeros(len(indices))
    front = _front(starts)
    for thing in front.tolist():
        room = np.maximum(borders.max(axis=0) - starts[thing], 1.0)
        values = np.maximum(values, ((ends - starts[thing]) / room).min(axis=1))
    # Those in front have all the others before them, but not themselves.
    for thing in front.tolist():
        others = np.delete(starts, thing, axis=0)
        room = np.maximum(borders.max(axis=0) - others, 1.0)
        for own in np.flatnonzero(indices == anchor.indices[thing]).tolist():
            values[own] = ((ends[own] - others) / room).min(axis=1).max(initial=0.0)
    clipped: Floats = np.clip(values, 0, 1)
    return clipped


def beside_all(directions: list[Floats], indices: IntArray, anchor: Anchor) -> Floats:
    """``(K,)`` like ``beside_things``, but the worst of all things.

    In each direction that is the one that lies farthest along it.
    """
    centroids, borders = anchor.table.centroids, _borders(anchor.table.shape)
    shares = []
    for each in directions:
        starts = -_least_other(-(centroids[anchor.indices] @ each), anchor.indices, indices)
        known = np.isfinite(starts)
        way = centroids[indices] @ each - np.where(known, starts, 0.0)
        room = np.maximum((borders @ each).max() - np.where(known, starts, 0.0), 1.0)
        shares.append(np.where(known, way / room, 0.0))
    values: Floats = np.clip(np.min(shares, axis=0), 0, 1)
    return values


def _front(starts: Floats) -> IntArray:
    """Things that no other one lies behind in all directions: the share falls with the start."""
    order = np.lexsort(starts.T[::-1])
    last = starts[order, -1]
    is_lowest = np.append(True, last[1:] < np.minimum.accumulate(last)[:-1])
    return np.asarray(order[is_lowest])


def _borders(shape: tuple[int, int]) -> Floats:
    """Corners of the image: a direction leaves it where the farthest corner along it lies."""
    height, width = shape
    return np.array([[0, 0], [width, 0], [0, height], [width, height]], dtype=np.float64)


def beside_union(directions: list[Floats], indices: IntArray, anchor: Anchor) -> Floats:
    """``(K,)`` share of the way from the nearest point of a union to the border of the image."""
    centroids = anchor.table.centroids[indices]
    points = anchor.points_near(centroids)
    offsets, shares = centroids - points, []
    for each in directions:
        room = (_borders(anchor.table.shape) @ each).max() - points @ each
        shares.append((offsets @ each) / np.maximum(room, 1.0))
    values: Floats = np.clip(np.min(shares, axis=0), 0, 1)
    if len(directions) == 1:
        # Seen from its nearest point, a winding river also has houses "left" of a bend below it.
        lengths = np.maximum(np.hypot(offsets[:, 0], offsets[:, 1]), 1e-6)
        values = np.where(offsets @ directions[0] >= 0.5 * lengths, values, 0.0)
    return values


# --- compared ----------------------------------------------------------------------------------


def _compared(relation: Relation, indices: IntArray, anchor: Anchor, *, every: bool) -> Field:
    """Share of the candidate in the sum of both sizes, or of the lightness of both.

    Of several things the easiest to exceed counts, the hardest if every one is to be exceeded.
    Without measured colours nothing is brighter or darker, so that the step is dropped and noted.
    """
    table = anchor.table
    key, is_more = _COMPARED[relation]
    own = _sizes(key, table, indices)
    others = _sizes(key, table, anchor.indices)
    if own is None or others is None:
        return Field(np.zeros(len(indices)), np.zeros(len(indices), dtype=bool))
    if anchor.is_union:
        other = np.full(len(own), others.sum() if key is Key.AREA else others.mean())
    else:
        sign = 1 if is_more != every else -1
        other = sign * _least_other(sign * others, anchor.indices, indices)
    known = np.isfinite(other)
    share = own / np.maximum(own + np.where(known, other, 0.0), 1e-6)
    values = np.where(known, share if is_more else 1 - share, 0.0)
    return Field(values, values > 0.5)


def _least_other(values: Floats, things: IntArray, indices: IntArray) -> Floats:
    """``(K,)`` smallest value of the things that a candidate is not itself; infinite if none."""
    order = np.argsort(values, kind="stable")
    least, second = np.append(values[order[:2]], np.inf)[:2]
    other: Floats = np.where(indices == things[order[0]], second, least)
    return other


def _sizes(key: Key, table: CandidateTable, indices: IntArray) -> Floats | None:
    """``(K,)`` area, length or width in pixels, or Lab lightness; None where it is unknown."""
    if key is Key.AREA:
        return table.areas[indices].astype(np.float64)
    if key is Key.BRIGHTNESS:
        lightness = None if table.colours is None else table.colours[indices, 0]
        return lightness if lightness is None else lightness.astype(np.float64)
    shapes = table.shapes_of(indices)
    return shapes.length if key is Key.LENGTH else shapes.width


def _parallel(indices: IntArray, anchor: Anchor) -> Field:
    """Gaussian of the angle between long sides; what has no long side has no direction."""
    shapes = anchor.table.shapes_of(indices)
    is_long = shapes.aspect >= LEAST_ASPECT
    own, values = shapes.angle[is_long], np.zeros(len(indices))
    if anchor.is_union:
        angles, has_direction = anchor.directions_near(anchor.table.centroids[indices[is_long]])
        turns = np.where(has_direction, np.abs((own - angles + 90) % 180 - 90), np.inf)
    else:
        turns = _least_turns(own, indices[is_long], anchor)
    values[is_long] = np.exp(-((turns / PARALLEL_WITHIN) ** 2) / 2)
    return Field(values, values >= 0.3)


def _least_turns(angles: Floats, indices: IntArray, anchor: Anchor) -> Floats:
    """``(K,)`` smallest angle to the long side of another thing, in degrees; infinite without one."""
    shapes = anchor.table.shapes_of(anchor.indices)
    things = np.flatnonzero(shapes.aspect >= LEAST_ASPECT)
    if not len(things):
        return np.full(len(indices), np.inf)
    things = things[np.argsort(shapes.angle[things], kind="stable")]
    place = np.searchsorted(shapes.angle[things], angles)
    turns = np.full(len(indices), np.inf)
    for step in (-2, -1, 0, 1):  # one of the two nearest may be the candidate itself
        each = things[(place + step) % len(things)]
        turn = np.abs((angles - shapes.angle[each] + 90) % 180 - 90)
        turns = np.minimum(turns, np.where(anchor.indices[each] == indices, np.inf, turn))
    return turns


# --- enclosed ----------------------------------------------------------------------------------


def _enclosed(relation: Relation, indices: IntArray, anchor: Anchor, least: int) -> Field:
    """Inside, on, containing, surrounded by, across: shares of areas."""
    pairs, things, inside, around = _shares(indices, anchor)
    values, holds = np.zeros(len(indices)), np.zeros(len(indices), dtype=bool)
    if relation is Relation.CONTAINS:
        areas = anchor.table.areas.astype(np.float64)
        whole = areas[anchor.indices].sum() if anchor.is_union else areas[things]
        shares = np.clip(inside * areas[indices[pairs]] / whole, 0, 1)
        fits = shares >= 0.5
        if not anchor.is_union:
            counts = np.bincount(pairs[fits], minlength=len(indices))
            fits &= (counts >= least)[pairs]
    elif relation is Relation.INSIDE:
        # A car is a hole in the car park that it stands on: the ground around it counts, too.
        shares, fits = np.maximum(inside, around), (inside >= 0.5) | (around >= 0.6)
    elif relation is Relation.ON:
        shares = np.maximum(inside, around)
        fits = shares >= 0.3
    elif relation is Relation.SURROUNDED_BY:
        shares, fits = around, around >= 0.4
    else:
        # Across: a bridge hides the water below it, so the water beside it counts.
        shares = np.clip(np.maximum(inside, 2 * around), 0, 1)
        fits = shares >= 0.1
    np.maximum.at(values, pairs, shares)
    holds[pairs[fits]] = True
    return Field(values, holds)


def _shares(indices: IntArray, anchor: Anchor) -> tuple[IntArray, IntArray, Floats, Floats]:
    """Parts of candidates, and of their surroundings, that are inside an anchor.

    The surroundings are the enlarged box without the candidate: a tenth of its size wider on
    each side, at least two pixels. What stands on a thing is cut out of its mask, so that holes
    belong to it; a net of roads has whole blocks in its meshes.

    Returns:
        of pairs that touch, ``(P,)`` numbers of candidates, things (0 for a union), and the shares
        in [0, 1].
    """
    table = anchor.table
    margins = (2 + (0.1 * table.typical_lengths[indices]).astype(np.int64))[:, None]
    boxes = table.boxes[indices]
    low, high = np.maximum(boxes[:, :2] - margins, 0), boxes[:, 2:] + margins
    windows = np.concatenate([low, np.minimum(high, table.shape[::-1])], axis=1)
    ones, touching = np.ones(len(anchor.indices)), np.zeros(len(indices))
    index = BoxIndex.of(windows)
    pairs, numbers = index.pairs_within(table.boxes[anchor.indices], ones, touching)
    things = anchor.indices[numbers]
    other = indices[pairs] != things
    pairs, things = pairs[other], things[other]
    shared, around = table.overlaps(
        indices[pairs], things, windows[pairs], filled=not anchor.is_union
    )
    if anchor.is_union:
        # Parts may overlap: where a candidate meets several, they are not simply added up.
        counts = np.bincount(pairs, minlength=len(indices))
        sums = [np.bincount(pairs, each, len(indices)) for each in (shared, around)]
        for each in np.flatnonzero((counts > 1) & (sums[1] > 0)).tolist():
            parts = things[pairs == each]
            sums[0][each], sums[1][each] = table.outlines.overlap_of_union(
                int(indices[each]), parts, windows[each]
            )
        shared, around = (each.astype(np.float64) for each in sums)
        pairs, things = np.arange(len(indices)), np.zeros(len(indices), dtype=np.int64)
    around = around - shared
    areas = table.areas[indices].astype(np.float64)
    rest = (windows[:, 2:] - windows[:, :2]).prod(axis=1) - areas
    inside = np.minimum(shared / areas[pairs], 1)
    return pairs, things, inside, np.clip(around / np.maximum(1, rest[pairs]), 0, 1)


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
