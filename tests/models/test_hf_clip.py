import json
import os
import pickle
import shutil
import sys
import traceback
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from dgl_rsis.errors import MissingExtraError, ModelError
from dgl_rsis.models import hf_files, memory
from dgl_rsis.models.hf_clip import HfClip, window_starts
from dgl_rsis.models.preprocess import CLIP_MEAN, CLIP_STD, Preprocessing, read_preprocessing
from dgl_rsis.models.registry import load_backbone
from dgl_rsis.types import FloatArray, RGBImage

TEXTS = ["the road", "a", "a long roof by the water " * 9, "", "ünknown § signs"]


@pytest.fixture(scope="module")
def clip(tiny_clip_folder: Path) -> HfClip:
    return HfClip.from_folder(tiny_clip_folder)


@pytest.fixture(scope="module")
def reference(tiny_clip_folder: Path) -> Any:
    from transformers import CLIPModel

    return CLIPModel.from_pretrained(tiny_clip_folder).eval().requires_grad_(False)


def picture(height: int, width: int, seed: int = 0) -> RGBImage:
    small = np.random.default_rng(seed).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC))


def unit(features: torch.Tensor) -> FloatArray:
    return torch.nn.functional.normalize(features, dim=-1).numpy()


@pytest.mark.parametrize("size", [(32, 32), (40, 90), (7, 300), (1, 1)])
def test_image_embeddings_are_those_of_transformers(
    clip: HfClip, reference: Any, tiny_clip_folder: Path, size: tuple[int, int]
) -> None:
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    image = picture(*size)
    processor = CLIPImageProcessorPil.from_pretrained(tiny_clip_folder)
    # transformers takes sides of one pixel for channels unless told
    inputs = processor(
        Image.fromarray(image), return_tensors="pt", input_data_format="channels_last"
    )
    expected = unit(reference.get_image_features(**inputs).pooler_output)
    np.testing.assert_allclose(clip.encode_images([image]), expected, atol=1e-5)


@pytest.mark.parametrize("size", [(32, 32), (16, 56), (64, 24), (8, 8)])
def test_pixels_of_any_size_embed_as_in_transformers(
    clip: HfClip, reference: Any, size: tuple[int, int]
) -> None:
    pixels = torch.randn(2, 3, *size, generator=torch.Generator().manual_seed(1))
    output = reference.get_image_features(pixels, interpolate_pos_encoding=True)
    np.testing.assert_allclose(clip.embed_pixels(pixels), unit(output.pooler_output), atol=1e-5)


def test_text_embeddings_are_those_of_transformers(
    clip: HfClip, reference: Any, tiny_clip_folder: Path
) -> None:
    from transformers import CLIPTokenizer

    tokenizer = CLIPTokenizer.from_pretrained(tiny_clip_folder)
    ours = clip.encode_texts(TEXTS)
    assert ours.dtype == np.float32
    for text, row in zip(TEXTS, ours, strict=True):
        tokens = tokenizer(text, truncation=True, max_length=24, return_tensors="pt")
        expected = unit(reference.get_text_features(**tokens).pooler_output)[0]
        np.testing.assert_allclose(row, expected, atol=1e-5)


def test_nothing_in_nothing_out(clip: HfClip) -> None:
    assert clip.encode_texts([]).shape == (0, 24)
    assert clip.encode_images([]).shape == (0, 24)


def test_many_images_at_once_are_the_same_as_one_by_one(clip: HfClip) -> None:
    images = [picture(20 + k, 50 - k, seed=k) for k in range(18)]  # more than one batch
    single = np.concatenate([clip.encode_images([image]) for image in images])
    np.testing.assert_allclose(clip.encode_images(images), single, atol=1e-5)


def test_facts_of_the_checkpoint(clip: HfClip, tiny_clip_folder: Path) -> None:
    assert (clip.dim, clip.input_size, clip.patch) == (24, 32, 8)
    assert clip.logit_scale == pytest.approx(np.exp(2.6592), rel=1e-4)
    assert clip.dense_logit_scale == 50
    assert clip.region_logit_scale == clip.logit_scale
    assert clip.card.licence == "cc0-1.0"
    assert clip.card.revision.startswith("sha256:")
    assert clip.card.source == str(tiny_clip_folder)


