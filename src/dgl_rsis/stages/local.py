"""Local visual-textual alignment (docs/design.md 1.2).

"Visual and textual features are aligned at local scale, through a novel context-aware cropping
strategy for extracting image patches with proper boundaries and introducing RS-specific knowledge
to enrich the text inputs." (abstract)

Three views of a proposal vote on its class: dense features pooled over it, mask-guided features, by
default where dense cells are coarse, and a context-aware crop where that is switched on. Each view's cosines become probabilities by its own calibrated temperature first, and the
probabilities are combined log-linearly: cosines of heads with different temperatures are not
commensurable.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.special import entr

from dgl_rsis.config import LocalSettings
from dgl_rsis.models.base import Backbone, dense_bias_of
from dgl_rsis.stages.crops import CropEncoder
from dgl_rsis.stages.fields import resample
from dgl_rsis.text.knowledge import ClassPrompts
from dgl_rsis.types import FloatArray, IntArray, Proposals, RGBImage

EPSILON = 1e-6
LEAST_SIDE = 64  # pixels of the shorter side that still hold context
COARSE_CELL = 8  # pixels of a dense cell from which on things are small beside it


@dataclass(frozen=True)
class TextFeatures:
    """Text features of classes and of the background words that compete with them.

    Attributes:
        names: class names, then competitors.
        class_count: how many of ``names`` are classes.
        features: ``(Q, D)`` float32 of unit length, one row per synonym.
        owner: ``(Q,)`` index into ``names`` of each row, ascending.
    """

    names: tuple[str, ...]
    class_count: int
    features: FloatArray
    owner: IntArray


def encode_classes(
    backbone: Backbone, classes: Sequence[ClassPrompts], competitors: Sequence[ClassPrompts] = ()
) -> TextFeatures:
    """Embed all prompts: the normalised mean over the prompts of each synonym."""
    prompts: list[str] = []
    spans: list[tuple[int, int, int]] = []
    for number, group in enumerate((*classes, *competitors)):
        for texts in group.synonyms.values():
            spans.append((number, len(prompts), len(prompts) + len(texts)))
            prompts.extend(texts)
    embedded = backbone.encode_texts(prompts)
    means = np.stack([embedded[first:last].mean(0) for _, first, last in spans])
    means /= np.linalg.norm(means, axis=-1, keepdims=True) + EPSILON
    names = tuple(group.name for group in (*classes, *competitors))
    owner = np.array([number for number, _, _ in spans], np.int64)
    return TextFeatures(names, len(classes), means.astype(np.float32), owner)


def class_probabilities(
    cosines: NDArray[np.float32], texts: TextFeatures, scale: float
) -> FloatArray:
    """Softmax over classes and competitors of ``logsumexp - log k`` over k synonyms.

    Args:
        cosines: ``(..., Q)`` in [-1, 1].
        texts: whose rows the cosines belong to.
        scale: inverse temperature.

    Returns:
        ``(..., K)`` float32 probabilities that sum to one.
    """
    logits = np.float32(scale) * cosines
    top = logits.max(-1, keepdims=True)
    starts = np.flatnonzero(np.diff(texts.owner, prepend=-1))
    counts = np.diff(np.append(starts, len(texts.owner)))
    exponentials = np.exp(logits - top)
    sums = np.add.reduceat(exponentials, starts, axis=-1) / counts
    return np.asarray(sums / sums.sum(-1, keepdims=True), np.float32)


def rescale(image: RGBImage, factor: float) -> RGBImage:
    """Resize by a factor, at least one pixel a side; shrinking is antialiased."""
    if factor == 1:
        return image
    height, width = image.shape[:2]
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BICUBIC))


@dataclass(frozen=True)
class ImageFeatures:
    """What the backbone says about one image, whatever the words.

    Attributes:
        dense: per scale, finest first, ``(h, w, D)`` float32 of unit length over the whole image.
        factors: per scale, of the image size.
        finest: ``(h, w, 3)`` the image at the finest scale, for mask-guided features.
        whole: ``(D,)`` image embedding; None when no global bias is taken off.
        is_scale_known: whether the image said how large its pixels are.
        dense_bias: the backbone's own share of it to take off where the settings name none.
    """

    dense: tuple[FloatArray, ...]
    factors: tuple[float, ...]
    finest: RGBImage
    whole: FloatArray | None = None
    is_scale_known: bool = True
    dense_bias: float = 0.0


def reading_factors(
    shape: tuple[int, int], metres_per_pixel: float | None, cell: int, settings: LocalSettings
) -> tuple[float, ...]:
    """Factors of the image size at which dense features are read, finest first.

    Args:
        shape: height and width in pixels.
        metres_per_pixel: ground size of a pixel; None where it is unknown.
        cell: side in pixels of a cell of dense features. Coarse ones see too little of an image
            that was shrunk: they read it once, at ``coarse_scale``.
        settings: wanted ground sampling distances, or factors where the pixel size is unknown.

    Returns:
        distinct factors in (0, 1], above 1 only by ``coarse_scale``; the shorter side does not
        fall below ``LEAST_SIDE`` unless it was there before.
    """
    most = settings.max_side / float(np.sqrt(shape[0] * shape[1]))
    if cell >= COARSE_CELL:
        return (round(min(most, settings.coarse_scale), 4),)
    limit = min(1.0, most)
    least = min(limit, LEAST_SIDE / min(shape))
    unknown = [factor * limit for factor in settings.scales]
    wanted = ground_factors(metres_per_pixel, settings) or unknown
    return tuple(sorted({round(min(limit, max(least, f)), 4) for f in wanted}, reverse=True))


def ground_factors(metres_per_pixel: float | None, settings: LocalSettings) -> list[float]:
    """Factors of the image size at the wanted ground sampling distances; none where unknown.

    Args:
        metres_per_pixel: ground size of a pixel; None where it is unknown.
        settings: wanted distances.
    """
    if metres_per_pixel is None:
        return []
    return [metres_per_pixel / distance for distance in settings.ground_sampling]


def read_features(
    image: RGBImage,
    backbone: Backbone,
    settings: LocalSettings,
    *,
    metres_per_pixel: float | None = None,
) -> ImageFeatures:
    """Dense features at all scales, and the whole image's where a global bias is taken off."""
    shape = (int(image.shape[0]), int(image.shape[1]))
    factors = reading_factors(shape, metres_per_pixel, backbone.cell, settings)
    features = read_at(image, backbone, factors, whole_embedding(image, backbone, settings))
    is_known = ground_factors(metres_per_pixel, settings) != []
    return replace(features, is_scale_known=is_known)


