"""Every family loaded by name from a folder in the real format, against transformers' own forward."""

from __future__ import annotations

import json
import re
import shutil
import string
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from tokenizers import Tokenizer
from vit_checkpoints import FAMILIES, save_siglip

import dgl_rsis
from dgl_rsis.errors import InputError, ModelError
from dgl_rsis.models.base import BackboneOptions
from dgl_rsis.models.hf_clip import HfClip
from dgl_rsis.models.overview import show_model
from dgl_rsis.models.registry import load_backbone
from dgl_rsis.types import FloatArray, RGBImage

Vit = Callable[[str], HfClip]
Picture = Callable[..., RGBImage]
TEXTS = [
    "the road",
    "a",
    "The  Road, and the bay!",
    "a long roof by the water " * 9,
    "",
    "ünknown §",
]
OTHERS = [family for family in FAMILIES if family != "clip"]  # which test_hf_clip has


def unit(features: torch.Tensor) -> FloatArray:
    return torch.nn.functional.normalize(features, dim=-1).numpy()


@pytest.mark.parametrize("family", OTHERS)
@pytest.mark.parametrize("size", [(37, 37), (90, 40), (1, 1)])
def test_image_embeddings_are_those_of_transformers(
    family: str, size: tuple[int, int], vit: Vit, reference: Any, vit_folder: Any, picture: Picture
) -> None:
    from transformers import AutoImageProcessor

    image = Image.fromarray(picture(*size))
    if family == "siglip2":  # NaFlex would keep the aspect of what the protocol squeezes
        image = image.resize((32, 32), Image.Resampling.BILINEAR)
    processor = AutoImageProcessor.from_pretrained(vit_folder(family), backend="pil")
    inputs = processor(image, return_tensors="pt", input_data_format="channels_last")
    expected = unit(reference(family).get_image_features(**inputs).pooler_output)
    np.testing.assert_allclose(vit(family).encode_images([picture(*size)]), expected, atol=1e-5)


@pytest.mark.parametrize("family", [f for f in OTHERS if f != "siglip2"])
@pytest.mark.parametrize("size", [(16, 56), (64, 24), (8, 8)])
def test_pixels_of_any_size_embed_as_in_transformers(
    family: str, size: tuple[int, int], vit: Vit, reference: Any
) -> None:
    pixels = torch.randn(2, 3, *size, generator=torch.Generator().manual_seed(1))
    output = reference(family).get_image_features(pixels, interpolate_pos_encoding=True)
    ours = vit(family).embed_pixels(pixels)
    np.testing.assert_allclose(ours, unit(output.pooler_output), atol=1e-5)


@pytest.mark.parametrize("size", [(16, 56), (64, 24), (8, 8)])
def test_naflex_patches_are_those_of_its_processor(
    size: tuple[int, int], vit: Vit, reference: Any, vit_folder: Any, picture: Picture
) -> None:
    from transformers import AutoImageProcessor

    folder = vit_folder("siglip2")
    processor = AutoImageProcessor.from_pretrained(folder, backend="pil", do_resize=False)
    inputs = processor(Image.fromarray(picture(*size)), return_tensors="pt")
    expected = unit(reference("siglip2").get_image_features(**inputs).pooler_output)
    model = vit("siglip2")
    pixels = model._pixels([picture(*size)])
    np.testing.assert_allclose(model.embed_pixels(pixels), expected, atol=1e-5)


def canonical(text: str, family: str) -> str:
    """As big_vision prepares words for SigLIP; the second generation only lower-cases."""
    if family in ("siglip", "siglip-uneven"):
        text = text.lower().translate(str.maketrans("", "", string.punctuation))
        return re.sub(r"\s+", " ", text).strip()
    return text.lower() if family.startswith("siglip") else text


@pytest.mark.parametrize("family", OTHERS)
def test_text_embeddings_are_those_of_transformers(
    family: str, vit: Vit, reference: Any, vit_folder: Any
) -> None:
    tokenizer = Tokenizer.from_file(str(vit_folder(family) / "tokenizer.json"))
    tokenizer.enable_truncation(16)
    if family.startswith("siglip"):
        tokenizer.enable_padding(length=16, pad_id=0, pad_token="<pad>")
    ours = vit(family).encode_texts(TEXTS)
    for text, row in zip(TEXTS, ours, strict=True):
        tokens = torch.tensor([tokenizer.encode(canonical(text, family)).ids])
        expected = unit(reference(family).get_text_features(tokens).pooler_output)[0]
        np.testing.assert_allclose(row, expected, atol=1e-5)


@pytest.mark.parametrize("family", ["siglip", "siglip2-fixed"])
def test_words_of_siglip_are_lower_cased_as_in_its_training(family: str, vit: Vit) -> None:
    plain, capital, marked = vit(family).encode_texts(["the road", "The ROAD", "the road!"])
    np.testing.assert_allclose(plain, capital, atol=1e-6)
    assert np.allclose(plain, marked, atol=1e-6) == (family == "siglip")


