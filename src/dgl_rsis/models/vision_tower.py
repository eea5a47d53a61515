"""One view of the ViT image towers of transformers: CLIP, MetaCLIP 2, SigLIP and SigLIP 2.

A tower makes tokens of pixels, sends them through blocks, and has a head that pools them:

* CLIP and MetaCLIP 2 prepend a class token, which is normalised and projected into the joint space.
* SigLIP and SigLIP 2 have patches only. A learned probe attends to them, and what it gathers goes
  through a residual feed-forward network (Zhai et al. 2022, attention pooling). A patch by itself
  is brought into the joint space by the same head, as if it were all that the probe sees.

Dense attention, mask tokens and Grad-CAM are written once against this view.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any, cast

import torch
from torch import Tensor
from torch.nn import functional

from dgl_rsis.errors import ModelError

Heads = tuple[Tensor, Tensor, Tensor]
"""Queries, keys and values, ``(B, heads, T, d / heads)`` each."""


class Block:
    """A transformer block taken apart: ``x + out(attend(norm1 x))``, then ``x + mlp(norm2 x)``.

    Args:
        layer: a block of any of the families; all of them name their parts alike.
    """

    def __init__(self, layer: Any) -> None:
        self.layer = layer
        self.attention = layer.self_attn

    def norm(self, tokens: Tensor) -> Tensor:
        """The tokens ``(B, T, d)`` as attention sees them."""
        return cast("Tensor", self.layer.layer_norm1(tokens))

    def heads(self, normed: Tensor) -> Heads:
        """Queries, keys and values of normalised tokens ``(B, T, d)``."""
        attention = self.attention
        query, key, value = (
            split_heads(project(normed), attention.num_heads)
            for project in (attention.q_proj, attention.k_proj, attention.v_proj)
        )
        return query, key, value

    def out(self, mixed: Tensor) -> Tensor:
        """Attended values ``(B, heads, T, d / heads)`` to ``(B, T, d)``."""
        return cast("Tensor", self.attention.out_proj(mixed.transpose(1, 2).flatten(2)))

    def finish(self, tokens: Tensor, mixed: Tensor) -> Tensor:
        """The rest of the block behind attention, with both residuals: ``(B, T, d)``."""
        tokens = tokens + self.out(mixed)
        return cast("Tensor", tokens + self.layer.mlp(self.layer.layer_norm2(tokens)))

    def __call__(self, tokens: Tensor) -> Tensor:
        """The ordinary block, as transformers has it."""
        return cast("Tensor", self.layer(tokens, None))


class VisionTower(ABC):
    """The image tower of a model.

    Attributes:
        model: the whole model of transformers.
        vision: its image tower.
        blocks: its blocks, first to last.
        prefix: tokens before the patches: 1 with a class token, else 0.
        patch: side of a patch in pixels.
        size: side in pixels of the square that the model was trained on.
        dim: dimensions ``D`` of the joint space.
    """

    prefix: int
    size: int
    dim: int

    def __init__(self, model: Any) -> None:
        self.model = model
        self.vision = model.vision_model
        self.blocks = [Block(layer) for layer in self.vision.encoder.layers]
        self.patch = int(self.vision.config.patch_size)

    def embed(self, pixels: Tensor) -> Tensor:
        """Tokens that enter the first block, ``(B, prefix + patches, d)``.

        Args:
            pixels: ``(B, 3, H, W)`` normalised, at least one patch a side; position embeddings are
                interpolated, and what exceeds a multiple of the patch is not seen.
        """
        return cast("Tensor", self.vision.embeddings(pixels, interpolate_pos_encoding=True))

    def before(self, pixels: Tensor, depth: int) -> Tensor:
        """Tokens that enter the ``depth``-th block from the end, the last being 1."""
        tokens = self.embed(pixels)
        for block in self.blocks[: max(0, len(self.blocks) - depth)]:
            tokens = block(tokens)
        return tokens

    def image_features(self, pixels: Tensor) -> Tensor:
        """Image embeddings ``(B, D)``, not normalised, by transformers' own forward."""
        output = self.model.get_image_features(pixels, interpolate_pos_encoding=True)
        return cast("Tensor", output.pooler_output)

    @abstractmethod
    def joint(self, tokens: Tensor) -> Tensor:
        """Tokens that left the last block, each by itself: ``(B, T, d)`` to ``(B, T, D)``."""


class ClassTokenTower(VisionTower):
    """CLIP and MetaCLIP 2: a class token, normalised and projected."""

    prefix = 1

    def __init__(self, model: Any) -> None:
        super().__init__(model)
        self.size = int(self.vision.config.image_size)
        self.dim = int(model.config.projection_dim)

    def embed(self, pixels: Tensor) -> Tensor:
        """Tokens that enter the first block, the class token first."""
        return cast("Tensor", self.vision.pre_layrnorm(super().embed(pixels)))

    def joint(self, tokens: Tensor) -> Tensor:
        """Normalised and projected."""
        return cast("Tensor", self.model.visual_projection(self.vision.post_layernorm(tokens)))


