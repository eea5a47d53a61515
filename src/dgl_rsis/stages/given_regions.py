"""Regions with a given outline are read at the scales that suit their size (docs/design.md 1.2).

A proposal may be a part of anything; a polygon that the caller drew is whole, and where the image does
not say how large its pixels are, its size tells how closely to look. Names of things count by the readings in which the region is as small as things are
among their surroundings (``stages/things.py``), names of land cover by those in which it fills what
the network sees at once, enlarged where it is small: texture tells them, and mask-guided features
join. No single reading gives both: the names are probabilities against each other in every reading,
and each is taken from its own.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dgl_rsis.config import LocalSettings, RegionSettings
from dgl_rsis.models.base import Backbone
from dgl_rsis.stages import local, things
from dgl_rsis.types import BoolArray, FloatArray, Proposals, RGBImage


def is_read_at_own_scale(
    metres_per_pixel: float | None,
    backbone: Backbone,
    settings: RegionSettings,
    reading: LocalSettings,
) -> bool:
    """Whether regions of an image are.

    Known ground sampling distances tell more than sizes of regions do, and coarse cells see too little
    of an image that was shrunk.

    Args:
        metres_per_pixel: ground size of a pixel; None where it is unknown.
        backbone: the image-text model.
        settings: the switch.
        reading: the wanted ground sampling distances.
    """
    is_known = local.ground_factors(metres_per_pixel, reading) != []
    return settings.own_scale and not is_known and backbone.cell < local.COARSE_CELL


def reading_factors(
    shape: tuple[int, int], settings: RegionSettings, reading: LocalSettings
) -> tuple[float, ...]:
    """Halving factors of the image size, finest first.

    Args:
        shape: height and width in pixels.
        settings: say how much an image is enlarged at most.
        reading: bounds what is read at once.
    """
    factors = [min(settings.enlarge, reading.max_side / float(np.sqrt(shape[0] * shape[1])))]
    while min(shape) * factors[-1] / 2 >= things.LEAST_SIDE:
        factors.append(factors[-1] / 2)
    return tuple(factors)


def region_probabilities(
    image: RGBImage,
    regions: Proposals,
    areas: NDArray[np.number],
    backbone: Backbone,
    texts: local.TextFeatures,
    is_cover: BoolArray,
    settings: RegionSettings,
    reading: LocalSettings,
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
        is_cover: ``(K,)`` which of them are land cover; all others are things.
        settings: sizes in cells at which regions are read.
        reading: bounds what is read at once, switches mask guidance off, and holds the share of
            the image's own similarity that is taken off.
        whole: ``(D,)`` embedding of the whole image; None when no global bias is taken off.

    Returns:
        ``(N, K)`` float32 probabilities that sum to one.
    """
    factors = reading_factors(regions.shape, settings, reading)
    covers, objects = _level_weights(areas, factors, backbone, settings)
    covers *= is_cover.any()
    objects *= not is_cover.all()
    is_guided = things.is_guided(backbone, reading)
    of_cover = np.zeros((len(regions), len(texts.names)), np.float32)
    of_things = np.zeros_like(of_cover)
    for factor, cover, thing in zip(factors, covers.T, objects.T, strict=True):
        if not (cover.any() or thing.any()):
            continue
        picture = local.rescale(image, factor)
        features = local.read_at(picture, backbone, (1.0,), whole)
        cells = local.dense_probabilities(features, texts, backbone.dense_logit_scale, reading)
        pooled = regions.pool(cells)
        of_things += thing[:, None] * pooled
        if cover.any() and is_guided:
            bias = local.global_bias(features, texts, reading)
            cosines = backbone.regions(picture, regions) @ texts.features.T - bias
            guided = local.class_probabilities(cosines, texts, backbone.region_logit_scale)
            pooled = np.asarray((pooled + guided) / 2, np.float32)
        of_cover += cover[:, None] * pooled
    found = np.where(is_cover, of_cover, of_things)
    return np.asarray(found / found.sum(-1, keepdims=True), np.float32)


def _level_weights(
    areas: NDArray[np.number],
    factors: tuple[float, ...],
    backbone: Backbone,
    settings: RegionSettings,
) -> tuple[FloatArray, FloatArray]:
    """``(N, L)`` shares of the readings, of names of land cover and of things.

    Enlarged, things are not read: nothing like it has trained a network.
    """
    steps = np.array(factors) / backbone.cell
    covers = things.level_weights(areas, steps, settings.cover_cells, settings.cover_spread)
    enlarged = min(sum(factor > 1 for factor in factors), len(factors) - 1)
    objects = np.zeros_like(covers)
    objects[:, enlarged:] = things.level_weights(
        areas, steps[enlarged:], settings.thing_cells, settings.thing_spread
    )
    return covers, objects
