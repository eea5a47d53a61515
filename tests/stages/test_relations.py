"""Comparisons with an anchor, what is inside and what is parallel, drawn by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dgl_rsis.stages.anchors import Anchor
from dgl_rsis.stages.candidates import CandidateTable
from dgl_rsis.stages.relations import relation_field
from dgl_rsis.text.program.vocabulary import Relation
from dgl_rsis.types import BoolArray

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


# Areas 400, 320, 600 and 80; lengths 40, 80, 30 and 10; lightness 50, 80, 20, 50.
@pytest.mark.parametrize(
    ("relation", "things", "of_any", "of_every"),
    [
        (Relation.LARGER_THAN, [0, 3], [0, 1, 2], [0, 2]),
        (Relation.LARGER_THAN, [0, 1, 2, 3], [0, 1, 2], [2]),
        (Relation.SMALLER_THAN, [0, 1, 2, 3], [0, 1, 3], [3]),
        (Relation.LONGER_THAN, [0, 2], [0, 1], [0, 1]),
        (Relation.DARKER_THAN, [0, 1], [0, 2, 3], [0, 2]),
        (Relation.LEFT_OF, [0, 1, 2], [0, 2], [2]),  # middles at x 20, 40, 15, 55
        (Relation.RIGHT_OF, [0, 1, 3], [1, 3], [3]),
        (Relation.BELOW, [0, 1, 2, 3], [0, 1, 2], [2]),  # middles at y 5, 22, 50, 4
        (Relation.UPPER_RIGHT_OF, [0, 1, 2], [0, 1, 3], [3]),
    ],
)
def test_of_every_thing(
    table: CandidateTable,
    relation: Relation,
    things: list[int],
    of_any: list[int],
    of_every: list[int],
) -> None:
    anchor = Anchor(table, np.array(things))
    some = relation_field(relation, np.arange(4), anchor)
    field = relation_field(relation, np.arange(4), anchor, every=True)
    assert np.flatnonzero(some.holds).tolist() == of_any
    assert np.flatnonzero(field.holds).tolist() == of_every
    assert ((field.values >= 0) & (field.values <= some.values + 1e-12)).all()


def test_of_every_one_of_a_single_thing_is_of_it(table: CandidateTable) -> None:
    anchor = Anchor(table, np.array([1]))
    for relation in (Relation.LEFT_OF, Relation.UPPER_LEFT_OF, Relation.LARGER_THAN):
        one = relation_field(relation, np.arange(4), anchor)
        every = relation_field(relation, np.arange(4), anchor, every=True)
        np.testing.assert_allclose(every.values, one.values)
        assert every.holds.tolist() == one.holds.tolist()


def test_without_colours_nothing_is_brighter(table: CandidateTable) -> None:
    grey = replace(table, colours=None)
    field = relation_field(Relation.BRIGHTER_THAN, np.arange(4), Anchor(grey, np.array([0])))
    assert not field.holds.any()


def masks_of(masks: list[tuple[int, int, BoolArray]]) -> CandidateTable:
    """Masks with their upper left corners in an image of 100 by 100 pixels."""
    crops = [mask for *_, mask in masks]
    boxes = np.array([(x, y, x + m.shape[1], y + m.shape[0]) for x, y, m in masks])
    return CandidateTable(
        shape=(100, 100),
        areas=np.array([crop.sum() for crop in crops]),
        boxes=boxes,
        centroids=(boxes[:, :2] + boxes[:, 2:]) / 2,
        crop=lambda index: crops[index],
        probabilities={},
    )


def test_what_stands_on_a_thing_is_inside_though_it_is_cut_out_of_it() -> None:
    lot, car = np.ones((60, 60), dtype=bool), np.ones((4, 9), dtype=bool)
    rows = [(10 + 5 * k, 10, car) for k in range(0, 8, 2)] + [(10 + 5 * k, 14, car) for k in (0, 2)]
    for x, y, _ in rows:
        lot[y - 5 : y - 1, x - 5 : x + 4] = False
    table = masks_of([(5, 5, lot), *rows, (80, 80, car)])
    field = relation_field(
        Relation.INSIDE, np.arange(1, len(rows) + 2), Anchor(table, np.array([0]))
    )
    assert field.holds.tolist() == [True] * len(rows) + [False]


@pytest.mark.parametrize(("least", "lots"), [(1, [0, 1]), (2, [1]), (3, [])])
def test_at_least_so_many_are_contained(least: int, lots: list[int]) -> None:
    lot, car = np.ones((20, 20), dtype=bool), np.ones((4, 8), dtype=bool)
    table = masks_of([(0, 0, lot), (40, 0, lot), (2, 2, car), (42, 2, car), (42, 12, car)])
    cars = Anchor(table, np.array([2, 3, 4]))
    field = relation_field(Relation.CONTAINS, np.arange(2), cars, least=least)
    assert np.flatnonzero(field.holds).tolist() == lots


def test_a_block_in_the_mesh_of_roads_is_not_on_the_road() -> None:
    mesh = np.ones((100, 100), dtype=bool)
    mesh[10:90, 10:90] = False
    table = masks_of([(0, 0, mesh), (40, 40, np.ones((10, 10), dtype=bool))])
    roads = Anchor(table, np.array([0]), is_union=True)
    assert not relation_field(Relation.INSIDE, np.array([1]), roads).holds[0]


BAR, POST = np.ones((4, 30), dtype=bool), np.ones((30, 4), dtype=bool)
SLOPE = np.abs(np.subtract.outer(np.arange(30), np.arange(30))) <= 3


@pytest.mark.parametrize("is_union", [False, True])
def test_parallel_compares_directions(is_union: bool) -> None:
    block = np.ones((12, 12), dtype=bool)
    table = masks_of([(5, 5, BAR), (40, 40, BAR), (5, 40, POST), (60, 60, SLOPE), (80, 5, block)])
    anchor = Anchor(table, np.array([0]), is_union=is_union)
    field = relation_field(Relation.PARALLEL, np.arange(1, 5), anchor)
    assert field.holds.tolist() == [True, False, False, False]
    assert field.values[0] == pytest.approx(1)
