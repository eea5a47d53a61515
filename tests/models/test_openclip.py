from __future__ import annotations

import contextlib
import io
import json
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from openclip_model import OpenClipModel, small_openclip
from PIL import Image
from safetensors.torch import save_file

from dgl_rsis.errors import InputError, ModelError
from dgl_rsis.models.base import BackboneOptions
from dgl_rsis.models.convert import Architecture, Tower
from dgl_rsis.models.openclip import OpenClip, read_weights
from dgl_rsis.models.openclip_facts import choose_gelu
from dgl_rsis.models.preprocess import CLIP_MEAN, CLIP_STD, Preprocessing
from dgl_rsis.models.registry import load_backbone
from dgl_rsis.types import FloatArray, RGBImage

# Byte pairs of CLIP by hand: "a photo of a cat" and so on are known from its examples.
TEXTS = {
    "a photo of a cat": [320, 1125, 539, 320, 2368],
    "A  Diagram": [320, 22697],
    "hello world": [3306, 1002],
    "": [],
}
START, END = 49406, 49407
IMAGES = [(32, 32), (40, 90), (7, 300)]


def picture(height: int, width: int) -> RGBImage:
    small = np.random.default_rng(height).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC))


def expected_images(
    model: OpenClipModel,
    mean: tuple[float, ...] = CLIP_MEAN,
    std: tuple[float, ...] = CLIP_STD,
) -> FloatArray:
    squeezed = [
        np.asarray(Image.fromarray(picture(*size)).resize((32, 32), Image.Resampling.BICUBIC))
        for size in IMAGES
    ]
    pixels = torch.from_numpy(np.stack(squeezed)).permute(0, 3, 1, 2) / 255
    pixels = (pixels - torch.tensor(mean).view(3, 1, 1)) / torch.tensor(std).view(3, 1, 1)
    return torch.nn.functional.normalize(model.encode_image(pixels), dim=-1).numpy()


def expected_texts(model: OpenClipModel) -> FloatArray:
    tokens = torch.zeros(len(TEXTS), 16, dtype=torch.long)  # OpenCLIP fills up with zeros
    for row, numbers in zip(tokens, TEXTS.values(), strict=True):
        row[: len(numbers) + 2] = torch.tensor([START, *numbers, END])
    return torch.nn.functional.normalize(model.encode_text(tokens), dim=-1).numpy()


@pytest.fixture(scope="module")
def exact() -> OpenClipModel:
    return small_openclip()


@pytest.fixture(scope="module")
def quick() -> OpenClipModel:
    return small_openclip(quick=True)


def as_saved_by_training(model: OpenClipModel) -> dict[str, Any]:
    """Wrapped, with the prefix of parallel training, in half precision, with an optimiser."""
    weights = {f"module.{name}": value for name, value in model.state_dict().items()}
    return {"epoch": 3, "name": "run", "state_dict": weights, "optimizer": {"state": {}}}


def check(loaded: Any, model: OpenClipModel) -> None:
    images = loaded.encode_images([picture(*size) for size in IMAGES])
    np.testing.assert_allclose(images, expected_images(model), atol=1e-5)
    np.testing.assert_allclose(loaded.encode_texts(list(TEXTS)), expected_texts(model), atol=1e-5)


@pytest.mark.parametrize(
    "kind",
    [
        "plain.pt",
        "training.pt",
        "plain.safetensors",
        "nested.pt",
        "wrapped.pt",
        "part.pt",
        "old.pt",
    ],
)
def test_embeddings_are_those_of_the_original(
    exact: OpenClipModel, tmp_path: Path, kind: str
) -> None:
    file = tmp_path / kind
    if kind == "plain.safetensors":
        save_file(exact.state_dict(), file)
    elif kind == "training.pt":
        torch.save(as_saved_by_training(exact), file)
    elif kind == "nested.pt":  # newer models keep the text tower under `text.`
        weights = exact.state_dict()
        outside = ("visual.", "logit_scale")
        torch.save(
            {(k if k.startswith(outside) else f"text.{k}"): v for k, v in weights.items()}, file
        )
    elif kind == "wrapped.pt":  # as Lightning does, with tensors of other parts
        weights = {f"model.{name}": value for name, value in exact.state_dict().items()}
        torch.save({"state_dict": {**weights, "loss.weight": torch.zeros(3)}}, file)
    elif kind == "part.pt":
        weights = {f"clip.{name}": value for name, value in exact.state_dict().items()}
        torch.save({"model_state_dict": weights}, file)
    elif kind == "old.pt":  # of torch before 1.6, which cannot be mapped
        torch.save(exact.state_dict(), file, _use_new_zipfile_serialization=False)
    else:
        torch.save(exact.state_dict(), file)
    loaded = load_backbone(f"openclip:{file}", "cpu")
    assert isinstance(loaded, OpenClip)
    check(loaded, exact)


