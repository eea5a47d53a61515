"""What a worker does with a tile: probabilities of its cells, and later its classes."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, replace
from fractions import Fraction
from math import frexp
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dgl_rsis.config import LocalSettings
from dgl_rsis.errors import ModelError
from dgl_rsis.geo.windows import Box, Tile, TileGrid
from dgl_rsis.mapping import classes_of
from dgl_rsis.scene.source import SceneSource
from dgl_rsis.scene.worker import SceneWorker
from dgl_rsis.stages import local
from dgl_rsis.text.classes import ClassList
from dgl_rsis.types import FloatArray, Raster

ALIGNMENT = 16
"""Pixels that parts of an image begin at multiples of, so that strides up to 16 fall alike."""
_PRECISION = 16  # factors are whole numbers below this, times a power of two
_PROBE = 224  # pixels a side that tell the size of a cell


@dataclass(frozen=True)
class ReadTile:
    """Task: probabilities of the cells of a tile."""

    tile: Tile


@dataclass(frozen=True)
class Cells:
    """What a tile shows.

    Attributes:
        values: ``(h, w, K)`` float32 probabilities; None where the core holds no data.
        model_seconds: time that the model took.
        is_full: whether all pixels of the core hold data.
    """

    values: FloatArray | None
    model_seconds: float
    is_full: bool = False


@dataclass(frozen=True)
class PaintTile:
    """Task: the classes of the core of a tile.

    Attributes:
        tile: which one.
        field: ``(h, w, K)`` blended probabilities of the cells of the core and a margin.
        is_full: whether all pixels of the core are known to hold data: a painter that looks at
            no pixels needs none to be read then.
    """

    tile: Tile
    field: FloatArray
    is_full: bool = False


@dataclass(frozen=True)
class Painted:
    """A painted core.

    Attributes:
        codes: ``(h, w)``: 0 for no data, 1 for no class, k + 2 for class k.
        scores: ``(h, w)`` float32, NaN where there is no data; None if they are not wanted.
    """

    codes: NDArray[np.integer[Any]]
    scores: FloatArray | None


@dataclass(frozen=True)
class Work:
    """All that a worker needs beside the model.

    Attributes:
        source: the scene.
        grid: of its tiles.
        margin: pixels around a core that painting looks at.
        factors: of the image size at which it is read, finest first.
        chosen: the classes.
        texts: their features.
        whole: embedding of the whole scene, for the global bias; None without it.
        dtype: of the codes of classes.
        scores: whether they are wanted.
    """

    source: SceneSource
    grid: TileGrid
    margin: int
    factors: tuple[Fraction, ...]
    chosen: ClassList
    texts: local.TextFeatures
    whole: FloatArray | None
    dtype: str
    scores: bool


class TileWorker(SceneWorker[Work]):
    """Computes tasks."""

    def __call__(self, task: ReadTile | PaintTile) -> Cells | Painted:
        """Compute a task."""
        return self.read(task.tile) if isinstance(task, ReadTile) else self.paint(task)

    def read(self, tile: Tile) -> Cells:
        """Probabilities of the cells that a tile keeps."""
        work, grid = self.work, self.work.grid
        box = grid.read(tile)
        raster = self.pixels(box)
        valid = raster.valid[grid.core(tile).within(box)]
        if not valid.any():
            return Cells(None, 0.0)
        backbone, settings = self.model.backbone, self.model.settings.local
        factors = [float(factor) for factor in work.factors]
        with self.in_model:
            began = perf_counter()
            features = local.read_at(raster.rgb, backbone, factors, work.whole)
            seconds = perf_counter() - began
        cells = grid.cells(box)
        if features.dense[0].shape[:2] != cells.shape:
            raise ModelError(
                f"{backbone.card.name} gave {features.dense[0].shape[:2]} cells where "
                f"{cells.shape} were expected; it cannot read scenes in tiles"
            )
        kept = grid.cells(grid.kept(tile)).within(cells)
        scale = backbone.dense_logit_scale
        if len(features.dense) == 1:  # nothing is resampled: cells do not need their neighbours
            features = replace(features, dense=(features.dense[0][kept],))
            kept = slice(None), slice(None)
        probabilities = local.dense_probabilities(features, work.texts, scale, settings)
        return Cells(np.ascontiguousarray(probabilities[kept]), seconds, bool(valid.all()))

    def paint(self, task: PaintTile) -> Painted:
        """Classes of the core of a tile."""
        work, grid = self.work, self.work.grid
        box = grid.painted(task.tile, work.margin)
        core = grid.core(task.tile).within(box)
        painter = self.model.settings.painter
        is_blind = painter == "dense" and task.is_full
        raster = _unseen(box) if is_blind else self.pixels(box)
        uses_model = painter == "mask"
        with self.in_model if uses_model else nullcontext():
            painting = self.model.paint(raster, task.field, work.texts, work.chosen)
        labels, scores = classes_of(painting, work.chosen, raster)
        valid = raster.valid[core]
        found = np.where(valid, scores[core], np.float32("nan")) if work.scores else None
        return Painted(np.where(valid, labels[core] + 2, 0).astype(work.dtype), found)


def _unseen(box: Box) -> Raster:
    """An image of which only the size is looked at."""
    black = np.broadcast_to(np.uint8(0), (*box.shape, 3))
    return Raster(black, np.broadcast_to(np.bool_(True), box.shape))


def scene_factors(
    metres_per_pixel: float | None, cell: int, settings: LocalSettings
) -> tuple[Fraction, ...]:
    """Factors of the image size at which a scene is read, finest first.

    They are those of ``local.reading_factors`` for an image that is not too large, rounded to four
    binary digits (by at most 6 %), so that the cells of tiles coincide.

    Args:
        metres_per_pixel: ground size of a pixel; None where it is unknown.
        cell: side in pixels of a cell of dense features.
        settings: wanted ground sampling distances, or factors where the pixel size is unknown.
    """
    if cell >= local.COARSE_CELL:
        wanted = [settings.coarse_scale]
    else:
        wanted = local.ground_factors(metres_per_pixel, settings) or list(settings.scales)
    return tuple(sorted({_rounded(min(1.0, factor)) for factor in wanted}, reverse=True))


def _rounded(factor: float) -> Fraction:
    mantissa, exponent = frexp(factor)  # mantissa in [0.5, 1)
    return Fraction(round(mantissa * _PRECISION), _PRECISION) * Fraction(2) ** exponent
