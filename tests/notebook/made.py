"""A map and an answer of known content, with and without a place."""

from __future__ import annotations

import numpy as np
import shapely

from dgl_rsis.results import Match, ReferResult, SceneAnswer, SceneMatch, SegmentResult
from dgl_rsis.text.parse import parse
from dgl_rsis.types import MapFrame, Raster

SHAPE = (40, 60)
UTM = MapFrame((2.0, 0.0, 346000.0, 0.0, -2.0, 5648000.0), "EPSG:25832", (2.0, 2.0), (0.0, -1.0))
CLASSES = ("building", "<river> & co")


def raster(frame: MapFrame | None = UTM) -> Raster:
    valid = np.ones(SHAPE, bool)
    valid[:, :6] = False
    return Raster(np.full((*SHAPE, 3), 100, np.uint8), valid, frame)


def class_map(frame: MapFrame | None = UTM) -> SegmentResult:
    """Left no data, then no class, then a class a third."""
    labels = np.full(SHAPE, -1, np.int16)
    labels[:, 20:40] = 0
    labels[:, 40:] = 1
    scores = np.where(labels >= 0, np.float32(0.75), np.float32(0))
    return SegmentResult(labels, scores, CLASSES, raster(frame), "leaf", ("read at 2 m",))


def answer(frame: MapFrame | None = UTM, *, heat: float = 0.5) -> ReferResult:
    """The left one of two."""
    crop = np.ones((10, 8), bool)
    matches = (
        Match(crop, (10, 5, 18, 15), SHAPE, 0.5, {"probability": 0.25, "program": 1.0}, True, 4),
        Match(
            crop, (40, 25, 48, 35), SHAPE, 0.25, {"probability": 0.5}, False, 7, "it is <not> left"
        ),
    )
    query = parse("the building on the left")
    heatmap = np.full(SHAPE, heat, np.float32)
    return ReferResult(matches[0].mask, matches, query, heatmap, raster(frame), ("a & b",))


def scene_answer(frame: MapFrame | None = UTM) -> SceneAnswer:
    """The same without pixels, the chosen with a courtyard."""
    court = shapely.Polygon(
        shapely.box(10, 5, 18, 15).exterior, [shapely.box(12, 8, 16, 12).exterior]
    )
    parts = (np.array([court], object), np.array([shapely.box(40, 25, 48, 35)], object))
    matches = tuple(
        SceneMatch(part, match.box, match.score, match.terms, match.chosen, match.index)
        for part, match in zip(parts, answer().matches, strict=True)
    )
    return SceneAnswer(matches, answer().query, SHAPE, frame)