def dense_by_hand(model: Any, pixels: torch.Tensor) -> FloatArray:
    """The formula of docs/design.md 1.6, head by head, from the hidden states of transformers."""
    vision = model.vision_model
    hidden = vision(pixels, interpolate_pos_encoding=True, output_hidden_states=True).hidden_states
    block = vision.encoder.layers[-1]
    x = block.layer_norm1(hidden[-2])[0]
    q, k, v = (
        p(x) for p in (block.self_attn.q_proj, block.self_attn.k_proj, block.self_attn.v_proj)
    )
    heads = []
    for h in range(2):
        part = slice(16 * h, 16 * h + 16)
        weights = sum((y[:, part] @ y[:, part].T / 4).softmax(-1) for y in (q, k, v))
        heads.append(weights @ v[:, part])
    mixed = block.self_attn.out_proj(torch.cat(heads, -1))
    return unit(model.visual_projection(vision.post_layernorm(mixed[1:])))


@pytest.mark.parametrize("size", [(32, 32), (16, 64), (64, 40)])
def test_dense_is_self_self_attention(clip: HfClip, reference: Any, size: tuple[int, int]) -> None:
    image = picture(*size)
    pixels = torch.from_numpy(image.copy()).permute(2, 0, 1)[None] / 255
    pixels = (pixels - torch.tensor(CLIP_MEAN).view(3, 1, 1)) / torch.tensor(CLIP_STD).view(3, 1, 1)
    expected = dense_by_hand(reference, pixels).reshape(size[0] // 8, size[1] // 8, 24)
    np.testing.assert_allclose(clip.dense(image), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("size", "cells"),
    [((1, 1), (1, 1)), ((20, 3000), (2, 375)), ((35, 61), (4, 8)), ((200, 90), (25, 11))],
)
def test_dense_covers_any_size_with_unit_vectors(
    clip: HfClip, size: tuple[int, int], cells: tuple[int, int]
) -> None:
    features = clip.dense(picture(*size))
    assert features.shape == (*cells, 24)
    assert features.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(features, axis=-1), 1, atol=1e-5)


def test_windows_overlap_and_keep_their_place(clip: HfClip) -> None:
    """A large image: its corners are those of the corner windows read alone."""
    image = picture(96, 160)
    features = clip.dense(image)
    assert features.shape == (12, 20, 24)
    quarter = 4  # cells that only one window of 8 cells sees at a corner
    for rows, columns in ((slice(0, 64), slice(0, 64)), (slice(32, 96), slice(96, 160))):
        alone = clip.dense(np.ascontiguousarray(image[rows, columns]))
        row = slice(0, quarter) if rows.start == 0 else slice(-quarter, None)
        column = slice(0, quarter) if columns.start == 0 else slice(-quarter, None)
        np.testing.assert_allclose(features[row, column], alone[row, column], atol=1e-5)


@given(length=st.integers(1, 200), half=st.integers(1, 20))
def test_windows_cover_everything_without_leaving(length: int, half: int) -> None:
    side = 2 * half
    starts = window_starts(length, side)
    seen = np.zeros(length, int)
    for start in starts:
        assert 0 <= start <= max(0, length - side)
        seen[start : start + side] += 1
    assert seen.min() >= 1
    assert len(set(starts)) == len(starts)
    assert all(after - before <= half for before, after in pairwise(starts))


def test_activations_are_rectified_gradients_with_probabilities(clip: HfClip) -> None:
    texts = clip.encode_texts(["the road", "water", "tree", "the roof"])
    maps, probabilities = clip.activations(picture(40, 90), texts, [0, 2])
    assert maps.shape == (2, 4, 4)
    assert maps.dtype == probabilities.dtype == np.float32
    assert maps.min() >= 0
    assert maps.max() > 0
    alone = [clip.activations(picture(40, 90), texts, [k])[1][0] for k in range(4)]
    assert sum(alone) == pytest.approx(1, abs=1e-5)
    assert (probabilities > np.array(alone)[[0, 2]]).all()  # each lost a rival


