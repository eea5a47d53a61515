"""The votes of the pixels of polygons, gathered over the tiles of a scene."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from dgl_rsis.config import LocalSettings
from dgl_rsis.geo.windows import Box
from dgl_rsis.pipeline import Model
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.proposals.polygons import pixels_inside
from dgl_rsis.stages import local
from dgl_rsis.stages.crops import CropEncoder
from dgl_rsis.stages.given_regions import OwnScales, region_probabilities
from dgl_rsis.types import BoolArray, FloatArray, Raster

_MANY_POINTS = 1_000  # of a polygon, above which it is cut to a tile before its pixels are found
_LARGE = 2**22  # pixels of a box that are looked at to find a pixel of a thin polygon


@dataclass(frozen=True)
class Reading:
    """How the model reads the tiles of a scene.

    Attributes:
        texts: ``K`` classes and competitors.
        scales: those that suit the sizes of polygons; None where they are read as maps are.
        factors: of the size of a tile at which maps are read, finest first.
        whole: embedding of the whole scene, for the global bias; None without it.
    """

    texts: local.TextFeatures
    scales: OwnScales | None
    factors: tuple[float, ...]
    whole: FloatArray | None

    def probabilities(
        self, model: Model, tile: Raster, masks: MaskSet, areas: NDArray[np.float64]
    ) -> FloatArray:
        """``(n, K)`` class probabilities of masks of a tile.

        Args:
            model: loaded.
            tile: what is read.
            masks: ``n`` parts of polygons in it.
            areas: ``(n,)`` pixels of the whole polygons.
        """
        if self.scales is None:
            return self._as_maps(model, tile, masks)
        backbone, settings = model.backbone, model.settings
        pooled = region_probabilities(
            tile.rgb, masks, areas, backbone, self.texts, self.scales, settings.regions,
            settings.local, whole=self.whole,
        )  # fmt: skip
        features = local.ImageFeatures((), (), tile.rgb, self.whole)
        # masks have guided already, where they should
        unguided = settings.local.model_copy(update={"mask_guidance": False})
        return self._align(model, tile, masks, features, pooled, unguided)

    def _as_maps(self, model: Model, tile: Raster, masks: MaskSet) -> FloatArray:
        """Dense features count by the cells inside alone.

        A mean feature would be another one in every tile that a polygon reaches into.
        """
        backbone, settings = model.backbone, model.settings.local
        features = local.read_at(tile.rgb, backbone, self.factors, self.whole)
        scale = backbone.dense_logit_scale
        dense = local.dense_probabilities(features, self.texts, scale, settings)
        return self._align(model, tile, masks, features, masks.pool(dense), settings)

    def _align(
        self, model: Model, tile: Raster, masks: MaskSet, features: local.ImageFeatures,
        pooled: FloatArray, settings: LocalSettings,
    ) -> FloatArray:  # fmt: skip
        """Let further views vote, where they are on."""
        return local.align(
            CropEncoder(tile.rgb, model.backbone, settings), model.backbone, masks, features,
            self.texts, pooled, settings, rank_by=range(self.texts.class_count),
        )  # fmt: skip


@dataclass(frozen=True)
class TileVotes:
    """What one tile says.

    Attributes:
        owners: ``(n,)`` polygons with valid pixels in it.
        sums: ``(n, K)`` probabilities times pixels.
        pixels: ``(n,)`` valid pixels.
        losers: ``(m,)`` polygons with pixels without data in it.
        lost: ``(m,)`` these pixels.
    """

    owners: NDArray[np.int64]
    sums: NDArray[np.float64]
    pixels: NDArray[np.int64]
    losers: NDArray[np.int64]
    lost: NDArray[np.int64]


@dataclass
class Votes:
    """What tiles said so far.

    Attributes:
        polygons: ``(N,)`` in pixels of the scene; None for what is none.
        points: ``(N,)`` pixel ``x, y`` of polygons between pixel centres; -1 for all others.
        sums: ``(N, K)`` probabilities times pixels.
        pixels: ``(N,)`` valid pixels.
        lost: ``(N,)`` pixels without data.
        extent: the part of the scene that is looked at.
    """

    polygons: NDArray[np.object_]
    points: NDArray[np.int64]
    sums: NDArray[np.float64]
    pixels: NDArray[np.int64]
    lost: NDArray[np.int64]
    extent: Box

    @classmethod
    def empty(cls, polygons: NDArray[np.object_], names: int, extent: Box) -> Votes:
        """No votes yet, of so many names, for polygons in pixels of a scene."""
        count = len(polygons)
        points = np.array([_lone_pixel(each, extent) for each in polygons], np.int64)
        zeros = np.zeros(count, np.int64)
        sums = np.zeros((count, names))
        return cls(polygons, points.reshape(-1, 2), sums, zeros, zeros.copy(), extent)

    def crop(self, number: int, core: Box) -> tuple[BoolArray, int, int]:
        """Pixels of a polygon in a tile: mask and its first column and row in the scene."""
        left, top, right, bottom = core.x0, core.y0, core.x1, core.y1
        x, y = self.points[number].tolist()
        if x >= 0:
            inside = left <= x < right and top <= y < bottom
            return np.full((1, 1) if inside else (0, 0), True), x, y
        polygon = self.polygons[number]
        if shapely.get_num_coordinates(polygon) > _MANY_POINTS:
            polygon = _cut(polygon, core.grown(1))
            if polygon is None:
                return np.zeros((0, 0), bool), left, top
        x0, y0, x1, y1 = polygon.bounds
        x0, y0 = max(left, int(np.floor(x0))), max(top, int(np.floor(y0)))
        x1, y1 = min(right, int(np.ceil(x1))), min(bottom, int(np.ceil(y1)))
        return pixels_inside(polygon, (x0, y0, x1, y1)), x0, y0

    def area(self, number: int) -> float:
        """Pixels of a polygon, at least one."""
        return max(1.0, float(self.polygons[number].area))

    def missing(self, numbers: Sequence[int], core: Box) -> TileVotes:
        """What a tile without data says of the polygons in it."""
        lost = np.array([self.crop(number, core)[0].sum() for number in numbers], np.int64)
        nobody = np.zeros(0, np.int64)
        empty = np.zeros((0, self.sums.shape[1]))
        return TileVotes(nobody, empty, nobody, np.array(numbers, np.int64), lost)

    def of_tile(
        self,
        model: Model,
        reading: Reading,
        tile: Raster,
        core: Box,
        outer: Box,
        numbers: Sequence[int],
    ) -> TileVotes:
        """Let the pixels of a tile vote.

        Args:
            model: loaded.
            reading: how it reads tiles.
            tile: the image of ``outer``.
            core: what the tile answers for.
            outer: the same with the halo.
            numbers: polygons that may lie in it.
        """
        crops, corners, owners, lost = [], [], [], []
        for number in numbers:
            crop, x, y = self.crop(number, core)
            x, y = x - outer.x0, y - outer.y0
            seen = crop & tile.valid[y : y + crop.shape[0], x : x + crop.shape[1]]
            lost.append(int(crop.sum()) - int(seen.sum()))
            if seen.any():
                crops.append(seen)
                corners.append((x, y))
                owners.append(number)
        losers, gone = np.array(numbers, np.int64), np.array(lost, np.int64)
        sums, pixels = np.zeros((0, self.sums.shape[1])), np.zeros(0, np.int64)
        if crops:
            masks = MaskSet.from_crops(crops, corners, tile.shape)
            pixels = masks.areas
            areas = np.array([self.area(number) for number in owners])
            probabilities = reading.probabilities(model, tile, masks, areas)
            sums = probabilities.astype(np.float64) * pixels[:, None]
        return TileVotes(np.array(owners, np.int64), sums, pixels, losers, gone)

    def take(self, tile: TileVotes) -> None:
        """Count the votes of a tile."""
        self.sums[tile.owners] += tile.sums
        self.pixels[tile.owners] += tile.pixels
        self.lost[tile.losers] += tile.lost

    def probabilities(self) -> FloatArray:
        """``(N, K)`` float32; zero where no pixel voted."""
        return np.asarray(self.sums / np.maximum(self.pixels, 1)[:, None], np.float32)

    def remarks(self, before: Sequence[str]) -> list[str]:
        """Remarks on all features, with what was found of their pixels."""
        result = []
        for number, remark in enumerate(before):
            polygon, said = self.polygons[number], [remark] if remark else []
            if polygon is not None:
                share = self._share_seen(number)
                if share == 0 and not self.lost[number]:
                    said.append("it lies outside the image")
                elif share == 0:
                    said.append("the image has no data here")
                elif share < 0.995:
                    said.append(f"only {max(0.01, share):.0%} of it lies where the image has data")
            result.append("; ".join(said))
        return result

    def _share_seen(self, number: int) -> float:
        """Share of a polygon that lies on valid pixels."""
        found = int(self.pixels[number])
        if not found:
            return 0.0
        polygon = self.polygons[number]
        x0, y0, x1, y1 = polygon.bounds
        inside = 1.0
        if x0 < self.extent.x0 or y0 < self.extent.y0 or x1 > self.extent.x1 or y1 > self.extent.y1:
            cut = _cut(polygon, self.extent)
            inside = 0.0 if cut is None else cut.area / polygon.area
        return inside * found / (found + int(self.lost[number]))


def _lone_pixel(polygon: shapely.Geometry | None, extent: Box) -> tuple[int, int]:
    """The pixel that a polygon between pixel centres lies in; -1, -1 for all others."""
    if polygon is None:
        return -1, -1
    x0, y0 = np.floor(polygon.bounds[:2]).astype(int).tolist()
    x1, y1 = np.ceil(polygon.bounds[2:]).astype(int).tolist()
    if (x1 - x0) * (y1 - y0) > _LARGE or pixels_inside(polygon, (x0, y0, x1, y1)).any():
        return -1, -1
    point = polygon.representative_point()
    x, y = int(np.floor(point.x)), int(np.floor(point.y))
    inside = extent.x0 <= x < extent.x1 and extent.y0 <= y < extent.y1
    return (x, y) if inside else (-1, -1)


def _cut(polygon: shapely.Geometry, box: Box) -> shapely.Geometry | None:
    """The part of a polygon in a box; None if there is none."""
    parts = shapely.get_parts(shapely.clip_by_rect(polygon, box.x0, box.y0, box.x1, box.y1))
    areas = [each for each in parts if each.geom_type == "Polygon"]
    return shapely.MultiPolygon(areas) if areas else None
