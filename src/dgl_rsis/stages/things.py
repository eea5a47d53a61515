"""Things are read at the scale that suits their size (docs/design.md 1.2).

A network knows a storage tank by its outline and its surroundings. Where the tank is a hundred pixels
wide, a cell of four pixels sees a piece of concrete; in a reading at an eighth of the size it sees the
tank. So an image is read at halving sizes, and the class of a region is asked of the readings in
which it has a standard size, as feature pyramids assign regions to levels (Lin et al. 2017, section
4.2, equation 1), here with soft weights. Land cover, whose texture fine readings tell best, is not read
so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dgl_rsis.config import InstanceSettings, LocalSettings
from dgl_rsis.models.base import Backbone, RegionReader, region_reader_of
from dgl_rsis.proposals.filters import Overlaps
from dgl_rsis.stages.local import (
    COARSE_CELL,
    EPSILON,
    ImageFeatures,
    TextFeatures,
    class_probabilities,
    global_bias,
    rescale,
)
from dgl_rsis.types import FloatArray, IntArray, Proposals, RGBImage

LEAST_SIDE = 48  # pixels of the shorter side of the coarsest reading
SMALLEST_AREA = 16  # pixels of a thing
LARGEST_SHARE = 0.9  # of the image
NEGLIGIBLE = 1e-3  # share of a level, beside that of the best one, which is not computed


@dataclass(frozen=True)
class Pyramid:
    """Dense features of an image at halving sizes.

    Attributes:
        steps: cells along one pixel of the image, per level, finest first.
        levels: ``(h, w, D)`` float32 of unit length over the whole image, per level.
        guided: gives mask-guided features, per level; None where they are off, or cells are
            coarse, for there each proposal is a token that takes time.
    """

    steps: tuple[float, ...]
    levels: tuple[FloatArray, ...]
    guided: tuple[RegionReader, ...] | None


def read_pyramid(
    image: RGBImage, backbone: Backbone, features: ImageFeatures, settings: LocalSettings
) -> Pyramid:
    """Read an image from twice the finest size of the map, never enlarged, down to a small one.

    Args:
        image: ``(H, W, 3)`` uint8.
        backbone: the image-text model.
        features: of the image; its readings are used again where they have the wanted size.
        settings: bound the size of a reading, as for the map; switch mask guidance off.
    """
    finer = min(1.0, 2 * features.factors[0])
    fits = finer**2 * image.shape[0] * image.shape[1] <= settings.max_side**2
    factors = halvings(finer if fits else min(1.0, features.factors[0]), image.shape[:2])
    pictures = [rescale(image, factor) for factor in factors]
    known = dict(zip(features.factors, features.dense, strict=True))
    levels = [
        known[factor] if factor in known else backbone.dense(picture)
        for factor, picture in zip(factors, pictures, strict=True)
    ]
    steps = tuple(factor / backbone.cell for factor in factors)
    guided = None
    if is_guided(backbone, settings):
        guided = tuple(region_reader_of(backbone, picture) for picture in pictures)
    return Pyramid(steps, tuple(levels), guided)


def halvings(finest: float, shape: Sequence[int]) -> list[float]:
    """A factor of an image's size and its halves, down to the least side that still shows something."""
    factors = [finest]
    while min(shape) * factors[-1] / 2 >= LEAST_SIDE:
        factors.append(factors[-1] / 2)
    return factors


@dataclass(frozen=True)
class LevelFeatures:
    """What proposals look like in each level.

    Attributes:
        masked: mean dense features, ``(N, D)`` float32 of unit length, per level.
        guided: mask-guided features, likewise; None where they are off.
    """

    masked: list[FloatArray]
    guided: list[FloatArray] | None


def is_guided(backbone: Backbone, settings: LocalSettings) -> bool:
    """Whether levels have mask-guided features."""
    return backbone.cell < COARSE_CELL and settings.mask_guidance is not False


def level_features(proposals: Proposals, pyramid: Pyramid) -> LevelFeatures:
    """Features of proposals in every level."""
    means = [proposals.pool(level) for level in pyramid.levels]
    masked = [each / (np.linalg.norm(each, axis=-1, keepdims=True) + EPSILON) for each in means]
    guided = pyramid.guided
    return LevelFeatures(masked, None if guided is None else [read(proposals) for read in guided])


