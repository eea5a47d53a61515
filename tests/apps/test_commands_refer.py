from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas
import pytest
import rasterio
import shapely
from PIL import Image

Run = Callable[..., tuple[int, str, str]]
QUESTION = "the largest white roof left of the road"


def test_refer_prints_the_answer_and_writes_nothing(image: Path, fake: Any, run: Run) -> None:
    code, out, _ = run("refer", image, QUESTION)
    assert code == 0
    assert QUESTION in out
    assert out.splitlines()[:2] == ["note: a note", f'"{QUESTION}"']
    assert "understood: 1 x roof" in out
    assert "x 0..30, y 0..40; map 400007.5, 5599990" in out
    assert "300.2 m2" in out
    assert [file.name for file in image.parent.iterdir()] == [image.name]


def test_refer_writes_what_is_asked_for(image: Path, fake: Any, run: Run) -> None:
    folder = image.parent
    code, out, _ = run(
        "refer", image, QUESTION, "-o", folder / "a.gpkg", "--heatmap", folder / "heat.tif",
        "--explain", folder / "why.png", "--top-k", 2, "--json",
    )  # fmt: skip
    assert code == 0
    rows = geopandas.read_file(folder / "a.gpkg", layer=0)
    assert rows["rank"].tolist() == [1, 2]
    assert rows["chosen"].tolist() == [True, False]
    assert set(rows["class"]) == {"roof"}
    assert set(rows["sentence"]) == {QUESTION}
    assert rows["term_left_of"].tolist() == [1, 1]
    assert rows.crs.to_epsg() == 25832
    with rasterio.open(folder / "heat.tif") as dataset:
        assert dataset.read(1).max() == 1
    with Image.open(folder / "why.png") as picture:
        assert picture.width > 500
    manifest = json.loads((folder / "a.gpkg.manifest.json").read_text())
    assert manifest["answers"][0]["program"]["op"]
    assert len(manifest["outputs"]) == 3
    assert fake[0].settings.select.top_k == 2
    (answer,) = json.loads(out)["answers"]
    assert answer["matches"][0]["bounds"] == [400000, 5599980, 400015, 5600000]
    assert answer["matches"][0]["area_m2"] == pytest.approx(300, rel=1e-3)


def test_refer_answers_a_file_of_sentences(image: Path, fake: Any, run: Run) -> None:
    folder = image.parent
    (folder / "q.csv").write_text('﻿id,sentence\n1,the red roof\n2,"all cars, small"\n', "utf-8")
    code, out, _ = run("refer", image, "--sentences", folder / "q.csv", "-o", folder / "a.geojson")
    assert code == 0
    rows = geopandas.read_file(folder / "a.geojson")
    assert rows["sentence"].tolist() == ["the red roof"] * 2 + ["all cars, small"] * 2
    assert "all cars, small" in out
    assert len(fake) == 1


def test_suffixes_may_be_in_capitals(image: Path, fake: Any, run: Run) -> None:
    folder = image.parent
    (folder / "Q.CSV").write_text("sentence\nthe red roof\nall cars\n", "utf-8")
    assert run("refer", image, "--sentences", folder / "Q.CSV", "-o", folder / "a.GPKG")[0] == 0
    rows = geopandas.read_file(folder / "a.GPKG", layer=0)
    assert rows["sentence"].tolist() == ["the red roof"] * 2 + ["all cars"] * 2
    assert (folder / "a.GPKG.manifest.json").is_file()
    assert run("refer", image, "the red roof", "-o", folder / "why.PNG")[0] == 0
    with Image.open(folder / "why.PNG") as picture:
        assert picture.format == "PNG"


@pytest.mark.parametrize("name", ["a.png", "a.PNG", "a.Png"])
def test_a_picture_of_several_answers_is_refused(
    name: str, image: Path, fake: Any, run: Run
) -> None:
    (image.parent / "Q.CSV").write_text("sentence\nthe red roof\nall cars\n", "utf-8")
    before = set(image.parent.iterdir())
    arguments = ("--sentences", image.parent / "Q.CSV", "-o", image.parent / name)
    code, out, err = run("refer", image, *arguments)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert "one sentence" in err
    assert set(image.parent.iterdir()) == before
    assert not fake


def test_nothing_matched_has_a_code_and_keeps_the_ranking(image: Path, fake: Any, run: Run) -> None:
    target = image.parent / "a.gpkg"
    code, out, _ = run("refer", image, "the building with nothing", "-o", target)
    assert code == 4
    assert "nothing matched" in out
    assert out.count(" rejected ") == 2
    assert geopandas.read_file(target, layer=0)["chosen"].tolist() == [False, False]


def test_candidates_bring_their_names(image: Path, fake: Any, run: Run) -> None:
    boxes = [(400000, 5599990, 400005, 5600000), (400020, 5599985, 400030, 5599995), (0, 0, 1, 1)]
    table = geopandas.GeoDataFrame(
        {"name": ["tank", None, "ship"]},
        geometry=[shapely.box(*box) for box in boxes],
        crs="EPSG:25832",
    )
    table.to_file(image.parent / "boxes.geojson")
    code, _, err = run("refer", image, "the tank", "--candidates", image.parent / "boxes.geojson")
    assert code == 0
    assert "1 of 3 candidates lie outside" in err
    asked = fake[0].asked
    assert asked["names"] == ["tank", ""]
    assert asked["candidates"].boxes.tolist() == [[0, 0, 10, 20], [40, 10, 60, 30]]


