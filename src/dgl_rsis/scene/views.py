"""What things of a tile look like at the scale that suits their size (``stages/things.py``).

It is kept with them, so that any noun is asked of it without the image.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dgl_rsis.config import Settings
from dgl_rsis.models.base import Backbone
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.stages import things
from dgl_rsis.stages.local import ImageFeatures
from dgl_rsis.types import FloatArray, RGBImage

LEVELS = 3
"""Readings of a thing that are kept: those next to its size. With a spread of 0.7 octaves the others
weigh less than 7 %."""


@dataclass(frozen=True)
class Views:
    """What things look like in the readings that suit their sizes.

    Attributes:
        features: ``(T, V, D)`` float16 of unit length: the mean features in ``LEVELS`` readings, then
            the mask-guided ones where the model gives them.
        weights: ``(T, LEVELS)`` float32 of the readings, sum 1.
    """

    features: NDArray[np.float16]
    weights: FloatArray

    @classmethod
    def none(cls, count: int) -> Views:
        """Things that were not read so."""
        return cls(np.zeros((count, 0, 1), np.float16), np.zeros((count, 0), np.float32))


def view(
    masks: MaskSet,
    picture: RGBImage,
    features: ImageFeatures,
    backbone: Backbone,
    settings: Settings,
) -> Views:
    """What things look like in the readings that suit their sizes.

    Args:
        masks: ``T`` things.
        picture: ``(H, W, 3)`` uint8, what a tile sees.
        features: of it; its readings are used again.
        backbone: the image-text model.
        settings: of all stages.
    """
    if not settings.instances.own_scale:
        return Views.none(len(masks))
    if not len(masks):
        count = LEVELS * (2 if things.is_guided(backbone, settings.local) else 1)
        empty = np.zeros((0, count, features.dense[0].shape[-1]), np.float16)
        return Views(empty, np.zeros((0, LEVELS), np.float32))
    pyramid = things.read_pyramid(picture, backbone, features, settings.local)
    pooled = things.level_features(masks, pyramid)
    own = settings.instances
    weights = things.level_weights(masks.areas, pyramid.steps, own.thing_cells, own.thing_spread)
    missing = max(0, LEVELS - weights.shape[1])
    order = np.argsort(-weights, axis=1, kind="stable")[:, :LEVELS]
    order = np.pad(order, ((0, 0), (0, missing)))  # a level that weighs nothing
    kept = np.take_along_axis(weights, order, axis=1)
    kept[:, LEVELS - missing :] = 0
    kept /= kept.sum(1, keepdims=True)
    rows = np.arange(len(masks))[:, None]
    sets = [pooled.masked] if pooled.guided is None else [pooled.masked, pooled.guided]
    views = [np.stack(levels, axis=1)[rows, order] for levels in sets]
    return Views(np.concatenate(views, axis=1).astype(np.float16), kept)
