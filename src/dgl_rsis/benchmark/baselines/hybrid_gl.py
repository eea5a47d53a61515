"""HybridGL: a blurred and a filled picture for each mask, one feeding the other.

Liu & Li, Hybrid Global-Local Representation with Augmented Spatial Guidance for Zero-Shot Referring
Image Segmentation, CVPR 2025, section 3.2, in its default direction, global to local.

* The *global* picture of a mask is blurred outside of it, the *local* one has the mean colour
  there; both show the whole frame.
* Both go through the early blocks. In every late block, twice the global tokens, patches multiplied
  by the mask, are added to the local ones first; and the global class token attends to itself and
  to the patches in the mask only. The local class token is the result.

Pixels are normalised once, as the model wants it, and the mean colour is the one that this takes
off, so that filled pixels are zero.
"""

from __future__ import annotations

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor

from dgl_rsis.benchmark.baselines.per_mask import (
    batches,
    class_token_tower,
    grid_masks,
    late_blocks,
    pixels_of,
    with_class_token,
)
from dgl_rsis.models.hf_clip import HfClip
from dgl_rsis.models.torch_tools import to_unit
from dgl_rsis.models.vision_tower import Block, attend
from dgl_rsis.types import FloatArray, Proposals, RGBImage

RADIUS = 7  # of the blur: a kernel of 15 by 15 pixels of the image
SIGMA = 2.6  # what image libraries take for a kernel of that size: 0.3 * (radius - 1) + 0.8
FED = 2.0  # how often the global tokens are added


@torch.inference_mode()
def hybrid_gl(model: HfClip, image: RGBImage, proposals: Proposals) -> FloatArray:
    """One embedding for each mask.

    Args:
        model: with a class token.
        image: ``(H, W, 3)`` uint8.
        proposals: ``N`` masks of the image.

    Returns:
        ``(N, D)`` float32 of unit length.

    Raises:
        InputError: the model has no class token.
    """
    tower = class_token_tower(model)
    blurred = blur(image)
    mean = np.rint(255 * np.array(model.preprocessing.mean)).astype(np.uint8)
    parts = [np.zeros((0, model.dim), np.float32)]
    *inner, last = tower.blocks[-late_blocks(tower) :]
    for batch in batches(len(proposals)):
        inside = [proposals.mask(index)[..., None] for index in batch]
        pictures = [np.where(mask, image, other) for other in (blurred, mean) for mask in inside]
        tokens = tower.before(pixels_of(model, pictures), late_blocks(tower))
        around, own = tokens.chunk(2)  # (n, 1 + patches, d) of each picture
        weights = with_class_token(grid_masks(model, proposals, batch))
        for block in inner:
            own, around = (
                block(own + FED * around * weights[..., None]),
                _seeing(block, around, weights >= 0.5),
            )
        own = last(own + FED * around * weights[..., None])  # no block sees the global ones behind
        parts.append(to_unit(tower.joint(own[:, :1])[:, 0]))
    return np.concatenate(parts)


def blur(image: RGBImage) -> RGBImage:
    """Gaussian blur with a kernel of 15 by 15 pixels, mirrored at the border."""
    sigma = (SIGMA, SIGMA, 0)
    blurred = ndimage.gaussian_filter(
        image.astype(np.float32), sigma, mode="mirror", radius=(RADIUS, RADIUS, 0)
    )
    return np.asarray(np.rint(blurred), np.uint8)


def _seeing(block: Block, tokens: Tensor, seen: Tensor) -> Tensor:
    """A block whose class token attends only where ``seen`` ``(n, 1 + patches)`` is True."""
    count = tokens.shape[1]
    allowed = seen.new_ones(len(seen), 1, count, count)
    allowed[:, 0, 0] = seen
    return block.finish(tokens, attend(*block.heads(block.norm(tokens)), allowed))
