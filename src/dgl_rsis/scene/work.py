"""What a worker does with a tile: probabilities of its cells, and later its classes."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, replace
from fractions import Fraction
from math import frexp
from queue import SimpleQueue
from threading import Lock
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dgl_rsis.config import LocalSettings, Settings
from dgl_rsis.errors import ModelError
from dgl_rsis.geo.windows import Box, Tile, TileGrid
from dgl_rsis.mapping import classes_of
from dgl_rsis.scene.source import SceneReader, SceneSource
from dgl_rsis.stages import local
from dgl_rsis.text.classes import ClassList
from dgl_rsis.types import FloatArray, Raster

if TYPE_CHECKING:
    from dgl_rsis.pipeline import Model

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


@dataclass(frozen=True)
class WorkerMaker:
    """Makes a worker where it is called; it can be sent to another process.

    Attributes:
        work: what is computed.
        name: of the model, see ``pipeline.load``.
        settings: of all stages.
        threads: how many may call the worker at once.
    """

    work: Work
    name: str
    settings: Settings
    threads: int = 1

    def __call__(self) -> TileWorker:
        """Load the model and open the scene."""
        from dgl_rsis.pipeline import load

        model = load(self.name, settings=self.settings.model_dump())
        return TileWorker(self.work, model, self.threads)


class TileWorker:
    """Computes tasks with one model, which does one thing at a time.

    Args:
        work: what is computed.
        model: the model.
        threads: how many may call the worker at once; the scene is opened for each of them.
    """

    def __init__(self, work: Work, model: Model, threads: int = 1) -> None:
        self.work = work
        self.model = model
        self._in_model = Lock()
        self._readers = [SceneReader(work.source) for _ in range(threads)]
        self._free: SimpleQueue[SceneReader] = SimpleQueue()
        for reader in self._readers:
            self._free.put(reader)

    def __call__(self, task: ReadTile | PaintTile) -> Cells | Painted:
        """Compute a task."""
        return self.read(task.tile) if isinstance(task, ReadTile) else self.paint(task)

    def read(self, tile: Tile) -> Cells:
        """Probabilities of the cells that a tile keeps."""
        work, grid = self.work, self.work.grid
        box = grid.read(tile)
        raster = self._pixels(box)
        valid = raster.valid[grid.core(tile).within(box)]
        if not valid.any():
            return Cells(None, 0.0)
        backbone, settings = self.model.backbone, self.model.settings.local
        factors = [float(factor) for factor in work.factors]
        with self._in_model:
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
        raster = _unseen(box) if is_blind else self._pixels(box)
        uses_model = painter == "mask"
        with self._in_model if uses_model else nullcontext():
            painting = self.model.paint(raster, task.field, work.texts, work.chosen)
        labels, scores = classes_of(painting, work.chosen, raster)
        valid = raster.valid[core]
        found = np.where(valid, scores[core], np.float32("nan")) if work.scores else None
        return Painted(np.where(valid, labels[core] + 2, 0).astype(work.dtype), found)

    def close(self) -> None:
        """Close the scene."""
        for reader in reversed(self._readers):
            reader.close()

    def _pixels(self, box: Box) -> Raster:
        reader = self._free.get()
        try:
            return reader.read(box)
        finally:
            self._free.put(reader)


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
    elif metres_per_pixel is not None and settings.ground_sampling:
        wanted = [metres_per_pixel / distance for distance in settings.ground_sampling]
    else:
        wanted = list(settings.scales)
    return tuple(sorted({_rounded(min(1.0, factor)) for factor in wanted}, reverse=True))


def _rounded(factor: float) -> Fraction:
    mantissa, exponent = frexp(factor)  # mantissa in [0.5, 1)
    return Fraction(round(mantissa * _PRECISION), _PRECISION) * Fraction(2) ** exponent
