"""Self-supervised ViTs of transformers: DINO, DINOv2 and DINOv3, and what they say of patches.

Caron et al. 2021, Oquab et al. 2024, Siméoni et al. 2025.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor

from dgl_rsis.models.checkpoints import load_checkpoint
from dgl_rsis.models.precision import Computing
from dgl_rsis.models.preprocess import Preprocessing, read_preprocessing
from dgl_rsis.models.sam import IMAGENET
from dgl_rsis.models.torch_tools import resize, to_tensor
from dgl_rsis.types import RGBImage


class SelfSupervised:
    """A self-supervised ViT.

    Args:
        model: a ``Dinov2Model``, ``Dinov2WithRegistersModel``, ``DINOv3ViTModel`` or ``ViTModel``.
        preprocessing: filter of resizing and normalisation of pixels.
        computing: where and how.
    """

    def __init__(
        self,
        model: Any,
        preprocessing: Preprocessing = IMAGENET,
        computing: Computing = Computing(),
    ) -> None:
        self.model = computing.prepare(model)
        self.preprocessing = preprocessing
        self.computing = computing
        self.patch = int(model.config.patch_size)

    @classmethod
    def from_folder(cls, folder: Path, computing: Computing = Computing()) -> Self:
        """Load a folder of ``checkpoints.find_checkpoint("dino", ...)``.

        Raises:
            MissingExtraError: transformers is not installed.
            ModelError: the weights cannot be read, or do not fit the configuration.
        """
        preprocessing = read_preprocessing(folder, IMAGENET)
        return cls(load_checkpoint(folder, "dino"), preprocessing, computing)

    @torch.no_grad()
    def patches(self, image: RGBImage, cells: tuple[int, int]) -> Tensor:
        """Last features of patches, ``(1, rows * columns, C)``.

        Args:
            image: ``(H, W, 3)`` uint8; it is resized so that its patches are the cells.
            cells: rows and columns.
        """
        rows, columns = cells
        shape = (rows * self.patch, columns * self.patch)
        resized = resize(image, shape, self.preprocessing.resample)
        mean, std = self.preprocessing.mean, self.preprocessing.std
        pixels = to_tensor([resized], mean, std, self.computing.device)
        # only the first ViT has to be told; the others interpolate positions by themselves
        more = {"interpolate_pos_encoding": True} if self.model.config.model_type == "vit" else {}
        with self.computing.in_precision():
            tokens: Tensor = self.model(pixel_values=pixels, **more).last_hidden_state
        return tokens[:, -rows * columns :]  # class token and registers come first
