from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dgl_rsis.apps.saving import record, record_answers, record_map, save_answers, save_map
from dgl_rsis.errors import OutputError
from dgl_rsis.types import Raster


@pytest.fixture
def raster() -> Raster:
    picture = np.zeros((8, 12, 3), np.uint8)
    return Raster(picture, np.ones((8, 12), bool), facts={"notes": ["read as it is"]})


def names(paths: list[Path]) -> list[str]:
    return [path.name for path in paths]


def test_only_the_files_that_are_wanted_are_written(
    tmp_path: Path, raster: Raster, fake_model: Any
) -> None:
    result = fake_model.segment(raster, ["water", "road"])
    assert save_map(result, None) == []
    assert names(save_map(result, None, tmp_path / "scores.tif")) == ["scores.tif"]
    answers = fake_model.refer_many(raster, ["the roof"])
    assert save_answers(answers, None) == []
    written = save_answers(answers, None, tmp_path / "heat.tif", tmp_path / "why.png")
    assert names(written) == ["heat.tif", "why.png"]
    assert {file.name for file in tmp_path.iterdir()} == {"scores.tif", "heat.tif", "why.png"}


def test_the_main_file_comes_first_and_the_manifest_last(
    tmp_path: Path, raster: Raster, fake_model: Any
) -> None:
    result = fake_model.segment(raster, ["water", "road"])
    files = save_map(result, tmp_path / "map.geojson", tmp_path / "scores.tif", min_area=2)
    paths = record_map(result, files, fake_model, options={"min_area": 2}, seconds=1.23456)
    assert names(paths) == ["map.geojson", "scores.tif", "map.geojson.manifest.json"]
    manifest = json.loads(paths[-1].read_text("utf-8"))
    assert manifest["command"] == "segment"
    assert manifest["options"] == {"min_area": 2}
    assert manifest["seconds"] == 1.235
    assert manifest["outputs"] == [str(path.resolve()) for path in files]
    assert [each["name"] for each in manifest["classes"]] == ["water", "road"]
    assert [each["value"] for each in manifest["classes"]] == [1, 2]
    assert sum(each["share"] for each in manifest["classes"]) == pytest.approx(1)
    assert manifest["notes"] == ["read as it is"]
    kept = json.loads((tmp_path / "map.geojson").read_text("utf-8"))["features"]
    assert len(kept) == 2  # the region of one pixel is left out


def test_answers_are_recorded_with_what_was_understood(
    tmp_path: Path, raster: Raster, fake_model: Any
) -> None:
    answers = fake_model.refer_many(raster, ["the roof", "the road with nothing"])
    files = save_answers(answers, tmp_path / "a.geojson")
    paths = record_answers(answers, files, fake_model, options={}, seconds=1, notes=["a remark"])
    manifest = json.loads(paths[-1].read_text("utf-8"))
    assert names(paths) == ["a.geojson", "a.geojson.manifest.json"]
    assert manifest["command"] == "refer"
    assert [answer["chosen"] for answer in manifest["answers"]] == [1, 0]
    assert [answer["target"]["noun"] for answer in manifest["answers"]] == ["roof", "road"]
    assert manifest["notes"] == ["a remark"]


def test_a_picture_is_of_one_sentence(tmp_path: Path, raster: Raster, fake_model: Any) -> None:
    answers = fake_model.refer_many(raster, ["the roof", "the road"])
    with pytest.raises(OutputError, match=r"why\.png"):
        save_answers(answers, tmp_path / "why.png")
    assert names(save_answers(answers[:1], tmp_path / "why.png")) == ["why.png"]


def test_a_run_without_image_or_model_is_recorded(tmp_path: Path) -> None:
    output = tmp_path / "map.gpkg"
    facts = {"input": {"path": "map.tif"}}
    paths = record(
        "polygonize", [output], options={"simplify": 1}, raster=None, seconds=2, facts=facts
    )
    manifest = json.loads(paths[-1].read_text("utf-8"))
    assert manifest["input"] == {"path": "map.tif"}
    assert "model" not in manifest
    assert paths[0] == output
