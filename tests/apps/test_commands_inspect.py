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


def test_doctor_names_versions_and_devices(run: Run) -> None:
    code, out, _ = run("doctor")
    assert code == 0
    assert "torch" in out
    facts = json.loads(run("doctor", "--json")[1])
    assert facts["libraries"]["numpy"] == np.__version__


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
