import json

import numpy as np
import pytest
import torch
from PIL import Image
from pretrain import vit
from pretrain.vit import image
from pretrain.vit import text as texts
from safetensors.torch import load_file
from transformers import AutoTokenizer, CLIPModel
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

import dgl_rsis

WORDS = ["a red roof", "the sea", "ünknown"]


@pytest.fixture
def folder(data, output, config):
    vit.make(data, output, config)
    return output / "vit" / "model"


def test_the_folder_is_a_clip_of_transformers(folder, output, config):
    names = {path.name for path in folder.iterdir()}
    assert {
        "config.json", "model.safetensors", "preprocessor_config.json", "vocab.json",
        "merges.txt", "tokenizer_config.json", "README.md",
    } == names  # fmt: skip
    weights = load_file(folder / "model.safetensors")
    assert {value.dtype for value in weights.values()} == {torch.float16}
    model, report = CLIPModel.from_pretrained(folder, dtype=torch.float32, output_loading_info=True)
    assert not any(report.values())
    tokenizer = AutoTokenizer.from_pretrained(folder)
    with torch.inference_mode():
        features = model.get_text_features(**tokenizer(WORDS, padding=True, return_tensors="pt"))
    expected = texts.load(output, config, dim=16).encode(WORDS)
    said = torch.nn.functional.normalize(features.pooler_output, dim=-1)
    torch.testing.assert_close(said, expected, atol=0.01, rtol=0)
    kept = torch.load(output / "vit" / "image.pt", weights_only=True)["average"]
    for name in ("visual_projection.weight", "vision_model.embeddings.class_embedding"):
        torch.testing.assert_close(weights[name].float(), kept["module." + name], atol=1e-3, rtol=0)


def test_the_package_loads_it_and_sees_what_transformers_sees(folder):
    backbone = dgl_rsis.load(str(folder)).backbone
    pixels = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    processor = CLIPImageProcessorPil.from_pretrained(folder)
    model = CLIPModel.from_pretrained(folder, dtype=torch.float32).eval()
    with torch.inference_mode():
        inputs = processor(Image.fromarray(pixels), return_tensors="pt")
        features = model.get_image_features(**inputs).pooler_output
    expected = torch.nn.functional.normalize(features, dim=-1).numpy()
    np.testing.assert_allclose(backbone.encode_images([pixels]), expected, atol=1e-4)
    assert backbone.input_size == 48
    assert 3.9 <= backbone.logit_scale <= 81  # a range of `calibrate`, in half precision
    assert 3.9 <= backbone.dense_logit_scale <= 81
    assert backbone.card.licence == "CC0"  # the teacher's
    assert backbone.encode_texts(["a road " * 40]).shape == (1, 16)  # cut to what it can read


def test_a_finished_run_only_writes_again(folder, data, output, config, monkeypatch):
    weights = (folder / "model.safetensors").read_bytes()
    monkeypatch.setattr(texts, "train", lambda *_: pytest.fail("distilled again"))
    monkeypatch.setattr(image, "losses", lambda *_: pytest.fail("trained again"))
    vit.make(data, output, config)
    assert (folder / "model.safetensors").read_bytes() == weights
    assert json.loads((folder / "config.json").read_text(encoding="utf-8"))["model_type"] == "clip"
