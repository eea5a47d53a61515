"""The mask with the largest mean activation of the whole sentence.

* ``grad-cam``: competitive Grad-CAM of the backbone, sentence against background words (Lin et al.,
  CLIP-ES, CVPR 2023, sections 3.1 and 3.2).
* ``grad-cam-plain``: the Grad-CAM baseline of Yu et al. (CVPR 2023): channels weighted by the
  spatial mean of the gradients of the image-text logit itself, rectified (Selvaraju et al., 2017).
  Theirs reads the last feature map of a ResNet; for a ViT it is the normalised input of the last
  block without the class token, which gives the image embedding.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from dgl_rsis.benchmark.baselines.methods import ReferMethod, best_mask, stretched
from dgl_rsis.benchmark.baselines.per_mask import pixels_of, vit_of
from dgl_rsis.benchmark.baselines.prompts import background_features, rivals
from dgl_rsis.models.base import Activator, Backbone, activator_of
from dgl_rsis.models.hf_clip import HfClip
from dgl_rsis.models.vision_tower import attend
from dgl_rsis.pipeline import Model
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.types import BoolArray, FloatArray, RGBImage


@dataclass(frozen=True)
class Competitive:
    """An image that can be asked for activations.

    Attributes:
        backbone: embeds sentences.
        proposals: ``N`` masks.
        activate: activations of texts in the image.
        background: ``(B, D)`` features of the background words.
    """

    backbone: Backbone
    proposals: MaskSet
    activate: Activator
    background: FloatArray


@dataclass(frozen=True)
class Plain:
    """An image read up to the last block of a ViT.

    Attributes:
        backbone: embeds sentences.
        proposals: ``N`` masks.
        tokens: ``(1, 1 + patches, d)`` that enter the last block.
    """

    backbone: HfClip
    proposals: MaskSet
    tokens: Tensor


def competing_texts(backbone: Backbone, sentence: str, background: FloatArray) -> FloatArray:
    """Text features ``(1 + K, D)``: the sentence, then the words that it does not use itself."""
    own = backbone.encode_texts([sentence])
    return np.concatenate([own, rivals(sentence, background)])


def plain_map(backbone: HfClip, tokens: Tensor, text: FloatArray) -> FloatArray:
    """Grad-CAM of the image-text logit.

    Args:
        backbone: with a class token.
        tokens: ``(1, 1 + patches, d)`` that enter the last block, of a square image.
        text: ``(D,)`` of unit length.

    Returns:
        ``(h, w)`` float32 in [0, 1].
    """
    block, side = backbone.tower.blocks[-1], backbone.input_size // backbone.patch
    with torch.enable_grad():
        normed = block.norm(tokens).detach().requires_grad_(True)
        after = block.finish(tokens, attend(*block.heads(normed)))
        embedding = functional.normalize(backbone.tower.joint(after[:, :1])[0, 0].float(), dim=-1)
        logit = backbone.logit_scale * embedding @ torch.tensor(text, device=embedding.device)
        (gradient,) = torch.autograd.grad(logit, normed)
    weights = gradient[0, 1:].mean(0)  # (d,)
    cells = (normed.detach()[0, 1:] @ weights).clamp(min=0)
    return stretched(cells.float().view(side, side).cpu().numpy())


def _prepare(model: Model, image: RGBImage, proposals: MaskSet) -> Competitive:
    backbone = model.backbone
    background = background_features(backbone)
    return Competitive(backbone, proposals, activator_of(backbone, image), background)


def _answer(prepared: Competitive, sentence: str) -> BoolArray:
    texts = competing_texts(prepared.backbone, sentence, prepared.background)
    maps, _ = prepared.activate(texts, (0,))
    return best_mask(prepared.proposals, prepared.proposals.pool(maps[0]))


def _prepare_plain(model: Model, image: RGBImage, proposals: MaskSet) -> Plain:
    backbone = vit_of(model.backbone)
    with torch.no_grad():  # tokens of inference mode could take no part in gradients
        tokens = backbone.tower.before(pixels_of(backbone, [image]), 1)
    return Plain(backbone, proposals, tokens)


def _answer_plain(prepared: Plain, sentence: str) -> BoolArray:
    (text,) = prepared.backbone.encode_texts([sentence])
    heat = plain_map(prepared.backbone, prepared.tokens, text)
    return best_mask(prepared.proposals, prepared.proposals.pool(heat))


GRAD_CAM = ReferMethod(_prepare, _answer)
GRAD_CAM_PLAIN = ReferMethod(_prepare_plain, _answer_plain)
