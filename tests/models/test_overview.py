from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from openclip_model import small_openclip
from segmenter_checkpoints import SAVERS

from dgl_rsis.errors import ModelError
from dgl_rsis.models import registry
from dgl_rsis.models.catalogue import ModelEntry, find_entry
from dgl_rsis.models.hf_files import hub_folder
from dgl_rsis.models.overview import list_models, show_model, state_of
from dgl_rsis.models.registry import load_backbone

CLIP = "openai/clip-vit-base-patch16"
REMOTE = "openclip:RemoteCLIP-ViT-B-32.pt"


@pytest.fixture
def embedded(tiny_rs_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A random rs-tiny in the place of the real one."""
    monkeypatch.setattr(registry, "embedded_folder", lambda: tiny_rs_folder)
    return tiny_rs_folder


@pytest.fixture(scope="module")
def small_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small checkpoint of OpenCLIP."""
    file = tmp_path_factory.mktemp("openclip") / "small.pt"
    torch.save(small_openclip().state_dict(), file)
    return file


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty copy of the hub, offline; the current folder is empty too."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "hub"


def snapshot(hub: Path, identifier: str) -> Path:
    """Where the files of a hub id are to lie."""
    place = hub / f"models--{identifier.replace('/', '--')}"
    (place / "refs").mkdir(parents=True)
    (place / "refs" / "main").write_text("abc")
    return place / "snapshots" / "abc"


def state(name: str) -> str:
    entry = find_entry(name)
    assert entry is not None
    return state_of(entry)


def test_the_list_starts_with_the_embedded_model(embedded: Path) -> None:
    entries = list_models()
    assert entries[0].name == "rs-tiny"
    assert entries[0].embedded
    assert entries[0].extra is None
    assert (entries[0].licence, entries[0].dim, entries[0].input_size) == ("CC0", 16, 64)
    assert state_of(entries[0]) == "ready"
    assert all(entry.extra == "hf" and not entry.embedded for entry in entries[1:])


def test_listing_needs_no_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "embedded_folder", lambda: tmp_path)
    assert list_models()[0].size_mb is None
    assert list_models()[0].licence == "not installed"
    assert state_of(list_models()[0]) != "ready"


def test_states_follow_weights_and_extra(
    hub: Path, tiny_clip_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert state(f"hf:{CLIP}") == "needs download"
    shutil.copytree(tiny_clip_folder, snapshot(hub, CLIP))
    assert state(f"hf:{CLIP}") == "ready"
    monkeypatch.setitem(sys.modules, "transformers", None)
    assert state(f"hf:{CLIP}") == "on disk"
    assert state("hf:facebook/dinov2-base") == "needs extra"


def test_models_without_words_need_no_tokenizer(hub: Path, tiny_clip_folder: Path) -> None:
    for name in ("facebook/dinov2-base", "facebook/sam-vit-base", "facebook/sam3"):
        folder = shutil.copytree(tiny_clip_folder, snapshot(hub, name))
        (folder / "tokenizer.json").unlink()
    assert state("hf:facebook/dinov2-base") == "ready"
    assert state("hf:facebook/sam-vit-base") == "ready"
    assert state("hf:facebook/sam3") == "needs download"
    assert show_model("facebook/dinov2-base")["revision"] == "abc"


def test_an_openclip_file_is_found_here_or_in_the_cache(hub: Path) -> None:
    assert state(REMOTE) == "needs download"
    absent = show_model(REMOTE)
    assert (absent["on_disk"], absent["dim"], absent["input_size"]) == (False, 512, 224)
    command = "hf download chendelong/RemoteCLIP RemoteCLIP-ViT-B-32.pt --local-dir ."
    assert absent["download"] == command
    with pytest.raises(ModelError) as caught:
        load_backbone(REMOTE, "cpu")
    assert f"`{command}`" in str(caught.value)
    assert str(hub / "models--chendelong--RemoteCLIP") in str(caught.value)
    folder = snapshot(hub, "chendelong/RemoteCLIP")
    folder.mkdir(parents=True)
    torch.save(small_openclip().state_dict(), folder / "RemoteCLIP-ViT-B-32.pt")
    assert state(REMOTE) == "ready"
    present = show_model(REMOTE)
    assert (present["on_disk"], present["revision"], present["family"]) == (True, "abc", "openclip")
    card = load_backbone(REMOTE, "cpu").card
    assert (card.name, card.revision) == (REMOTE, "abc")
    assert card.source == "https://huggingface.co/chendelong/RemoteCLIP"
    shutil.copy(folder / "RemoteCLIP-ViT-B-32.pt", "RemoteCLIP-ViT-B-32.pt")
    here = show_model("RemoteCLIP-ViT-B-32.pt")
    assert here["path"] == "RemoteCLIP-ViT-B-32.pt"
    assert here["paper"].startswith("Liu et al. 2024")
    with pytest.raises(ModelError, match="does not exist"):
        show_model("openclip:nowhere.pt")


def test_an_openclip_file_is_looked_into(small_file: Path, tmp_path: Path) -> None:
    facts = show_model(str(small_file))
    assert (facts["input_size"], facts["patch"], facts["dim"]) == (32, 8, 24)
    assert facts["state"] == "ready"
    whole, half = small_file.read_bytes(), tmp_path / "half.pt"
    half.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelError, match=r"half\.pt, it is damaged or cut off"):
        show_model(str(half))
    other, pickled = tmp_path / "other.pt", tmp_path / "model.pt.pth"
    torch.save({"weight": torch.zeros(2)}, other)
    with pytest.raises(ModelError, match=r"other\.pt: it lacks 14 of 14 tensors"):
        show_model(f"openclip:{other}")
    torch.save(small_openclip(), pickled)  # the whole module, as `torch.save(model)` does
    with pytest.raises(ModelError, match="holds more than tensors"):
        show_model(str(pickled))


