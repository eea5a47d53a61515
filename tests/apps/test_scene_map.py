"""`segment` in tiles, by the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pytest
import rasterio
import shapely
from scene.toy_scenes import TRANSFORM, blobs, toy_model, write

from dgl_rsis import pipeline
from dgl_rsis.scene import planning
from dgl_rsis.scene.journal import journal_folder

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def small_halo(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small tiles keep their size."""
    monkeypatch.setattr(planning, "CONTEXT", 80)


@pytest.fixture
def words(tmp_path: Path, tiny_rs_folder: Path) -> list[Any]:
    """Options that all runs share; without background words something always has a class."""
    names = [each for name in ("building", "water", "road") for each in ("-c", name)]
    model = ["--model", f"dir:{tiny_rs_folder}", "--preset", "fast"]
    return [*names, *model, "--no-other", "-o", tmp_path / "map.tif"]


def manifest(folder: Path) -> Any:
    return json.loads((folder / "map.tif.manifest.json").read_text())


def test_tiles_that_are_asked_for(tmp_path: Path, words: list[Any], run: Run) -> None:
    path = write(tmp_path / "a.tif", blobs(400, 300))
    scores = tmp_path / "scores.tif"
    code, out, _ = run("segment", path, *words, "--scores", scores, "--tile-size", 256, "--json")
    assert code == 0
    shown = json.loads(out)
    assert shown["tiles"] == 4
    assert sum(shown["shares"].values()) == pytest.approx(1)
    assert shown["outputs"][-1] == str(tmp_path / "map.tif.manifest.json")
    written = manifest(tmp_path)
    assert written["tiles"]["count"] == 4
    assert written["tiles"]["failed"] == {}
    assert written["options"]["tile_size"] == 256
    assert written["input"]["crs"] == "EPSG:25832"
    assert written["input"]["sample_digest"]
    assert written["model"]["name"] == "rs-tiny"
    assert written["settings"]["paint"]["painter"] == "dense"
    assert [each["name"] for each in written["classes"]] == ["building", "water", "road"]
    with rasterio.open(scores) as dataset:
        assert dataset.dtypes == ("float32",)
        assert (dataset.read(1) > 0).all()
    code, _, err = run("segment", path, *words, "--tile-size", 256)
    assert code == 2
    assert "--overwrite" in err
    _, _, err = run("segment", path, *words, "--tile-size", 256, "-f", "-v")
    assert "1 of 4 tiles done: " in err
    assert "4 of 4 tiles done: writing map.tif: tile 4 of 4" in err


def test_large_image_and_folder_are_computed_in_tiles_unasked(
    tmp_path: Path, words: list[Any], run: Run
) -> None:
    small = ("--set", "local.max_side=150", "--json")
    path = write(tmp_path / "a.tif", blobs(200, 160))
    assert "tiles" in json.loads(run("segment", path, *words, *small)[1])
    part = ("--bbox", "346000,5647960,346060,5648000", "-f")
    assert "tiles" not in json.loads(run("segment", path, *words, *small, *part)[1])
    tiles = tmp_path / "tiles"
    tiles.mkdir()
    write(tiles / "a.tif", blobs(60, 60))
    code, out, _ = run("segment", tiles, *words, "--json", "-f")
    assert code == 0
    assert json.loads(out)["tiles"] == 1


def test_pictures_do_not_go_with_tiles(tmp_path: Path, words: list[Any], run: Run) -> None:
    path = write(tmp_path / "a.tif", blobs(60, 60))
    code, _, err = run("segment", path, *words[:-1], tmp_path / "map.png", "--gsd", 2)
    assert code == 2
    assert "with --gsd an image is mapped in tiles, into a raster or polygons, not map.png" in err


