"""Exact overlap of regions with the cells of a coarse field, from horizontal runs of pixels.

One idea: a bilinear field is linear along a row between two cell centres, so the sum of a field
over a run of pixels needs only the length of the run and the sum of its fractional positions. A
region is a set of runs, and all regions of an image together are one sparse matrix
``regions x cells`` whose rows add up to the areas (docs/design.md 1.1, *pooling*).

The half-pixel convention is that of ``torch.nn.functional.interpolate`` with ``mode="bilinear",
align_corners=False``: pixel ``x`` lies at ``(x + 0.5) * w / W - 0.5`` in cells, clamped at the
border.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from dgl_rsis.errors import InputError
from dgl_rsis.types import BoolArray, IntArray


@dataclass(frozen=True)
class Runs:
    """Horizontal runs of pixels that belong to one region each, in the pixel frame.

    Attributes:
        owner: ``(R,)`` region of each run, from 0.
        row: ``(R,)`` its row.
        start: ``(R,)`` its first column.
        stop: ``(R,)`` the column after its last.
    """

    owner: IntArray
    row: IntArray
    start: IntArray
    stop: IntArray

    @property
    def lengths(self) -> IntArray:
        """``(R,)`` pixels in each run."""
        return self.stop - self.start


def label_runs(labels: NDArray[np.integer[Any]]) -> Runs:
    """Split a label map ``(H, W)`` into runs; negative labels belong to no region."""
    height, width = labels.shape
    changes = np.ones((height, width), dtype=bool)
    np.not_equal(labels[:, 1:], labels[:, :-1], out=changes[:, 1:])
    begins = np.flatnonzero(changes)
    ends = np.append(begins[1:], height * width)
    owner = labels.ravel()[begins].astype(np.int64)
    inside = owner >= 0
    begins, ends, owner = begins[inside], ends[inside], owner[inside]
    row = begins // width
    return Runs(owner, row, begins - row * width, ends - row * width)


def crop_runs(crops: tuple[BoolArray, ...], boxes: IntArray) -> Runs:
    """Runs of masks given as crops inside boxes ``(N, 4)`` ``x0, y0, x1, y1``."""
    parts = [label_runs(crop.view(np.int8) - np.int8(1)) for crop in crops]
    counts = np.array([len(part.row) for part in parts], dtype=np.int64)
    owner = np.repeat(np.arange(len(parts)), counts)

    def joined(name: str, offsets: IntArray) -> IntArray:
        if not parts:
            return np.zeros(0, dtype=np.int64)
        return cast(IntArray, np.concatenate([getattr(part, name) for part in parts]) + offsets)

    return Runs(
        owner,
        joined("row", boxes[owner, 1]),
        joined("start", boxes[owner, 0]),
        joined("stop", boxes[owner, 0]),
    )


@dataclass(frozen=True)
class Geometry:
    """What is measured of regions; sums add up over disjoint regions.

    Attributes:
        areas: ``(N,)`` pixels.
        boxes: ``(N, 4)`` tight half-open boxes ``x0, y0, x1, y1``.
        sums: ``(N, 5)`` integrals of ``x, y, x*x, y*y, x*y`` over the squares of the pixels.
    """

    areas: IntArray
    boxes: IntArray
    sums: NDArray[np.float64]


def run_geometry(runs: Runs, count: int) -> Geometry:
    """Geometry of ``count`` regions in the pixel frame."""
    lengths = runs.lengths.astype(np.float64)
    x, y = (runs.start + runs.stop) / 2.0, runs.row + 0.5
    integrals = (
        lengths * x,
        lengths * y,
        lengths * (x * x + lengths * lengths / 12),
        lengths * (y * y + 1 / 12),
        lengths * x * y,
    )
    sums = np.stack([np.bincount(runs.owner, part, count) for part in integrals], axis=1)
    areas = np.bincount(runs.owner, lengths, count).astype(np.int64)
    largest = np.iinfo(np.int64).max
    boxes = np.tile(np.array([largest, largest, 0, 0], dtype=np.int64), (count, 1))
    np.minimum.at(boxes[:, 0], runs.owner, runs.start)
    np.minimum.at(boxes[:, 1], runs.owner, runs.row)
    np.maximum.at(boxes[:, 2], runs.owner, runs.stop)
    np.maximum.at(boxes[:, 3], runs.owner, runs.row + 1)
    return Geometry(areas, boxes, sums.astype(np.float64))


def central_moments(sums: NDArray[np.float64], areas: IntArray) -> NDArray[np.float64]:
    """``(N, 3)`` central second moments ``xx, yy, xy`` in square pixels from ``Geometry.sums``."""
    x, y, xx, yy, xy = (sums / areas[:, None]).T
    return np.stack([xx - x * x, yy - y * y, xy - x * y], axis=1)


def cell_positions(pixels: int, cells: int) -> tuple[IntArray, IntArray, NDArray[np.float64]]:
    """Where pixel centres lie along one axis of a field: lower cell, upper cell, fraction."""
    position = (np.arange(pixels) + 0.5) * (cells / pixels) - 0.5
    floor = np.floor(position)
    lower = np.clip(floor, 0, cells - 1).astype(np.int64)
    upper = np.clip(floor + 1, 0, cells - 1).astype(np.int64)
    return lower, upper, position - floor


def overlap_matrix(
    runs: Runs, count: int, shape: tuple[int, int], field_shape: tuple[int, int]
) -> csr_array:
    """Weights of field cells in regions, summed over the pixels of each region.

    Args:
        runs: the regions as runs.
        count: number of regions.
        shape: height and width of the image.
        field_shape: height and width of the field.

    Returns:
        Sparse ``(count, h * w)`` float64; row ``n`` sums to the area of region ``n``.
    """
    lower_x, upper_x, fraction_x = cell_positions(shape[1], field_shape[1])
    lower_y, upper_y, fraction_y = cell_positions(shape[0], field_shape[0])
    steps = (np.diff(lower_x) != 0) | (np.diff(upper_x) != 0)
    bounds = np.concatenate([[0], np.flatnonzero(steps) + 1, [shape[1]]])
    run, start, stop = _cut(runs, bounds)
    cumulative = np.concatenate([[0.0], np.cumsum(fraction_x)])
    right = cumulative[stop] - cumulative[start]
    left = (stop - start) - right
    row, owner = runs.row[run], runs.owner[run]
    below = fraction_y[row]
    upper_row, lower_row = lower_y[row] * field_shape[1], upper_y[row] * field_shape[1]
    weights = np.concatenate([left * (1 - below), right * (1 - below), left * below, right * below])
    cells = np.concatenate(
        [
            upper_row + lower_x[start],
            upper_row + upper_x[start],
            lower_row + lower_x[start],
            lower_row + upper_x[start],
        ]
    )
    size = (count, field_shape[0] * field_shape[1])
    matrix = csr_array((weights, (np.tile(owner, 4), cells)), shape=size)
    matrix.eliminate_zeros()
    return matrix


def coverage_matrix(runs: Runs, count: int, rows: IntArray, columns: IntArray) -> csr_array:
    """Share of the pixels of each cell that each region covers, see ``types.Proposals.coverage``.

    Args:
        runs: the regions as runs.
        count: number of regions.
        rows: ``(H,)`` row of cells of every row of pixels, ascending from 0.
        columns: ``(W,)`` column of cells of every column of pixels, likewise.

    Returns:
        Sparse ``(count, cells)`` float64.
    """
    bounds = np.concatenate([[0], np.flatnonzero(np.diff(columns)) + 1, [len(columns)]])
    run, start, stop = _cut(runs, bounds)
    across = int(columns[-1]) + 1
    pairs = (runs.owner[run], rows[runs.row[run]] * across + columns[start])
    pixels = np.multiply.outer(np.bincount(rows), np.bincount(columns)).ravel()
    matrix = csr_array((stop - start, pairs), shape=(count, len(pixels)))
    return csr_array(
        (matrix.data / pixels[matrix.indices], matrix.indices, matrix.indptr), shape=matrix.shape
    )


def _cut(runs: Runs, bounds: IntArray) -> tuple[IntArray, IntArray, IntArray]:
    """Cut runs at columns: run that each piece comes from, its first column, that after its last.

    Args:
        runs: to be cut.
        bounds: ascending columns, 0 and the width among them.
    """
    first = np.searchsorted(bounds, runs.start, side="right") - 1
    pieces = np.searchsorted(bounds, runs.stop, side="left") - first
    run = np.repeat(np.arange(len(pieces)), pieces)
    span = np.arange(len(run)) - np.repeat(np.cumsum(pieces) - pieces, pieces) + first[run]
    start = np.maximum(runs.start[run], bounds[span])
    return run, start, np.minimum(runs.stop[run], bounds[span + 1])


def field_table(values: NDArray[Any]) -> tuple[NDArray[np.float64], tuple[int, int], bool]:
    """A field as a table of float64; see ``field_cells``."""
    cells, shape, flat = field_cells(values)
    return cells.astype(np.float64), shape, flat


def field_cells(values: NDArray[Any]) -> tuple[NDArray[Any], tuple[int, int], bool]:
    """A field as a table.

    Args:
        values: ``(h, w)`` or ``(h, w, D)``.

    Returns:
        ``(h * w, D)``, the field's shape ``(h, w)``, and whether it had no channels.

    Raises:
        InputError: if the field has another number of axes or no cells.
    """
    if values.ndim not in (2, 3) or 0 in values.shape[:2]:
        raise InputError(
            f"a field to pool has shape {values.shape}; pass (h, w) or (h, w, D) with h, w >= 1"
        )
    height, width = int(values.shape[0]), int(values.shape[1])
    return values.reshape(height * width, -1), (height, width), values.ndim == 2
