"""Self-supervised ViTs by transformers: the keys of the last attention as dense features.

DINO (Caron et al. 2021), DINOv2 (Oquab et al. 2024), DINOv3 (Siméoni et al. 2025). Keys of the
last layer are what MaskCut and UnSAM group patches by: they tell things apart better than the
outputs do. They are taken before rotary positions are applied, so that they say what a patch is
and not where.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from dgl_rsis.device import choose_device
from dgl_rsis.models.checkpoints import find_checkpoint, load_checkpoint
from dgl_rsis.models.preprocess import Preprocessing, read_preprocessing
from dgl_rsis.models.sam import IMAGENET
from dgl_rsis.models.torch_tools import to_tensor, to_unit
from dgl_rsis.types import FloatArray, RGBImage

FEWEST, MOST = 32, 64  # patches a side of a square with as many patches as an image gets


class Dino:
    """A self-supervised ViT.

    Args:
        model: a ``Dinov2Model``, ``DINOv3ViTModel`` or ``ViTModel``.
        preprocessing: normalisation of pixels.
        device: where to compute.
    """

    def __init__(
        self, model: Any, preprocessing: Preprocessing = IMAGENET, *, device: str = "cpu"
    ) -> None:
        self.model = model.to(device)
        self.preprocessing = preprocessing
        self.device = device
        self.patch = int(model.config.patch_size)
        self.keys = [each for name, each in model.named_modules() if name.endswith("k_proj")][-1]

    @classmethod
    def load(cls, name: str, device: str = "auto") -> Dino:
        """Load a checkpoint by name.

        Raises:
            InputError: the device is not there.
            MissingExtraError: transformers is not installed.
            ModelError: the checkpoint is not there, incomplete, or of another kind.
        """
        return cls.from_folder(find_checkpoint("dino", name), device)

    @classmethod
    def from_folder(cls, folder: Path, device: str = "auto") -> Dino:
        """Load a folder that ``find_checkpoint`` found."""
        return cls(
            load_checkpoint(folder, "dino"),
            read_preprocessing(folder, IMAGENET),
            device=choose_device(device)[0],
        )

    @torch.inference_mode()
    def dense(self, image: RGBImage) -> FloatArray:
        """Keys of all patches, ``(h, w, D)`` float32 of unit length.

        The image is resized to whole patches, ``FEWEST`` to ``MOST`` squared of them: 480 pixels
        of MaskCut are 34 to 60 a side.
        """
        rows, columns = patch_grid((image.shape[0], image.shape[1]), self.patch)
        size = (columns * self.patch, rows * self.patch)
        resized = Image.fromarray(image).resize(size, Image.Resampling.BICUBIC)
        mean, std = self.preprocessing.mean, self.preprocessing.std
        pixels = to_tensor([np.asarray(resized)], mean, std, self.device)
        caught: list[Tensor] = []
        hook = self.keys.register_forward_hook(lambda _module, _inputs, out: caught.append(out))
        # only the first ViT has to be told; the others interpolate positions by themselves
        more = {"interpolate_pos_encoding": True} if self.model.config.model_type == "vit" else {}
        try:
            self.model(pixel_values=pixels, **more)
        finally:
            hook.remove()
        patches = caught[0][0, -rows * columns :]  # class token and registers come first
        return to_unit(patches).reshape(rows, columns, -1)


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
