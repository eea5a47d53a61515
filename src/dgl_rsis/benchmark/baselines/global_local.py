"""Global-Local CLIP: a masked crop and masked tokens for each mask.

Yu, Seo & Son, Zero-shot Referring Image Segmentation with Global-Local Context Features, CVPR 2023,
section 3, for image towers that are ViTs.

* The *global* feature is the class token of the whole image whose patch tokens are multiplied by
  the mask at the entrance of every late block; the blocks before are shared by all masks.
* The *local* feature is the class token of the box around the mask, with the mean colour of
  ImageNet outside of the mask.
* Both are mixed as they are, and the mixture is brought to unit length.
* The text is half the sentence and half its noun phrase (``prompts.mixed_text``); the mask with the
  largest cosine is the answer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from dgl_rsis.benchmark.baselines.methods import ReferMethod, best_mask
from dgl_rsis.benchmark.baselines.per_mask import (
    batches,
    class_token_tower,
    grid_masks,
    late_blocks,
    pixels_of,
    vit_of,
    with_class_token,
)
from dgl_rsis.benchmark.baselines.prompts import mixed_text
from dgl_rsis.models.hf_clip import HfClip
from dgl_rsis.models.torch_tools import to_unit
from dgl_rsis.models.vision_tower import ClassTokenTower
from dgl_rsis.pipeline import Model
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.types import BoolArray, FloatArray, Proposals, RGBImage

GLOBAL_SHARE = 0.85  # that of RefCOCOg; 0.95 for RefCOCO and RefCOCO+
FILL = np.array([124, 116, 104], np.uint8)  # mean of ImageNet


@torch.inference_mode()
def global_local(
    model: HfClip, image: RGBImage, proposals: Proposals, *, share: float = GLOBAL_SHARE
) -> FloatArray:
    """One embedding for each mask.

    Args:
        model: with a class token.
        image: ``(H, W, 3)`` uint8.
        proposals: ``N`` masks of the image.
        share: of the global feature in the mixture.

    Returns:
        ``(N, D)`` float32 of unit length.

    Raises:
        InputError: the model has no class token.
    """
    tower = class_token_tower(model)
    tokens = tower.before(pixels_of(model, [image]), late_blocks(tower))
    parts = [np.zeros((0, model.dim), np.float32)]
    for batch in batches(len(proposals)):
        around = _global(tower, tokens, grid_masks(model, proposals, batch))
        inside = tower.image_features(
            pixels_of(model, [masked_crop(image, proposals, index) for index in batch])
        )
        parts.append(to_unit(share * around + (1 - share) * inside))
    return np.concatenate(parts)


def _global(tower: ClassTokenTower, tokens: Tensor, masks: Tensor) -> Tensor:
    """Late blocks with masked patches: ``(1, 1 + patches, d)``, ``(n, patches)`` to ``(n, D)``."""
    weights = with_class_token(masks)[..., None]
    tokens = tokens.expand(len(masks), -1, -1)
    for block in tower.blocks[-late_blocks(tower) :]:
        tokens = block(tokens * weights)
    return tower.joint(tokens[:, :1])[:, 0]


def masked_crop(image: RGBImage, proposals: Proposals, index: int) -> RGBImage:
    """The box around a mask, ``FILL`` outside of the mask: ``(h, w, 3)`` uint8."""
    x0, y0, x1, y1 = proposals.boxes[index].tolist()
    return np.where(proposals.crop(index)[..., None], image[y0:y1, x0:x1], FILL)


@dataclass(frozen=True)
class EmbeddedMasks:
    """Masks with their embeddings.

    Attributes:
        backbone: embeds sentences.
        proposals: ``N`` masks.
        embeddings: ``(N, D)`` float32 of unit length.
    """

    backbone: HfClip
    proposals: MaskSet
    embeddings: FloatArray


def _prepare(model: Model, image: RGBImage, proposals: MaskSet) -> EmbeddedMasks:
    backbone = vit_of(model.backbone)
    return EmbeddedMasks(backbone, proposals, global_local(backbone, image, proposals))


def _answer(prepared: EmbeddedMasks, sentence: str) -> BoolArray:
    text = mixed_text(prepared.backbone, sentence)
    return best_mask(prepared.proposals, prepared.embeddings @ text)


GLOBAL_LOCAL_CLIP = ReferMethod(_prepare, _answer)
