"""Sizes of the real models, without their weights: tensors on the meta device have shapes only."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from openclip_model import OpenClipModel
from transformers import CLIPConfig, CLIPModel

from dgl_rsis.models.convert import convert, infer_architecture, strip_prefixes, to_config

# width, layers, patch, input; text width, layers; dim; heads of both (OpenCLIP's model configurations)
REAL = {
    "B/32": ((768, 12, 32, 224), (512, 12), 512, (12, 8)),
    "B/16": ((768, 12, 16, 224), (512, 12), 512, (12, 8)),
    "L/14": ((1024, 24, 14, 224), (768, 12), 768, (16, 12)),
    "L/14-336": ((1024, 24, 14, 336), (768, 12), 768, (16, 12)),
    "H/14": ((1280, 32, 14, 224), (1024, 24), 1024, (16, 16)),
    "g/14": ((1408, 40, 14, 224), (1024, 24), 1024, (16, 16)),
    "bigG/14": ((1664, 48, 14, 224), (1280, 32), 1280, (16, 20)),
}


def weights_of(name: str) -> dict[str, torch.Tensor]:
    (width, layers, patch, side), (text_width, text_layers), dim, _ = REAL[name]
    with torch.device("meta"):
        model = OpenClipModel(
            width=width,
            layers=layers,
            patch=patch,
            grid=side // patch,
            text_width=text_width,
            text_layers=text_layers,
            dim=dim,
            context=77,
        )
    return model.state_dict()


@pytest.mark.parametrize("name", REAL)
def test_real_sizes_are_inferred_and_every_tensor_finds_its_place(name: str) -> None:
    (width, layers, patch, side), (text_width, text_layers), dim, heads = REAL[name]
    weights = weights_of(name)
    sizes = infer_architecture(weights)
    assert (sizes.image.width, sizes.image.layers, sizes.image.heads) == (width, layers, heads[0])
    assert (sizes.text.width, sizes.text.layers) == (text_width, text_layers)
    assert sizes.text.heads == heads[1]
    assert (sizes.image_size, sizes.patch, sizes.context, sizes.dim) == (side, patch, 77, dim)
    with torch.device("meta"):
        expected: Any = CLIPModel(CLIPConfig(**to_config(sizes, "gelu"))).state_dict()
    shapes = {key: tuple(value.shape) for key, value in convert(weights).items()}
    assert shapes == {key: tuple(value.shape) for key, value in expected.items()}


def test_no_value_is_lost_or_doubled() -> None:
    weights = weights_of("B/32")
    count = sum(value.numel() for value in weights.values())
    assert sum(value.numel() for value in convert(weights).values()) == count


def test_queries_keys_and_values_keep_their_order() -> None:
    name = "visual.transformer.resblocks.0.attn.in_proj_bias"
    new = convert({name: torch.arange(6)})
    layer = "vision_model.encoder.layers.0.self_attn"
    assert {key: value.tolist() for key, value in new.items()} == {
        f"{layer}.q_proj.bias": [0, 1],
        f"{layer}.k_proj.bias": [2, 3],
        f"{layer}.v_proj.bias": [4, 5],
    }


def test_prefixes_and_facts_are_left_out() -> None:
    value = torch.zeros(1)
    for prefix in ("", "module.", "_orig_mod.module.", "clip.", "student.model."):
        names = ["visual.conv1.weight", "logit_scale", "text.b", "text_projection"]
        stripped = strip_prefixes({prefix + name: value for name in names})
        assert list(stripped) == ["visual.conv1.weight", "logit_scale", "b", "text_projection"]
    assert list(strip_prefixes({"text.b": value})) == ["b"]
    assert list(convert({"logit_scale": value, "input_resolution": value})) == ["logit_scale"]
