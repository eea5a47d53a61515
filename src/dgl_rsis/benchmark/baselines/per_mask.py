"""What ways that compute one embedding per mask share: a ViT, its late blocks, masks on its grid.

Both papers work on CLIP with 12 blocks and treat masks from the tenth block on. Here it is the last
quarter of the blocks of any CLIP, which for theirs is the same. Pictures are squeezed to the input
size and normalised as the model wants it; colours that replace pixels are colours, 0 to 255.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from dgl_rsis.errors import InputError
from dgl_rsis.models.base import Backbone
from dgl_rsis.models.hf_clip import HfClip
from dgl_rsis.models.torch_tools import squeeze, to_tensor
from dgl_rsis.models.vision_tower import ClassTokenTower
from dgl_rsis.types import Proposals, RGBImage

BATCH = 16  # masks at a time: bounds memory, and larger batches are no faster on a CPU


def class_token_tower(model: HfClip) -> ClassTokenTower:
    """The image tower of a model, which must have a class token.

    Raises:
        InputError: it has none.
    """
    if not isinstance(model.tower, ClassTokenTower):
        raise InputError(
            f"{model.name}: this baseline needs an image tower with a class token; pass a CLIP"
        )
    return model.tower


def is_vit(backbone: Backbone) -> bool:
    """Whether a backbone is a ViT with a class token."""
    return isinstance(backbone, HfClip) and isinstance(backbone.tower, ClassTokenTower)


def vit_of(backbone: Backbone) -> HfClip:
    """The backbone as a ViT with a class token, which it must be.

    Raises:
        InputError: it is none.
    """
    if not isinstance(backbone, HfClip):
        raise InputError(
            f"{backbone.card.name}: this baseline needs a ViT with a class token; pass a CLIP"
        )
    class_token_tower(backbone)
    return backbone


def late_blocks(tower: ClassTokenTower) -> int:
    """How many blocks treat masks: the last quarter, 3 of 12."""
    return -(-len(tower.blocks) // 4)


def pixels_of(model: HfClip, pictures: Sequence[RGBImage]) -> Tensor:
    """Pictures of any size as ``(B, 3, S, S)`` normalised pixels at the input size."""
    facts = model.preprocessing
    squeezed = [squeeze(picture, model.input_size, facts.resample) for picture in pictures]
    return to_tensor(squeezed, facts.mean, facts.std, model.device)


def grid_masks(model: HfClip, proposals: Proposals, indices: Sequence[int]) -> Tensor:
    """Masks ``(n, patches)`` in [0, 1], bilinear in the middle of each patch, not antialiased.

    A mask that lies between the middles of patches is zero everywhere.
    """
    side = model.input_size // model.patch
    masks = torch.from_numpy(np.stack([proposals.mask(index) for index in indices]))
    cells = functional.interpolate(masks[:, None].float(), (side, side), mode="bilinear")
    return cells.flatten(1).to(model.device)


def batches(count: int) -> Iterator[range]:
    """Numbers of masks, at most ``BATCH`` at a time."""
    for start in range(0, count, BATCH):
        yield range(start, min(start + BATCH, count))


def with_class_token(masks: Tensor) -> Tensor:
    """One for the class token before the patches: ``(n, patches)`` to ``(n, 1 + patches)``."""
    return torch.cat([masks.new_ones(len(masks), 1), masks], 1)