def test_targets_do_not_compete_with_each_other(clip: HfClip) -> None:
    texts = clip.encode_texts(["the road", "a wide road", "tree", "the roof"])
    alone, probability = clip.activations(picture(40, 90), texts[[0, 2, 3]], [0])
    both, probabilities = clip.activations(picture(40, 90), texts, [0, 1])
    np.testing.assert_allclose(both[0], alone[0], rtol=1e-4, atol=1e-6)
    assert probabilities[0] == pytest.approx(probability[0], abs=1e-6)


def test_transformers_runs_without_torchvision(clip: HfClip) -> None:
    clip.encode_images([picture(10, 10)])
    assert "torchvision" not in sys.modules


@pytest.mark.parametrize(
    ("removed", "named"),
    [
        ("config.json", "config.json"),
        ("model.safetensors", "model.safetensors"),
        ("tokenizer.json", "tokenizer.json"),
    ],
)
def test_a_missing_file_is_named(
    tiny_clip_folder: Path, tmp_path: Path, removed: str, named: str
) -> None:
    folder = Path(shutil.copytree(tiny_clip_folder, tmp_path / "model"))
    (folder / removed).unlink()
    with pytest.raises(ModelError, match=f"has no {named}") as caught:
        HfClip.from_folder(folder)
    assert "\n" not in str(caught.value)


def test_other_kinds_of_models_are_refused(tiny_clip_folder: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny_clip_folder, tmp_path / "model"))
    (folder / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(ModelError, match="model_type 'bert'; give a checkpoint of clip"):
        HfClip.from_folder(folder)
    (folder / "config.json").write_text("{")
    with pytest.raises(ModelError, match=r"cannot read .*config\.json"):
        HfClip.from_folder(folder)
    with pytest.raises(ModelError, match="does not exist"):
        HfClip.from_folder(tmp_path / "nothing")


def test_damaged_and_incomplete_weights_are_refused(tiny_clip_folder: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    folder = Path(shutil.copytree(tiny_clip_folder, tmp_path / "model"))
    path = folder / "model.safetensors"
    weights = load_file(path)
    del weights["visual_projection.weight"]
    save_file(weights, path, {"format": "pt"})
    with pytest.raises(ModelError, match=r"lack 1 tensors .* visual_projection\.weight"):
        HfClip.from_folder(folder)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(ModelError, match="cannot load model folder"):
        HfClip.from_folder(folder)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"hidden_size": 64}, r"class_embedding has shape \(32,\), expected \(64,\); take both"),
        ({"num_hidden_layers": 2}, r"more blocks than its config\.json says, first .*layers\.2\."),
        ({"num_hidden_layers": 4}, r"lack 16 tensors .* first .*layers\.3\."),
        ({"patch_size": "8"}, "for field 'patch_size': TypeError.* with value '8'"),
        ({"hidden_act": "relu9"}, "cannot load model folder .*relu9"),
    ],
)
def test_weights_and_config_must_be_of_one_model(
    tiny_clip_folder: Path, tmp_path: Path, change: dict[str, Any], says: str
) -> None:
    folder = Path(shutil.copytree(tiny_clip_folder, tmp_path / "model"))
    config = json.loads((folder / "config.json").read_text())
    config["vision_config"] |= change
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match=says) as caught:
        HfClip.from_folder(folder)
    assert "\n" not in str(caught.value)
    assert str(folder) in str(caught.value)


class Evil:
    """What a malicious pickle holds: a call when it is opened."""

    def __init__(self, proof: Path) -> None:
        self.proof = proof

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.proof),)


@pytest.mark.parametrize("kind", ["zipped", "bare", "empty", "text"])
def test_pickled_weights_of_a_folder_run_nothing(
    tiny_clip_folder: Path, tmp_path: Path, kind: str
) -> None:
    folder = Path(shutil.copytree(tiny_clip_folder, tmp_path / "model"))
    weights = folder / "pytorch_model.bin"
    if kind == "zipped":
        torch.save({"logit_scale": torch.zeros(()), "more": Evil(tmp_path / "proof")}, weights)
    else:
        bare = pickle.dumps(Evil(tmp_path / "proof"))
        weights.write_bytes({"bare": bare, "empty": b"", "text": b"version https://"}[kind])
    (folder / "model.safetensors").unlink()
    with pytest.raises(ModelError, match=f"cannot load model folder {folder}: ") as caught:
        HfClip.from_folder(folder)
    reason = "a file is empty or cut off" if kind == "empty" else "as a pickle can run code"
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "proof").exists()


