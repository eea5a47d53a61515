"""Competitive Grad-CAM of every head, and what is kept between two questions about an image."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from vit_checkpoints import FAMILIES

import dgl_rsis
from dgl_rsis.models.hf_clip import HfClip
from dgl_rsis.models.recent import Recent
from dgl_rsis.types import RGBImage

Vit = Callable[[str], HfClip]
Picture = Callable[..., RGBImage]
WORDS = ["the road", "water", "tree"]


def patches_in_joint_space(model: Any, tokens: Tensor) -> Tensor:
    """CLIP: normalised and projected. SigLIP: the pooling head on each patch alone."""
    vision = model.vision_model
    if hasattr(model, "visual_projection"):
        return model.visual_projection(vision.post_layernorm(tokens[:, 1:]))[0]
    normed = vision.post_layernorm(tokens)[0]
    return torch.cat([vision.head(token[None, None]) for token in normed])


@pytest.mark.parametrize("family", [f for f in FAMILIES if f != "siglip2"])
def test_activations_match_gradients_by_differences(
    family: str, vit: Vit, vit_folder: Any, picture: Picture
) -> None:
    """Moving all patches of a channel changes the logit by the channel's weight."""
    from transformers import AutoModel

    ours = vit(family)
    model = AutoModel.from_pretrained(vit_folder(family)).eval().requires_grad_(False).double()
    texts = torch.from_numpy(ours.encode_texts(WORDS))
    image, first = picture(32, 32), ours.tower.prefix
    (cam,), (probability,) = ours.activations(image, texts.numpy(), [1])
    vision = model.vision_model
    pixels = ours._pixels([ours._squeezed(image)]).double()
    tokens = vision(pixels, output_hidden_states=True).hidden_states[-2]
    block = vision.encoder.layers[-1]
    normed = block.layer_norm1(tokens)

    def logit(shift: Tensor) -> Tensor:
        moved = torch.cat([normed[:, :first], normed[:, first:] + shift], 1)
        after = tokens + block.self_attn(hidden_states=moved)[0]
        after = after + block.mlp(block.layer_norm2(after))
        embedding = patches_in_joint_space(model, after).mean(0)
        cosines = torch.nn.functional.normalize(embedding, dim=-1) @ texts.double().T
        return (model.logit_scale.exp() * cosines).log_softmax(-1)[1]

    step = 1e-5 * torch.eye(32, dtype=torch.float64)
    weights = torch.stack([(logit(each) - logit(-each)) / 2e-5 / 16 for each in step])
    expected = (normed[0, first:] @ weights).clamp(min=0).view(4, 4)
    still = logit(torch.zeros(32, dtype=torch.float64))
    assert expected.max() > 0
    np.testing.assert_allclose(cam, expected, atol=1e-4 * float(expected.max()))
    assert probability == pytest.approx(float(still.exp()), abs=1e-5)


@pytest.mark.parametrize("family", FAMILIES)
def test_maps_cover_the_image_and_do_not_depend_on_other_targets(
    family: str, vit: Vit, picture: Picture
) -> None:
    model, image = vit(family), picture(40, 90)
    texts = model.encode_texts(["the road", "a wide road", "tree", "the roof"])
    alone, probability = model.activations(image, texts[[0, 2, 3]], [0])
    both, probabilities = model.activations(image, texts, [0, 1])
    assert both.shape == (2, 4, 4)
    assert both.dtype == probabilities.dtype == np.float32
    assert both.min() >= 0
    np.testing.assert_allclose(both[0], alone[0], rtol=1e-4, atol=1e-6)
    assert probabilities[0] == pytest.approx(probability[0], abs=1e-6)


def test_an_image_is_read_once(vit: Vit, picture: Picture, monkeypatch: pytest.MonkeyPatch) -> None:
    model, before = vit("siglip"), vit("siglip").tower.before
    read: list[int] = []

    def counted(pixels: Tensor, depth: int) -> Tensor:
        read.append(depth)
        return before(pixels, depth)

    monkeypatch.setattr(model.tower, "before", counted)
    texts = model.encode_texts(WORDS)
    first, second = picture(40, 90, seed=8), picture(40, 90, seed=9)
    ask = model.activator(first)
    maps, _ = ask(texts, [0])
    np.testing.assert_array_equal(ask(texts, [0])[0], maps)
    np.testing.assert_array_equal(model.activations(first.copy(), texts, [0])[0], maps)
    assert read == [1]
    assert not np.array_equal(model.activations(second, texts, [0])[0], maps)
    assert read == [1, 1]


@pytest.mark.parametrize("family", ["clip", "siglip"])
def test_one_backward_for_each_expression_and_scale(
    family: str, vit: Vit, picture: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole image and four windows are read once, for a noun with its modifiers and without."""
    backbone = vit(family)
    before, grad = backbone.tower.before, torch.autograd.grad
    read: list[int] = []
    backward: list[int] = []

    def counted_before(pixels: Tensor, depth: int) -> Tensor:
        read.extend([1] if depth == 1 and not torch.is_inference_mode_enabled() else [])
        return before(pixels, depth)

    def counted_grad(*arguments: Any, **more: Any) -> Any:
        backward.append(1)
        return grad(*arguments, **more)

    monkeypatch.setattr(backbone.tower, "before", counted_before)
    monkeypatch.setattr(torch.autograd, "grad", counted_grad)
    # off, the activation does not depend on what is found
    model = dgl_rsis.load(backbone, settings={"select": {"enabled": False}})
    image = picture(60, 80, seed=11)
    model.refer(image, "the largest roof which is shiny")
    assert (len(read), len(backward)) == (5, 10)
    model.refer(image, "the longest road which is wet")
    assert (len(read), len(backward)) == (5, 20)


def test_recent_results_are_found_by_pixels_and_bounded(picture: Picture) -> None:
    images, made = [picture(3, 4, seed=seed) for seed in range(4)], []

    def compute(image: RGBImage) -> int:
        made.append(int(image[0, 0, 0]))
        return len(made)

    recent: Recent[int] = Recent(2)
    assert [recent.get(images[k], compute) for k in (0, 1, 0, 2, 0, 1)] == [1, 2, 1, 3, 1, 4]
    reshaped = np.ascontiguousarray(images[1].reshape(4, 3, 3))
    assert recent.get(reshaped, compute) == 5
