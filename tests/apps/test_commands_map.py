from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pytest
import rasterio
from PIL import Image

from dgl_rsis.geo.dataset import open_raster

Run = Callable[..., tuple[int, str, str]]


def test_segment_writes_map_scores_and_manifest(image: Path, fake: Any, run: Run) -> None:
    folder = image.parent
    target, scores = folder / "map.tif", folder / "scores.tif"
    code, out, err = run(
        "segment", image, "-c", "water", "-c", "paved road", "-o", target, "--scores", scores
    )
    assert code == 0
    assert "water" in out
    assert "50." in out
    assert err == "dgl-rsis: for tests only\n"
    with rasterio.open(target) as dataset, rasterio.open(image) as source:
        assert dataset.transform == source.transform
        assert dataset.crs == source.crs
        assert np.unique(dataset.read(1)).tolist() == [1, 2]
        assert json.loads(dataset.tags()["CLASS_NAMES"]) == ["water", "paved road"]
    with rasterio.open(scores) as dataset:
        assert dataset.read(1).max() == pytest.approx(0.75)
    manifest = json.loads((folder / "map.tif.manifest.json").read_text())
    assert manifest["model"]["licence"] == "CC0"
    assert manifest["input"]["crs"] == "EPSG:25832"
    assert manifest["input"]["path"] == str(image.resolve())
    assert [each["value"] for each in manifest["classes"]] == [1, 2]
    side_file = f"{target.resolve()}.aux.xml"
    assert manifest["outputs"] == [str(target.resolve()), side_file, str(scores.resolve())]
    assert manifest["settings"]["paint"]["painter"]
    assert manifest["versions"]["python"]
    assert not list(folder.glob(".dgl-rsis*"))


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson", ".fgb", ".parquet"])
def test_segment_writes_polygons(image: Path, fake: Any, run: Run, suffix: str) -> None:
    if suffix == ".parquet":
        pytest.importorskip("pyarrow")
    target = image.parent / f"map{suffix}"
    code, _, _ = run("segment", image, "-c", "water", "-c", "road", "-o", target, "--min-area", 1)
    assert code == 0
    if suffix == ".parquet":
        rows = geopandas.read_parquet(target)
    else:
        rows = geopandas.read_file(target, layer=0)
    # --min-area is 4 pixels, so that the single pixel in the corner joined its neighbour
    assert sorted(rows["class"]) == ["road", "water"]
    assert rows["area_m2"].sum() == pytest.approx(40 * 60 / 4, rel=1e-3)


def test_segment_draws_an_overlay(image: Path, fake: Any, run: Run) -> None:
    target = image.parent / "map.png"
    assert run("segment", image, "-c", "water", "-o", target, "-q")[:2] == (0, "")
    with Image.open(target) as picture:
        assert picture.width > 60


def test_suffixes_may_be_in_capitals(image: Path, fake: Any, run: Run) -> None:
    folder = image.parent
    names = ("-c", "water", "-c", "road")
    arguments = (*names, "-o", folder / "a.PNG", "--scores", folder / "s.TIF")
    assert run("segment", image, *arguments)[0] == 0
    with Image.open(folder / "a.PNG") as picture:
        assert picture.format == "PNG"
        assert picture.width > 60
    with rasterio.open(folder / "s.TIF") as dataset:
        assert dataset.read(1).max() == pytest.approx(0.75)
    assert (folder / "a.PNG.manifest.json").is_file()
    assert run("segment", image, *names, "-o", folder / "b.GPKG", "--min-area", 1)[0] == 0
    rows = geopandas.read_file(folder / "b.GPKG", layer=0)
    assert sorted(rows["class"]) == ["road", "water"]
    assert run("segment", image, *names, "-o", folder / "m.TIF")[0] == 0
    assert run("polygonize", folder / "m.TIF", "-o", folder / "m.GeoJSON")[0] == 0
    assert set(geopandas.read_file(folder / "m.GeoJSON")["class"]) == {"road", "water"}


