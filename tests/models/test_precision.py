from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from dgl_rsis.errors import InputError
from dgl_rsis.models import precision
from dgl_rsis.models.base import Backbone, ReadsOnce, ReadsRegionsOnce
from dgl_rsis.models.hf_clip import HfClip
from dgl_rsis.models.precision import HalfPrecision, compile_blocks
from dgl_rsis.models.tiny import RsTiny
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.types import RGBImage

WORDS = ["the road", "water", "a roof"]


@pytest.fixture(params=["clip", "rs-tiny"])
def backbone(
    request: pytest.FixtureRequest, tiny_clip_folder: Path, tiny_rs_folder: Path
) -> Backbone:
    if request.param == "clip":
        return HfClip.from_folder(tiny_clip_folder)
    return RsTiny.from_folder(tiny_rs_folder)


def picture(height: int = 64, width: int = 64) -> RGBImage:
    small = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC))


def masks() -> MaskSet:
    stack = np.zeros((2, 64, 64), bool)
    stack[0, :30, :20] = stack[1, 40:, 30:] = True
    return MaskSet.from_masks(stack)


@pytest.mark.parametrize("kind", ["bfloat16", "float16"])
def test_half_precision_is_close_but_not_the_same(backbone: Backbone, kind: str) -> None:
    half: Backbone = HalfPrecision(backbone, "cpu", kind)
    for name, argument in (
        ("encode_texts", WORDS),
        ("encode_images", [picture()]),
        ("dense", picture()),
    ):
        exact, near = getattr(backbone, name)(argument), getattr(half, name)(argument)
        assert near.dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(near, axis=-1), 1, atol=1e-5)
        assert ((exact * near).sum(-1) > 0.995).all(), name  # cosines
        assert (exact != near).any(), name
    regions = half.regions(picture(), masks())
    assert isinstance(half, ReadsRegionsOnce)
    np.testing.assert_array_equal(half.region_reader(picture())(masks()), regions)
    assert ((regions * backbone.regions(picture(), masks())).sum(-1) > 0.995).all()


def test_gradients_stay_in_single_precision(backbone: Backbone) -> None:
    half = HalfPrecision(backbone, "cpu", "float16")
    texts = backbone.encode_texts(WORDS)
    expected, _ = backbone.activations(picture(), texts, [0])
    maps, _ = half.activations(picture(), texts, [0])
    np.testing.assert_array_equal(maps, expected)
    np.testing.assert_array_equal(half.activator(picture())(texts, [0])[0], expected)
    assert isinstance(half, ReadsOnce)


def test_facts_are_those_of_the_backbone(backbone: Backbone) -> None:
    half = HalfPrecision(backbone, "cpu", "bfloat16")
    for name in (
        "card",
        "dim",
        "input_size",
        "cell",
        "logit_scale",
        "dense_logit_scale",
        "region_logit_scale",
    ):
        assert getattr(half, name) == getattr(backbone, name)


def test_every_block_is_compiled(backbone: Backbone, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[torch.nn.Module] = []
    monkeypatch.setattr(torch.nn.Module, "compile", lambda module: compiled.append(module))
    monkeypatch.setattr(precision.shutil, "which", lambda name: name)
    compile_blocks(backbone, "cpu")
    if isinstance(backbone, HfClip):
        model = backbone.model
        assert set(compiled) == {
            *model.vision_model.encoder.layers,
            *model.text_model.encoder.layers,
        }
    else:
        assert isinstance(backbone, RsTiny)
        assert {*backbone.image_tower.stages, *backbone.text_tower.blocks} <= set(compiled)


def test_compilation_needs_a_compiler(backbone: Backbone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision.shutil, "which", lambda name: None)
    with pytest.raises(InputError, match="install g"):
        compile_blocks(backbone, "cpu")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")  # torch's compiler uses it
def test_compiled_embeddings_are_the_same(tiny_clip_folder: Path) -> None:
    clip = HfClip.from_folder(tiny_clip_folder)
    expected = clip.encode_images([picture()])
    compile_blocks(clip, "cpu")
    np.testing.assert_allclose(clip.encode_images([picture()]), expected, atol=1e-5)
