"""Weights of OpenCLIP's vision transformers as those of transformers' ``CLIPModel``.

OpenCLIP (Cherti et al., *Reproducible scaling laws for contrastive language-image learning*, CVPR
2023) keeps the layout of OpenAI's code (Radford et al. 2021): queries, keys and values of a layer
in one matrix, projections as ``x @ W``. RemoteCLIP, GeoRSCLIP and SkyCLIP publish files of it, which
hold tensors and say nothing of the architecture: it is read from their shapes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from dgl_rsis.errors import ModelError

if TYPE_CHECKING:
    from torch import Tensor

Gelu = Literal["gelu", "quick_gelu"]

VOCABULARY = 49408  # CLIP's byte pairs
_HEAD_WIDTH = 64  # OpenCLIP's default, in both towers
_WIDER_HEADS = {(1280, 32): 80, (1408, 40): 88, (1664, 48): 104, (1792, 56): 112}
"""Head width by width and layers of the image towers H, g, bigG and e of OpenCLIP."""

# OpenAI's files carry these beside the weights
_FACTS = {"input_resolution", "context_length", "vocab_size", "attn_mask"}
_BEFORE_IMAGE_TOWER = re.compile(r"((?:.*?\.)?)visual\.")
_BLOCK = re.compile(r"(visual\.)?transformer\.resblocks\.(\d+)\.(.+)")
_IN_BLOCK = {
    "ln_1": "layer_norm1",
    "ln_2": "layer_norm2",
    "attn.out_proj": "self_attn.out_proj",
    "mlp.c_fc": "mlp.fc1",
    "mlp.c_proj": "mlp.fc2",
}
_OUTSIDE = {
    "visual.class_embedding": "vision_model.embeddings.class_embedding",
    "visual.conv1.weight": "vision_model.embeddings.patch_embedding.weight",
    "visual.positional_embedding": "vision_model.embeddings.position_embedding.weight",
    "visual.ln_pre.weight": "vision_model.pre_layrnorm.weight",  # transformers' spelling
    "visual.ln_pre.bias": "vision_model.pre_layrnorm.bias",
    "visual.ln_post.weight": "vision_model.post_layernorm.weight",
    "visual.ln_post.bias": "vision_model.post_layernorm.bias",
    "token_embedding.weight": "text_model.embeddings.token_embedding.weight",
    "positional_embedding": "text_model.embeddings.position_embedding.weight",
    "ln_final.weight": "text_model.final_layer_norm.weight",
    "ln_final.bias": "text_model.final_layer_norm.bias",
    "logit_scale": "logit_scale",
}
_TRANSPOSED = {
    "visual.proj": "visual_projection.weight",
    "text_projection": "text_projection.weight",
}


_AXES = {
    "visual.conv1.weight": 4,
    "visual.positional_embedding": 2,
    "visual.proj": 2,
    "token_embedding.weight": 2,
    "positional_embedding": 2,
    "text_projection": 2,
}
"""How many axes the tensors have that sizes are read from."""


@dataclass(frozen=True)
class Tower:
    """Sizes of a transformer."""

    width: int
    layers: int
    heads: int
    hidden: int


@dataclass(frozen=True)
class Architecture:
    """Sizes of an OpenCLIP model with vision transformer.

    Attributes:
        image: the image tower.
        text: the text tower.
        image_size: side of the square input in pixels.
        patch: side of a patch in pixels.
        context: most tokens of a text.
        dim: dimensions of the joint space.
    """

    image: Tower
    text: Tower
    image_size: int
    patch: int
    context: int
    dim: int


def strip_prefixes(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Names without what wraps the model: what comes before ``visual.``, and ``text.``.

    Training in parallel, compilation and models that hold a CLIP put prefixes in front of its names;
    what lies beside it is another model's. Newer OpenCLIP models keep their text tower under
    ``text.``.

    Raises:
        ModelError: there are several models in it.
    """
    prefixes = {match[1] for match in map(_BEFORE_IMAGE_TOWER.match, weights) if match}
    if len(prefixes) > 1:
        first, second = sorted(prefixes)[:2]
        raise ModelError(
            f"it holds several models, {first + 'visual'} and {second + 'visual'}; save one alone"
        )
    prefix = next(iter(prefixes), "")
    return {
        name.removeprefix(prefix).removeprefix("text."): value
        for name, value in weights.items()
        if name.startswith(prefix)
    }


def infer_architecture(weights: Mapping[str, Tensor]) -> Architecture:
    """Read the architecture from the shapes of the tensors.

    Args:
        weights: by OpenCLIP's names, without prefixes.

    Raises:
        ModelError: it is no OpenCLIP model, or one without vision transformer or CLIP's byte pairs.
    """
    _check_kind(weights)
    vision = _tower(weights, "visual.")
    text = _tower(weights, "")
    conv = weights["visual.conv1.weight"].shape  # (width, 3, patch, patch)
    positions = weights["visual.positional_embedding"].shape[0]
    grid = round((positions - 1) ** 0.5)
    if grid * grid + 1 != positions:
        raise ModelError(
            f"its {positions} position embeddings of patches are no square and one class token"
        )
    return Architecture(
        vision,
        text,
        image_size=grid * conv[-1],
        patch=conv[-1],
        context=weights["positional_embedding"].shape[0],
        dim=weights["text_projection"].shape[1],
    )