def read_at(
    image: RGBImage, backbone: Backbone, factors: Sequence[float], whole: FloatArray | None
) -> ImageFeatures:
    """Dense features at given factors of the image size, finest first, with a known embedding."""
    pictures = [rescale(image, factor) for factor in factors]
    dense = tuple(backbone.dense(picture) for picture in pictures)
    return ImageFeatures(
        dense, tuple(factors), pictures[0], whole, dense_bias=dense_bias_of(backbone)
    )


def whole_embedding(
    image: RGBImage, backbone: Backbone, settings: LocalSettings
) -> FloatArray | None:
    """The embedding whose similarity is taken off; None where no global bias is."""
    return backbone.encode_images([image])[0] if bias_share(backbone, settings) > 0 else None


def bias_share(backbone: Backbone, settings: LocalSettings) -> float:
    """Share of the image's own similarity to take off that of dense features."""
    share = settings.global_bias
    return dense_bias_of(backbone) if share is None else share


def dense_probabilities(
    features: ImageFeatures, texts: TextFeatures, scale: float, settings: LocalSettings
) -> FloatArray:
    """Class probabilities of every cell: the mean over all scales.

    A product would let a coarse reading veto what only a fine one can see (a plane on an apron).
    Where the ground resolution is unknown, the scale at which the model is surest of the image
    counts most: ``certainty_weights``.

    Args:
        features: of the image.
        texts: classes and competitors.
        scale: inverse temperature of dense cosines.
        settings: holds the share of the image's own similarity that is taken off.

    Returns:
        ``(h, w, K)`` float32; the cells of the finest scale, covering the image.
    """
    bias = global_bias(features, texts, settings, own=features.dense_bias)
    shape = features.dense[0].shape[:2]
    readings: list[FloatArray] = []
    for dense in features.dense:
        # as one flat product: row by row it takes several times as long
        flat = dense.reshape(-1, dense.shape[-1]) @ texts.features.T
        cosines = flat.reshape(*dense.shape[:2], -1) - bias
        readings.append(resample(class_probabilities(cosines, texts, scale), shape))
    weights = certainty_weights(readings, 0.0 if features.is_scale_known else settings.certainty)
    total = np.zeros_like(readings[0])
    for reading, weight in zip(readings, weights.tolist(), strict=True):
        total += weight * reading
    return np.asarray(total / total.sum(-1, keepdims=True), np.float32)


def certainty_weights(readings: Sequence[FloatArray], certainty: float) -> FloatArray:
    """Shares of readings of an image: ``exp(-certainty * H)``, normalised.

    ``H`` is the mean entropy of a reading's cells, in [0, 1] as a share of that of the uniform
    distribution: a model that looks at an image at the scale that it knows is surer of it.

    Args:
        readings: ``(h, w, K)`` probabilities each.
        certainty: 0 gives all the same share.

    Returns:
        ``(readings,)`` float32 that sum to one.
    """
    most = np.log(max(2, readings[0].shape[-1]))
    entropies = [float(entr(reading).sum(-1).mean()) / most for reading in readings]
    weights = np.exp(-certainty * (np.array(entropies) - min(entropies)))
    return np.asarray(weights / weights.sum(), np.float32)


