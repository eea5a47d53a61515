"""Rows and columns that things of one kind form: *the third ship in the top row*."""

from __future__ import annotations

import numpy as np

from dgl_rsis.stages.candidates import CandidateTable
from dgl_rsis.stages.scored import Field
from dgl_rsis.text.program.nodes import Row
from dgl_rsis.text.program.vocabulary import Line, Position
from dgl_rsis.types import IntArray

LEAST_SHARED = 0.4
"""Share of its extent across the row that a thing has in common with the next one in it."""


def row_field(row: Row, table: CandidateTable, indices: IntArray) -> Field:
    """Which candidates stand in a row; of an even number of rows, two are in the middle."""
    numbers = lines_of(row.line, table, indices)
    count = int(numbers.max(initial=-1)) + 1
    if row.place is Position.CENTER:
        holds = (numbers == (count - 1) // 2) | (numbers == count // 2)
    elif row.place in (Position.BOTTOM, Position.RIGHT):
        holds = numbers == count - row.n
    else:
        holds = numbers == row.n - 1
    return Field(holds.astype(np.float64), holds)


def lines_of(line: Line, table: CandidateTable, indices: IntArray) -> IntArray:
    """``(K,)`` number of the row or column that each candidate stands in, from the top or left.

    Ordered by their centroids, two that follow each other stand in the same row as long as they
    share enough of their heights: a row may climb slowly.
    """
    axis = 1 if line is Line.ROW else 0
    order = np.argsort(table.centroids[indices, axis], kind="stable")
    low, high = table.boxes[indices[order]][:, [axis, axis + 2]].T.astype(np.float64)
    shared = np.minimum(high[1:], high[:-1]) - np.maximum(low[1:], low[:-1])
    smaller = np.minimum(high[1:] - low[1:], high[:-1] - low[:-1])
    numbers = np.zeros(len(indices), dtype=np.int64)
    numbers[order[1:]] = np.cumsum(shared < LEAST_SHARED * smaller)
    return numbers