@pytest.mark.parametrize("family", FAMILIES)
def test_facts_are_told_without_loading(family: str, vit: Vit, vit_folder: Any) -> None:
    model, facts = vit(family), show_model(str(vit_folder(family)))
    assert facts["family"] == family.split("-")[0].replace("siglip2", model.model.config.model_type)
    assert (facts["input_size"], facts["patch"], facts["dim"]) == (
        model.input_size, model.patch, model.dim
    )  # fmt: skip
    assert model.encode_texts(["a"]).shape == (1, model.dim)


@pytest.mark.parametrize("family", FAMILIES)
def test_both_tasks_run(family: str, vit_folder: Any, picture: Picture) -> None:
    model = dgl_rsis.load(f"dir:{vit_folder(family)}", device="cpu")
    image = picture(48, 64)
    assert model.segment(image, ["road", "water"]).labels.shape == (48, 64)
    assert model.refer(image, "the road left of the water").mask.shape == (48, 64)


def changed(folder: Path, target: Path, name: str, **facts: Any) -> Path:
    copy = Path(shutil.copytree(folder, target / "model"))
    content = json.loads((copy / name).read_text())
    (copy / name).write_text(json.dumps({**content, **facts}))
    return copy


def test_a_checkpoint_may_state_its_scales_notice_and_licence(
    vit_folder: Any, tmp_path: Path
) -> None:
    facts = {"dense_logit_scale": 12, "region_logit_scale": 7.5, "notice": "Mind.", "licence": "X"}
    folder = changed(vit_folder("clip"), tmp_path, "config.json", dgl_rsis=facts)
    model = load_backbone(str(folder), "cpu", BackboneOptions(dense="sclip"))
    assert (model.dense_logit_scale, model.region_logit_scale) == (12, 7.5)
    assert (model.card.notice, model.card.licence) == ("Mind.", "X")


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ({"scale": 3}, "dgl_rsis has no key 'scale'; use dense_logit_scale"),
        ({"dense_logit_scale": -1}, "dense_logit_scale must be a positive number, is -1"),
        ({"region_logit_scale": True}, "region_logit_scale must be a positive number"),
        ({"notice": 3}, "notice must be text, is 3"),
        ([], r"dgl_rsis must be an object, is \[\]"),
    ],
)
def test_what_it_states_must_make_sense(
    facts: Any, says: str, vit_folder: Any, tmp_path: Path
) -> None:
    folder = changed(vit_folder("clip"), tmp_path, "config.json", dgl_rsis=facts)
    with pytest.raises(ModelError, match=says) as caught:
        load_backbone(str(folder), "cpu")
    assert "\n" not in str(caught.value)


def test_scales_follow_the_authors_of_the_dense_attention(vit_folder: Any) -> None:
    def scale(dense: str | None) -> float:
        options = BackboneOptions(dense=dense)
        return load_backbone(str(vit_folder("siglip")), "cpu", options).dense_logit_scale

    own = load_backbone(str(vit_folder("siglip")), "cpu").logit_scale
    assert [scale(name) for name in (None, "segearth", "sclip", "vanilla")] == [50, 50, 40, own]


def test_options_that_do_not_fit_are_refused(
    vit_folder: Any, tiny_rs_folder: Path, tmp_path: Path
) -> None:
    folder = str(vit_folder("clip"))
    wrong = [
        (
            folder,
            BackboneOptions(dense="sharp"),
            InputError,
            "no dense attention is called 'sharp'",
        ),
        (folder, BackboneOptions(dense="proxyclip"), InputError, "affinity go together"),
        (folder, BackboneOptions(affinity=folder), InputError, "affinity go together"),
        (folder, BackboneOptions("proxyclip", folder), ModelError, "dinov2"),
        (str(tiny_rs_folder), BackboneOptions(dense="gem"), InputError, "rs-tiny is no ViT"),
        (str(tiny_rs_folder), BackboneOptions(affinity="a/b"), InputError, "rs-tiny is no ViT"),
    ]
    for name, options, error, says in wrong:
        with pytest.raises(error, match=says) as caught:
            load_backbone(name, "cpu", options)
        assert "\n" not in str(caught.value)


def test_bad_folders_of_siglip_say_what_to_do(vit_folder: Any, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(vit_folder("siglip"), tmp_path / "model"))
    (folder / "tokenizer.json").unlink()
    with pytest.raises(ModelError, match=r"has no tokenizer\.json"):
        load_backbone(str(folder), "cpu")
    (folder / "spiece.model").write_bytes(b"")
    with pytest.raises(ModelError, match="pip install sentencepiece"):
        load_backbone(str(folder), "cpu")
    headless = tmp_path / "headless"
    save_siglip(headless)
    config = json.loads((headless / "config.json").read_text())
    config["vision_config"]["vision_use_head"] = False
    (headless / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match="has no pooling head"):
        load_backbone(str(headless), "cpu")


@pytest.mark.parametrize("resample", [9, "bicubic", None])
def test_an_unknown_filter_is_refused(resample: Any, vit_folder: Any, tmp_path: Path) -> None:
    folder = changed(vit_folder("clip"), tmp_path, "preprocessor_config.json", resample=resample)
    with pytest.raises(ModelError, match="resample must be one of Pillow's filters"):
        load_backbone(str(folder), "cpu")
