"""Which patches belong together, by the features of a self-supervised ViT.

DINOv2 (Oquab et al. 2024), DINOv3 (Siméoni et al. 2025) and DINO (Caron et al. 2021) tell things
apart better than a model that was trained with words; ``dense_attention`` lets them guide one.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from dgl_rsis.models.self_supervised import SelfSupervised
from dgl_rsis.types import RGBImage


class Affinity(SelfSupervised):
    """The last features of a self-supervised ViT."""

    def features(self, image: RGBImage, cells: tuple[int, int]) -> Tensor:
        """Unit-length features ``(1, rows * columns, C)`` of an image.

        Args:
            image: ``(H, W, 3)`` uint8; it is resized so that its patches are the cells.
            cells: rows and columns.
        """
        return functional.normalize(self.patches(image, cells).float(), dim=-1)
