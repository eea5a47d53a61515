"""Dense features of a ViT that was trained for whole images: attention of the last blocks changed.

With ``x`` the normalised tokens of the last block, ``q, k, v`` their projections, and
``A(a, b) = softmax(a b' / sqrt(d_head))``:

=========== ====================================== ======================= =====================
name        attention, applied to v                residual, feed-forward  source
=========== ====================================== ======================= =====================
vanilla     A(q, k)                                kept                    CLIP itself
maskclip    identity                               dropped                 Zhou et al. 2022, 3.2
sclip       A(q, q) + A(k, k)                      kept                    Wang et al. 2024, 3.2
clearclip   A(q, q)                                dropped                 Lan et al. 2024a, 3.3
segearth    A(q, q) + A(k, k) + A(v, v)            dropped                 Li et al. 2025, 3.2
gem         see ``_gem``, last six blocks          residual kept           Bousselham et al. 2024
proxyclip   see ``_proxyclip``, by another model   dropped                 Lan et al. 2024b, 3.3
=========== ====================================== ======================= =====================

Patch tokens are then brought into the joint space by the model's own head, which for SigLIP means
the value and output of its pooling attention and its network (``ProbeTower.joint``). A class token
takes part in attention where there is one. What SegEarth-OV takes off for the class token's global
bias, ``cos(patch, text) - 0.3 cos(CLS, text)``, is a matter of similarities, not of attention:
``Variant.bias`` and ``local.global_bias``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from dgl_rsis.models.vision_tower import Block, VisionTower, attend

DEFAULT = "segearth"
_BETA, _GAMMA = 1.2, 3.0  # ProxyCLIP's shift and sharpness, one choice for all data sets


@dataclass(frozen=True)
class Variant:
    """A way to read dense features.

    Attributes:
        transform: blocks from ``depth`` on, tokens ``(B, T, d)`` that enter the first of them, and
            unit-length features of another model ``(B, patches, C)`` where there are some; to
            tokens ``(B, T, d)`` behind the last block. With such features, patches only.
        depth: how many of the last blocks are replaced.
        logit_scale: inverse temperature of its authors; None is that of the model.
        bias: share of the image's own cosine that its authors take off that of a patch.
    """

    transform: Callable[[list[Block], Tensor, Tensor | None], Tensor]
    depth: int = 1
    logit_scale: float | None = None
    bias: float = 0.0


def dense_tokens(
    name: str, tower: VisionTower, pixels: Tensor, affinity: Tensor | None = None
) -> Tensor:
    """Dense features of the patches, ``(B, patches, D)`` in the joint space, not normalised.

    Args:
        name: a key of ``VARIANTS``.
        tower: the image tower.
        pixels: ``(B, 3, H, W)`` normalised.
        affinity: ``(B, patches, C)`` unit-length features of another model on the same patches,
            for ``proxyclip`` only.
    """
    variant = VARIANTS[name]
    tokens = variant.transform(
        tower.blocks[-variant.depth :], tower.before(pixels, variant.depth), affinity
    )
    patches = pixels.shape[2] // tower.patch * (pixels.shape[3] // tower.patch)
    return tower.joint(tokens[:, -patches:])


def _self_self(*which: int) -> Callable[[Tensor, Tensor, Tensor], Tensor]:
    """The sum of self-self attentions: 0 stands for queries, 1 for keys, 2 for values."""

    def mix(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        parts = [(query, key, value)[number] for number in which]
        return torch.stack([attend(part, part, value) for part in parts]).sum(0)

    return mix


def _last_block(
    mix: Callable[[Tensor, Tensor, Tensor], Tensor], *, whole: bool
) -> Callable[[list[Block], Tensor, Tensor | None], Tensor]:
    """The last block with another attention; ``whole`` keeps residuals and feed-forward network.

    Dropped, they take along what the class token gathered and not what lies in the patch.
    """

    def transform(blocks: list[Block], tokens: Tensor, _: Tensor | None) -> Tensor:
        block = blocks[-1]
        mixed = mix(*block.heads(block.norm(tokens)))
        return block.finish(tokens, mixed) if whole else block.out(mixed)

    return transform


def _gem(blocks: list[Block], tokens: Tensor, _: Tensor | None) -> Tensor:
    """Grounding everything (Bousselham et al. 2024, sections 3.2 and 3.3).

    Beside the ordinary blocks runs a second path that starts with the same tokens, and to which
    every block adds the mean of three self-self attentions of its ordinary queries, keys and
    values, without the feed-forward network. Each of the three is sharpened by one round of
    self-self attention of unit-length vectors first; the inverse temperature is the mean length of
    the normalised tokens over ``sqrt(d_head)``.
    """
    path = tokens
    for block in blocks:
        normed = block.norm(tokens)
        query, key, value = block.heads(normed)
        inverse = normed.norm(dim=-1).mean(-1)[:, None, None, None] * query.shape[-1] ** -0.5
        mixed = [_sharpened(part, value, inverse) for part in (query, key, value)]
        path = path + block.out(torch.stack(mixed).mean(0))
        tokens = block.finish(tokens, attend(query, key, value))
    return path


def _sharpened(part: Tensor, value: Tensor, inverse_temperature: Tensor) -> Tensor:
    """Two rounds of self-self attention: the first on the vectors themselves, then on values."""
    for target in (None, value):
        unit = functional.normalize(part, dim=-1)
        part = functional.scaled_dot_product_attention(
            unit * inverse_temperature, unit, unit if target is None else target, scale=1.0
        )
    return part


def _proxyclip(blocks: list[Block], tokens: Tensor, affinity: Tensor | None) -> Tensor:
    """Attention by the features of a self-supervised model (Lan et al. 2024b, section 3.3).

    ``softmax(3 (S - 1.2 mean(S)))`` over pairs of patches that are more alike than ``1.2 mean(S)``,
    S their cosines, is applied to the values of the last block. A patch always sees itself, so that
    an image without any structure has an answer. Patches of both models are the same here, as the
    other model reads the image at the size that makes them so.
    """
    if affinity is None:
        raise ValueError("proxyclip needs the features of another model")
    block = blocks[-1]
    value = block.heads(block.norm(tokens))[2][:, :, -affinity.shape[1] :]
    cosines = affinity @ affinity.transpose(1, 2)  # (B, patches, patches)
    logits = _GAMMA * (cosines - _BETA * cosines.mean((1, 2), keepdim=True))
    apart = (logits < 0) & ~torch.eye(logits.shape[1], dtype=torch.bool, device=logits.device)
    weights = logits.masked_fill(apart, -torch.inf).softmax(-1)
    return block.out(weights[:, None] @ value)


def _ordinary(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    return attend(query, key, value)


def _identity(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    return value


VARIANTS = {
    "vanilla": Variant(_last_block(_ordinary, whole=True)),
    "maskclip": Variant(_last_block(_identity, whole=False)),
    "sclip": Variant(_last_block(_self_self(0, 1), whole=True), logit_scale=40.0),
    "clearclip": Variant(_last_block(_self_self(0), whole=False), logit_scale=40.0),
    "segearth": Variant(_last_block(_self_self(0, 1, 2), whole=False), logit_scale=50.0, bias=0.3),
    "gem": Variant(_gem, depth=6),
    "proxyclip": Variant(_proxyclip, logit_scale=40.0),
}
