import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dgl_rsis.errors import InputError, ModelError
from dgl_rsis.models import registry
from dgl_rsis.models.hf_clip import HfClip
from dgl_rsis.models.registry import (
    ModelName,
    load_backbone,
    parse_model_name,
)
from dgl_rsis.models.tiny import RsTiny


@pytest.fixture
def embedded(tiny_rs_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A random rs-tiny in the place of the real one."""
    monkeypatch.setattr(registry, "embedded_folder", lambda: tiny_rs_folder)
    return tiny_rs_folder


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("rs-tiny", ModelName("embedded", "rs-tiny")),
        ("hf:openai/clip-vit-base-patch16", ModelName("hf", "openai/clip-vit-base-patch16")),
        ("openai/clip-vit-base-patch16", ModelName("hf", "openai/clip-vit-base-patch16")),
        ("openclip:some/where.pt", ModelName("openclip", "some/where.pt")),
        ("dir:some/where else", ModelName("dir", "some/where else")),
        ("dir:/tmp/not there", ModelName("dir", "/tmp/not there")),
    ],
)
def test_names(name: str, expected: ModelName) -> None:
    assert parse_model_name(name) == expected


def test_an_existing_folder_wins_over_a_hub_id(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "org" / "name").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert parse_model_name("org/name") == ModelName("dir", "org/name")
    assert parse_model_name("hf:org/name") == ModelName("hf", "org/name")
    assert parse_model_name(str(tmp_path)) == ModelName("dir", str(tmp_path))


@pytest.mark.parametrize(
    "name",
    [
        "",
        "rs-big",
        "clip",
        "hf:",
        "hf:clip",
        "dir:",
        "/not/there",
        "a/b/c",
        "\0",
        "~nobody-here",
        "x" * 5000,
    ],
)
def test_unknown_names_list_what_is_possible_in_one_line(name: str) -> None:
    with pytest.raises(ModelError, match="use rs-tiny, hf:ORG/NAME") as caught:
        parse_model_name(name)
    assert "\n" not in str(caught.value)
    assert repr(name) in str(caught.value)


@pytest.mark.parametrize("name", ["dir:\0", "dir:~nobody-here/x", "dir:/not/there"])
def test_folders_that_cannot_be_are_model_errors(name: str) -> None:
    with pytest.raises(ModelError, match="does not exist"):
        load_backbone(name, "cpu")


@given(st.text(max_size=20) | st.text(alphabet="~./:ahf\0", max_size=9))
def test_any_text_is_a_name_or_a_model_error(text: str) -> None:
    try:
        parsed = parse_model_name(text)
    except ModelError:
        return
    assert parse_model_name(str(parsed)) == parsed


@pytest.mark.parametrize("suffix", [".pt", ".pth", ".bin", ".safetensors"])
def test_a_checkpoint_file_is_one_of_openclip(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"RemoteCLIP{suffix}"
    named = ModelName("openclip", str(file))
    assert parse_model_name(str(file)) == named
    with pytest.raises(ModelError, match="does not exist; check the path"):
        load_backbone(str(file), "cpu")
    file.touch()
    assert parse_model_name(str(file)) == named


@pytest.mark.parametrize("name", ["model.safetensors", "pytorch_model.bin", "notes.txt"])
def test_parts_of_folders_and_other_files_are_no_models(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    with pytest.raises(ModelError, match="is a file; give the folder of a checkpoint"):
        parse_model_name(str(tmp_path / name))


def test_a_file_is_no_folder(tiny_clip_folder: Path) -> None:
    weights = tiny_clip_folder / "model.safetensors"
    with pytest.raises(ModelError, match="is a file; give the folder"):
        parse_model_name(str(weights))
    with pytest.raises(ModelError, match="is a file, no folder"):
        load_backbone(f"dir:{weights}", "cpu")


def test_folders_load_by_what_is_in_them(tiny_clip_folder: Path, tiny_rs_folder: Path) -> None:
    clip = load_backbone(f"dir:{tiny_clip_folder}", "cpu")
    assert isinstance(clip, HfClip)
    assert isinstance(load_backbone(str(tiny_clip_folder), "cpu"), HfClip)
    assert isinstance(load_backbone(str(tiny_rs_folder), "cpu"), RsTiny)


def test_the_embedded_model_loads_by_name(embedded: Path) -> None:
    model = load_backbone("rs-tiny", "cpu")
    assert isinstance(model, RsTiny)
    assert model.card.name == "rs-tiny"
    assert model.card.source == str(embedded)


def test_what_cannot_be_loaded_says_why(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="does not exist"):
        load_backbone(f"dir:{tmp_path / 'nothing'}", "cpu")
    with pytest.raises(ModelError, match=r"has no config\.json"):
        load_backbone(str(tmp_path), "cpu")
    (tmp_path / "config.json").write_text('{"model_type": "blip"}')
    with pytest.raises(ModelError, match="model_type 'blip'"):
        load_backbone(str(tmp_path), "cpu")
    with pytest.raises(InputError, match="unknown device"):
        load_backbone(str(tmp_path), "gpu")


def test_names_and_devices_need_no_torch() -> None:
    code = (
        "import sys, dgl_rsis.device, dgl_rsis.models.registry as r;"
        "import dgl_rsis.models.overview as o; [o.state_of(entry) for entry in o.list_models()];"
        "r.parse_model_name('a/b'); print({'torch', 'transformers'} & set(sys.modules))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "set()"


WRONG_NAMES = {
    "rs-big": "unknown model 'rs-big'",
    "nosuch.pt": "checkpoint nosuch.pt does not exist; check the path",
    "RemoteCLIP-ViT-B-32.pt": "hf download chendelong/RemoteCLIP RemoteCLIP-ViT-B-32.pt",
    "hf:clip": "unknown model 'hf:clip'",
    "dir:nowhere": "model folder nowhere does not exist",
    "./nowhere": "unknown model './nowhere'",
    "empty": "model folder empty has no config.json",
    "other": "model_type 'blip'",
    "half": "model folder half has no model.safetensors",
    "org/unknown": "org/unknown is not in",
    "openclip:nowhere.pt": "checkpoint nowhere.pt does not exist",
    "openclip:half": "openclip:half is a folder; give dir:half",
    "openclip:RS5M_ViT-B-32.pt": "hf download Zilun/GeoRSCLIP ckpt/RS5M_ViT-B-32.pt --local-dir .`",
    "openclip:SkyCLIP_ViT_L14_top50pct/epoch_20.pt": "https://github.com/wangzhecheng/SkyScript",
}


@pytest.mark.parametrize(("name", "message"), WRONG_NAMES.items())
def test_wrong_names_are_told_before_torch_is_loaded(
    name: str, message: str, tmp_path: Path
) -> None:
    for folder, kind in (("empty", None), ("other", "blip"), ("half", "clip")):
        (tmp_path / folder).mkdir()
        if kind is not None:
            (tmp_path / folder / "config.json").write_text(json.dumps({"model_type": kind}))
    code = (
        "import sys, dgl_rsis\n"
        "try:\n    dgl_rsis.load(sys.argv[1])\n"
        "except dgl_rsis.ModelError as error:\n    print(error)\n"
        "print({'torch', 'transformers'} & set(sys.modules))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, name],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env={**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "hub")},
    )
    error, modules = result.stdout.splitlines()  # one line each
    assert message in error
    assert modules == "set()"