def test_a_bare_path_is_enough_and_facts_are_those_of_the_file(
    exact: OpenClipModel, tmp_path: Path
) -> None:
    file = tmp_path / "some.safetensors"
    save_file(exact.state_dict(), file)
    loaded = load_backbone(str(file), "cpu")
    assert (loaded.dim, loaded.input_size) == (24, 32)
    assert loaded.logit_scale == pytest.approx(float(exact.logit_scale.exp()), rel=1e-5)
    assert loaded.card.name == f"openclip:{file}"
    assert loaded.card.revision.startswith("sha256:")
    assert loaded.card.source == str(file)
    assert loaded.dense(picture(40, 64)).shape == (5, 8, 24)


def test_half_precision_files_are_read(exact: OpenClipModel, tmp_path: Path) -> None:
    file = tmp_path / "half.pt"
    torch.save({name: value.half() for name, value in exact.state_dict().items()}, file)
    images = OpenClip.from_file(file).encode_images([picture(*size) for size in IMAGES])
    np.testing.assert_allclose(images, expected_images(exact), atol=5e-3)


def test_quick_gelu_by_name_config_and_wish(quick: OpenClipModel, tmp_path: Path) -> None:
    folder = tmp_path / "plain"
    folder.mkdir()
    for name in ("ViT-B-32-quickgelu.pt", "unknown.pt"):
        torch.save(quick.state_dict(), folder / name)
    named = OpenClip.from_file(folder / "ViT-B-32-quickgelu.pt")
    check(named, quick)
    assert named.card.notice == ""
    check(OpenClip.from_file(folder / "unknown.pt", options=BackboneOptions(gelu="quick")), quick)
    other = OpenClip.from_file(folder / "unknown.pt").encode_images([picture(*IMAGES[0])])
    assert np.abs(other - expected_images(quick)[:1]).max() > 1e-4  # the choice matters
    (folder / "open_clip_config.json").write_text(
        json.dumps(
            {
                "model_cfg": {"quick_gelu": True},
                "preprocess_cfg": {"mean": [0.5, 0.5, 0.5], "std": [0.25, 0.5, 0.5]},
            }
        )
    )
    configured = OpenClip.from_file(folder / "unknown.pt")
    assert configured.preprocessing == Preprocessing((0.5, 0.5, 0.5), (0.25, 0.5, 0.5))
    images = configured.encode_images([picture(*size) for size in IMAGES])
    expected = expected_images(quick, (0.5, 0.5, 0.5), (0.25, 0.5, 0.5))
    np.testing.assert_allclose(images, expected, atol=1e-5)


def sizes(width: int, layers: int, patch: int) -> Architecture:
    tower = Tower(width, layers, width // 64, 4 * width)
    return Architecture(tower, tower, 224, patch, 77, 512)


B32, L14, H14, SMALL = (768, 12, 32), (1024, 24, 14), (1280, 32, 14), (384, 12, 16)


@pytest.mark.parametrize(
    ("file", "size", "gelu", "certain"),
    [
        ("RemoteCLIP-ViT-B-32.pt", B32, "gelu", False),
        ("RS5M_ViT-B-32.pt", B32, "quick_gelu", True),
        ("RS5M_ViT-L-14-336.pt", L14, "quick_gelu", True),
        ("RS5M_ViT-H-14.pt", H14, "gelu", True),
        ("SkyCLIP_ViT_L14_top50pct/epoch_20.pt", L14, "quick_gelu", True),
        ("b32_400m_metaclip.pt", B32, "quick_gelu", True),
        ("h14_metaclip_altogether.pt", H14, "gelu", True),
        ("DFN5B-CLIP-ViT-H-14/open_clip_pytorch_model.bin", H14, "quick_gelu", True),
        ("mine.pt", B32, "gelu", False),
        ("mine.pt", H14, "gelu", True),
        ("mine.pt", SMALL, "gelu", True),
    ],
)
def test_gelu_rule(
    tmp_path: Path, file: str, size: tuple[int, int, int], gelu: str, certain: bool
) -> None:
    choice = choose_gelu(tmp_path / file, sizes(*size))
    assert (choice.name, choice.certain) == (gelu, certain)
    asked = choose_gelu(tmp_path / file, sizes(*size), "quick")
    assert (asked.name, asked.certain) == ("quick_gelu", True)


def test_what_is_assumed_is_said(tmp_path: Path) -> None:
    choice = choose_gelu(tmp_path / "mine.pt", sizes(*B32))
    assert "backbone.gelu=quick" in str(choice)
    with pytest.raises(InputError, match="unknown gelu 'relu': use auto, quick, exact"):
        choose_gelu(tmp_path / "mine.pt", sizes(*B32), "relu")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "cannot read"),
        ('{"model_cfg": 3}', "model_cfg must be a table"),
        ('{"preprocess_cfg": {"std": [0, 1, 1]}}', "std .* must be positive"),
        ('{"preprocess_cfg": {"interpolation": []}}', "interpolation must be bicubic or bilinear"),
        ('{"preprocess_cfg": {"resize_mode": "tile"}}', "must be shortest or longest or squash"),
        ('{"model_cfg": {"quick_gelu": "false"}}', "quick_gelu must be true or false, is 'false'"),
        ('{"model_cfg": {"multimodal_cfg": {}}}', "a CoCa"),
        (
            '{"model_cfg": {"vision_cfg": {"pool_type": "avg"}}}',
            "pool_type is 'avg'; that is anoth",
        ),
        ('{"model_cfg": {"vision_cfg": {"no_ln_pre": true}}}', "vision_cfg.no_ln_pre is True"),
        ('{"model_cfg": {"vision_cfg": {"to_come": 3}}}', "vision_cfg.to_come is 3"),
        ('{"model_cfg": {"text_cfg": {"no_causal_mask": true}}}', "no_causal_mask is True"),
        ('{"model_cfg": {"text_cfg": {"hf_tokenizer_name": "x/y"}}}', "hf_tokenizer_name is 'x/y'"),
        ('{"model_cfg": {"vision_cfg": {"head_width": 32}}}', "is 32, the weights have 64"),
        ('{"model_cfg": {"text_cfg": {"context_length": 77}}}', "is 77, the weights have 16"),
    ],
)
def test_damaged_configurations_are_refused(
    exact: OpenClipModel, tmp_path: Path, content: str, message: str
) -> None:
    torch.save(exact.state_dict(), tmp_path / "a.pt")
    (tmp_path / "open_clip_config.json").write_text(content)
    with pytest.raises(ModelError, match=message):
        OpenClip.from_file(tmp_path / "a.pt")


