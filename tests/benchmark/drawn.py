"""Scenes drawn by hand as truths: filled masks of given kinds and colours on grey ground."""

from __future__ import annotations

import numpy as np

from dgl_rsis.benchmark.measures import Measures
from dgl_rsis.benchmark.oracle import Answer, Oracle
from dgl_rsis.benchmark.questions import Things
from dgl_rsis.benchmark.truth import LAND_COVER, SPREADING, Thing, Truth
from dgl_rsis.types import BoolArray, MapFrame

SHAPE = (200, 300)
RGB = {
    "white": (220, 220, 216),
    "grey": (130, 130, 132),
    "dark": (50, 50, 54),
    "red": (185, 95, 80),
    "brown": (115, 95, 80),
    "blue": (75, 105, 160),
    "": (90, 110, 80),
}
NORTH_UP = MapFrame((2, 0, 500_000, 0, -2, 5_500_000), "EPSG:32632", (2.0, 2.0), (0.0, -1.0))

Drawn = tuple[str, tuple[int, int, int, int], str]


def truth(
    things: list[Drawn | tuple[str, tuple[int, int], str, BoolArray]],
    frame: MapFrame = NORTH_UP,
) -> Truth:
    """Boxes, or masks at their upper left corner, with a kind and a colour each.

    Later things hide earlier ones.
    """
    image = np.full((*SHAPE, 3), RGB[""], dtype=np.uint8)
    owner = np.full(SHAPE, -1)
    boxes = []
    for index, (_, place, colour, *rest) in enumerate(things):
        x0, y0 = place[:2]
        mask = rest[0] if rest else np.ones((place[3] - y0, place[2] - x0), dtype=bool)
        box = (x0, y0, x0 + mask.shape[1], y0 + mask.shape[0])
        image[y0 : box[3], x0 : box[2]][mask] = RGB[colour]
        owner[y0 : box[3], x0 : box[2]][mask] = index
        boxes.append(box)
    found = []
    for index, ((kind, _, colour, *_), box) in enumerate(zip(things, boxes, strict=True)):
        mask = owner[box[1] : box[3], box[0] : box[2]] == index
        spread = kind in SPREADING or kind in LAND_COVER
        found.append(Thing(kind, box, mask, colour, "rectangular", is_spread=spread))
    return Truth(image, tuple(found), frame)


def judged(things: Things, scene: Truth) -> Answer:
    """What the oracle says."""
    return Oracle(Measures(scene)).answer(things)
