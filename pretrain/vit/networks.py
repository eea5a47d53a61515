"""The two towers of rs-tiny-vit: transformers' own CLIP, its start, and how it is read in training.

* The patch embedding starts as whitening principal components of the training patches: coarse
  brightness would drown the texture for the better part of a short training.
* Position embeddings start as sines and cosines of the place (Dosovitskiy et al. 2021 find that
  learned ones come to look like that).
* Patches are read twice: as the last block's values, which is what MaskCLIP (Zhou et al. 2022,
  section 3.2) and the self-self attentions read, and as output tokens.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from transformers import (
    CLIPConfig,
    CLIPTextConfig,
    CLIPTextModelWithProjection,
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
)

from pretrain.crops import Pixels, turn

LEAST_VARIANCE = 1e-3  # of whitened components, as a share of the mean over all
POSITION_SIZE = 0.3  # of position embeddings; components of whitened patches are about 1
TOKEN_SIZE = 0.5  # standard deviation of token embeddings at the start


@dataclass(frozen=True)
class Readout:
    """What a ViT says of images; all of unit length in the joint space.

    Attributes:
        image: ``(B, D)`` image embedding.
        values: ``(B, n, D)`` values of the last block, projected.
        tokens: ``(B, n, D)`` output tokens, projected.
    """

    image: Tensor
    values: Tensor
    tokens: Tensor


class TextStudent(nn.Module):
    """A CLIP text tower: ids ``(B, T)``, each row with an end, to ``(B, D)``, not normalised.

    Attention is causal and the end is read, so what pads behind it has no effect.
    """

    def __init__(self, config: CLIPConfig) -> None:
        super().__init__()
        self.clip = CLIPTextModelWithProjection(cast("CLIPTextConfig", config.text_config))

    def forward(self, ids: Tensor) -> Tensor:
        """Embed."""
        return cast("Tensor", self.clip(input_ids=ids).text_embeds)


def image_student(config: CLIPConfig) -> CLIPVisionModelWithProjection:
    """A CLIP image tower of random weights."""
    return CLIPVisionModelWithProjection(cast("CLIPVisionConfig", config.vision_config))


def clip_config(settings: dict[str, Any], vocabulary: int, dim: int) -> CLIPConfig:
    """Sizes of both towers.

    Args:
        settings: the ``vit`` part of the configuration.
        vocabulary: number of byte pairs; the last two are start and end.
        dim: of the joint space.
    """
    text, image = settings["text"], settings["image"]
    return CLIPConfig(
        text_config={
            **_widths(text),
            "vocab_size": vocabulary,
            "max_position_embeddings": text["tokens"],
            "bos_token_id": vocabulary - 2,
            "eos_token_id": vocabulary - 1,
            "pad_token_id": vocabulary - 1,
            "projection_dim": dim,
        },
        vision_config={
            **_widths(image),
            "image_size": image["size"],
            "patch_size": image["patch"],
            "projection_dim": dim,
        },
        projection_dim=dim,
    )


def _widths(settings: dict[str, Any]) -> dict[str, Any]:
    return {
        "hidden_size": settings["width"],
        "intermediate_size": settings["feed"],
        "num_hidden_layers": settings["layers"],
        "num_attention_heads": settings["heads"],
        "hidden_act": "gelu",
    }


def start_tokens(student: TextStudent, features: NDArray[np.float32]) -> None:
    """Start token embeddings as the principal components of what the teacher says of the pieces.

    Args:
        student: is changed; its last two tokens, start and end, keep their random embeddings.
        features: ``(V - 2, D)`` teacher's features of the pieces, at least as many as the width.
    """
    table = cast("nn.Embedding", student.clip.get_input_embeddings()).weight
    values = torch.from_numpy(features - features.mean(0))
    _, _, right = torch.linalg.svd(values, full_matrices=False)
    placed = values @ right[: table.shape[1]].T  # (V - 2, at most the width)
    with torch.no_grad():
        table[: len(placed)] = 0
        table[: len(placed), : placed.shape[1]] = placed * (TOKEN_SIZE / placed.std())


def start_vision(
    student: CLIPVisionModelWithProjection, images: Pixels, rng: np.random.Generator
) -> None:
    """Start the patch embedding and the position embeddings.

    Args:
        student: is changed.
        images: ``(n, s, s, 3)`` uint8 of the input size, from training.
        rng: source of chance.
    """
    embeddings = student.vision_model.embeddings
    weight, patch = embeddings.patch_embedding.weight, embeddings.patch_size
    turned = np.stack([turn(rng.integers(8), image) for image in images])
    pixels = torch.from_numpy(turned).permute(0, 3, 1, 2).float() / 127.5 - 1
    patches = functional.unfold(pixels, patch, stride=patch).transpose(1, 2).flatten(0, 1)
    filters = whitening(patches, len(weight))
    side = int(images.shape[1]) // patch
    places = POSITION_SIZE * waves(side, weight.shape[0])
    with torch.no_grad():
        weight.copy_(filters.view_as(weight))
        embeddings.position_embedding.weight[1:] = places


def whitening(patches: Tensor, count: int) -> Tensor:
    """Filters whose answers to the patches are uncorrelated and, where not noise, of variance 1.

    Args:
        patches: ``(N, P)``.
        count: of filters; those beyond ``P`` mix all the others.

    Returns:
        ``(count, P)``, ordered by the variance that they come from.
    """
    centred = patches - patches.mean(0)
    values, vectors = torch.linalg.eigh(centred.T @ centred / len(patches))
    values, vectors = values.flip(0).clamp(min=0), vectors.flip(1)
    scaled: Tensor = vectors / (values + LEAST_VARIANCE * values.mean()).sqrt()
    filters = scaled.T  # (P, P)
    if count <= len(filters):
        return filters[:count]
    mixing = torch.randn(count - len(filters), len(filters)) / len(filters) ** 0.5
    return torch.cat([filters, mixing @ filters])


def waves(side: int, width: int) -> Tensor:
    """Sines and cosines of rows and columns, ``(side * side, width)``; the width divides by 4."""
    frequencies = torch.pi / side * (2 * side) ** torch.linspace(-0.5, 1, width // 4)
    angles = torch.arange(side)[:, None] * frequencies  # (side, width / 4)
    line = torch.cat([angles.sin(), angles.cos()], dim=1)  # (side, width / 2)
    rows = line[:, None].expand(side, side, -1)
    return torch.cat([rows, rows.transpose(0, 1)], dim=-1).flatten(0, 1)


def read(
    student: CLIPVisionModelWithProjection, pixels: Tensor, kept: Tensor | None = None
) -> Readout:
    """Read images.

    Args:
        student: the image tower.
        pixels: ``(B, 3, s, s)`` in [-1, 1].
        kept: ``(B, n)`` numbers of the patches that are shown; None shows all.
    """
    vision = student.vision_model
    tokens = vision.embeddings(pixels)
    if kept is not None:
        chosen = torch.cat([torch.zeros_like(kept[:, :1]), kept + 1], dim=1)  # class token first
        tokens = tokens.gather(1, chosen[..., None].expand(-1, -1, tokens.shape[-1]))
    tokens = vision.pre_layrnorm(tokens)
    for block in vision.encoder.layers[:-1]:
        tokens = block(tokens, None)
    last = vision.encoder.layers[-1]
    attention = last.self_attn
    values = attention.out_proj(attention.v_proj(last.layer_norm1(tokens[:, 1:])))
    output = last(tokens, None)

    def project(x: Tensor) -> Tensor:
        projected = student.visual_projection(vision.post_layernorm(x))
        return functional.normalize(projected.float(), dim=-1)

    return Readout(project(output[:, 0]), project(values), project(output[:, 1:]))
