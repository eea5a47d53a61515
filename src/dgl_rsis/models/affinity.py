"""Which patches belong together, by the features of a self-supervised ViT.

DINOv2 (Oquab et al. 2024), DINOv3 (Siméoni et al. 2025) and DINO (Caron et al. 2021) tell things
apart better than a model that was trained with words; ``dense_attention`` lets them guide one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from dgl_rsis.models.checkpoints import load_checkpoint
from dgl_rsis.models.preprocess import Preprocessing, read_preprocessing
from dgl_rsis.models.sam import IMAGENET
from dgl_rsis.models.torch_tools import resize, to_tensor
from dgl_rsis.types import RGBImage


class Affinity:
    """The last features of a self-supervised ViT.

    Args:
        model: a ``Dinov2Model``, ``DINOv3ViTModel`` or ``ViTModel`` of transformers.
        preprocessing: normalisation of pixels.
        device: where to compute.
    """

    def __init__(self, model: Any, preprocessing: Preprocessing, *, device: str = "cpu") -> None:
        self.model = model.to(device).eval().requires_grad_(False)
        self.preprocessing = preprocessing
        self.device = device
        self.patch = int(model.config.patch_size)

    @classmethod
    def from_folder(cls, folder: Path, device: str = "cpu") -> Affinity:
        """Load a folder of ``checkpoints.find_checkpoint("dino", ...)``.

        Raises:
            MissingExtraError: transformers is not installed.
            ModelError: the weights cannot be read, or do not fit the configuration.
        """
        preprocessing = read_preprocessing(folder, IMAGENET)
        return cls(load_checkpoint(folder, "dino"), preprocessing, device=device)

    @torch.no_grad()
    def features(self, image: RGBImage, cells: tuple[int, int]) -> Tensor:
        """Unit-length features ``(1, rows * columns, C)`` of an image.

        Args:
            image: ``(H, W, 3)`` uint8; it is resized so that its patches are the cells.
            cells: rows and columns.
        """
        rows, columns = cells
        resized = resize(image, (rows * self.patch, columns * self.patch))
        pixels = to_tensor([resized], self.preprocessing.mean, self.preprocessing.std, self.device)
        # only the first ViT has to be told; the others interpolate positions by themselves
        more = {"interpolate_pos_encoding": True} if self.model.config.model_type == "vit" else {}
        tokens = self.model(pixel_values=pixels, **more).last_hidden_state
        patches = tokens[:, -rows * columns :]  # class token and registers come first
        return functional.normalize(patches.float(), dim=-1)