def test_explain_prints_why(image: Path, fake: Any, run: Run) -> None:
    folder = image.parent
    code, out, _ = run("refer", image, QUESTION, "--explain", folder / "why.png")
    assert code == 0
    assert (
        "chosen: rank 1, candidate #0, x 0..30, y 0..40, score 0.90 (probability 0.50, left of 1.00)"
        in out
    )
    assert "runner-up: rank 2, candidate #1, " in out
    assert (folder / "why.png").is_file()
    code, out, _ = run("refer", image, "the roof with nothing", "--explain", folder / "why.json")
    assert code == 4
    assert "best rejected: rank 1, candidate #0, " in out
    (answer,) = json.loads((folder / "why.json").read_text())["answers"]
    assert [match["candidate"] for match in answer["matches"]] == [0, 1]
    assert answer["steps"] is None


def test_candidates_keep_their_attributes(image: Path, fake: Any, run: Run) -> None:
    folder = image.parent
    rows = {
        "id": ["x", "far", "z"],
        "score": [0.5, 0.25, 0.75],
        "kind": ["tank", "tank", "ship"],
    }
    shapes = [(400000, 5599990, 400005, 5600000), (0, 0, 1, 1), (400020, 5599985, 400030, 5599995)]
    boxes = [shapely.box(*each) for each in shapes]
    table = geopandas.GeoDataFrame(rows, geometry=boxes, crs=25832)
    table.to_crs(3857).to_file(folder / "boxes.shp")
    code, _, _ = run(
        "refer", image, "the tank", "--candidates", folder / "boxes.shp", "--names-from", "kind",
        "--scores-from", "score", "-o", folder / "a.gpkg",
    )  # fmt: skip
    assert code == 0
    assert fake[0].asked["names"] == ["tank", "ship"]
    assert fake[0].asked["scores"] == [0.5, 0.75]
    written = geopandas.read_file(folder / "a.gpkg", layer=0)
    assert written["candidate"].tolist() == [0, 2]
    assert written["id"].tolist() == ["x", "z"]
    assert written["candidate_score"].tolist() == [0.5, 0.75]
    assert written["score"].tolist() == pytest.approx([0.9, 0.7])


def test_candidates_keep_their_outlines(image: Path, fake: Any, run: Run) -> None:
    folder = image.parent
    # a triangle, and one that reaches beyond the image: neither follows pixels
    corners = ((400000, 5599990), (400005, 5599990), (400000, 5600000))
    own = [shapely.Polygon(corners), shapely.box(400020, 5599985, 400050, 5599995)]
    geopandas.GeoSeries(own, crs=25832).to_file(folder / "own.gpkg")
    asked = ("refer", image, "the tank", "--candidates", folder / "own.gpkg")
    code, _, err = run(*asked, "-o", folder / "a.gpkg")
    assert code == 0
    assert "candidate 1 reaches beyond the image" in err
    written = geopandas.read_file(folder / "a.gpkg", layer=0)
    for outline, expected in zip(written.geometry, own, strict=True):
        assert shapely.symmetric_difference(outline, expected).area < 1e-6
    assert written["area_m2"].tolist() == pytest.approx([25, 300], rel=2e-3)
    # a region that was fitted has an outline of its own
    assert run(*asked, "--refine", "-o", folder / "b.gpkg")[0] == 0
    fitted = geopandas.read_file(folder / "b.gpkg", layer=0)
    assert fitted["area_m2"].tolist() == pytest.approx([300, 300], rel=2e-3)


def test_refining_needs_candidates(image: Path, fake: Any, run: Run) -> None:
    code, _, err = run("refer", image, "the tank", "--refine")
    assert code == 2
    assert "--refine fits regions to the boxes of --candidates" in err
    assert not fake


def test_explanation_as_main_output(image: Path, fake: Any, run: Run) -> None:
    assert run("refer", image, "the roof", "-o", image.parent / "why.png", "-q")[:2] == (0, "")
    assert (image.parent / "why.png.manifest.json").is_file()


def test_parse_shows_what_is_understood(run: Run) -> None:
    code, out, _ = run("parse", "the second court from the left")
    assert code == 0
    assert "second" in out
    assert out.splitlines()[-1].split() == ["unknown", "words", "none"]
    _, out, _ = run("parse", "the corrugated roof")
    assert out.splitlines()[-1].endswith("  corrugated (left to the model)")
    _, out, _ = run("parse", "die größte Halle")
    assert out.splitlines()[-1].endswith(
        "die, größte, halle (left to the model; sentences are read as English)"
    )
    _, out, _ = run("parse", "the second court from the left", "--json")
    assert json.loads(out)["program"]["op"] == "ordinal"
    _, out, _ = run("parse", "--schema")
    assert "ordinal" in json.loads(out)["$defs"]