def run_download(command: str, hub: Path, weights: Path) -> None:
    """Write what a command of the catalogue would, by its words alone."""
    words = command.removeprefix("hf auth login && ").split()
    assert words[:2] == ["hf", "download"]
    if words[3:]:
        assert words[4:] == ["--local-dir", "."]
        Path(words[3]).parent.mkdir(exist_ok=True)
        shutil.copy(weights, words[3])
        return
    folder = snapshot(hub, words[2])
    folder.mkdir(parents=True)
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        (folder / name).write_text("{}")


@pytest.mark.parametrize("entry", list_models()[1:], ids=lambda entry: entry.name)
def test_what_the_command_of_an_entry_writes_is_found(
    entry: ModelEntry, hub: Path, small_file: Path
) -> None:
    assert state_of(entry) == "needs download"
    if entry.is_openclip and entry.file is None:
        where = str(entry.download).rpartition("so that this folder has ")[2]
        Path(where).parent.mkdir()
        shutil.copy(small_file, where)
    else:
        run_download(str(entry.download), hub, small_file)
    assert state_of(entry) == "ready"
    if entry.is_openclip:
        assert show_model(entry.name)["on_disk"] is True
        card = load_backbone(entry.name, "cpu").card
        assert (card.name, card.source) == (entry.name, entry.page)
        elsewhere = Path.cwd()
        os.chdir("/")  # the command was run in another folder than this
        assert show_model(f"openclip:{elsewhere}/{entry.name.partition(':')[2]}")["on_disk"] is True


@pytest.mark.parametrize("name", ["facebook/dinov3-vits16-pretrain-lvd1689m", "facebook/sam3"])
def test_gated_models_say_so_without_a_network(hub: Path, name: str) -> None:
    with pytest.raises(ModelError) as caught:
        hub_folder(name)
    assert f"accept its terms on https://huggingface.co/{name}" in str(caught.value)
    assert f"`hf auth login && hf download {name}`" in str(caught.value)
    with pytest.raises(ModelError) as caught:
        hub_folder(CLIP)
    assert "terms" not in str(caught.value)


def test_showing_a_folder(tiny_clip_folder: Path, embedded: Path) -> None:
    facts = show_model(str(tiny_clip_folder))
    assert facts["family"] == "clip"
    assert facts["on_disk"] is True
    assert (facts["input_size"], facts["patch"], facts["dim"]) == (32, 8, 24)
    assert facts["licence"] == "cc0-1.0"
    assert facts["revision"].startswith("sha256:")
    assert (facts["kind"], facts["state"]) == ("backbone", "ready")
    size = sum(path.stat().st_size for path in tiny_clip_folder.iterdir())
    assert facts["size_on_disk_mb"] == pytest.approx(size / 1e6, abs=0.051)
    tiny = show_model("rs-tiny")
    assert (tiny["kind"], tiny["state"]) == ("backbone", "ready")
    assert (tiny["name"], tiny["family"], tiny["dim"]) == ("rs-tiny", "rs-tiny", 16)
    assert tiny["embedded"] is True
    json.dumps([facts, tiny])


