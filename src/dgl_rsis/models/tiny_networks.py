"""The two towers of rs-tiny.

* Image tower: a residual network with batch normalisation (small data favours it over
  ConvNeXt, docs/design.md 4) to stride 16, and a top-down path (Lin et al. 2017, "Feature
  pyramid networks", section 3) back to stride 4 for dense features that keep edges.
* Attention pooling over the stride-16 map makes the image embedding: the weights depend on
  content, so gradients of a logit differ from cell to cell and Grad-CAM localises.
* Text tower: word pieces, two transformer blocks, mean pooling; distilled, then frozen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval


@dataclass(frozen=True)
class TinyConfig:
    """Sizes of both towers; saved beside the weights."""

    dim: int = 256
    stem: int = 32
    channels: tuple[int, int, int, int] = (64, 128, 256, 320)
    blocks: tuple[int, int, int, int] = (2, 2, 2, 2)
    pyramid: int = 128
    pool_heads: int = 4
    vocabulary: int = 30522
    token_dim: int = 128
    text_dim: int = 256
    text_blocks: int = 2
    text_heads: int = 4
    max_tokens: int = 32

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> TinyConfig:
        """From JSON, where tuples are lists."""
        sizes: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in values.items()
        }
        return cls(**sizes)


def _conv(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
    )


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions with a shortcut (He et al. 2016, section 3)."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.first = _conv(inputs, outputs, 3, stride)
        self.second = _conv(outputs, outputs)
        same = stride == 1 and inputs == outputs
        self.shortcut: nn.Module = nn.Identity() if same else _conv(inputs, outputs, 1, stride)

    def forward(self, x: Tensor) -> Tensor:
        """``(B, C, h, w)`` to the block's width and stride."""
        y = functional.relu(self.first(x))
        return functional.relu(self.second(y) + self.shortcut(x))