def test_pickled_weights_are_the_same_as_others(
    clip: HfClip, tiny_clip_folder: Path, tmp_path: Path
) -> None:
    from safetensors.torch import load_file

    folder = Path(shutil.copytree(tiny_clip_folder, tmp_path / "model"))
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    texts = ["a ship", "the pier"]
    np.testing.assert_array_equal(
        HfClip.from_folder(folder).encode_texts(texts), clip.encode_texts(texts)
    )


def test_weights_that_are_not_finite_are_refused(tiny_clip_folder: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    folder = Path(shutil.copytree(tiny_clip_folder, tmp_path / "model"))
    weights = load_file(folder / "model.safetensors")
    weights["visual_projection.weight"][3, 2] = torch.inf
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(ModelError, match=r"visual_projection\.weight has values .* not finite"):
        HfClip.from_folder(folder)


def test_weights_in_parts_need_all_of_them(hub: Path, tiny_clip_folder: Path) -> None:
    from transformers import CLIPModel

    folder = put_into_hub(tiny_clip_folder, hub, "org/parts", "abc")
    model = CLIPModel.from_pretrained(folder)
    (folder / "model.safetensors").unlink()
    model.save_pretrained(folder, max_shard_size="50KB")
    parts = sorted(folder.glob("model-*.safetensors"))
    assert len(parts) > 1
    assert load_backbone("org/parts", "cpu").dim == 24
    parts[1].unlink()  # as where a download was interrupted
    with pytest.raises(ModelError, match=f"model folder {folder} has no {parts[1].name}"):
        load_backbone(f"dir:{folder}", "cpu")
    with pytest.raises(ModelError, match="`hf download org/parts`"):
        load_backbone("org/parts", "cpu")
    (folder / "model.safetensors.index.json").write_text("[]")
    with pytest.raises(ModelError, match=r"has no model\.safetensors\.index\.json that names"):
        load_backbone(f"dir:{folder}", "cpu")


def test_transformers_missing_names_the_extra(
    tiny_clip_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    message = r'Hugging Face CLIP checkpoints needs an extra: pip install "dgl-rsis\[hf\]"'
    with pytest.raises(MissingExtraError, match=message):
        HfClip.from_folder(tiny_clip_folder)
    with pytest.raises(MissingExtraError, match=message):
        load_backbone("hf:org/name", "cpu")


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty copy of the hub, offline."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    return tmp_path / "hub"


def put_into_hub(folder: Path, hub: Path, identifier: str, commit: str) -> Path:
    place = hub / f"models--{identifier.replace('/', '--')}"
    (place / "refs").mkdir(parents=True)
    (place / "refs" / "main").write_text(commit)
    return Path(shutil.copytree(folder, place / "snapshots" / commit))


def test_unreachable_hub_shows_no_other_error(hub: Path) -> None:
    with pytest.raises(ModelError) as caught:
        load_backbone("hf:openai/clip-vit-base-patch16", "cpu")
    shown = "".join(traceback.format_exception(caught.value))
    assert shown.count("Traceback (most recent call last)") == 1


def test_unreachable_hub_says_what_to_run_and_where(hub: Path) -> None:
    with pytest.raises(ModelError) as caught:
        load_backbone("openai/clip-vit-base-patch16", "cpu")
    message = str(caught.value)
    assert "`hf download openai/clip-vit-base-patch16`" in message
    assert str(hub / "models--openai--clip-vit-base-patch16") in message
    assert "\n" not in message


def test_a_snapshot_on_disk_needs_no_network(hub: Path, tiny_clip_folder: Path) -> None:
    put_into_hub(tiny_clip_folder, hub, "org/tiny", "0123abc")
    model = load_backbone("hf:org/tiny", "cpu")
    assert model.card.name == "hf:org/tiny"
    assert model.card.revision == "0123abc"
    assert model.card.source == "https://huggingface.co/org/tiny"


@pytest.mark.parametrize("kind", ["model.safetensors", "pytorch_model.bin"])
def test_a_download_takes_one_kind_of_weights(
    hub: Path, tiny_clip_folder: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    import huggingface_hub
    from huggingface_hub.hf_api import ModelInfo

    names = {"config.json", "pytorch_model.bin", "flax_model.msgpack", kind}
    info = ModelInfo(id="org/tiny", siblings=[{"rfilename": name} for name in names])
    asked: dict[str, Any] = {}

    def download(identifier: str, allow_patterns: list[str]) -> str:
        asked["patterns"] = allow_patterns
        return str(tiny_clip_folder)

    monkeypatch.setattr(huggingface_hub.HfApi, "model_info", lambda *_, timeout: info)
    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    assert hf_files.hub_folder("org/tiny") == tiny_clip_folder
    weights = [pattern for pattern in asked["patterns"] if "model*" in pattern]
    assert weights == [kind.replace("model.", "model*.") + "*"]


@settings(max_examples=30)
@given(st.text(alphabet="ab/-. ", max_size=9).filter(lambda text: text.count("/") > 1))
def test_malformed_hub_ids_are_refused(identifier: str) -> None:
    with pytest.raises(ModelError, match="ORG/NAME"):
        hf_files.cached_snapshot(identifier)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("---\nlicense: mit\n---\n", "mit"),
        ("---\nlicense: [mit, cc0-1.0]\n---\n", "mit, cc0-1.0"),
        ("---\nlicense: other\nlicense_name: my-terms\n---\n", "my-terms"),
        ("---\ntags: [a]\n---\n", "unknown: see PAGE"),
        ("---\n: : [\n---\n", "unknown: see PAGE"),
        ("# No front matter\n", "unknown: see PAGE"),
        (None, "unknown: see PAGE"),
    ],
)
def test_licence_comes_from_the_card(tmp_path: Path, text: str | None, expected: str) -> None:
    if text is not None:
        (tmp_path / "README.md").write_text(text)
    assert hf_files.licence(tmp_path, "PAGE") == expected


def test_preprocessing_is_read_from_either_file(tmp_path: Path) -> None:
    assert read_preprocessing(tmp_path) == Preprocessing(CLIP_MEAN, CLIP_STD)
    half = {"image_mean": [0.5, 0.5, 0.5], "image_std": [0.25, 0.25, 0.25]}
    expected = Preprocessing((0.5, 0.5, 0.5), (0.25, 0.25, 0.25))
    (tmp_path / "processor_config.json").write_text(json.dumps({"image_processor": half}))
    assert read_preprocessing(tmp_path) == expected
    (tmp_path / "preprocessor_config.json").write_text(json.dumps({**half, "image_std": [1, 0, 1]}))
    with pytest.raises(ModelError, match="must be positive"):
        read_preprocessing(tmp_path)
    (tmp_path / "preprocessor_config.json").write_text('{"image_mean": 0.5}')
    with pytest.raises(ModelError, match="image_mean must be three numbers"):
        read_preprocessing(tmp_path)


def test_short_memory_makes_smaller_batches_of_the_same_embeddings(
    clip: HfClip, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = [picture(20 + k, 50 - k, seed=k) for k in range(5)]
    expected = clip.encode_images(images), clip.encode_texts(TEXTS)
    sizes: list[int] = []
    embed = clip.embed_pixels

    def counted(pixels: torch.Tensor) -> FloatArray:
        sizes.append(len(pixels))
        return embed(pixels)

    monkeypatch.setattr(memory, "free_bytes", lambda device: 0)
    monkeypatch.setattr(clip, "embed_pixels", counted)
    np.testing.assert_allclose(clip.encode_images(images), expected[0], atol=1e-5)
    np.testing.assert_allclose(clip.encode_texts(TEXTS), expected[1], atol=1e-5)
    assert sizes == [1] * 5
