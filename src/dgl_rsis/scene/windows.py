"""The image around the best candidates of a sentence, for words that no table can answer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from affine import Affine
from rasterio.features import rasterize

from dgl_rsis.geo.windows import Box
from dgl_rsis.heatmaps import heatmap
from dgl_rsis.image_reader import ImageReader
from dgl_rsis.models.base import Matcher
from dgl_rsis.pipeline import Model
from dgl_rsis.prepared import PreparedImage
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.proposing import pixel_size
from dgl_rsis.scene.source import SceneOptions, SceneReader, SceneSource
from dgl_rsis.scene.survey import plan_source
from dgl_rsis.scene.tabulating import Images
from dgl_rsis.stages.activation import activation_terms
from dgl_rsis.stages.candidates import CandidateTable
from dgl_rsis.types import FloatArray, IntArray, Query

MOST = 8
"""Candidates that are looked at."""
LEAST_SIDE = 256  # pixels of a window
MOST_SIDE = 2048
AROUND = 0.5  # sides of a candidate that its window shows on every side


@dataclass(frozen=True)
class Windows:
    """Reads windows of a scene; it is opened when the first is asked for.

    Attributes:
        images: the scene.
        reading: how it is read.
        model: that looks at them.
        matcher: of its activation provider, if that needs one.
    """

    images: Images
    reading: SceneOptions
    model: Model
    matcher: Matcher | None = None

    @cached_property
    def source(self) -> SceneSource:
        """The scene, looked at once."""
        return plan_source(self.images, self.reading)

    def activations(
        self, query: Query, words: str, table: CandidateTable, order: IntArray
    ) -> tuple[FloatArray, tuple[str, ...]]:
        """Activation terms of the best candidates.

        Args:
            query: what was understood.
            words: the noun with the modifiers that the activation is to add.
            table: candidates.
            order: of them, best first.

        Returns:
            ``(N,)`` in [0, 1], that of the worst for what was not looked at; notes.
        """
        boxes = {int(index): _window(table.boxes[index], self.source.shape) for index in order}
        fitting = [index for index, box in boxes.items() if max(box.shape) <= MOST_SIDE][:MOST]
        found = {}
        with SceneReader(self.source) as reader:
            for index in fitting:
                term = self._term(reader, boxes[index], query, words, table, index)
                if term is not None:
                    found[index] = term
        if not found:
            return np.ones(len(table), np.float32), ()
        terms = np.full(len(table), min(found.values()), np.float32)
        terms[list(found)] = list(found.values())
        left = len(order) - len(found)
        return terms, (f"'{words}' was looked for around the best {len(found)} only",) * bool(left)

    def _term(
        self,
        reader: SceneReader,
        box: Box,
        query: Query,
        words: str,
        table: CandidateTable,
        index: int,
    ) -> float | None:
        assert table.polygons is not None  # tables of scenes have them
        raster = reader.read(box)
        shape = box.shape
        mask = rasterize(
            [table.polygons[index]], shape, transform=Affine.translation(box.x0, box.y0)
        ).astype(bool)
        masks = MaskSet.from_masks(mask[None])
        model = self.model
        images = ImageReader.of(
            raster.rgb,
            model.backbone,
            model.settings,
            matcher=self.matcher,
            metres_per_pixel=pixel_size(raster),
        )
        image = PreparedImage.of(raster, raster.rgb, masks, images, given=True)
        heat = heatmap(image, query, words, model.backbone, model.settings)
        if heat is None:
            return None
        return float(activation_terms(heat, masks, model.settings.select)[0])


def _window(box: IntArray, shape: tuple[int, int]) -> Box:
    """A square-ish window around a box, inside the scene."""
    x0, y0, x1, y1 = (int(side) for side in box)
    side = max(LEAST_SIDE, round(max(x1 - x0, y1 - y0) * (1 + 2 * AROUND)))
    left, top = (x0 + x1 - side) // 2, (y0 + y1 - side) // 2
    return Box(left, top, left + side, top + side) & Box(0, 0, shape[1], shape[0])
