"""Comparisons with an anchor, on boxes drawn by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dgl_rsis.stages.candidates import CandidateTable
from dgl_rsis.stages.relations import Anchor, relation_field
from dgl_rsis.text.program.vocabulary import Relation

# x0, y0, x1, y1 and lightness: the anchor is 40 x 10, then a longer, a wider, a smaller one.
BOXES = [(0, 0, 40, 10), (0, 20, 80, 24), (0, 40, 30, 60), (50, 0, 60, 8)]
LIGHTNESS = [50, 80, 20, 50]


@pytest.fixture
def table() -> CandidateTable:
    boxes = np.array(BOXES, dtype=np.int64)
    sides = boxes[:, 2:] - boxes[:, :2]
    colours = np.zeros((len(boxes), 3), dtype=np.float32)
    colours[:, 0] = LIGHTNESS
    return CandidateTable(
        shape=(100, 100),
        areas=sides.prod(axis=1),
        boxes=boxes,
        centroids=(boxes[:, :2] + boxes[:, 2:]) / 2,
        crop=lambda index: np.ones((sides[index, 1], sides[index, 0]), dtype=bool),
        probabilities={},
        colours=colours,
    )


@pytest.mark.parametrize(
    ("relation", "fulfil"),
    [
        (Relation.LARGER_THAN, [2]),
        (Relation.SMALLER_THAN, [1, 3]),
        (Relation.LONGER_THAN, [1]),
        (Relation.SHORTER_THAN, [2, 3]),
        (Relation.WIDER_THAN, [2]),
        (Relation.NARROWER_THAN, [1, 3]),
        (Relation.BRIGHTER_THAN, [1]),
        (Relation.DARKER_THAN, [2]),
    ],
)
def test_comparisons(table: CandidateTable, relation: Relation, fulfil: list[int]) -> None:
    field = relation_field(relation, np.arange(4), Anchor(table, np.array([0])))
    assert np.flatnonzero(field.holds).tolist() == fulfil
    assert ((field.values >= 0) & (field.values <= 1)).all()


def test_without_colours_nothing_is_brighter(table: CandidateTable) -> None:
    grey = replace(table, colours=None)
    field = relation_field(Relation.BRIGHTER_THAN, np.arange(4), Anchor(grey, np.array([0])))
    assert not field.holds.any()
