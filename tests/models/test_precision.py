from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import dgl_rsis
from dgl_rsis.device import computes_in
from dgl_rsis.errors import InputError
from dgl_rsis.models import precision
from dgl_rsis.models.affinity import Affinity
from dgl_rsis.models.base import Backbone, ReadsOnce, ReadsRegionsOnce
from dgl_rsis.models.dino import Dino
from dgl_rsis.models.hf_blip import HfBlip
from dgl_rsis.models.hf_clip import HfClip
from dgl_rsis.models.precision import Computing, HalfPrecision, compile_blocks
from dgl_rsis.models.sam import Sam
from dgl_rsis.models.sam3 import Sam3
from dgl_rsis.models.tiny import RsTiny
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.types import FloatArray, RGBImage

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


Answer = Callable[[Path, Computing], FloatArray]


def masks_of_sam(family: str) -> Answer:
    def asked(folder: Path, computing: Computing) -> FloatArray:
        image = Sam.from_folder(folder, family, computing).embed(picture())
        logits, _ = next(image.at_points(np.array([[10.0, 20.0], [40.0, 33.0]])))
        return image.at_full_size(logits[0])

    return asked


def instances_of_sam_3(folder: Path, computing: Computing) -> FloatArray:
    _, scores = Sam3.from_folder(folder, computing).embed(picture())("roof", 0.0)
    return scores


def keys(folder: Path, computing: Computing) -> FloatArray:
    return Dino.from_folder(folder, computing).dense(picture())


def affinities(folder: Path, computing: Computing) -> FloatArray:
    return Affinity.from_folder(folder, computing).features(picture(), (4, 5)).numpy()


ANSWERS: dict[str, tuple[str, Answer]] = {
    "sam": ("sam", masks_of_sam("sam")),
    "sam2": ("sam2", masks_of_sam("sam2")),
    "samhq": ("samhq", masks_of_sam("samhq")),
    "sam3": ("sam3", instances_of_sam_3),
    "keys": ("dinov3", keys),
    "affinity": ("vit", affinities),
}


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
@pytest.mark.parametrize("name", ANSWERS)
def test_other_networks_compute_in_half_precision(
    name: str, precision: str, segmenter_folder: Callable[[str], Path]
) -> None:
    kind, answer = ANSWERS[name]
    folder = segmenter_folder(kind)
    exact, near = answer(folder, Computing()), answer(folder, Computing("cpu", precision))
    assert near.dtype == np.float32
    assert (exact != near).any()
    scale = np.abs(exact).max()
    assert np.abs(exact - near).mean() < 0.05 * scale


def test_matchers_encode_images_in_half_precision(tiny_blip_folder: Path) -> None:
    exact, near = (
        HfBlip.from_folder(tiny_blip_folder, Computing("cpu", kind)).read(picture())(["a ship"])[0]
        for kind in ("float32", "bfloat16")
    )
    assert near.maps.dtype == np.float32
    assert (exact.maps != near.maps).any()
    assert near.probability == pytest.approx(exact.probability, abs=0.05)


def test_blocks_of_other_networks_are_compiled(
    segmenter_folder: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled: list[torch.nn.Module] = []
    monkeypatch.setattr(torch.nn.Module, "compile", lambda module: compiled.append(module))
    monkeypatch.setattr(precision.shutil, "which", lambda name: name)
    how = Computing(compile=True)
    sam = Sam.from_folder(segmenter_folder("sam"), "sam", how)
    dino = Dino.from_folder(segmenter_folder("dinov2"), how)
    sam3 = Sam3.from_folder(segmenter_folder("sam3"), how)
    assert {*sam.model.vision_encoder.layers, *dino.model.encoder.layer} <= set(compiled)
    assert set(sam3.model.detr_encoder.layers) <= set(compiled)


def test_settings_reach_every_network(
    segmenter_folder: Callable[[str], Path], tiny_blip_folder: Path, tiny_clip_folder: Path
) -> None:
    model = dgl_rsis.load(
        str(tiny_clip_folder),
        proposer="sam+sam3+maskcut",
        device="cpu",
        precision="bfloat16" if computes_in("bfloat16", "cpu") else "float32",
        settings={
            "proposals": {
                "checkpoint": {
                    "sam": str(segmenter_folder("sam")),
                    "sam3": str(segmenter_folder("sam3")),
                    "maskcut": str(segmenter_folder("vit")),
                }
            },
            "activation": {"provider": "cross_attention", "checkpoint": str(tiny_blip_folder)},
        },
    )
    expected = Computing.choose("cpu", model.settings.backbone.precision)
    networks = model.networks
    dino = getattr(networks.features["maskcut"], "__self__", None)
    for each in (networks.segmenters["sam"], networks.detector, dino, model.explainer):
        assert getattr(each, "computing", None) == expected


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")  # torch's compiler uses it
def test_compiled_embeddings_are_the_same(tiny_clip_folder: Path) -> None:
    clip = HfClip.from_folder(tiny_clip_folder)
    expected = clip.encode_images([picture()])
    compile_blocks(clip, "cpu")
    np.testing.assert_allclose(clip.encode_images([picture()]), expected, atol=1e-5)
