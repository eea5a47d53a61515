from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas
import pytest
from scene.toy_scenes import blobs, write
from shapely.geometry import box
from toy_backbone import ToyBackbone

from dgl_rsis import pipeline
from dgl_rsis.config import make_settings
from dgl_rsis.geo.windows import Tile
from dgl_rsis.scene.journal import Journal, journal_folder
from dgl_rsis.scene.voting import VoteWorker

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


@pytest.mark.parametrize(
    "how", [("--preset", "fast"), ("--set", "local.ground_sampling=[]")], ids=["map", "own scale"]
)
def test_label_goes_on_after_an_interruption(
    tmp_path: Path,
    tiny_rs_folder: Path,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    how: tuple[str, str],
) -> None:
    """Alone and with workers the same rows come out, and a complete run is told."""
    monkeypatch.undo()
    image = write(tmp_path / "a.tif", blobs(900, 800))
    places = [box(x, 5647960 - y, x + 60, 5648000 - y) for x in (346000, 346150) for y in (0, 200)]
    parcels = tmp_path / "parcels.gpkg"
    geopandas.GeoDataFrame({"plot": range(4)}, geometry=places, crs="EPSG:25832").to_file(parcels)

    def words(name: str, *more: Any) -> tuple[Any, ...]:
        model = ("--model", f"dir:{tiny_rs_folder}", *how, "--tile-size", 256)
        return ("label", image, parcels, *WORDS, "--no-other", *model, "-o", tmp_path / name, *more)

    def rows(name: str) -> Any:
        table = geopandas.read_file(tmp_path / name, layer="parcels")
        return table.drop(columns="geometry").to_dict("list"), table.geometry.to_wkt().tolist()

    code, _, err = run(*words("whole.gpkg", "-v"))
    assert code == 0, err
    (tiles,) = {int(each) for each in re.findall(r"of (\d+) tiles done", err)}
    assert tiles > 2
    assert not journal_folder(tmp_path / "whole.gpkg").exists()
    code, _, err = run(*words("two.gpkg", "--workers", 2))
    assert code == 0, err
    (two, shapes), (whole, same) = rows("two.gpkg"), rows("whole.gpkg")
    assert shapes == same
    # other numbers of threads may round the last digits otherwise
    assert two.pop("score") == pytest.approx(whole.pop("score"), abs=1e-5)
    assert two.pop("runner_up_score") == pytest.approx(whole.pop("runner_up_score"), abs=1e-5)
    assert two == whole
    finished = Journal.put_painted

    def interrupt(self: Journal, tile: Tile, **arrays: Any) -> None:
        finished(self, tile, **arrays)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "put_painted", interrupt)
        code, _, err = run(*words("cut.gpkg"))
    assert code == 130
    assert "--resume goes on" in err
    code, _, err = run(*words("cut.gpkg"))
    assert (code, "was cut off; --resume" in err) == (2, True)
    code, _, err = run(*words("cut.gpkg", "--resume", "--layer", "parcels", "-c", "road"))
    assert (code, "cannot be resumed: names" in err) == (2, True)
    read = VoteWorker.__call__
    asked = []

    def count(self: VoteWorker, task: Any) -> Any:
        asked.append(task.tile)
        return read(self, task)

    with monkeypatch.context() as patch:
        patch.setattr(VoteWorker, "__call__", count)
        code, _, err = run(*words("cut.gpkg", "--resume"))
    assert code == 0, err
    assert rows("cut.gpkg") == rows("whole.gpkg")
    assert not journal_folder(tmp_path / "cut.gpkg").exists()
    assert len(asked) == len(set(asked)) == tiles - 1
    code, out, _ = run(*words("cut.gpkg", "--resume"))
    assert code == 0
    assert "is complete: nothing is left to do" in out
    code, _, err = run(*words("cut.gpkg", "--resume", "-c", "road"))
    assert (code, "made of something else: options classes" in err) == (2, True)
