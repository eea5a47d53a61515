from __future__ import annotations

import json
import re
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
import rasterio

from dgl_rsis.apps import commands_inspect

Run = Callable[..., tuple[int, str, str]]


def test_info_for_people_and_machines(image: Path, run: Run) -> None:
    code, out, _ = run("info", image)
    assert code == 0
    assert "60 x 40 pixels" in out
    assert "0.5" in out
    facts = json.loads(run("info", image, "--json")[1])
    assert facts["crs"] == "EPSG:25832"
    assert facts["estimates"]["segment"]["memory_bytes"] > 0


def test_info_tells_what_is_computed_in_tiles(tmp_path: Path, image: Path, run: Run) -> None:
    note = "it is computed in tiles, except where"
    assert note not in run("info", image)[1]
    profile = {"driver": "GTiff", "count": 1, "height": 2049, "width": 2048, "dtype": "uint8"}
    with rasterio.open(tmp_path / "large.tif", "w", sparse_ok=True, **profile):
        pass
    code, out, _ = run("info", tmp_path / "large.tif")
    assert code == 0
    assert note in out


def test_info_tells_what_is_unclear(tmp_path: Path, run: Run) -> None:
    profile = {"driver": "GTiff", "count": 5, "height": 4, "width": 4, "dtype": "uint16"}
    with rasterio.open(tmp_path / "five.tif", "w", **profile) as dataset:
        dataset.write(np.ones((5, 4, 4), np.uint16))
    code, out, _ = run("info", tmp_path / "five.tif")
    assert code == 0
    assert "--bands" in out
    assert "unclear" in out


def test_models_are_listed_and_shown(tiny_rs_folder: Path, run: Run) -> None:
    code, out, _ = run("models", "list")
    assert code == 0
    assert "rs-tiny" in out
    listed = json.loads(run("models", "list", "--json")[1])
    assert listed[0]["embedded"]
    code, out, _ = run("models", "show", f"dir:{tiny_rs_folder}")
    assert code == 0
    assert "CC0" in out
    assert json.loads(run("models", "show", tiny_rs_folder, "--json")[1])["input_size"] == 64


def test_models_are_listed_by_kind_with_their_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    code, out, _ = run("models", "list")
    assert code == 0
    headings = [line.partition(":")[0] for line in out.splitlines() if line and line[0] != " "]
    assert headings[:4] == ["backbone", "affinity", "activation", "proposer"]
    (remote,) = [line for line in out.splitlines() if "RemoteCLIP-ViT-B-32.pt" in line]
    assert "needs download" in remote
    assert "see its page" in remote  # its licence
    chosen = json.loads(run("models", "list", "--kind", "proposer", "--json")[1])
    assert {entry["kind"] for entry in chosen} == {"proposer"}
    ready = [entry["name"] for entry in chosen if entry["state"] == "ready"]
    assert ready == ["tree", "flat", "maskcut", "hierarchy"] == [e["name"] for e in chosen[:4]]
    assert {entry["state"] for entry in chosen[4:]} == {"needs download"}
    assert "hf download facebook/sam-vit-base" in {entry["download"] for entry in chosen}
    assert "affinity:" not in run("models", "list", "--kind", "proposer")[1]
    code, _, err = run("models", "list", "--kind", "toy")
    assert code == 2
    assert "use backbone, affinity, activation, proposer" in err
    assert "did you mean proposer?" in run("models", "list", "--kind", "proposers")[2]
    assert "hf download facebook/sam2.1-hiera-small" in run("models", "show", "sam2")[1]


def test_showing_names_paper_command_and_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    code, out, _ = run("models", "show", "google/siglip-base-patch16-224")
    assert code == 0
    assert "Zhai et al. 2023" in out
    assert "hf download google/siglip-base-patch16-224" in out
    assert str(tmp_path / "models--google--siglip-base-patch16-224") in out
    assert run("models", "show", "openclip:nowhere.pt")[0] == 2


def test_without_the_extra_the_list_says_what_installs_it(
    monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    monkeypatch.setitem(commands_inspect.EXTRAS, "hf", (("no_such_module",), "CLIP"))
    assert 'needs the extra hf: pip install "dgl-rsis[hf]"' in run("models", "list")[1]


def test_doctor_names_versions_devices_and_models(run: Run) -> None:
    code, out, _ = run("doctor")
    assert code == 0
    assert "torch" in out
    assert "(auto:" in out
    facts = json.loads(run("doctor", "--json")[1])
    assert facts["libraries"]["numpy"] == np.__version__
    assert "cpu" in facts["devices"]
    assert facts["device"].partition(":")[0] in ("cpu", "cuda", "mps")
    assert facts["precision"] == "float32"
    assert "float32" in facts["precisions"]
    assert "rs-tiny" in facts["models"]["ready"]


def test_doctor_names_the_line_that_installs(monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    monkeypatch.setitem(commands_inspect.EXTRAS, "hf", (("no_such_module",), "CLIP"))
    assert 'missing: CLIP: pip install "dgl-rsis[hf]"' in run("doctor")[1]


def test_extras_are_those_of_the_package() -> None:
    declared: dict[str, set[str]] = {}
    for line in metadata.requires("dgl-rsis") or []:
        extra = re.search(r'extra == [\'"](\w+)[\'"]', line)
        name = re.match(r"[\w.-]+", line)
        if extra and name:
            declared.setdefault(extra[1], set()).add(name[0].lower().replace("-", "_"))
    for extra, (modules, _) in commands_inspect.EXTRAS.items():
        assert set(modules) <= declared[extra]
