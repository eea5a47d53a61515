"""Choice by similarity alone, without any geometry: what words and pixels say by themselves.

* ``dense-score``: probability of the noun phrase against background words in every cell of the
  dense features, mean over each mask.
* ``crop-score``: cosine of a crop around each mask and the whole sentence, the selector that GeoSelect
  (arXiv:2607.03869) compares its fields with. Crops are our context-aware ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dgl_rsis.benchmark.baselines.methods import ReferMethod, best_mask
from dgl_rsis.benchmark.baselines.prompts import (
    TEMPLATE,
    background_features,
    noun_phrase,
    rivals,
)
from dgl_rsis.models.base import Backbone
from dgl_rsis.pipeline import Model
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.stages.crops import CropEncoder
from dgl_rsis.types import BoolArray, FloatArray, RGBImage


@dataclass(frozen=True)
class DenseImage:
    """Dense features of an image.

    Attributes:
        backbone: embeds phrases.
        proposals: ``N`` masks.
        dense: ``(h, w, D)`` float32 of unit length.
        background: ``(B, D)`` features of the background words.
    """

    backbone: Backbone
    proposals: MaskSet
    dense: FloatArray
    background: FloatArray


@dataclass(frozen=True)
class CroppedMasks:
    """Masks with the embeddings of their crops.

    Attributes:
        backbone: embeds sentences.
        proposals: ``N`` masks.
        crops: ``(N, D)`` float32 of unit length.
    """

    backbone: Backbone
    proposals: MaskSet
    crops: FloatArray


def phrase_probability(
    dense: FloatArray, phrase: FloatArray, others: FloatArray, scale: float
) -> FloatArray:
    """Softmax of a phrase against others in every cell.

    Args:
        dense: ``(h, w, D)`` of unit length.
        phrase: ``(D,)`` of unit length.
        others: ``(K, D)`` of unit length.
        scale: inverse temperature.

    Returns:
        ``(h, w)`` float32 in [0, 1].
    """
    logits = scale * (dense @ np.concatenate([phrase[None], others]).T)
    weights = np.exp(logits - logits.max(-1, keepdims=True))
    return np.asarray(weights[..., 0] / weights.sum(-1), np.float32)


def _prepare_dense(model: Model, image: RGBImage, proposals: MaskSet) -> DenseImage:
    backbone = model.backbone
    return DenseImage(backbone, proposals, backbone.dense(image), background_features(backbone))


def _answer_dense(prepared: DenseImage, sentence: str) -> BoolArray:
    phrase = noun_phrase(sentence)
    (text,) = prepared.backbone.encode_texts([TEMPLATE.format(phrase)])
    others, scale = rivals(phrase, prepared.background), prepared.backbone.dense_logit_scale
    probability = phrase_probability(prepared.dense, text, others, scale)
    return best_mask(prepared.proposals, prepared.proposals.pool(probability))


def _prepare_crops(model: Model, image: RGBImage, proposals: MaskSet) -> CroppedMasks:
    encode = CropEncoder(image, model.backbone, model.settings.local)
    return CroppedMasks(model.backbone, proposals, encode(proposals, range(len(proposals))))


def _answer_crops(prepared: CroppedMasks, sentence: str) -> BoolArray:
    (text,) = prepared.backbone.encode_texts([sentence])
    return best_mask(prepared.proposals, prepared.crops @ text)


DENSE_SCORE = ReferMethod(_prepare_dense, _answer_dense)
CROP_SCORE = ReferMethod(_prepare_crops, _answer_crops)