def test_segment_passes_options_on(image: Path, fake: Any, run: Run) -> None:
    folder = image.parent
    (folder / "classes.txt").write_text("# land\nfield\n\nforest # trees\n")
    code, _, _ = run(
        "segment", image, "--classes-file", folder / "classes.txt", "-c", "water", "--other", "rest",
        "-o", folder / "map.tif", "--preset", "fast", "--set", "paint.painter=mask",
        "--proposer", "flat", "--bbox", "400000,5599990,400010,5600000",
    )  # fmt: skip
    assert code == 0
    (model,) = fake
    assert model.asked == {"classes": ["water", "field", "forest"], "other": "rest"}
    assert model.settings.paint.painter == "mask"
    assert model.settings.proposals.proposer == "flat"
    assert not model.settings.activation.enabled
    with rasterio.open(folder / "map.tif") as dataset:
        assert dataset.shape == (20, 20)


def test_segment_reads_classes_of_yaml_and_forces_all(image: Path, fake: Any, run: Run) -> None:
    folder = image.parent
    (folder / "classes.yaml").write_text("- field\n- paved road\n")
    arguments = ("--classes-file", folder / "classes.yaml", "--no-other", "-o", folder / "m.tif")
    assert run("segment", image, *arguments)[0] == 0
    assert fake[0].asked == {"classes": ["field", "paved road"], "other": False}


def test_segment_speaks_json(image: Path, fake: Any, run: Run) -> None:
    target = image.parent / "map.tif"
    code, out, _ = run("segment", image, "-c", "water", "-c", "road", "-o", target, "--json")
    answer = json.loads(out)
    assert code == 0
    assert answer["outputs"] == [str(target), f"{target}.aux.xml", f"{target}.manifest.json"]
    assert sum(answer["shares"].values()) == pytest.approx(1)


def test_verbose_tells_the_steps(image: Path, fake: Any, run: Run) -> None:
    code, _, err = run("segment", image, "-c", "water", "-o", image.parent / "m.tif", "-v")
    assert code == 0
    assert "device cpu" in err or "device cuda" in err or "device mps" in err
    assert "precision float32 (auto: the same answers on every device)" in err


def test_device_and_precision_become_settings(image: Path, fake: Any, run: Run) -> None:
    target = image.parent / "m.tif"
    given = ("--device", "cpu", "--precision", "float32", "--set", "backbone.device=cuda")
    assert run("segment", image, "-c", "water", "-o", target, *given)[0] == 0
    backbone = fake[0].settings.backbone
    assert (backbone.device, backbone.precision) == ("cpu", "float32")
    manifest = json.loads(Path(f"{target}.manifest.json").read_text())
    assert manifest["options"]["set"]["backbone"] == {"device": "cpu", "precision": "float32"}
    code, _, err = run("segment", image, "-c", "water", "-o", target, "--precision", "int8", "-f")
    assert code == 2
    assert "backbone.precision" in err


def test_overwrite_replaces(image: Path, fake: Any, run: Run) -> None:
    target = image.parent / "map.tif"
    assert run("segment", image, "-c", "water", "-o", target)[0] == 0
    before = target.stat().st_mtime_ns
    code, _, err = run("segment", image, "-c", "water", "-o", target)
    assert code == 2
    assert "--overwrite" in err
    assert target.stat().st_mtime_ns == before
    assert run("segment", image, "-c", "road", "-o", target, "-f")[0] == 0
    target.unlink()
    code, _, err = run("segment", image, "-c", "water", "-o", target)
    assert code == 2
    assert "map.tif.manifest.json exists already" in err


def test_polygonize_takes_names_of_our_maps(image: Path, fake: Any, run: Run) -> None:
    folder = image.parent
    run("segment", image, "-c", "water", "-c", "paved road", "-o", folder / "map.tif")
    code, out, _ = run(
        "polygonize", folder / "map.tif", "-o", folder / "map.gpkg", "--min-area", 10, "--json"
    )
    assert code == 0
    assert json.loads(out)["polygons"] == {"water": 1, "paved road": 1}
    manifest = json.loads((folder / "map.gpkg.manifest.json").read_text())
    assert manifest["command"] == "polygonize"
    assert manifest["input"]["path"] == str((folder / "map.tif").resolve())
    rows = geopandas.read_file(folder / "map.gpkg", layer=0)
    assert rows.crs.to_epsg() == 25832
    with open_raster(image) as dataset:
        assert rows.total_bounds == pytest.approx(list(dataset.bounds), abs=1)