class ProbeTower(VisionTower):
    """SigLIP: a probe that attends to all patches."""

    prefix = 0

    def __init__(self, model: Any) -> None:
        super().__init__(model)
        if not self.vision.config.vision_use_head:
            raise ModelError(
                "this SigLIP has no pooling head (vision_use_head is off), so it has no image "
                "embedding; load a checkpoint of the whole model"
            )
        self.head = self.vision.head
        self.size = self._size()
        self.dim = int(self.vision.config.hidden_size)

    def _size(self) -> int:
        return int(self.vision.config.image_size)

    def joint(self, tokens: Tensor) -> Tensor:
        """What the head makes of a probe that sees one token only: value, output, network.

        The softmax over one token is 1, so query and key play no part.
        """
        weight, bias = self._projections()[2]
        value = functional.linear(self.vision.post_layernorm(tokens), weight, bias)
        return self._behind(self.head.attention.out_proj(value))

    def pool(self, tokens: Tensor, seen: Iterable[Tensor]) -> list[Tensor]:
        """One embedding for each set of patches: the probe attends to nothing else.

        Args:
            tokens: ``(1, patches, d)`` that left the last block.
            seen: chunks ``(n, patches)`` bool, at least one patch in each row.

        Returns:
            A chunk ``(n, D)`` for each of ``seen``, not normalised.
        """
        attention = self.head.attention
        normed = self.vision.post_layernorm(tokens)
        sources = (self.head.probe.to(normed.dtype), normed, normed)
        query, key, value = (
            split_heads(functional.linear(source, weight, bias), attention.num_heads)
            for source, (weight, bias) in zip(sources, self._projections(), strict=True)
        )
        mixed = (attend(query.expand(-1, -1, len(mask), -1), key, value, mask) for mask in seen)
        return [
            self._behind(attention.out_proj(part.transpose(1, 2).flatten(2)))[0] for part in mixed
        ]

    def _projections(self) -> list[tuple[Tensor, Tensor]]:
        """Weight and bias of query, key and value, which PyTorch stores as one matrix."""
        attention = self.head.attention
        return list(
            zip(attention.in_proj_weight.chunk(3), attention.in_proj_bias.chunk(3), strict=True)
        )

    def _behind(self, attended: Tensor) -> Tensor:
        return cast("Tensor", attended + self.head.mlp(self.head.layernorm(attended)))


class FlexibleProbeTower(ProbeTower):
    """SigLIP 2 with NaFlex: patches of any grid as rows of pixels."""

    def _size(self) -> int:
        return self.patch * math.isqrt(int(self.vision.config.num_patches))

    def embed(self, pixels: Tensor) -> Tensor:
        """Patches with positions that are resampled to their grid."""
        return cast("Tensor", self.vision.embeddings(*self._rows(pixels)))

    def image_features(self, pixels: Tensor) -> Tensor:
        """Image embeddings by transformers' own forward; no patch is padding."""
        rows, shapes = self._rows(pixels)
        output = self.model.get_image_features(
            pixel_values=rows,
            pixel_attention_mask=torch.ones(rows.shape[:2], dtype=torch.long, device=rows.device),
            spatial_shapes=shapes,
        )
        return cast("Tensor", output.pooler_output)

    def _rows(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Patches ``(B, patches, patch * patch * 3)``, colours last, and their grid ``(B, 2)``."""
        side = self.patch
        grid = [length // side for length in pixels.shape[2:]]
        inside = pixels[:, :, : grid[0] * side, : grid[1] * side]
        cells = inside.reshape(len(pixels), -1, grid[0], side, grid[1], side)
        rows = cells.permute(0, 2, 4, 3, 5, 1).reshape(len(pixels), grid[0] * grid[1], -1)
        return rows, torch.tensor([grid] * len(pixels), device=pixels.device)


_TOWERS: dict[str, type[VisionTower]] = {
    "clip": ClassTokenTower,
    "metaclip_2": ClassTokenTower,
    "siglip": ProbeTower,
    "siglip2": FlexibleProbeTower,
}


def vision_tower(model: Any) -> VisionTower:
    """The image tower of a model of transformers, by its ``model_type``."""
    return _TOWERS[model.config.model_type](model)


def attend(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> Tensor:
    """``softmax(query key' / sqrt(d)) value``; a bool mask is True where attention may go."""
    return functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)


def split_heads(tokens: Tensor, heads: int) -> Tensor:
    """``(B, T, d)`` to ``(B, heads, T, d / heads)``."""
    return tokens.reshape(*tokens.shape[:2], heads, -1).transpose(1, 2)
