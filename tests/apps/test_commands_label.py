from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas
import pytest
from shapely.geometry import box
from toy_backbone import ToyBackbone

from dgl_rsis import pipeline
from dgl_rsis.config import make_settings

Run = Callable[..., tuple[int, str, str]]
WORDS = ("-c", "building", "-c", "water")


@pytest.fixture(autouse=True)
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(model: str = "rs-tiny", *, preset: str = "default", settings: Any = None) -> Any:
        return pipeline.Model(ToyBackbone(), make_settings(preset, settings))

    monkeypatch.setattr(pipeline, "load", load)


def parcels_beside(image: Path, *boxes: Any, name: str = "parcels.gpkg", **columns: Any) -> Path:
    path = image.parent / name
    placed = boxes or (box(400002, 5599985, 400012, 5599995), box(400015, 5599985, 400025, 5599995))
    table = geopandas.GeoDataFrame(
        columns or {"plot": ["A", "B"]}, geometry=list(placed), crs="EPSG:25832"
    ).to_crs(4326)
    table.to_file(path, layer="plots")
    return path


def test_label_writes_polygons_and_a_manifest(image: Path, run: Run) -> None:
    parcels, target = parcels_beside(image), image.parent / "out.gpkg"
    code, out, _ = run("label", image, parcels, *WORDS, "--no-other", "-o", target)
    assert code == 0
    assert "building" in out
    rows = geopandas.read_file(target, layer="plots")
    assert rows["plot"].tolist() == ["A", "B"]
    assert rows.crs.to_epsg() == 4326
    assert rows["class"].isin(["building", "water"]).all()
    assert rows["area_m2"].to_numpy() == pytest.approx([100, 100], rel=1e-3)
    manifest = json.loads((image.parent / "out.gpkg.manifest.json").read_text())
    assert manifest["command"] == "label"
    assert manifest["polygons"]["layer"] == "plots"
    assert manifest["polygons"]["crs"] == "EPSG:4326"
    assert manifest["columns"]["class"] == "class"
    assert sum(manifest["classes"].values()) == 2
    assert manifest["input"]["crs"] == "EPSG:25832"


def test_label_speaks_json_and_says_when_names_are_taken(image: Path, run: Run) -> None:
    parcels = parcels_beside(image, **{"class": ["x", "y"]})
    target = image.parent / "out.geojson"
    code, out, err = run("label", image, parcels, *WORDS, "--no-other", "-o", target, "--json")
    answer = json.loads(out)
    assert code == 0
    assert answer["columns"]["class"] == "label_class"
    assert sum(answer["polygons"].values()) == 2
    assert "label_class" in err
    rows = geopandas.read_file(target)
    assert rows["class"].tolist() == ["x", "y"]
    assert rows["label_class"].notna().all()


def test_nothing_in_the_image_is_told_by_the_exit_code(image: Path, run: Run) -> None:
    parcels = parcels_beside(image, box(0, 0, 9, 9), plot=["far"])
    target = image.parent / "out.gpkg"
    code, out, _ = run("label", image, parcels, *WORDS, "-o", target)
    assert code == 4
    assert "(no class)" in out
    assert geopandas.read_file(target, layer="plots")["note"].tolist() == [
        "it lies outside the image"
    ]


def test_label_refuses_what_it_cannot_do(image: Path, run: Run) -> None:
    parcels, target = parcels_beside(image), image.parent / "out.gpkg"
    for arguments, word in (
        ((image.parent / "none.tif", parcels, *WORDS, "-o", target), "none.tif"),
        ((image, image.parent / "none.gpkg", *WORDS, "-o", target), "none.gpkg"),
        ((image, parcels, *WORDS, "-o", parcels, "-f"), "the input too"),
        ((image, parcels, "-o", target), "no classes"),
        ((image, parcels, *WORDS, "-o", target, "--layer", "x"), "no layer 'x'"),
        ((image, parcels, *WORDS, "-o", target, "--other", "a", "--no-other"), "exclude"),
        ((image, parcels, *WORDS, "-o", image.parent / "out.shp"), ".shp"),
    ):
        code, _, err = run("label", *arguments)
        assert code == 2
        assert word in err
        assert len(err.splitlines()) == 1
    assert not target.exists()
