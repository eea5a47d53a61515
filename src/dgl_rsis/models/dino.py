"""Self-supervised ViTs by transformers: the keys of the last attention as dense features.

DINO (Caron et al. 2021), DINOv2 (Oquab et al. 2024), DINOv3 (Siméoni et al. 2025). Keys of the
last layer are what MaskCut and UnSAM group patches by: they tell things apart better than the
outputs do. They are taken before rotary positions are applied, so that they say what a patch is
and not where.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor, nn

from dgl_rsis.models.checkpoints import find_checkpoint
from dgl_rsis.models.precision import Computing
from dgl_rsis.models.preprocess import Preprocessing
from dgl_rsis.models.sam import IMAGENET
from dgl_rsis.models.self_supervised import SelfSupervised
from dgl_rsis.models.torch_tools import to_unit
from dgl_rsis.types import FloatArray, RGBImage

FEWEST, MOST = 32, 64  # patches a side of a square with as many patches as an image gets


class Keys(nn.Module):
    """What the last block of a ViT is replaced by: the keys of its attention, ``(B, T, C)``.

    So the ordinary forward pass ends there, whoever else calls it at the same time.

    Args:
        block: the last block.
    """

    def __init__(self, block: Any) -> None:
        super().__init__()
        self.norm = block.layernorm_before if hasattr(block, "layernorm_before") else block.norm1
        self.project = block.attention.k_proj

    def forward(self, tokens: Tensor, *_: Any, **__: Any) -> Tensor:
        """Keys of tokens ``(B, T, C)``; masks and positions, which blocks get too, play no part."""
        keys: Tensor = self.project(self.norm(tokens))
        return keys


class Dino(SelfSupervised):
    """The keys of a self-supervised ViT.

    Args:
        model: see ``SelfSupervised``; it is changed and gives keys from now on.
        preprocessing: filter of resizing and normalisation of pixels.
        computing: where and how.
    """

    def __init__(
        self,
        model: Any,
        preprocessing: Preprocessing = IMAGENET,
        computing: Computing = Computing(),
    ) -> None:
        blocks = [each for each in model.modules() if isinstance(each, nn.ModuleList)][-1]
        blocks[-1] = Keys(blocks[-1])
        for name in ("norm", "layernorm"):  # behind the blocks
            if hasattr(model, name):
                setattr(model, name, nn.Identity())
        super().__init__(model, preprocessing, computing)

    @classmethod
    def load(cls, name: str, device: str = "auto") -> Dino:
        """Load a checkpoint by name.

        Raises:
            InputError: the device is not there.
            MissingExtraError: transformers is not installed.
            ModelError: the checkpoint is not there, incomplete, or of another kind.
        """
        return cls.from_folder(find_checkpoint("dino", name), Computing.choose(device))

    def dense(self, image: RGBImage) -> FloatArray:
        """Keys of all patches, ``(h, w, D)`` float32 of unit length.

        The image is resized to whole patches, ``FEWEST`` to ``MOST`` squared of them: 480 pixels
        of MaskCut are 34 to 60 a side.
        """
        cells = patch_grid((image.shape[0], image.shape[1]), self.patch)
        return to_unit(self.patches(image, cells)[0]).reshape(*cells, -1)


def patch_grid(shape: tuple[int, int], patch: int) -> tuple[int, int]:
    """Rows and columns of patches that an image is read at.

    Args:
        shape: height and width in pixels.
        patch: side of a patch in pixels.
    """
    mean_side = float(np.sqrt(shape[0] * shape[1])) / patch
    factor = min(max(mean_side, FEWEST), MOST) / mean_side / patch
    most = MOST * MOST  # a very long image has fewer patches than wanted, never more
    rows, columns = (min(most, max(1, round(side * factor))) for side in shape)
    return min(rows, most // columns), columns