def test_polygonize_averages_scores(image: Path, fake: Any, run: Run) -> None:
    folder = image.parent
    scores = ("--scores", folder / "scores.tif")
    run("segment", image, "-c", "water", "-c", "road", "-o", folder / "map.tif", *scores)
    assert run("polygonize", folder / "map.tif", "-o", folder / "plain.gpkg")[0] == 0
    assert "score" not in geopandas.read_file(folder / "plain.gpkg", layer=0).columns
    assert run("polygonize", folder / "map.tif", "-o", folder / "map.gpkg", *scores)[0] == 0
    assert geopandas.read_file(folder / "map.gpkg", layer=0)["score"].tolist() == [0.75] * 3
    with rasterio.open(folder / "small.tif", "w", "GTiff", 2, 2, 1, dtype="float32") as dataset:
        dataset.write(np.ones((1, 2, 2), np.float32))
    small = ("--scores", folder / "small.tif")
    code, _, err = run("polygonize", folder / "map.tif", "-o", folder / "b.gpkg", *small)
    assert code == 2
    assert "2 x 2 pixels, the class map 40 x 60" in err


def test_polygonize_takes_values_of_other_rasters(tmp_path: Path, run: Run) -> None:
    values = np.array([[[7, 7, 0], [7, 200, 200]]], np.uint16)
    profile = {"driver": "GTiff", "count": 1, "height": 2, "width": 3, "dtype": "uint16"}
    with rasterio.open(tmp_path / "other.tif", "w", nodata=0, **profile) as dataset:
        dataset.write(values)
    code, _, _ = run("polygonize", tmp_path / "other.tif", "-o", tmp_path / "other.geojson")
    assert code == 0
    rows = geopandas.read_file(tmp_path / "other.geojson")
    assert dict(zip(rows["class"], rows["area_px"], strict=True)) == {"7": 3, "200": 2}


def test_propose_writes_polygons_without_a_model(image: Path, fake: Any, run: Run) -> None:
    target = image.parent / "proposals.gpkg"
    by_colour = ("--set", "proposals.learned_weight=0")
    code, out, _ = run("propose", image, "-o", target, "--json", *by_colour)
    assert code == 0
    rows = geopandas.read_file(target, layer=0)
    assert len(rows) == json.loads(out)["proposals"] > 0
    assert rows.geometry.is_valid.all()
    assert not fake
    assert (image.parent / "proposals.gpkg.manifest.json").is_file()


def test_propose_by_a_network_on_disk(
    image: Path, run: Run, segmenter_folder: Callable[[str], Path]
) -> None:
    target = image.parent / "masks.gpkg"
    chosen = [
        *("--proposer", "sam2", "--set", f"proposals.checkpoint=dir:{segmenter_folder('sam2')}"),
        *("--set", "proposals.predicted_iou=0", "--set", "proposals.stability=0"),
        *("--set", "proposals.points=2", "--set", "proposals.crop_layers=0", "--device", "cpu"),
    ]
    code, out, _ = run("propose", image, "-o", target, "--json", *chosen)
    assert code == 0
    rows = geopandas.read_file(target, layer=0)
    assert len(rows) == json.loads(out)["proposals"] > 0
    again = ("propose", image, "-o", target, "--overwrite", "--proposer")
    code, _, err = run(*again, "samhq", *chosen[2:])
    assert code == 2
    assert "samhq needs sam_hq; that is one of sam2" in " ".join(err.split())
    code, _, err = run(*again, "sam3+flat")  # no advice to download what would not help
    assert code == 2
    assert "sam3 looks for nouns and got none" in err


def test_polygonize_dissolves_what_is_small_and_leaves_out_what_is_left(
    image: Path, fake: Any, run: Run
) -> None:
    folder = image.parent
    run("segment", image, "-c", "water", "-c", "road", "-o", folder / "map.tif")
    rows = {}
    for name, arguments in {
        "all": (), "dissolved": ("--dissolve", 1), "left": ("--min-area", 1)
    }.items():  # fmt: skip
        target = folder / f"{name}.gpkg"
        assert run("polygonize", folder / "map.tif", "-o", target, *arguments)[0] == 0
        rows[name] = geopandas.read_file(target, layer=0)
    assert {name: len(each) for name, each in rows.items()} == {"all": 3, "dissolved": 2, "left": 2}
    total = rows["all"]["area_m2"].sum()
    assert rows["dissolved"]["area_m2"].sum() == pytest.approx(total)
    assert rows["left"]["area_m2"].sum() == pytest.approx(total * 2399 / 2400)
    manifest = json.loads((folder / "dissolved.gpkg.manifest.json").read_text())
    assert manifest["options"]["dissolve"] == 1
