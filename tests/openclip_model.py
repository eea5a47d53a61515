"""OpenCLIP's architecture in plain torch, with its names of tensors, for comparisons.

After Radford et al. 2021, section 2.4 and the released models: a ViT with a norm before the blocks
and a class token, and a causal text transformer that pools at the end of the text, which is the
largest token. Queries, keys and values are one matrix, projections are ``x @ W``.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class QuickGELU(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(1.702 * x)


class Block(nn.Module):
    def __init__(self, width: int, heads: int, quick: bool, hidden: int) -> None:
        super().__init__()
        self.ln_1 = nn.LayerNorm(width)
        self.attn = nn.MultiheadAttention(width, heads, batch_first=True)
        self.ln_2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential()
        self.mlp.add_module("c_fc", nn.Linear(width, hidden))
        self.mlp.add_module("gelu", QuickGELU() if quick else nn.GELU())
        self.mlp.add_module("c_proj", nn.Linear(hidden, width))

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        normed = self.ln_1(x)
        x = x + self.attn(normed, normed, normed, attn_mask=mask, need_weights=False)[0]
        return x + self.mlp(self.ln_2(x))


class Blocks(nn.Module):
    def __init__(self, width: int, layers: int, heads: int, quick: bool, hidden: int) -> None:
        super().__init__()
        self.resblocks = nn.ModuleList(Block(width, heads, quick, hidden) for _ in range(layers))

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        for block in self.resblocks:
            x = block(x, mask)
        return x


class VisionTransformer(nn.Module):
    def __init__(
        self, width: int, layers: int, heads: int, quick: bool, patch: int, grid: int, dim: int
    ) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, patch, patch, bias=False)
        self.class_embedding = nn.Parameter(torch.randn(width))
        self.positional_embedding = nn.Parameter(torch.randn(grid * grid + 1, width))
        self.ln_pre = nn.LayerNorm(width)
        self.transformer = Blocks(width, layers, heads, quick, 4 * width)
        self.ln_post = nn.LayerNorm(width)
        self.proj = nn.Parameter(torch.randn(width, dim) * width**-0.5)

    def forward(self, pixels: Tensor) -> Tensor:
        patches = self.conv1(pixels).flatten(2).transpose(1, 2)
        first = self.class_embedding.expand(len(pixels), 1, -1)
        x = torch.cat([first, patches], 1) + self.positional_embedding
        x = self.transformer(self.ln_pre(x))
        return self.ln_post(x[:, 0]) @ self.proj


class OpenClipModel(nn.Module):
    """A small one: 64-wide heads, as OpenCLIP's convention has it."""

    def __init__(
        self,
        *,
        quick: bool = False,
        width: int = 128,
        layers: int = 3,
        text_width: int = 64,
        text_layers: int = 2,
        dim: int = 24,
        patch: int = 8,
        grid: int = 4,
        context: int = 16,
        vocabulary: int = 49408,
    ) -> None:
        super().__init__()
        self.visual = VisionTransformer(width, layers, width // 64, quick, patch, grid, dim)
        self.token_embedding = nn.Embedding(vocabulary, text_width)
        self.positional_embedding = nn.Parameter(torch.randn(context, text_width))
        self.transformer = Blocks(text_width, text_layers, text_width // 64, quick, 4 * text_width)
        self.ln_final = nn.LayerNorm(text_width)
        self.text_projection = nn.Parameter(torch.randn(text_width, dim) * text_width**-0.5)
        self.logit_scale = nn.Parameter(torch.tensor(3.5))

    def encode_image(self, pixels: Tensor) -> Tensor:
        return self.visual(pixels)

    def encode_text(self, tokens: Tensor) -> Tensor:
        length = tokens.shape[1]
        mask = torch.full((length, length), -torch.inf).triu(1)
        x = self.token_embedding(tokens) + self.positional_embedding[:length]
        x = self.ln_final(self.transformer(x, mask))
        return x[torch.arange(len(x)), tokens.argmax(-1)] @ self.text_projection


def small_openclip(**sizes: int | bool) -> OpenClipModel:
    """A random model whose norms and biases are not those of a fresh layer."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = OpenClipModel(**sizes)  # type: ignore[arg-type]
        for weights in model.parameters():
            weights.data += 0.1 * torch.randn_like(weights)
    return model.eval().requires_grad_(False)