def test_polygons_of_a_scene_in_tiles_are_those_of_its_map(
    tmp_path: Path, words: list[Any], run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "load", lambda *_, **__: toy_model())
    path = write(tmp_path / "a.tif", blobs(400, 300))
    options = ("--tile-size", 256, "--min-area", 12, "--json")
    assert run("segment", path, *words, *options)[0] == 0
    code, out, err = run("segment", path, *words[:-1], tmp_path / "map.gpkg", *options)
    assert code == 0, err
    shown = json.loads(out)
    assert shown["outputs"][0] == str(tmp_path / "map.gpkg")
    assert any("were merged" in note for note in shown["notes"])
    assert run("polygonize", tmp_path / "map.tif", "-o", tmp_path / "of_map.gpkg")[0] == 0
    found = geopandas.read_file(tmp_path / "map.gpkg", layer="map")
    of_map = geopandas.read_file(tmp_path / "of_map.gpkg", layer="of_map")
    assert len(found) > 10
    assert set(found.columns) == {*of_map.columns, "score"}
    assert found["score"].between(0, 1).all()
    assert found["area_m2"].min() >= 12 * (1 - 1e-6)

    def in_order(table: Any) -> Any:
        return table.assign(place=table.geometry.normalize().to_wkt()).sort_values("place")

    found, of_map = in_order(found), in_order(of_map)
    assert (found["place"].to_numpy() == of_map["place"].to_numpy()).all()
    assert (found["class"].to_numpy() == of_map["class"].to_numpy()).all()
    assert found["area_m2"].to_numpy() == pytest.approx(of_map["area_m2"].to_numpy(), rel=1e-9)
    written = json.loads((tmp_path / "map.gpkg.manifest.json").read_text())
    assert written["options"]["min_area"] == 12


def test_unreadable_block_becomes_no_data_and_exit_code_3(
    tmp_path: Path, words: list[Any], run: Run
) -> None:
    options = {"tiled": True, "blockxsize": 64, "blockysize": 64, "compress": "DEFLATE"}
    path = write(tmp_path / "a.tif", blobs(2304, 700), **options)
    whole = path.read_bytes()
    with rasterio.open(path) as dataset:
        # the 64 x 64 block around row 1250: GDAL tells where its bytes are
        place = int(dataset.get_tag_item("BLOCK_OFFSET_3_19", "TIFF", bidx=1))
    damaged = bytearray(whole)
    damaged[place : place + 40] = bytes(40)
    path.write_bytes(damaged)
    words += ["--tile-size", "512", "--keep-collar", "--stretch", "none"]
    code, _, err = run("segment", path, *words)
    assert code == 3, err
    failed = manifest(tmp_path)["tiles"]["failed"]
    assert failed.keys() == {"00002_00000"}
    assert "cannot be read" in failed["00002_00000"]
    assert "1 of 10 tiles could not be computed" in err
    with rasterio.open(tmp_path / "map.tif") as dataset:
        values = dataset.read(1)
    # the grid is that of the map: its tiles begin 32 pixels left of this image
    assert (values[1024:1536, :480] == 0).all()
    assert (values[:1024] > 0).all()
    assert (values[1536:] > 0).all()
    assert journal_folder(tmp_path / "map.tif").exists()


def test_working_resolution(tmp_path: Path, words: list[Any], run: Run) -> None:
    path = write(tmp_path / "a.tif", blobs(200, 160))
    assert run("segment", path, *words, "--gsd", 1)[0] == 0
    with rasterio.open(tmp_path / "map.tif") as dataset:
        assert dataset.shape == (100, 80)
        assert dataset.transform.a == pytest.approx(1.0, rel=1e-2)
    assert manifest(tmp_path)["input"]["working_shape"] == [100, 80]


def test_info_predicts_tiles(tmp_path: Path, run: Run) -> None:
    tiles = tmp_path / "tiles"
    tiles.mkdir()
    for number in range(2):
        moved = TRANSFORM @ TRANSFORM.translation(600 * number, 0)
        write(tiles / f"{number}.tif", np.zeros((3, 1500, 600), np.uint8) + 9, moved)
    code, out, _ = run("info", tiles, "--json")
    assert code == 0
    facts = json.loads(out)
    assert (facts["width"], facts["height"], facts["files"]) == (1200, 1500, 2)
    predicted = facts["estimates_in_tiles"]
    assert predicted["segment"]["fast"]["tiles"] == predicted["refer"]["fast"]["tiles"] == 4
    code, out, _ = run("info", tiles)
    assert "segment in tiles, fast" in out
    assert "refer in tiles, default" in out


