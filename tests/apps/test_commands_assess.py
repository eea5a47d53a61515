from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pytest
import rasterio

from dgl_rsis.geo.crs import map_frame
from dgl_rsis.geo.writer import write_classes

Run = Callable[..., tuple[int, str, str]]
FRAME = map_frame((30.0, 0.0, 400000.0, 0.0, -30.0, 5600000.0), "EPSG:25832", (100, 120))
NAMES = ["burnt", "water", "forest"]
COUNTS = [[60, 0, 4], [3, 80, 0], [2, 5, 90]]


@pytest.fixture
def map_file(tmp_path: Path) -> Path:
    labels = np.full((100, 120), 2, np.int16)
    labels[:30, :80] = 1
    labels[60:70, 20:60] = 0
    labels[-5:] = -1
    write_classes(tmp_path / "map.tif", labels, NAMES, frame=FRAME)
    return tmp_path / "map.tif"


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    lines = ["map_class,reference"]
    for name, counts in zip(NAMES, COUNTS, strict=True):
        for true, count in zip(NAMES, counts, strict=True):
            lines += [f"{name},{true}"] * count
    path = tmp_path / "labelled.csv"
    path.write_text("\n".join(lines))
    return path


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def test_sample_writes_points_and_a_manifest(map_file: Path, run: Run) -> None:
    target = map_file.with_name("sample.gpkg")
    code, out, err = run("assess", "sample", map_file, "-o", target, "--total", 200, "--seed", 5)
    assert (code, err) == (0, "")
    assert "200 points" in out
    table = geopandas.read_file(target)
    assert table.crs.to_epsg() == 25832
    # 400, 2,400 and 8,600 pixels: 50 for the rare one, 150 shared by the others
    assert table["map_class"].value_counts().to_dict() == {"forest": 100, "burnt": 50, "water": 50}
    assert table["reference"].isna().all()
    manifest = json.loads((map_file.with_name("sample.gpkg.manifest.json")).read_text())
    assert manifest["command"] == "assess sample"
    assert manifest["options"]["seed"] == 5
    assert manifest["input"]["path"] == str(map_file.resolve())
    assert not list(map_file.parent.glob(".dgl-rsis*"))


def test_sample_size_follows_from_what_is_wanted(map_file: Path, run: Run) -> None:
    wanted = ("--standard-error", 0.02, "--expected-accuracy", 0.9)
    target = map_file.with_name("a.gpkg")
    code, out, _ = run("assess", "sample", map_file, "-o", target, *wanted, "--json")
    assert code == 0
    # 0.3 ** 2 / (0.02 ** 2 + 0.09 / 11,400) = 220.6
    answer = json.loads(out)
    assert answer["points"] == 221
    assert sum(each["points"] for each in answer["classes"]) == 221
    assert answer["outputs"] == [str(target), f"{target}.manifest.json"]
    worse = (*wanted, "--expected-accuracy", "forest=0.5", "--least-per-class", 10)
    target = map_file.with_name("b.gpkg")
    _, out, _ = run("assess", "sample", map_file, "-o", target, *worse, "--json")
    shares = np.array([400, 2400, 8600]) / 11_400
    deviations = np.sqrt([0.09, 0.09, 0.25])
    size = (shares @ deviations) ** 2 / (0.02**2 + shares @ deviations**2 / 11_400)
    assert json.loads(out)["points"] == np.ceil(size)
    rough = ("--standard-error", 0.2, "-q")
    assert run("assess", "sample", map_file, "-o", map_file.with_name("c.gpkg"), *rough)[0] == 0
    assert len(geopandas.read_file(map_file.with_name("c.gpkg"))) == 150