def masked_probabilities(
    proposals: Proposals,
    features: ImageFeatures,
    texts: TextFeatures,
    scale: float,
    settings: LocalSettings,
) -> FloatArray:
    """Class probabilities of proposals: the mean feature inside each is classified.

    Args:
        proposals: ``N`` of them.
        features: of the image; every scale votes with the same weight.
        texts: classes and competitors.
        scale: inverse temperature of dense cosines.
        settings: holds the share of the image's own similarity that is taken off.

    Returns:
        ``(N, K)`` float32 probabilities that sum to one.
    """
    bias = global_bias(features, texts, settings, own=features.dense_bias)
    total = np.zeros((len(proposals), len(texts.names)), np.float32)
    for dense in features.dense:
        means = proposals.pool(dense)
        means /= np.linalg.norm(means, axis=-1, keepdims=True) + EPSILON
        total += class_probabilities(means @ texts.features.T - bias, texts, scale)
    return np.asarray(total / len(features.dense), np.float32)


def pooled_probabilities(
    backbone: Backbone,
    proposals: Proposals,
    features: ImageFeatures,
    texts: TextFeatures,
    dense: FloatArray,
    settings: LocalSettings,
) -> FloatArray:
    """The mean of what the cells inside are and of what their mean feature is, ``(N, K)``.

    A car is uncertain in every cell and clear as a whole; a box that is a third background is
    uncertain as a whole, and most of its cells are clear.

    Args:
        backbone: whose features they are.
        proposals: ``N`` of them.
        features: of the image.
        texts: classes and competitors.
        dense: ``(h, w, K)`` class probabilities of the cells.
        settings: holds the share of the image's own similarity that is taken off.
    """
    scale = backbone.dense_logit_scale
    masked = masked_probabilities(proposals, features, texts, scale, settings)
    return np.asarray((proposals.pool(dense) + masked) / 2, np.float32)


def combine(views: Sequence[tuple[float, FloatArray]]) -> FloatArray:
    """Weighted geometric mean of probabilities ``(N, K)`` of several views, normalised."""
    total = sum(weight for weight, _ in views)
    if total == 0:
        return views[0][1]
    logp = sum(np.float32(weight / total) * np.log(p + EPSILON) for weight, p in views)
    return _normalise(np.asarray(logp, np.float32))


def align(
    crops: CropEncoder,
    backbone: Backbone,
    proposals: Proposals,
    features: ImageFeatures,
    texts: TextFeatures,
    pooled: FloatArray,
    settings: LocalSettings,
    *,
    rank_by: Sequence[int],
) -> FloatArray:
    """Class probabilities of all proposals from the views that are switched on.

    Args:
        crops: embeds context-aware crops of the image.
        backbone: gives mask-guided features.
        proposals: ``N`` of them.
        features: of the image.
        texts: classes and competitors.
        pooled: ``(N, K)`` class probabilities by dense features.
        settings: switches and weights.
        rank_by: classes whose best proposals get a crop, in turns.

    Returns:
        ``(N, K)`` float32.
    """
    if len(proposals) == 0:
        return np.zeros((0, len(texts.names)), np.float32)
    bias = global_bias(features, texts, settings)
    views = [(settings.dense_weight, pooled)]
    if _is_on(settings.mask_guidance, backbone.cell):
        cosines = backbone.regions(features.finest, proposals) @ texts.features.T - bias
        guided = class_probabilities(cosines, texts, backbone.region_logit_scale)
        views.append((settings.region_weight, guided))
    result = combine(views)
    if settings.context_crop:
        chosen = _best_of_each(result[:, list(rank_by)], settings.crop_count)
        cosines = crops(proposals, chosen.tolist()) @ texts.features.T - bias
        cropped = class_probabilities(cosines, texts, backbone.logit_scale)
        part = [(weight, p[chosen]) for weight, p in views]
        result[chosen] = combine([*part, (settings.crop_weight, cropped)])
    return result


def _is_on(switch: bool | Literal["auto"], cell: int) -> bool:
    """``auto``: where the cells of the dense features are coarse."""
    return cell >= COARSE_CELL if switch == "auto" else switch


def _best_of_each(scores: FloatArray, count: int) -> IntArray:
    """At most ``count`` rows of ``(N, K)``: the best of every column, the second best, ..."""
    ranked = np.argsort(-scores, axis=0, kind="stable").ravel()
    _, first = np.unique(ranked, return_index=True)
    return np.asarray(ranked[np.sort(first)][:count], np.int64)


def global_bias(
    features: ImageFeatures, texts: TextFeatures, settings: LocalSettings, *, own: float = 0.0
) -> FloatArray:
    """``(Q,)`` float32: the share of the image's own similarity that is taken off every cosine.

    SegEarth-OV (Li et al. 2025, section 3.2, global bias alleviation).

    Args:
        features: of the image.
        texts: classes and competitors.
        settings: hold the share.
        own: the share where the settings name none.
    """
    share = own if settings.global_bias is None else settings.global_bias
    if features.whole is None or share == 0:
        return np.zeros(len(texts.features), np.float32)
    return np.asarray(share * (texts.features @ features.whole), np.float32)


def _normalise(logp: NDArray[Any]) -> FloatArray:
    p = np.exp(logp - logp.max(-1, keepdims=True))
    return np.asarray(p / p.sum(-1, keepdims=True), np.float32)
