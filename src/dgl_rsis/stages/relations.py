"""Fields of places and relations: how well candidates fulfil *left* or *near the river*.

docs/design.md 1.4, after the fields of GeoSelect (arXiv:2607.03869): evaluated at the centroid,
zero on the wrong side and linear from there, diagonals by the minimum, a corner is the best
diagonal. Everything is in the pixel frame (y down); compass words turn with true north. An anchor
is one candidate, or the union of candidates that spread (a river), seen from its nearest point.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_fill_holes, distance_transform_edt

from dgl_rsis.stages.attributes import measure_shape
from dgl_rsis.stages.candidates import CandidateTable
from dgl_rsis.stages.outlines import outline_gaps
from dgl_rsis.text.program.vocabulary import Key, Position, Relation
from dgl_rsis.types import BoolArray, IntArray

Floats: TypeAlias = NDArray[np.floating[Any]]
LARGEST_CANVAS = 768
"""Unions are drawn on a grid of at most this many cells a side."""
LEAST_REACHED = 0.135
"""Value of a Gaussian of the gap from which something is near; of two lengths."""
LEAST_ASPECT = 1.4
"""Length over width from which something has a direction."""
PARALLEL_WITHIN = 12.0
"""Standard deviation in degrees of what is called parallel."""
UNION_REACH = 0.08
"""Length scale of *near* for a union, as a share of the shorter image side."""


@dataclass(frozen=True)
class Field:
    """A constraint evaluated on candidates.

    Attributes:
        values: ``(K,)`` in [0, 1].
        holds: ``(K,)`` whether the constraint can be said to hold; what ranks and counts looks
            only at these.
    """

    values: Floats
    holds: BoolArray


@dataclass(frozen=True)
class Anchor:
    """What a relation refers to: one candidate, or several as one spread.

    Attributes:
        table: where it is from.
        indices: ``(M,)``; a single one for a thing.
        is_union: several candidates of something that spreads.
    """

    table: CandidateTable
    indices: IntArray
    is_union: bool = False

    @property
    def box(self) -> Floats:
        """Box around all, ``x0, y0, x1, y1``."""
        boxes = self.table.boxes[self.indices].astype(np.float64)
        return np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])

    @property
    def area(self) -> float:
        """Pixels of all together."""
        return float(self.table.areas[self.indices].sum())

    @property
    def reach(self) -> float:
        """What counts as a length of the anchor, in pixels."""
        if self.is_union:
            return UNION_REACH * min(self.table.shape)
        return float(self.table.typical_lengths[self.indices[0]])

    @cached_property
    def step(self) -> int:
        """Pixels per cell of the canvas."""
        return max(1, -(-max(self.table.shape) // LARGEST_CANVAS))

    @cached_property
    def canvas(self) -> BoolArray:
        """Union drawn on a coarse grid, ``(h, w)``."""
        height, width = (-(-side // self.step) for side in self.table.shape)
        drawn = np.zeros((height, width), dtype=bool)
        for index in self.indices.tolist():
            rows, columns = _pixels(self.table, index)
            drawn[rows // self.step, columns // self.step] = True
        return drawn

    @cached_property
    def ground(self) -> BoolArray:
        """The canvas; of a thing with its holes, as what stands on it is cut out of its mask."""
        if self.is_union:  # a net of roads has whole blocks in its meshes
            return self.canvas
        filled: BoolArray = binary_fill_holes(self.canvas)
        return filled

    @cached_property
    def _distances(self) -> tuple[Floats, IntArray]:
        distances, nearest = distance_transform_edt(
            ~self.canvas, sampling=float(self.step), return_indices=True
        )
        return distances, nearest

    def points_near(self, centroids: Floats) -> Floats:
        """``(K, 2)`` the point of the anchor that stands for it, seen from each centroid."""
        if not self.is_union:
            return np.broadcast_to(self.table.centroids[self.indices[0]], centroids.shape)
        rows, columns = self._cells(centroids)
        nearest = self._distances[1][:, rows, columns]  # (2, K)
        points: Floats = (nearest[::-1].T + 0.5) * self.step
        inside = self.canvas[rows, columns]
        points[inside] = centroids[inside]
        return points

    def gaps(
        self,
        indices: IntArray,
        scale: tuple[float, float] = (1.0, 1.0),
        *,
        within: float | Floats = np.inf,
    ) -> Floats:
        """``(K,)`` distance between the candidates and the anchor, 0 when they touch.

        Args:
            indices: candidates.
            scale: units per pixel across and down.
            within: only smaller distances need to be exact; larger ones stay larger.
        """
        if not self.is_union:
            return outline_gaps(self.table, indices, int(self.indices[0]), scale, within=within)
        distances = np.empty(len(indices))
        for k, index in enumerate(indices.tolist()):
            rows, columns = _pixels(self.table, index)
            distances[k] = self._distances[0][rows // self.step, columns // self.step].min()
        # Neighbouring cells lie one cell apart without a gap.
        gaps: Floats = np.clip(distances - self.step, 0, None) * np.sqrt(scale[0] * scale[1])
        return gaps

    def angles_near(self, centroids: Floats) -> tuple[Floats, BoolArray]:
        """``(K,)`` direction of the anchor at its nearest point, in degrees, and if it has one.

        Of a union, the main direction of its cells around that point.
        """
        if not self.is_union:
            shape = self.table.shape_of(int(self.indices[0]))
            count = len(centroids)
            return np.full(count, shape.angle), np.full(count, shape.aspect >= LEAST_ASPECT)
        radius = max(2, round(self.reach / self.step))
        rows, columns = self._cells(self.points_near(centroids))
        angles, is_long = np.zeros(len(centroids)), np.zeros(len(centroids), dtype=bool)
        for k, (row, column) in enumerate(zip(rows.tolist(), columns.tolist(), strict=True)):
            top, left = max(0, row - radius), max(0, column - radius)
            shape = measure_shape(self.canvas[top : row + radius + 1, left : column + radius + 1])
            angles[k], is_long[k] = shape.angle, shape.aspect >= LEAST_ASPECT
        return angles, is_long

    def shares(self, indices: IntArray) -> tuple[Floats, Floats]:
        """``(K,)`` part of each candidate inside the anchor, and of its surroundings.

        The surroundings are the enlarged box without the candidate: a tenth of its size wider on
        each side, at least two cells.
        """
        inside, around = np.zeros(len(indices)), np.zeros(len(indices))
        height, width = self.canvas.shape
        for k, index in enumerate(indices.tolist()):
            rows, columns = (each // self.step for each in _pixels(self.table, index))
            margin = 2 + int(0.1 * self.table.typical_lengths[index] / self.step)
            top, left = max(0, rows.min() - margin), max(0, columns.min() - margin)
            bottom = min(height, rows.max() + margin + 1)
            right = min(width, columns.max() + margin + 1)
            window = self.ground[top:bottom, left:right]
            own = np.zeros(window.shape, dtype=bool)
            own[rows - top, columns - left] = True
            inside[k] = self.ground[rows, columns].mean()
            around[k] = (window & ~own).sum() / max(1, (~own).sum())
        return inside, around

    def _cells(self, centroids: Floats) -> tuple[IntArray, IntArray]:
        height, width = self.canvas.shape
        columns = np.clip(centroids[:, 0] / self.step, 0, width - 1).astype(np.int64)
        rows = np.clip(centroids[:, 1] / self.step, 0, height - 1).astype(np.int64)
        return rows, columns


def place_field(position: Position, table: CandidateTable, indices: IntArray) -> Field:
    """How well candidates lie at a place of the image."""
    height, width = table.shape
    centroids = table.centroids[indices]
    middle = np.array([width / 2, height / 2])
    if position is Position.CENTER:
        spread = 0.25 * min(height, width)
        values = np.exp(-((centroids - middle) ** 2).sum(axis=1) / (2 * spread**2))
        return Field(values, values >= 0.3)
    if position is Position.EDGE:
        boxes = table.boxes[indices]
        gaps = np.min([boxes[:, 0], boxes[:, 1], width - boxes[:, 2], height - boxes[:, 3]], axis=0)
        values = np.exp(-((gaps / (0.1 * min(height, width))) ** 2) / 2)
        return Field(values, values >= 0.6)
    if position is Position.CORNER:
        diagonals = [_UPPER_LEFT, _UPPER_RIGHT, _LOWER_LEFT, _LOWER_RIGHT]
        values = np.max([_towards(centroids - middle, each, middle) for each in diagonals], axis=0)
        return Field(values, values >= 0.5)
    values = _towards(centroids - middle, directions_of(position.value, table), middle)
    return Field(values, values > 0)


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


def directions_of(place: str, table: CandidateTable) -> list[Floats]:
    """Unit vectors in the pixel frame whose half planes a place or compass word intersects."""
    north = table.frame.north if table.frame is not None else None
    up = np.array(north if north is not None else (0.0, -1.0))
    clockwise = np.array([-up[1], up[0]])
    compass = {"north": up, "south": -up, "east": clockwise, "west": -clockwise}
    found = [vector for word, vector in compass.items() if word in place]
    return found or _PLACES[place]


def _towards(offsets: Floats, directions: list[Floats], half: Floats) -> Floats:
    """Smallest share of the way to the border, over the directions."""
    shares = [offsets @ each / max(1e-6, float(np.abs(each) @ half)) for each in directions]
    values: Floats = np.clip(np.min(shares, axis=0), 0, 1)
    return values


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
    shapes = [anchor.table.shape_of(index) for index in indices.tolist()]
    own = np.array([shape.angle for shape in shapes])
    others, is_long = anchor.angles_near(anchor.table.centroids[indices])
    is_long &= np.array([shape.aspect >= LEAST_ASPECT for shape in shapes], dtype=bool)
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
    shapes = [table.shape_of(index) for index in indices.tolist()]
    return np.array([each.length if key is Key.LENGTH else each.width for each in shapes])


def _pixels(table: CandidateTable, index: int) -> tuple[IntArray, IntArray]:
    rows, columns = np.nonzero(table.mask_of(index))
    x0, y0 = table.boxes[index, :2]
    return rows + y0, columns + x0


_LEFT, _RIGHT = np.array([-1.0, 0.0]), np.array([1.0, 0.0])
_UP, _DOWN = np.array([0.0, -1.0]), np.array([0.0, 1.0])
_UPPER_LEFT, _UPPER_RIGHT = [_UP, _LEFT], [_UP, _RIGHT]
_LOWER_LEFT, _LOWER_RIGHT = [_DOWN, _LEFT], [_DOWN, _RIGHT]
_PLACES: Mapping[str, list[Floats]] = {
    "left": [_LEFT],
    "right": [_RIGHT],
    "top": [_UP],
    "bottom": [_DOWN],
    "upper_left": _UPPER_LEFT,
    "upper_right": _UPPER_RIGHT,
    "lower_left": _LOWER_LEFT,
    "lower_right": _LOWER_RIGHT,
}
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