def to_config(sizes: Architecture, gelu: Gelu) -> dict[str, Any]:
    """Arguments of transformers' ``CLIPConfig``.

    ``eos_token_id`` is CLIP's end of text, where transformers pools the text; its default of 2 is
    a legacy that pools at the largest token, which is the same for CLIP's byte pairs.
    """
    towers = [
        {
            "hidden_size": tower.width,
            "intermediate_size": tower.hidden,
            "num_hidden_layers": tower.layers,
            "num_attention_heads": tower.heads,
            "hidden_act": gelu,
            "projection_dim": sizes.dim,
        }
        for tower in (sizes.image, sizes.text)
    ]
    ends = {
        "bos_token_id": VOCABULARY - 2,
        "eos_token_id": VOCABULARY - 1,
        "pad_token_id": VOCABULARY - 1,
    }
    return {
        "vision_config": {
            **towers[0],
            "image_size": sizes.image_size,
            "patch_size": sizes.patch,
        },
        "text_config": {
            **towers[1],
            "vocab_size": VOCABULARY,
            "max_position_embeddings": sizes.context,
            **ends,
        },
        "projection_dim": sizes.dim,
    }


def convert(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Rename, split and transpose copies of the tensors for ``CLIPModel``, in float32.

    Args:
        weights: by OpenCLIP's names, without prefixes.

    Raises:
        ModelError: a tensor has no place in ``CLIPModel``.
    """
    converted = {}
    for name, value in weights.items():
        if name in _FACTS:
            continue
        # a copy: tensors that lie in a file would change with it
        for new, part in _renamed(name, value.clone().float()):
            converted[new] = part.contiguous()
    return converted


def _check_kind(weights: Mapping[str, Tensor]) -> None:
    needed = [*_OUTSIDE, *_TRANSPOSED]
    missing = [name for name in needed if name not in weights]
    if any(name.startswith(("text_decoder.", "visual.attn_pool.")) for name in weights):
        raise ModelError("it is a CoCa, which pools and describes images; only CLIP can be loaded")
    if any(name.startswith(("visual.layer1.", "visual.attnpool.")) for name in weights):
        raise ModelError("its image tower is a ResNet; only vision transformers can be loaded")
    if any(name.startswith("visual.trunk.") for name in weights):
        raise ModelError(
            "its image tower is one of timm, as OpenCLIP's SigLIP has it; load that model by its hub id"
        )
    if missing:
        raise ModelError(
            f"it lacks {len(missing)} of {len(needed)} tensors of an OpenCLIP model, "
            f"first {missing[0]}"
        )
    for name, axes in _AXES.items():
        if weights[name].ndim != axes:
            raise ModelError(f"{name} has shape {tuple(weights[name].shape)}, not {axes} axes")
    entries = weights["token_embedding.weight"].shape[0]
    if entries != VOCABULARY:
        raise ModelError(
            f"its vocabulary has {entries} entries, CLIP's byte pairs are {VOCABULARY}; "
            "models with another tokenizer cannot be loaded from an OpenCLIP file"
        )


def _tower(weights: Mapping[str, Tensor], prefix: Literal["", "visual."]) -> Tower:
    found = [_BLOCK.fullmatch(name) for name in weights]
    numbers = {int(match[2]) for match in found if match and (match[1] or "") == prefix}
    layers = max(numbers, default=-1) + 1
    first = f"{prefix}transformer.resblocks.0.mlp.c_fc.weight"
    if layers == 0 or first not in weights or len(numbers) != layers:
        raise ModelError(f"the blocks {prefix}transformer.resblocks are not complete")
    hidden, width = weights[first].shape
    head = _WIDER_HEADS.get((width, layers), _HEAD_WIDTH) if prefix else _HEAD_WIDTH
    if width % head:
        raise ModelError(f"the width {width} of {prefix}transformer is no multiple of {head}")
    return Tower(width, layers, width // head, hidden)


def _renamed(name: str, value: Tensor) -> list[tuple[str, Tensor]]:
    """A tensor by its names in ``CLIPModel``; three for queries, keys and values in one."""
    if name in _OUTSIDE:
        return [(_OUTSIDE[name], value)]
    if name in _TRANSPOSED:
        return [(_TRANSPOSED[name], value.T)]
    match = _BLOCK.fullmatch(name)
    if match is not None:
        tower = "vision_model" if match[1] else "text_model"
        layer = f"{tower}.encoder.layers.{match[2]}."
        for kind in ("weight", "bias"):
            if match[3] == f"attn.in_proj_{kind}":
                parts = value.chunk(3)  # (3 * width, ...) holds queries, keys, values
                names = (f"{layer}self_attn.{part}_proj.{kind}" for part in "qkv")
                return list(zip(names, parts, strict=True))
            part = match[3].removesuffix(f".{kind}")
            if part != match[3] and part in _IN_BLOCK:
                return [(f"{layer}{_IN_BLOCK[part]}.{kind}", value)]
    raise ModelError(
        f"its tensor {name} has no place in a CLIP; it is a variant of the architecture"
    )
