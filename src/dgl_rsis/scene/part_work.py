"""What a worker does with a tile of a scene that sentences will be asked about."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from queue import SimpleQueue
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dgl_rsis.config import Settings
from dgl_rsis.geo.windows import Box, TileGrid
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.proposing import Networks, find_proposals, pixel_size, tree_of
from dgl_rsis.scene.finding import Found, find
from dgl_rsis.scene.parts import Parts, kept_of, mean_features, measure
from dgl_rsis.scene.source import SceneReader, SceneSource
from dgl_rsis.scene.views import Views, view
from dgl_rsis.scene.work import ReadTile
from dgl_rsis.stages import local
from dgl_rsis.types import Raster

if TYPE_CHECKING:
    from dgl_rsis.pipeline import Model


@dataclass(frozen=True)
class PartWork:
    """All that a worker needs beside the model.

    Attributes:
        source: the scene.
        grid: of its tiles.
        factors: of the image size at which it is read, finest first.
    """

    source: SceneSource
    grid: TileGrid
    factors: tuple[Fraction, ...]


@dataclass(frozen=True)
class PartWorkerMaker:
    """Makes a worker where it is called; it can be sent to another process.

    Attributes:
        work: what is computed.
        name: of the model, see ``pipeline.load``.
        settings: of all stages.
        threads: how many may call the worker at once.
    """

    work: PartWork
    name: str
    settings: Settings
    threads: int = 1

    def __call__(self) -> PartWorker:
        """Load the model and open the scene."""
        from dgl_rsis.pipeline import load

        model = load(self.name, settings=self.settings.model_dump())
        return PartWorker(self.work, model, self.threads)


class PartWorker:
    """Finds and describes the parts of tiles with one model, which does one thing at a time.

    Args:
        work: what is computed.
        model: the model.
        threads: how many may call the worker at once; the scene is opened for each of them.
    """

    def __init__(self, work: PartWork, model: Model, threads: int = 1) -> None:
        self.work = work
        self.model = model
        self._in_model = Lock()
        self._readers = [SceneReader(work.source) for _ in range(threads)]
        self._free: SimpleQueue[SceneReader] = SimpleQueue()
        for reader in self._readers:
            self._free.put(reader)

    def __call__(self, task: ReadTile) -> Parts | None:
        """The parts of a tile; None where its core holds no data."""
        grid = self.work.grid
        seen, core = grid.read(task.tile), grid.core(task.tile)
        reader = self._free.get()
        try:
            raster = reader.read(seen)
        finally:
            self._free.put(reader)
        if not raster.valid[core.within(seen)].any():
            return None
        readings = self.readings(raster)
        height, width = self.work.grid.shape
        found = self.found(raster, readings, seen, core)
        kept = kept_of(found, seen, core, Box(0, 0, width, height))
        features = self.described(kept.masks, readings, seen)
        views = self.views(kept.things, raster, readings)
        return measure(raster, kept, features, views, seen=seen, core=core)

    def readings(self, raster: Raster) -> local.ImageFeatures:
        """Dense features of what a tile sees, at all factors."""
        factors = [float(factor) for factor in self.work.factors]
        with self._in_model:
            return local.read_at(raster.rgb, self.model.backbone, factors, None)

    def found(self, raster: Raster, readings: local.ImageFeatures, seen: Box, core: Box) -> Found:
        """Things and segments in what a tile sees."""
        proposals = find_proposals(
            raster,
            raster.rgb,
            self.model.settings.proposals,
            Networks(),
            parts=("tree",),
            features=readings.dense[0],
            metres_per_pixel=pixel_size(raster),
        ).proposals
        tree = tree_of(proposals)
        assert tree is not None  # that is what the proposer makes
        return find(raster, tree, Box(*_offset(core, seen)))

    def described(
        self, masks: MaskSet, readings: local.ImageFeatures, seen: Box
    ) -> NDArray[np.float16]:
        """Features of parts, ``(N, R, D)``."""
        return mean_features(masks, readings.dense)

    def views(self, masks: MaskSet, raster: Raster, readings: local.ImageFeatures) -> Views:
        """What things look like at the scale that suits them."""
        with self._in_model:
            return view(masks, raster.rgb, readings, self.model.backbone, self.model.settings)

    def close(self) -> None:
        """Close the scene."""
        for reader in reversed(self._readers):
            reader.close()


def _offset(box: Box, other: Box) -> tuple[int, int, int, int]:
    return box.x0 - other.x0, box.y0 - other.y0, box.x1 - other.x0, box.y1 - other.y0