def test_a_whole_configuration_of_a_plain_clip_is_read(
    exact: OpenClipModel, tmp_path: Path
) -> None:
    torch.save(exact.state_dict(), tmp_path / "a.pt")
    vision = {
        "image_size": [32, 32],
        "layers": 3,
        "width": 128,
        "patch_size": 8,
        "head_width": 64,
        "mlp_ratio": 4.0,
        "ls_init_value": None,
        "patch_dropout": 0.5,
        "pool_type": "tok",
        "no_ln_pre": False,
        "act_kwargs": {},
    }
    text = {
        "context_length": 16,
        "vocab_size": 49408,
        "width": 64,
        "heads": 1,
        "layers": 2,
        "pool_type": "argmax",
        "embed_cls": False,
        "pad_id": 0,
    }
    config = {
        "model_cfg": {"embed_dim": 24, "vision_cfg": vision, "text_cfg": text},
        "preprocess_cfg": {"interpolation": "bilinear", "resize_mode": "squash"},
    }
    (tmp_path / "open_clip_config.json").write_text(json.dumps(config))
    loaded = OpenClip.from_file(tmp_path / "a.pt")
    assert loaded.preprocessing == Preprocessing(resample=Image.Resampling.BILINEAR)
    assert loaded.gelu.certain


def test_loading_prints_nothing(
    exact: OpenClipModel, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    from transformers.utils import logging

    torch.save(exact.state_dict(), tmp_path / "a.pt")
    logging.enable_progress_bar()
    try:
        OpenClip.from_file(tmp_path / "a.pt")
    finally:
        logging.disable_progress_bar()
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("suffix", ["pt", "safetensors"])
def test_a_loaded_model_does_not_change_with_its_file(
    exact: OpenClipModel, tmp_path: Path, suffix: str
) -> None:
    file = tmp_path / f"latest.{suffix}"
    save: Any = save_file if suffix == "safetensors" else torch.save
    save(exact.state_dict(), file)
    loaded = OpenClip.from_file(file)
    with file.open("r+b") as opened:  # in place, as a training that writes its next checkpoint
        opened.write(bytes(file.stat().st_size))
    check(loaded, exact)


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="Linux tells peak memory")
def test_an_optimiser_in_the_file_is_not_read(exact: OpenClipModel, tmp_path: Path) -> None:
    """Twenty times the memory of the model would be in it, were it not left in the file."""
    small = {name: value for name, value in exact.state_dict().items() if "embedding" not in name}
    torch.save({"state_dict": small, "optimizer": torch.zeros(30_000_000)}, tmp_path / "a.pt")
    code = (
        "import re, sys; from pathlib import Path\n"
        "from dgl_rsis.models.openclip import read_weights\n"
        "status = Path('/proc/self/status')\n"
        "used = lambda: int(re.search(r'VmHWM:\\s+(\\d+)', status.read_text())[1])\n"
        "before = used(); read_weights(Path(sys.argv[1])); print(used() - before)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "a.pt")]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert int(result.stdout) < 60_000  # kilobytes, of 120,000


class Evil:
    """What a pickle can do: run any command when it is opened."""

    def __init__(self, proof: Path) -> None:
        self.proof = proof

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.proof),)