class AttentionPool(nn.Module):
    """Content-weighted mean of a map, one set of weights per head."""

    def __init__(self, channels: int, heads: int, dim: int) -> None:
        super().__init__()
        self.heads = heads
        self.weights = nn.Conv2d(channels, heads, 1)
        self.values = nn.Conv2d(channels, channels, 1)
        self.project = nn.Linear(channels, dim)

    def fields(self, x: Tensor) -> Tensor:
        """Attention logits of all heads, then values: ``(B, heads + C, h, w)``."""
        return torch.cat([self.weights(x), self.values(x)], dim=1)

    def forward(self, x: Tensor) -> Tensor:
        """``(B, C, h, w)`` to ``(B, D)``."""
        batch, channels = x.shape[:2]
        fields = self.fields(x).flatten(2)  # (B, heads + C, h*w)
        logits, values = fields[:, : self.heads], fields[:, self.heads :]
        values = values.reshape(batch, self.heads, channels // self.heads, -1)
        pooled = torch.einsum("bhp,bhcp->bhc", logits.softmax(-1), values)
        return cast("Tensor", self.project(pooled.reshape(batch, channels)))


class ImageTower(nn.Module):
    """RGB in ``[-1, 1]`` to dense features at stride 4 and an image embedding."""

    def __init__(self, config: TinyConfig) -> None:
        super().__init__()
        self.stem = nn.Sequential(_conv(3, config.stem, 3, 2), nn.ReLU(inplace=True))
        stages = []
        inputs = config.stem
        for number, (width, count) in enumerate(zip(config.channels, config.blocks, strict=True)):
            stride = 1 if number == 3 else 2
            layers = [
                ResidualBlock(inputs if k == 0 else width, width, stride if k == 0 else 1)
                for k in range(count)
            ]
            stages.append(nn.Sequential(*layers))
            inputs = width
        self.stages = nn.ModuleList(stages)
        fine, middle, _, top = config.channels
        self.lateral = nn.ModuleList(
            nn.Conv2d(width, config.pyramid, 1) for width in (fine, middle, top)
        )
        self.smooth = nn.ModuleList(_conv(config.pyramid, config.pyramid) for _ in range(2))
        self.embed = nn.Conv2d(config.pyramid, config.dim, 1)
        self.pool = AttentionPool(top, config.pool_heads, config.dim)
        self.image_scale = nn.Parameter(torch.tensor(3.0))
        self.dense_scale = nn.Parameter(torch.tensor(3.0))

    def maps(self, x: Tensor) -> list[Tensor]:
        """Stage outputs at stride 4, 8, 16 and 16 of ``(B, 3, H, W)`` input."""
        x = self.stem(x)
        outputs = []
        for stage in self.stages:
            x = stage(x)
            outputs.append(x)
        return outputs

    def dense(self, maps: list[Tensor]) -> Tensor:
        """Dense features ``(B, D, h, w)`` at stride 4, not normalised."""
        x = self.lateral[2](maps[3])
        for level in (1, 0):
            x = functional.interpolate(
                x, size=maps[level].shape[-2:], mode="bilinear", align_corners=False
            )
            x = functional.relu(self.smooth[level](x + self.lateral[level](maps[level])))
        return cast("Tensor", self.embed(x))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Image embeddings ``(B, D)`` and dense features ``(B, D, h, w)``, not normalised."""
        maps = self.maps(x)
        return self.pool(maps[3]), self.dense(maps)


def keep_channels_last(tower: ImageTower) -> None:
    """Store convolution weights with the channels last, which processors convolve fastest."""
    for weight in tower.parameters():
        if weight.dim() == 4:
            weight.data = weight.data.contiguous(memory_format=torch.channels_last)


def fold_batch_norm(tower: ImageTower) -> None:
    """Fold every batch normalisation into the convolution before it, for inference.

    The outputs stay the same up to rounding.

    Args:
        tower: in evaluation mode; is changed, and cannot be trained any more.
    """
    for pair in [each for each in tower.modules() if isinstance(each, nn.Sequential)]:
        if len(pair) == 2 and isinstance(pair[1], nn.BatchNorm2d):
            pair[0] = fuse_conv_bn_eval(cast("nn.Conv2d", pair[0]), pair[1])
            pair[1] = nn.Identity()


class TextBlock(nn.Module):
    """Pre-norm transformer block."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm_attention = nn.LayerNorm(dim)
        self.mix = nn.Linear(dim, 3 * dim)
        self.out = nn.Linear(dim, dim)
        self.norm_feed = nn.LayerNorm(dim)
        self.feed = nn.Sequential(nn.Linear(dim, 3 * dim), nn.GELU(), nn.Linear(3 * dim, dim))

    def forward(self, x: Tensor, keep: Tensor) -> Tensor:
        """``(B, T, d)`` tokens, of which ``keep`` ``(B, T)`` are not padding."""
        batch, length, dim = x.shape
        mixed = self.mix(self.norm_attention(x)).view(batch, length, 3, self.heads, -1)
        query, key, value = mixed.permute(2, 0, 3, 1, 4)  # 3 x (B, heads, T, d/heads)
        attended = functional.scaled_dot_product_attention(
            query, key, value, attn_mask=keep[:, None, None, :]
        )
        x = x + self.out(attended.transpose(1, 2).reshape(batch, length, dim))
        return x + cast("Tensor", self.feed(self.norm_feed(x)))


class TextTower(nn.Module):
    """Token ids (0 is padding) to text embeddings ``(B, D)``, not normalised."""

    def __init__(self, config: TinyConfig) -> None:
        super().__init__()
        self.tokens = nn.Embedding(config.vocabulary, config.token_dim)
        self.widen = nn.Linear(config.token_dim, config.text_dim)
        self.positions = nn.Parameter(torch.zeros(config.max_tokens, config.text_dim))
        self.blocks = nn.ModuleList(
            TextBlock(config.text_dim, config.text_heads) for _ in range(config.text_blocks)
        )
        self.norm = nn.LayerNorm(config.text_dim)
        self.project = nn.Linear(config.text_dim, config.dim)

    def forward(self, ids: Tensor) -> Tensor:
        """``(B, T)`` ids to ``(B, D)``."""
        keep = ids != 0  # (B, T)
        x = self.widen(self.tokens(ids)) + self.positions[: ids.shape[1]]
        for block in self.blocks:
            x = block(x, keep)
        weights = keep.float().unsqueeze(-1)
        mean = (self.norm(x) * weights).sum(1) / weights.sum(1)
        return cast("Tensor", self.project(mean))
