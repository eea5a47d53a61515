"""What a worker does with a tile of a scene that sentences will be asked about."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from dgl_rsis.geo.windows import Box, TileGrid
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.proposing import Networks, find_proposals, pixel_size, tree_of
from dgl_rsis.scene.finding import Found, find
from dgl_rsis.scene.parts import Parts, kept_of, mean_features, measure
from dgl_rsis.scene.source import SceneSource
from dgl_rsis.scene.views import Views, view
from dgl_rsis.scene.work import ReadTile
from dgl_rsis.scene.worker import SceneWorker
from dgl_rsis.stages import local
from dgl_rsis.types import Raster


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


class PartWorker(SceneWorker[PartWork]):
    """Finds and describes the parts of tiles."""

    def __call__(self, task: ReadTile) -> Parts | None:
        """The parts of a tile; None where its core holds no data."""
        grid = self.work.grid
        seen, core = grid.read(task.tile), grid.core(task.tile)
        raster = self.pixels(seen)
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
        with self.in_model:
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
        with self.in_model:
            return view(masks, raster.rgb, readings, self.model.backbone, self.model.settings)


def _offset(box: Box, other: Box) -> tuple[int, int, int, int]:
    return box.x0 - other.x0, box.y0 - other.y0, box.x1 - other.x0, box.y1 - other.y0