def test_a_sample_goes_round(map_file: Path, run: Run) -> None:
    target = map_file.with_name("sample.gpkg")
    run("assess", "sample", map_file, "-o", target, "--total", 150)
    table = geopandas.read_file(target)
    table["reference"] = table["map_class"]
    table.to_file(target)
    code, out, _ = run("assess", "estimate", map_file, "--sample", target, "--json")
    assert code == 0
    answer = json.loads(out)
    sure = {"value": 1, "standard_error": 0, "low": 1, "high": 1}
    assert answer["overall_accuracy"] == pytest.approx(sure)
    assert answer["counts"] == np.diag([50, 50, 50]).tolist()
    assert FRAME.pixel_area_m2 is not None
    areas = [each["area"]["value"] / FRAME.pixel_area_m2 for each in answer["classes"]]
    assert areas == pytest.approx([400, 2400, 8600])


def test_estimate_shows_and_writes(map_file: Path, labelled: Path, run: Run) -> None:
    report = map_file.with_name("report.md")
    code, out, err = run("assess", "estimate", map_file, "--sample", labelled, "-o", report)
    assert (code, err) == (0, "")
    # weights 400, 2,400, 8,600 of 11,400; users 60/64, 80/83, 90/97
    users = np.array([60 / 64, 80 / 83, 90 / 97])
    shares = np.array([400, 2400, 8600]) / 11_400
    overall = 100 * shares @ users
    margin = 196 * np.sqrt((shares**2 * users * (1 - users) / np.array([63, 82, 96])).sum())
    line = f"verall accuracy {overall:.1f} \u00b1 {margin:.1f} %, of 244 points"
    assert f"o{line}" in out
    text = report.read_text()
    assert f"O{line}" in text
    assert "| burnt | 60 | 0 | 4 | 64 |" in text
    assert " ha |" in text
    manifest = json.loads(map_file.with_name("report.md.manifest.json").read_text())
    assert manifest["command"] == "assess estimate"
    assert manifest["options"] == {"sample": str(labelled)}


def test_estimate_speaks_json_on_screen_and_in_files(
    map_file: Path, labelled: Path, run: Run
) -> None:
    report = map_file.with_name("report.json")
    given = ("--sample", labelled, "-o", report, "--json")
    code, out, _ = run("assess", "estimate", map_file, *given)
    assert code == 0
    said, written = json.loads(out), json.loads(report.read_text())
    assert said.pop("outputs") == [str(report), f"{report}.manifest.json"]
    assert said == written
    assert written["points"] == 244
    assert written["area_unit"] == "m2"
    assert [each["class"] for each in written["classes"]] == NAMES
    area = written["classes"][0]["area"]
    assert area["low"] < area["value"] < area["high"]


def test_compare_says_that_it_is_a_full_count(map_file: Path, run: Run) -> None:
    with rasterio.open(map_file) as dataset:
        values, profile = dataset.read(1), dataset.profile
    values[:30, :8] = 3  # a tenth of the water is forest
    plain = {**profile, "driver": "GTiff"}
    with rasterio.open(map_file.with_name("true.tif"), "w", **plain) as dataset:
        dataset.write(values, 1)
    renamed = [
        part for value, name in enumerate(NAMES, 1) for part in ("--rename", f"{value}={name}")
    ]
    given = ("--reference", map_file.with_name("true.tif"), *renamed)
    code, out, _ = run("assess", "compare", map_file, *given)
    assert code == 0
    assert "a full count of 11,400 pixels: without a sample there are no sampling intervals" in out
    assert "\u00b1" not in out
    code, out, _ = run("assess", "compare", map_file, *given, "--json")
    answer = json.loads(out)
    assert answer["overall_accuracy"] == {"value": pytest.approx(1 - 240 / 11_400)}
    assert answer["counts"][1] == [0, 2160, 240]
    assert answer["classes"][1]["users_accuracy"] == {"value": pytest.approx(0.9)}