def level_weights(
    areas: NDArray[np.number], steps: ArrayLike, cells: float, spread: float
) -> FloatArray:
    """``(N, L)`` float32 shares of the levels: normal in the octaves from the standard size.

    Args:
        areas: ``(N,)`` pixels.
        steps: ``(L,)`` cells along one pixel of the image, per level.
        cells: standard size along the root of an area.
        spread: standard deviation in octaves.
    """
    sides = np.sqrt(np.asarray(areas, np.float64))[:, None] * np.asarray(steps)
    octaves = np.log2(np.maximum(sides, EPSILON) / cells)
    logs = -((octaves / spread) ** 2) / 2
    weights = np.exp(logs - logs.max(1, keepdims=True, initial=-np.inf))
    weights[weights < NEGLIGIBLE] = 0
    return np.asarray(weights / weights.sum(1, keepdims=True), np.float32)


def thing_probabilities(
    pooled: LevelFeatures,
    weights: FloatArray,
    features: ImageFeatures,
    texts: TextFeatures,
    backbone: Backbone,
    settings: LocalSettings,
) -> FloatArray:
    """Class probabilities of proposals, each from the readings that suit its size.

    Args:
        pooled: features of the proposals per level.
        weights: ``(N, L)`` of the levels.
        features: of the image.
        texts: classes and competitors.
        backbone: has the temperatures.
        settings: holds the share of the image's own similarity that is taken off.

    Returns:
        ``(N, K)`` float32 probabilities that sum to one.
    """
    bias = global_bias(features, texts, settings)
    total = np.zeros((len(weights), len(texts.names)), np.float32)
    views = [(pooled.masked, backbone.dense_logit_scale)]
    if pooled.guided is not None:
        views.append((pooled.guided, backbone.region_logit_scale))
    for levels, scale in views:
        for level, own in enumerate(levels):
            rows = np.flatnonzero(weights[:, level])
            cosines = own[rows] @ texts.features.T - bias
            share = weights[rows, level, None]
            total[rows] += share * class_probabilities(cosines, texts, scale)
    return np.asarray(total / len(views), np.float32)


def best_things(
    overlaps: Overlaps,
    probability: FloatArray,
    objectness: FloatArray,
    settings: InstanceSettings,
    *,
    first: IntArray | None = None,
) -> IntArray:
    """Proposals that look most like whole things of a name, best first.

    A part of a roof may be as surely a roof as the whole; it looks less like a thing.

    Args:
        overlaps: of ``N`` proposals.
        probability: ``(N,)`` of the name, in [0, 1].
        objectness: ``(N,)`` of the proposals, in [0, 1].
        settings: thresholds.
        first: proposals that go before all others, however they score.

    Returns:
        ``(n,)`` proposals that hardly overlap.
    """
    areas, shape = overlaps.proposals.areas, overlaps.proposals.shape
    fits = (areas >= SMALLEST_AREA) & (areas <= LARGEST_SHARE * shape[0] * shape[1])
    looks = objectness.astype(np.float64) ** settings.objectness_power
    scores = np.where(fits, probability * looks, 0.0)
    best = float(scores.max(initial=0.0))
    is_open = (scores >= settings.least_share * best) & (scores > 0)
    if first is not None:
        is_open[first], scores[first] = True, scores[first] + best
    chosen: list[int] = []
    for index in np.argsort(-scores, kind="stable").tolist():
        if len(chosen) == settings.most_things or not is_open.any():
            break
        if is_open[index]:
            chosen.append(index)
            shared = overlaps.intersections(index)
            is_open &= shared <= settings.largest_overlap * np.minimum(areas, areas[index])
    return without_specks(np.array(chosen, np.int64), areas, scores, settings)


def without_specks(
    chosen: IntArray, areas: IntArray, scores: NDArray[np.float64], settings: InstanceSettings
) -> IntArray:
    """Those that are not much smaller than the others: the median by score is the measure.

    Args:
        chosen: indices of things.
        areas: ``(N,)`` pixels.
        scores: ``(N,)`` weights of the things.
        settings: says how much smaller.
    """
    if len(chosen) == 0:
        return chosen
    order = chosen[np.argsort(areas[chosen], kind="stable")]
    shares = np.cumsum(scores[order])
    middle = areas[order[np.searchsorted(shares, shares[-1] / 2)]]
    return np.asarray(chosen[areas[chosen] >= settings.thing_speck * middle])
