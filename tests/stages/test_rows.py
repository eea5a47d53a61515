"""Rows and columns of boxes."""

from __future__ import annotations

import numpy as np
import pytest
from stages.test_spatial import make_table

from dgl_rsis.stages.candidates import CandidateTable
from dgl_rsis.stages.rows import lines_of, row_field
from dgl_rsis.text.program.nodes import Row, Select
from dgl_rsis.text.program.vocabulary import Line, Position


def table_at(corners: list[tuple[int, int]]) -> CandidateTable:
    """Boxes 10 wide and 20 high by their upper left corners."""
    return make_table([("car", (x, y, x + 10, y + 20), "white") for x, y in corners])


# Three rows, the second climbing by half a height to the right; listed in no order.
CORNERS = [(50, 60), (10, 10), (30, 68), (40, 12), (10, 130), (10, 78)]
NUMBERS = [1, 0, 1, 0, 2, 1]


def test_rows_may_climb() -> None:
    table = table_at(CORNERS)
    assert lines_of(Line.ROW, table, np.arange(6)).tolist() == NUMBERS


def test_columns_are_rows_of_the_turned_image() -> None:
    table = table_at(CORNERS)
    turned = make_table([("car", (y, x, y + 20, x + 10), "white") for x, y in CORNERS])
    columns = lines_of(Line.COLUMN, turned, np.arange(6))
    assert columns.tolist() == lines_of(Line.ROW, table, np.arange(6)).tolist()


def test_only_the_candidates_that_are_asked_about_form_rows() -> None:
    table = table_at([(10, 10), (10, 25), (10, 40)])
    assert lines_of(Line.ROW, table, np.array([0, 1, 2])).tolist() == [0, 1, 2]
    touching = table_at([(10, 10), (10, 20), (10, 30)])
    assert lines_of(Line.ROW, touching, np.array([0, 1, 2])).tolist() == [0, 0, 0]
    assert lines_of(Line.ROW, touching, np.array([2, 0])).tolist() == [1, 0]
    assert lines_of(Line.ROW, touching, np.empty(0, np.int64)).tolist() == []


@pytest.mark.parametrize(
    ("place", "n", "chosen"),
    [
        (Position.TOP, 1, [1, 3]),
        (Position.TOP, 2, [0, 2, 5]),
        (Position.BOTTOM, 1, [4]),
        (Position.BOTTOM, 3, [1, 3]),
        (Position.CENTER, 1, [0, 2, 5]),
        (Position.TOP, 4, []),
        (Position.BOTTOM, 4, []),
    ],
)
def test_rows_are_counted_from_either_end(place: Position, n: int, chosen: list[int]) -> None:
    field = row_field(Row(Select("car"), Line.ROW, place, n), table_at(CORNERS), np.arange(6))
    assert np.flatnonzero(field.holds).tolist() == chosen
    assert field.values.tolist() == field.holds.astype(float).tolist()


def test_two_of_four_rows_are_in_the_middle() -> None:
    table = table_at([(10, 10), (10, 40), (10, 70), (10, 100)])
    field = row_field(Row(Select("car"), Line.ROW, Position.CENTER), table, np.arange(4))
    assert field.holds.tolist() == [False, True, True, False]
