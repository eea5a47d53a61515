"""Which folders are checkpoints of which family, and what is said of others."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from dgl_rsis.errors import ModelError
from dgl_rsis.models.checkpoints import FAMILIES, find_checkpoint, load_checkpoint

Folders = Callable[[str], Path]


def test_a_folder_of_the_family_is_found(segmenter_folder: Folders) -> None:
    folder = segmenter_folder("sam")
    assert find_checkpoint("sam", f"dir:{folder}") == folder
    assert find_checkpoint("sam", str(folder)) == folder


@pytest.mark.parametrize("family", sorted(set(FAMILIES) - {"dino"}))
def test_without_a_network_the_line_that_helps_is_named(
    family: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    name = FAMILIES[family].default
    with pytest.raises(ModelError, match=f"hf download {name}`") as caught:
        find_checkpoint(family)
    assert str(tmp_path / "hub" / f"models--{name.replace('/', '--')}") in str(caught.value)
    assert "\n" not in str(caught.value)


def test_another_family_is_told_apart(segmenter_folder: Folders) -> None:
    folder = segmenter_folder("sam2")
    with pytest.raises(ModelError, match="model_type 'sam2', sam needs sam; that is one of sam2"):
        find_checkpoint("sam", str(folder))
    with pytest.raises(ModelError, match="dino needs dinov2 or "):
        find_checkpoint("dino", str(folder))


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("rs-tiny", "rs-tiny is no checkpoint of sam; give hf:ORG/NAME or dir:FOLDER"),
        ("dir:/nowhere/at/all", "/nowhere/at/all does not exist"),
        ("no such thing", "unknown model 'no such thing'"),
    ],
)
def test_names_that_are_no_checkpoints(name: str, says: str) -> None:
    with pytest.raises(ModelError, match=says):
        find_checkpoint("sam", name)


def test_incomplete_folders_say_what_they_lack(segmenter_folder: Folders, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(segmenter_folder("sam"), folder)
    tensors = load_file(folder / "model.safetensors")
    tensors.pop("mask_decoder.iou_token.weight")
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(
        ModelError, match=r"lack 1 tensors .* first mask_decoder\.iou_token\.weight"
    ):
        load_checkpoint(find_checkpoint("sam", str(folder)), "sam")
    (folder / "model.safetensors").write_bytes(b"nonsense")
    with pytest.raises(ModelError, match="cannot load model folder") as caught:
        load_checkpoint(find_checkpoint("sam", str(folder)), "sam")
    assert "\n" not in str(caught.value)
    (folder / "model.safetensors").unlink()
    with pytest.raises(ModelError, match=r"has no model\.safetensors"):
        find_checkpoint("sam", str(folder))
    (folder / "config.json").write_text("[]")
    with pytest.raises(ModelError, match="holds no JSON object"):
        find_checkpoint("sam", str(folder))
    (folder / "config.json").write_text(json.dumps({}))
    with pytest.raises(ModelError, match="model_type 'None'"):
        find_checkpoint("sam", str(folder))
