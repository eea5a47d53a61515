"""Places of the image and directions in it: how well candidates lie *at the top* or *in the north*.

docs/design.md 1.4, after the fields of GeoSelect (arXiv:2607.03869): evaluated at the centroid,
zero on the wrong side and linear from there, diagonals by the minimum, a corner is the best
diagonal. Everything is in the pixel frame (y down); compass words turn with true north.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dgl_rsis.stages.candidates import CandidateTable
from dgl_rsis.stages.scored import Field, Floats
from dgl_rsis.text.program.vocabulary import Position
from dgl_rsis.types import IntArray

COMPASS = frozenset(
    ("north", "northeast", "east", "southeast", "south", "southwest", "west", "northwest")
)


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


def directions_of(place: str, table: CandidateTable) -> list[Floats]:
    """Unit vectors in the pixel frame whose half planes a place or compass word intersects."""
    east, north = _axes(table)
    compass = {"north": north, "south": -north, "east": east, "west": -east}
    found = [vector for word, vector in compass.items() if word in place]
    return found or _PLACES[place]


def _axes(table: CandidateTable) -> tuple[Floats, Floats]:
    """Unit vectors in the pixel frame along which places get more eastern and more northern.

    A way of pixels leads north as far as it has a share in the vector. In a turned raster of long
    pixels that is not the direction in which the meridians run.
    """
    if table.ground is not None:
        east, north = table.ground.center
        return east / np.hypot(*east), north / np.hypot(*north)
    known = table.frame.north if table.frame is not None else None
    up = np.array(known if known is not None else (0.0, -1.0))
    return np.array([-up[1], up[0]]), up


def _towards(offsets: Floats, directions: list[Floats], half: Floats) -> Floats:
    """Smallest share of the way to the border, over the directions."""
    shares = [offsets @ each / max(1e-6, float(np.abs(each) @ half)) for each in directions]
    values: Floats = np.clip(np.min(shares, axis=0), 0, 1)
    return values


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
