from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from dgl_rsis.errors import ModelError
from dgl_rsis.models.hf_blip import HfBlip, load_matcher

TEXTS = ["there is a ship", "there is a white ship next to the pier"]


def picture(height: int, width: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    small = rng.integers(0, 255, (6, 6, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC))


@pytest.fixture(scope="module")
def blip(tiny_blip_folder: Path) -> HfBlip:
    return load_matcher(f"dir:{tiny_blip_folder}", "cpu")


@pytest.fixture(scope="module")
def reference(tiny_blip_folder: Path) -> Any:
    """Transformers' own model and preprocessing: ``(text, image) -> inputs`` and the model."""
    from transformers import AutoTokenizer, BlipForImageTextRetrieval
    from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil

    model = BlipForImageTextRetrieval.from_pretrained(tiny_blip_folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(tiny_blip_folder)
    processor = BlipImageProcessorPil.from_pretrained(tiny_blip_folder)

    def inputs(text: str, image: np.ndarray) -> dict[str, Any]:
        pixels = processor(Image.fromarray(image), return_tensors="pt").pixel_values
        return {**tokenizer(text, return_tensors="pt"), "pixel_values": pixels}

    return model, inputs


@pytest.mark.parametrize("shape", [(48, 48), (40, 90), (200, 64)])
def test_logits_are_those_of_transformers(
    blip: HfBlip, reference: Any, shape: tuple[int, int]
) -> None:
    model, inputs = reference
    image = picture(*shape)
    said = blip.read(image)(TEXTS)
    for text, tokens in zip(TEXTS, said, strict=True):
        kept = {k: v for k, v in inputs(text, image).items() if k != "token_type_ids"}
        with torch.no_grad():
            expected = model(**kept).itm_score[0]
        np.testing.assert_allclose(tokens.logits, expected.numpy(), atol=1e-5)
        assert tokens.probability == pytest.approx(float(expected.softmax(0)[1]), abs=1e-5)


@pytest.mark.parametrize("text", TEXTS)
def test_maps_are_those_of_plain_hooks(blip: HfBlip, reference: Any, text: str) -> None:
    model, inputs = reference
    image = picture(40, 90)
    caught: dict[str, torch.Tensor] = {}

    def catch(_module: Any, _inputs: Any, output: Any) -> None:
        caught["attention"] = output[1]
        output[1].register_hook(lambda gradient: caught.update(gradient=gradient))

    layer = model.text_encoder.encoder.layer[2].crossattention.self  # 2 of 3 from 0
    handle = layer.register_forward_hook(catch)
    kept = {k: v for k, v in inputs(text, image).items() if k != "token_type_ids"}
    model(**kept).itm_score[0, 1].backward()
    handle.remove()
    model.zero_grad()
    product = caught["attention"][0] * caught["gradient"][0].clamp(min=0)  # (heads, tokens, 37)
    expected = product.mean(0)[:, 1:].reshape(-1, 6, 6).detach().numpy()
    (tokens,) = blip.read(image)([text])
    assert expected.max() > 1e-4  # the comparison means something
    np.testing.assert_allclose(tokens.maps, expected, atol=1e-7, rtol=1e-4)


def test_tokens_know_their_characters(blip: HfBlip) -> None:
    text = "There is a ships"
    (tokens,) = blip.read(picture(48, 48))([text])
    words = [text[first:last] for first, last in tokens.spans]
    assert words == ["", "There", "is", "a", "ship", "s", ""]
    assert tokens.maps.shape == (7, 6, 6)
    assert tokens.maps.min() >= 0


def test_a_text_does_not_depend_on_the_others(blip: HfBlip) -> None:
    read = blip.read(picture(64, 48))
    together = read([*TEXTS, "a"])
    for text, tokens in zip(TEXTS, together, strict=False):
        (alone,) = read([text])
        np.testing.assert_allclose(tokens.maps, alone.maps, atol=1e-7, rtol=1e-4)
        np.testing.assert_allclose(tokens.logits, alone.logits, atol=1e-5)
    assert read([]) == []


def test_an_image_is_encoded_once(blip: HfBlip) -> None:
    calls = []
    handle = blip.model.vision_model.register_forward_hook(lambda *_: calls.append(1))
    try:
        read = blip.read(picture(48, 48))
        for text in (*TEXTS, "pier"):
            read([text])
    finally:
        handle.remove()
    assert len(calls) == 1


def test_an_overlong_text_is_cut(blip: HfBlip) -> None:
    (tokens,) = blip.read(picture(48, 48))(["there is a ship " * 20])
    assert len(tokens.maps) == 16


def test_weights_need_no_gradients_and_get_none(blip: HfBlip) -> None:
    blip.read(picture(48, 48))(TEXTS)
    assert all(each.grad is None and not each.requires_grad for each in blip.model.parameters())


def test_card(blip: HfBlip, tiny_blip_folder: Path) -> None:
    assert blip.card.licence == "bsd-3-clause"
    assert blip.card.source == str(tiny_blip_folder)
    assert blip.card.revision.startswith("sha256:")


# --- what cannot be loaded ------------------------------------------------------------------------


def one_line(error: pytest.ExceptionInfo[ModelError]) -> str:
    text = str(error.value)
    assert "\n" not in text
    return text


def copy(folder: Path, target: Path, *, without: str = "") -> Path:
    shutil.copytree(folder, target, ignore=shutil.ignore_patterns(without) if without else None)
    return target


def test_a_missing_folder_names_the_download_and_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "blip"
    with pytest.raises(ModelError) as error:
        load_matcher(f"dir:{folder}", "cpu")
    command = f"hf download Salesforce/blip-itm-base-coco --local-dir {folder}"
    assert f"{folder} does not exist" in one_line(error)
    assert command in one_line(error)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
def test_a_missing_file_is_named(tiny_blip_folder: Path, tmp_path: Path, name: str) -> None:
    folder = copy(tiny_blip_folder, tmp_path / "blip", without=name)
    with pytest.raises(ModelError) as error:
        load_matcher(str(folder), "cpu")
    assert f"{folder} has no {name}" in one_line(error)
    assert f"hf download Salesforce/blip-itm-base-coco --local-dir {folder}" in one_line(error)


def test_another_kind_of_model_is_refused(tiny_clip_folder: Path) -> None:
    with pytest.raises(ModelError, match="model_type 'clip'; give a checkpoint of blip"):
        load_matcher(f"dir:{tiny_clip_folder}", "cpu")
    with pytest.raises(ModelError, match="rs-tiny does not match images and texts"):
        load_matcher("rs-tiny", "cpu")


def test_a_blip_without_the_matching_head_is_refused(
    tiny_blip_folder: Path, tmp_path: Path
) -> None:
    folder = copy(tiny_blip_folder, tmp_path / "captioning")
    weights = load_file(folder / "model.safetensors")
    kept = {name: value for name, value in weights.items() if not name.startswith("itm_head")}
    save_file(kept, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError) as error:
        load_matcher(str(folder), "cpu")
    assert "lack 2 tensors of a BlipForImageTextRetrieval, first itm_head" in one_line(error)


def test_damaged_weights_are_one_line(tiny_blip_folder: Path, tmp_path: Path) -> None:
    folder = copy(tiny_blip_folder, tmp_path / "damaged")
    (folder / "model.safetensors").write_bytes(b"nothing")
    with pytest.raises(ModelError) as error:
        load_matcher(str(folder), "cpu")
    assert f"cannot load model folder {folder}" in one_line(error)


def test_a_hub_id_that_is_not_here_names_its_download(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import huggingface_hub.constants as constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(ModelError) as error:
        load_matcher("Salesforce/blip-itm-base-coco", "cpu")
    assert "run `hf download Salesforce/blip-itm-base-coco`" in one_line(error)


def test_a_folder_of_other_sizes_is_read_as_its_config_says(
    tiny_blip_folder: Path, blip: HfBlip
) -> None:
    config = json.loads((tiny_blip_folder / "config.json").read_text())
    assert blip.input_size == config["vision_config"]["image_size"] == 48
    assert blip.layer == 2


def test_images_are_squeezed_by_the_filter_of_the_checkpoint(
    tiny_blip_folder: Path, tmp_path: Path
) -> None:
    folder = copy(tiny_blip_folder, tmp_path / "bilinear")
    facts = json.loads((folder / "preprocessor_config.json").read_text())
    (folder / "preprocessor_config.json").write_text(json.dumps({**facts, "resample": 2}))
    image = np.random.default_rng(0).integers(0, 256, (90, 60, 3), dtype=np.uint8)
    squeezed = Image.fromarray(image).resize((48, 48), Image.Resampling.BILINEAR)
    bilinear = load_matcher(str(folder), "cpu")
    expected = bilinear.read(np.asarray(squeezed))(["the ship"])[0]
    np.testing.assert_array_equal(bilinear.read(image)(["the ship"])[0].maps, expected.maps)
