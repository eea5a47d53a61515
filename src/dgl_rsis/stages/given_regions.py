"""Regions with a given outline are read at the scales that suit their size (docs/design.md 1.2).

A proposal may be a part of anything; a polygon that the caller drew is whole, and where the image does
not say how large its pixels are, its size tells how closely to look. Names of things count by the
readings in which the region is as small as things are among their surroundings
(``stages/things.py``), names of land cover by those in which it fills what the network sees at once,
enlarged where it is small: texture tells them, and mask-guided features join. No single reading gives
both: the names are probabilities against each other in every reading, and each is taken from its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dgl_rsis.config import LocalSettings, RegionSettings, Settings
from dgl_rsis.models.base import Backbone
from dgl_rsis.stages import local, things
from dgl_rsis.types import BoolArray, FloatArray, Proposals, RGBImage


def suits_own_scale(backbone: Backbone, settings: Settings, metres_per_pixel: float | None) -> bool:
    """Whether regions of an image are read at their own scales.

    Known ground sampling distances tell more than sizes of regions do, and coarse cells see too little
    of an image that was shrunk.

    Args:
        backbone: the image-text model.
        settings: of all stages.
        metres_per_pixel: ground size of a pixel; None where it is unknown.
    """
    is_known = local.ground_factors(metres_per_pixel, settings.local) != []
    return settings.regions.own_scale and not is_known and backbone.cell < local.COARSE_CELL


@dataclass(frozen=True)
class OwnScales:
    """How the regions of an image, or of its tiles, are read.

    Attributes:
        is_cover: ``(K,)`` which names are land cover; all others are things.
        factors: halving factors of the image size, finest first.
        largest: pixels; a larger region is read as one of so many, which fills what is read at once.
    """

    is_cover: BoolArray
    factors: tuple[float, ...]
    largest: float

    @classmethod
    def of(cls, names: Sequence[str], shape: tuple[int, int], settings: Settings) -> OwnScales:
        """The lexicon of the settings tells land cover from things.

        Args:
            names: of classes and competitors.
            shape: height and width in pixels of what is read at once, the same for all tiles.
            settings: of all stages.
        """
        lexicon = settings.knowledge.words.lexicon
        is_cover = np.array([lexicon.is_stuff(name) for name in names])
        factors = halving_factors(shape, settings.regions.enlarge, settings.local.max_side)
        return cls(is_cover, factors, float(shape[0] * shape[1]))


def halving_factors(shape: tuple[int, int], enlarge: float, max_side: int) -> tuple[float, ...]:
    """Factors of the image size: ``enlarge``, then halves, at least down to one that does not enlarge.

    Args:
        shape: height and width in pixels.
        enlarge: the largest factor.
        max_side: side of the largest square, in pixels, that is read at once.
    """
    finest = enlarge
    while finest * np.sqrt(shape[0] * shape[1]) > max_side:
        finest /= 2
    factors = things.halvings(finest, shape)
    while factors[-1] > 1:
        factors.append(factors[-1] / 2)
    return tuple(factors)


def region_probabilities(
    image: RGBImage,
    regions: Proposals,
    areas: NDArray[np.number],
    backbone: Backbone,
    texts: local.TextFeatures,
    scales: OwnScales,
    settings: RegionSettings,
    local_settings: LocalSettings,
    *,
    whole: FloatArray | None = None,
) -> FloatArray:
    """Class probabilities of regions, each name by the readings that suit it and their sizes.

    Args:
        image: ``(H, W, 3)`` uint8, or the part of it that holds the regions.
        regions: ``N`` of them, or of their parts in the image.
        areas: ``(N,)`` pixels of the whole regions.
        backbone: the image-text model.
        texts: ``K`` classes and competitors.
        scales: how they are read.
        settings: sizes in cells at which regions are read.
        local_settings: switch mask guidance off, and hold the share of the image's own
            similarity that is taken off.
        whole: ``(D,)`` embedding of the whole image; None when no global bias is taken off.

    Returns:
        ``(N, K)`` float32 probabilities that sum to one.
    """
    covers, objects = _shares(np.minimum(areas, scales.largest), scales, backbone.cell, settings)
    is_guided = things.is_guided(backbone, local_settings)
    of_cover = np.zeros((len(regions), len(texts.names)), np.float32)
    of_things = np.zeros_like(of_cover)
    for factor, cover, thing in zip(scales.factors, covers.T, objects.T, strict=True):
        if not (cover.any() or thing.any()):
            continue
        picture = local.rescale(image, factor)
        features = local.read_at(picture, backbone, (1.0,), whole)
        cells = local.dense_probabilities(
            features, texts, backbone.dense_logit_scale, local_settings
        )
        pooled = regions.pool(cells)
        of_things += thing[:, None] * pooled
        if cover.any() and is_guided:
            bias = local.global_bias(features, texts, local_settings)
            cosines = backbone.regions(picture, regions) @ texts.features.T - bias
            guided = local.class_probabilities(cosines, texts, backbone.region_logit_scale)
            pooled = np.asarray((pooled + guided) / 2, np.float32)
        of_cover += cover[:, None] * pooled
    found = np.where(scales.is_cover, of_cover, of_things) + local.EPSILON
    return np.asarray(found / found.sum(-1, keepdims=True), np.float32)


def _shares(
    areas: NDArray[np.number], scales: OwnScales, cell: int, settings: RegionSettings
) -> tuple[FloatArray, FloatArray]:
    """``(N, L)`` shares of the readings, for names of land cover and of things; 0 where none is asked.

    Enlarged, things are not read: nothing like it has trained a network.
    """
    steps = np.array(scales.factors) / cell
    covers = things.level_weights(areas, steps, settings.cover_cells, settings.cover_spread)
    enlarged = sum(factor > 1 for factor in scales.factors)
    objects = np.zeros_like(covers)
    objects[:, enlarged:] = things.level_weights(
        areas, steps[enlarged:], settings.thing_cells, settings.thing_spread
    )
    return covers * scales.is_cover.any(), objects * ~scales.is_cover.all()