@pytest.mark.parametrize("protocol", [None, 2, 5])
def test_a_malicious_pickle_is_refused_and_runs_nothing(
    tmp_path: Path, protocol: int | None
) -> None:
    file, proof = tmp_path / "evil.pt", tmp_path / "proof"
    content = {"state_dict": {"visual.proj": torch.zeros(2)}, "more": Evil(proof)}
    if protocol is None:
        torch.save(content, file)
    else:
        file.write_bytes(pickle.dumps(content, protocol=protocol))
    with pytest.raises(ModelError, match="it was not opened, as a pickle can run code") as caught:
        load_backbone(f"openclip:{file}", "cpu")
    assert not proof.exists()
    assert "\n" not in str(caught.value)
    assert str(file) in str(caught.value)
    with contextlib.suppress(RuntimeError):  # what comes after the pickle does not matter
        torch.load(file, weights_only=False)  # without care it does run
    assert proof.exists()


def scripted() -> bytes:
    buffer = io.BytesIO()
    torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), buffer)
    return buffer.getvalue()


def test_files_of_other_kinds_say_what_they_are(tmp_path: Path) -> None:
    def refused(name: str, content: bytes) -> str:
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ModelError) as caught:
            read_weights(tmp_path / name)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    def saved(content: Any) -> bytes:
        buffer = io.BytesIO()
        torch.save(content, buffer)
        return buffer.getvalue()

    assert "cannot read" in refused("empty.pt", b"")
    assert "was not opened" in refused("text.pt", b"no checkpoint at all")
    assert "as safetensors" in refused("text.safetensors", b"no checkpoint at all")
    assert "holds no tensors by name" in refused("list.pt", saved([torch.zeros(2)]))
    assert "holds no tensors by name" in refused("numbers.pt", saved({"state_dict": {"a": 1}}))
    cut = saved({"a": torch.zeros(5000)})[:9000]
    assert "cut.pt" in refused("cut.pt", cut)
    whole = saved({"a": torch.zeros(5000)})
    assert "damaged or cut off" in refused("half.pt", whole[: len(whole) // 2])
    assert "holds no tensors by name" in refused("numbered.pt", saved({1: torch.zeros(2)}))
    with pytest.raises(ModelError, match="does not exist"):
        read_weights(tmp_path / "nowhere.pt")


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
def test_programs_of_openai_point_to_the_hub(tmp_path: Path) -> None:
    (tmp_path / "ViT-B-32.pt").write_bytes(scripted())
    with pytest.raises(ModelError, match=r"TorchScript program.*hf:openai"):
        read_weights(tmp_path / "ViT-B-32.pt")


def test_models_that_do_not_fit_are_named(exact: OpenClipModel, tmp_path: Path) -> None:
    def refused(change: dict[str, torch.Tensor | None]) -> str:
        weights: dict[str, Any] = {**exact.state_dict(), **change}
        file = tmp_path / "odd.pt"
        torch.save({name: value for name, value in weights.items() if value is not None}, file)
        with pytest.raises(ModelError) as caught:
            OpenClip.from_file(file)
        assert str(file) in str(caught.value)
        return str(caught.value)

    block = "transformer.resblocks.1"
    zero = torch.zeros(3)
    assert "ResNet" in refused({"visual.proj": None, "visual.layer1.0.conv1.weight": zero})
    assert "timm" in refused({"visual.proj": None, "visual.trunk.norm.weight": zero})
    assert "first visual.proj" in refused({"visual.proj": None})
    assert "it is a CoCa" in refused({"text_decoder.ln_final.bias": zero})
    assert "several models, visual and teacher.visual" in refused({"teacher.visual.proj": zero})
    assert "text_projection has shape (64,)" in refused({"text_projection": torch.zeros(64)})
    broken = torch.full((24,), torch.nan)
    assert "visual_projection.weight has values that are not finite" in refused(
        {"visual.proj": broken.expand(128, 24)}
    )
    assert "5 entries" in refused({"token_embedding.weight": torch.zeros(5, 64)})
    assert "no square" in refused({"visual.positional_embedding": torch.zeros(16, 128)})
    assert "ls_1.gamma has no place" in refused({f"visual.{block}.ls_1.gamma": zero})
    assert "lacks" in refused({f"{block}.ln_1.bias": None})
    assert "not complete" in refused({"transformer.resblocks.7.ln_1.bias": zero})
    odd = torch.zeros(64, 3)
    assert "has shape" in refused({f"{block}.attn.out_proj.weight": odd})
