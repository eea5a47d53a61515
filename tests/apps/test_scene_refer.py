"""`refer` over the table of a scene, by the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from scene.toy_scenes import blobs, write

from dgl_rsis.scene import planning

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def small_halo(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small tiles keep their size."""
    monkeypatch.setattr(planning, "CONTEXT", 80)


@pytest.fixture
def words(tiny_rs_folder: Path) -> list[Any]:
    """Options that all runs share."""
    return [
        "--model",
        f"dir:{tiny_rs_folder}",
        "--preset",
        "fast",
        "--set",
        "program.least_anchor=0",
    ]


def test_a_table_that_is_asked_for(tmp_path: Path, words: list[Any], run: Run) -> None:
    path = write(tmp_path / "a.tif", blobs(400, 300))
    answer = tmp_path / "answer.gpkg"
    question = "the largest building"
    code, out, _ = run("refer", path, question, *words, "--tile-size", 256, "-o", answer, "--json")
    assert code in (0, 4)
    shown = json.loads(out)
    assert shown["table"] == str(path) + ".table"
    assert shown["outputs"] == [str(answer), f"{answer}.manifest.json"]
    manifest = json.loads((tmp_path / "answer.gpkg.manifest.json").read_text())
    assert manifest["table"]["count"] == 4
    assert manifest["input"]["sample_digest"]
    assert manifest["answers"][0]["sentence"] == question
    code, again, _ = run("refer", path, question, *words, "--tile-size", 256, "--json")
    assert json.loads(again)["answers"] == shown["answers"]
    code, _, err = run("refer", path, question, *words, "--tile-size", 128)
    assert code == 2
    assert "tile_size was 256 and is 128" in err
    code, _, _ = run("refer", path, question, *words, "--tile-size", 128, "--overwrite")
    assert code in (0, 4)
    assert run("refer", path, question, *words, "--tile-size", 128)[0] == code


def test_large_images_have_one_by_themselves(tmp_path: Path, words: list[Any], run: Run) -> None:
    path = write(tmp_path / "a.tif", blobs(300, 300))
    large = [*words, "--set", "local.max_side=200"]
    run("refer", path, "the road", *large)
    assert (tmp_path / "a.tif.table" / "table.json").exists()
    other = write(tmp_path / "b.tif", blobs(300, 300))
    run("refer", other, "the road", *words)
    run("refer", other, "the road", *large, "-o", tmp_path / "why.png")
    assert not (tmp_path / "b.tif.table").exists()


def test_a_folder_is_one_scene(tmp_path: Path, words: list[Any], run: Run) -> None:
    folder = tmp_path / "tiles"
    folder.mkdir()
    write(folder / "a.tif", blobs(200, 200))
    code, out, _ = run("refer", folder, "the road", *words, "--json")
    assert code in (0, 4)
    assert json.loads(out)["table"] == str(tmp_path / "tiles.table")
    code, _, err = run("refer", folder, "the road", *words, "-o", tmp_path / "why.png")
    assert (code, "does not go with a mosaic" in err) == (2, True)