def test_compare_with_polygons(map_file: Path, run: Run) -> None:
    polygons = map_file.with_name("true.gpkg")
    assert run("polygonize", map_file, "-o", polygons, "-q")[0] == 0
    report = map_file.with_name("report.md")
    given = ("--reference", polygons, "-o", report)
    code, out, _ = run("assess", "compare", map_file, *given)
    assert code == 0
    assert "overall accuracy 100.0 %" in out
    assert "Stratified" not in report.read_text()


def test_pixels_are_the_unit_without_a_crs(tmp_path: Path, labelled: Path, run: Run) -> None:
    labels = np.repeat(np.array([0, 1, 2], np.int16), 100).reshape(15, 20)
    write_classes(tmp_path / "plain.tif", labels, NAMES, frame=None)
    code, out, _ = run("assess", "estimate", tmp_path / "plain.tif", "--sample", labelled)
    assert code == 0
    assert "100 pixels" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["sample"], ["MAP"]),
        (["sample", "map.tif"], ["--output"]),
        (["sample", "none.tif", "-o", "s.gpkg"], ["none.tif"]),
        (["sample", "map.tif", "-o", "s.tif"], ["s.tif", ".gpkg"]),
        (["sample", "map.tif", "-o", "s.gpkg", "--total", "100"], ["--total 100", "150"]),
        (["sample", "map.tif", "-o", "s.gpkg", "--total", "0"], ["--total"]),
        (
            ["sample", "map.tif", "-o", "s.gpkg", "--total", "200", "--standard-error", "0.1"],
            ["keep one"],
        ),
        (["sample", "map.tif", "-o", "s.gpkg", "--standard-error", "0"], ["--standard-error"]),
        (["sample", "map.tif", "-o", "s.gpkg", "--expected-accuracy", "90"], ["'90'"]),
        (["sample", "map.tif", "-o", "s.gpkg", "--expected-accuracy", "bog=0.9"], ["bog", "burnt"]),
        (["sample", "heat.tif", "-o", "s.gpkg"], ["float32"]),
        (["estimate", "map.tif"], ["--sample"]),
        (["estimate", "map.tif", "--sample", "none.gpkg"], ["none.gpkg"]),
        (["estimate", "map.tif", "--sample", "few.csv"], ["class burnt", "1 of its points"]),
        (["estimate", "map.tif", "--sample", "labelled.csv", "-o", "r.txt"], ["r.txt", ".md"]),
        (["compare", "map.tif"], ["--reference"]),
        (["compare", "map.tif", "--reference", "none.tif"], ["none.tif"]),
        (["compare", "map.tif", "--reference", "none.gpkg"], ["none.gpkg"]),
        (
            ["compare", "map.tif", "--reference", "map.tif", "--rename", "1"],
            ["--rename", "1=water"],
        ),
        (["compare", "map.tif", "--reference", "map.tif", "--rename", "bog=a"], ["bog"]),
    ],
)
def test_wrong_input_is_one_line(
    arguments: list[str],
    words: list[str],
    map_file: Path,
    labelled: Path,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(map_file.parent)
    Path("few.csv").write_text("map_class,reference\nburnt,water\n")
    with rasterio.open("heat.tif", "w", "GTiff", 2, 2, 1, dtype="float32") as dataset:
        dataset.write(np.ones((1, 2, 2), np.float32))
    before = files(map_file.parent)
    code, out, err = run("assess", *arguments)
    assert code == 2
    assert out == ""
    assert err.startswith("dgl-rsis: error: ")
    assert err.count("\n") == 1
    for word in words:
        assert word in err
    assert files(map_file.parent) == before


def test_overwriting_is_asked_for(map_file: Path, labelled: Path, run: Run) -> None:
    report = map_file.with_name("report.md")
    given: list[Any] = ["estimate", map_file, "--sample", labelled, "-o", report]
    assert run("assess", *given)[0] == 0
    code, _, err = run("assess", *given)
    assert code == 2
    assert "--overwrite" in err
    assert run("assess", *given, "-f")[0] == 0