def test_showing_a_hub_model(hub: Path, tiny_clip_folder: Path) -> None:
    absent = show_model(CLIP)
    assert absent["name"] == f"hf:{CLIP}"
    assert absent["on_disk"] is False
    assert absent["download"] == f"hf download {CLIP}"
    assert absent["download_to"] == str(hub / "models--openai--clip-vit-base-patch16")
    assert "OpenAI" in absent["licence"]
    unknown = show_model("org/unknown")
    assert unknown["download"] == "hf download org/unknown"
    assert (unknown["state"], unknown["similar"]) == ("needs download", "")
    assert show_model("openai/clip-vit-base-patch1")["similar"].endswith(f": {CLIP}")
    folder = Path(shutil.copytree(tiny_clip_folder, snapshot(hub, CLIP)))
    present = show_model(CLIP)
    assert present["on_disk"] is True
    assert present["revision"] == "abc"
    assert present["licence"] == "cc0-1.0"
    (folder / "README.md").unlink()
    assert show_model(CLIP)["licence"] == absent["licence"]


@pytest.mark.parametrize("kind", sorted(SAVERS))
def test_folders_of_proposers_say_what_they_are(
    kind: str, segmenter_folder: Callable[[str], Path]
) -> None:
    facts = show_model(f"dir:{segmenter_folder(kind)}")
    family = "dino" if kind.startswith(("dino", "vit")) else kind.removesuffix("_video")
    assert facts["family"] == family
    assert ("backbone.affinity" if family == "dino" else "--proposer") in facts["use"]
    assert facts["kind"] == ("affinity" if family == "dino" else "proposer")
    assert facts["state"] == "ready"
    assert facts["size_on_disk_mb"] > 0
    assert facts["revision"].startswith("sha256:")
    assert facts["licence"] == "unknown: see the model's page"


def test_a_matcher_says_what_it_is(tiny_blip_folder: Path, tmp_path: Path) -> None:
    facts = show_model(f"dir:{tiny_blip_folder}")
    assert (facts["family"], facts["licence"]) == ("blip", "bsd-3-clause")
    assert "cross_attention" in facts["use"]
    folder = shutil.copytree(tiny_blip_folder, tmp_path / "cut")
    (folder / "model.safetensors").unlink()
    with pytest.raises(ModelError, match=r"has no model\.safetensors"):
        show_model(f"dir:{folder}")


def test_proposers_are_shown_by_their_names(hub: Path) -> None:
    for name in ("tree", "flat", "maskcut", "hierarchy"):
        facts = show_model(name)
        assert (facts["name"], facts["kind"], facts["state"]) == (name, "proposer", "ready")
        assert facts["use"] == f"--proposer {name}"
    facts = show_model("sam2")
    assert facts["name"] == "hf:facebook/sam2.1-hiera-small"
    assert facts["download"] == "hf download facebook/sam2.1-hiera-small"
    assert (facts["state"], facts["use"]) == ("needs download", "--proposer sam2")
    assert facts["checkpoints"] == [
        f"hf:facebook/sam2.1-hiera-{size}" for size in ("tiny", "small", "base-plus", "large")
    ]


def test_a_folder_of_the_name_of_a_proposer_is_the_folder(
    tiny_clip_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(tiny_clip_folder, tmp_path / "sam2")
    monkeypatch.chdir(tmp_path)
    assert show_model("sam2")["family"] == "clip"


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("clip-vit-base-patch16", "openai/clip-vit-base-patch16"),
        ("clip", "openai/clip-vit-base-patch32, openai/clip-vit-base-patch16, "),
        ("sma2", "did you mean sam2?"),
        ("flt", "did you mean flat?"),
        ("rs-tny", "did you mean rs-tiny?"),
        ("dino", "facebook/dinov2-small"),
    ],
)
def test_unknown_names_remind_of_known_ones(name: str, meant: str) -> None:
    with pytest.raises(ModelError, match="unknown model") as caught:
        show_model(name)
    assert meant in str(caught.value)


def test_errors_of_the_hub_name_the_folder_and_what_is_meant(hub: Path) -> None:
    with pytest.raises(ModelError) as caught:
        hub_folder("openai/clip-vit-base-patch61")
    assert f"is not in {hub / 'models--openai--clip-vit-base-patch61'}" in str(caught.value)
    assert str(caught.value).endswith("; did you mean openai/clip-vit-base-patch16?")
    with pytest.raises(ModelError) as caught:
        hub_folder(CLIP)
    assert "did you mean" not in str(caught.value)
