"""Probabilities of overlapping tiles as one field.

Every tile weighs most in its core and less towards its edge. Weights are small whole numbers and
sums are in double precision: where tiles say the same, the mean is that to the last bit, whatever
their number; and tiles are added in the order of the grid, whichever was finished first.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from dgl_rsis.geo.windows import Box
from dgl_rsis.types import FloatArray


def ramp_weights(kept: Box, scene: Box, ramp: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Weights of the rows and of the columns of a tile; that of a cell is their product.

    They rise from 1 at the edge to ``2 * ramp`` where the ramp ends inside of the core, so that
    those of two neighbours have the same sum at every cell of their overlap. At the border of the
    scene, where nothing else answers, they do not fall.

    Args:
        kept: cells of the tile, with its ramp.
        scene: all cells.
        ramp: cells by which a tile reaches beyond its core.
    """
    rows = _rising(kept.y0, kept.y1, scene.y0, scene.y1, 2 * ramp)
    return rows, _rising(kept.x0, kept.x1, scene.x0, scene.x1, 2 * ramp)


def _rising(start: int, stop: int, first: int, last: int, most: int) -> NDArray[np.int64]:
    cells = np.arange(start, stop)
    weights = np.full(stop - start, most)
    if start > first:
        weights = np.minimum(weights, cells - start + 1)
    if stop < last:
        weights = np.minimum(weights, stop - cells)
    return weights


def blend(
    wanted: Box, scene: Box, ramp: int, tiles: Iterable[tuple[Box, FloatArray]]
) -> FloatArray:
    """Weighted mean of the tiles over a box of cells.

    Args:
        wanted: the box.
        scene: all cells.
        ramp: cells by which tiles reach beyond their cores.
        tiles: cells that each keeps and their probabilities ``(h, w, K)``, in the order of the
            grid; at least one.

    Returns:
        ``(rows, columns, K)`` float32; equal parts for all names where no tile answers.
    """
    total: NDArray[np.float64] | None = None
    weight = np.zeros(wanted.shape)
    for kept, values in tiles:
        if total is None:
            total = np.zeros((*wanted.shape, values.shape[-1]))
        common = kept & wanted
        if common.is_empty:
            continue
        rows, columns = ramp_weights(kept, scene, ramp)
        own, place = common.within(kept), common.within(wanted)
        part = (rows[own[0], None] * columns[None, own[1]]).astype(np.float64)
        total[place] += part[..., None] * values[own]
        weight[place] += part
    assert total is not None  # a tile is its own neighbour
    nowhere = weight == 0
    total[nowhere], weight[nowhere] = 1 / total.shape[-1], 1
    total /= weight[..., None]
    return total.astype(np.float32)