def test_info_predicts_a_run_with_its_options(tmp_path: Path, run: Run) -> None:
    path = write(tmp_path / "a.tif", np.zeros((3, 1500, 1200), np.uint8) + 9)

    def predicted(*options: Any) -> Any:
        code, out, err = run("info", path, "--json", *options)
        assert code == 0, err
        return json.loads(out)["estimates_in_tiles"]["segment"]["fast"]

    whole = predicted()
    assert predicted("--gsd", 2)["cpu_seconds"] < whole["cpu_seconds"]
    assert predicted("--tile-size", 320)["tiles"] > whole["tiles"]
    assert predicted("--workers", 2)["memory_bytes"] > 2 * whole["memory_bytes"]
    place = TRANSFORM @ (0, 0)
    corner = f"{place[0]},{place[1] - 100},{place[0] + 100},{place[1]}"
    assert predicted("--bbox", corner)["tiles"] == 1
    part = geopandas.GeoDataFrame(
        geometry=[shapely.box(place[0], place[1] - 100, place[0] + 100, place[1])], crs="EPSG:25832"
    )
    part.to_file(tmp_path / "part.gpkg")
    assert predicted("--aoi", tmp_path / "part.gpkg")["tiles"] == 1
    code, _, err = run("info", path, "--gsd", 0.01)
    assert code == 2
    assert "finer than the pixels" in err


def test_resume_of_a_run_that_had_ended(
    tmp_path: Path, words: list[Any], run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends well, loads no model and changes nothing; of another run it names the difference."""
    path = write(tmp_path / "a.tif", blobs(400, 300))
    options = ("--tile-size", 256, "--json")
    code, first, _ = run("segment", path, *words, *options, "--workers", 1)
    assert code == 0
    files = {file: file.read_bytes() for file in tmp_path.glob("map*")}
    folder = journal_folder(tmp_path / "map.tif")
    (folder / "cells").mkdir(parents=True)  # it was killed while it removed its journal
    with monkeypatch.context() as patch:
        patch.setattr(pipeline, "load", lambda *_, **__: pytest.fail("a model is loaded"))
        code, out, _ = run("segment", path, *words, *options, "--resume")
        assert code == 0
        assert json.loads(out) == json.loads(first)
        said = run("segment", path, *words, "--tile-size", 256, "--resume")[1]
        assert said.startswith(f"{tmp_path / 'map.tif'} is complete: nothing is left to do")
        assert not folder.exists()
        assert {file: file.read_bytes() for file in tmp_path.glob("map*")} == files
        for other, difference in (
            (("--min-area", 12), "options min_area was 0.0 and is 12.0"),
            (("-c", "tree"), "options classes was"),
            (("--bands", "3,2,1"), "options bands was absent and is"),
        ):
            code, _, err = run("segment", path, *words, *options, "--resume", *other)
            assert code == 2
            assert "map.tif is complete, and was made of something else: " + difference in err
        write(path, blobs(400, 300)[::-1])
        code, _, err = run("segment", path, *words, *options, "--resume")
        assert code == 2
        assert "made of something else: input files" in err
        assert {file: file.read_bytes() for file in tmp_path.glob("map*")} == files
    assert run("segment", path, *words, *options, "--resume", "--overwrite")[0] == 0
    assert (tmp_path / "map.tif.manifest.json").read_bytes() not in files.values()


def test_manifest_is_there_before_a_run_cannot_go_on(
    tmp_path: Path, words: list[Any], run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever a run is killed, `--resume` has the journal, or the manifest."""
    from dgl_rsis.scene import segmenting

    path = write(tmp_path / "a.tif", blobs(400, 300))

    def die(_: Path) -> None:
        assert manifest(tmp_path)["tiles"]["count"] == 4
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(segmenting, "remove_journal", die)
        assert run("segment", path, *words, "--tile-size", 256)[0] == 130
    expected = (tmp_path / "map.tif").read_bytes()
    code, _, err = run("segment", path, *words, "--tile-size", 256, "--resume")
    assert code == 0, err
    assert (tmp_path / "map.tif").read_bytes() == expected
    assert not journal_folder(tmp_path / "map.tif").exists()
