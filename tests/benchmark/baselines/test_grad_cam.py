from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from toy_backbone import ToyBackbone, quarters

from dgl_rsis.benchmark.baselines.grad_cam import GRAD_CAM, GRAD_CAM_PLAIN, plain_map
from dgl_rsis.benchmark.baselines.per_mask import pixels_of
from dgl_rsis.benchmark.baselines.prompts import background_features, rivals
from dgl_rsis.config import make_settings
from dgl_rsis.errors import InputError
from dgl_rsis.models.hf_clip import HfClip
from dgl_rsis.pipeline import Model
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.types import FloatArray, RGBImage


def plain_by_hand(network: Any, pixels: torch.Tensor, text: FloatArray) -> FloatArray:
    """Gradients through transformers' own forward pass, at the last block's normalised input."""
    kept: list[torch.Tensor] = []

    def keep(_: Any, __: Any, output: torch.Tensor) -> torch.Tensor:
        kept.append(output.detach().requires_grad_(True))
        return kept[-1]

    norm = network.vision_model.encoder.layers[-1].layer_norm1
    handle = norm.register_forward_hook(keep)
    features = network.get_image_features(pixels).pooler_output[0]
    handle.remove()
    logit = network.logit_scale.exp() * (features / features.norm()) @ torch.tensor(text)
    (gradient,) = torch.autograd.grad(logit, kept[0])
    weights = gradient[0, 1:].mean(0)
    cam = (kept[0][0, 1:].detach() * weights).sum(-1).clamp(min=0).view(4, 4)
    return np.asarray((cam - cam.min()) / (cam.max() - cam.min()))


@pytest.mark.parametrize("seed", [0, 1])
def test_plain_map_is_the_gradient_of_the_image_text_logit(
    seed: int, clip: HfClip, network: Any, image: RGBImage
) -> None:
    text = np.random.default_rng(seed).normal(size=clip.dim)
    text = (text / np.linalg.norm(text)).astype(np.float32)
    pixels = pixels_of(clip, [image])
    with torch.no_grad():
        tokens = clip.tower.before(pixels, 1)
    found = plain_map(clip, tokens, text)
    assert (found.min(), found.max()) == (0, 1)
    np.testing.assert_allclose(found, plain_by_hand(network, pixels, text), atol=1e-4)


def test_plain_answer_is_the_mask_with_the_largest_mean(
    worded: HfClip, image: RGBImage, masks: MaskSet
) -> None:
    prepared = GRAD_CAM_PLAIN.prepare(Model(worded, make_settings()), image, masks)
    (text,) = worded.encode_texts(["the red roof"])
    heat = plain_map(worded, prepared.tokens, text)
    best = int(masks.pool(heat).argmax())
    np.testing.assert_array_equal(GRAD_CAM_PLAIN.answer(prepared, "the red roof"), masks.mask(best))


def test_plain_needs_a_class_token(coloured: Model, quarter_masks: MaskSet) -> None:
    with pytest.raises(InputError, match="class token"):
        GRAD_CAM_PLAIN.prepare(coloured, quarters(), quarter_masks)


@pytest.mark.parametrize(
    ("sentence", "quarter"), [("the building", 0), ("dense vegetation", 1), ("the water", 2)]
)
def test_the_sentence_lights_its_quarter(
    sentence: str, quarter: int, coloured: Model, quarter_masks: MaskSet
) -> None:
    prepared = GRAD_CAM.prepare(coloured, quarters(), quarter_masks)
    found = GRAD_CAM.answer(prepared, sentence)
    np.testing.assert_array_equal(found, quarter_masks.mask(quarter))


def test_the_whole_sentence_competes_with_background_words(
    worded: HfClip, image: RGBImage, masks: MaskSet
) -> None:
    sentence = "the red roof beside the road"
    background = rivals(sentence, background_features(worded))
    texts = np.concatenate([worded.encode_texts([sentence]), background])
    maps, _ = worded.activations(image, texts, [0])
    prepared = GRAD_CAM.prepare(Model(worded, make_settings()), image, masks)
    best = int(masks.pool(maps[0]).argmax())
    np.testing.assert_array_equal(GRAD_CAM.answer(prepared, sentence), masks.mask(best))


def test_an_image_is_read_once_for_all_sentences(quarter_masks: MaskSet) -> None:
    backbone = ToyBackbone()
    prepared = GRAD_CAM.prepare(Model(backbone, make_settings()), quarters(), quarter_masks)
    texts = len(backbone.calls["texts"])
    GRAD_CAM.answer(prepared, "the water")
    assert backbone.calls["texts"][texts:] == ["the water"]  # background words are embedded once
