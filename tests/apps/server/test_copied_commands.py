"""What the page offers to copy is run, with the files that it offers to save."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pytest
import rasterio
from fastapi.testclient import TestClient
from serving import wait_for

pytestmark = pytest.mark.slow


def box(scene: dict[str, Any], low: float, high: float) -> dict[str, Any]:
    """A rectangle from one share of the sides of a scene to another."""
    west, south, east, north = scene["bounds"]
    x0, x1 = (west + share * (east - west) for share in (low, high))
    y0, y1 = (south + share * (north - south) for share in (low, high))
    return {
        "type": "Polygon",
        "coordinates": [[[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]]],
    }


def features(scene: dict[str, Any]) -> dict[str, Any]:
    shapes = [box(scene, 0.2, 0.4), box(scene, 0.5, 0.9)]
    listed = [{"type": "Feature", "properties": {}, "geometry": shape} for shape in shapes]
    return {"type": "FeatureCollection", "features": listed}


def bodies(scene: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    text, classes = "the largest building", ["building", "tree"]
    return [
        ("refer", "answer.gpkg", {"text": text}),
        ("refer", "answer.gpkg", {"text": text, "area": box(scene, 0.1, 0.9), "top_k": 7}),
        ("refer", "answer.gpkg", {"text": text, "candidates": features(scene)}),
        ("segment", "map.tif", {"classes": classes, "settings": {"min_area": 9}}),
        ("segment", "map.tif", {"classes": classes, "area": box(scene, 0.1, 0.9)}),
        ("label", "labelled.gpkg", {"classes": classes, "polygons": features(scene)}),
    ]


@pytest.mark.parametrize("number", range(6))
@pytest.mark.parametrize("name", ["scene.tif", "plain.png"])
def test_copies_give_what_the_server_gave(
    client: TestClient, scene_folder: Path, tmp_path: Path, name: str, number: int
) -> None:
    (scene,) = (each for each in client.get("/scenes").json()["scenes"] if each["name"] == name)
    kind, output, body = bodies(scene)[number]
    asked = client.post(f"/{kind}", json={"scene": scene["id"], **body})
    assert asked.status_code == 202, asked.text
    job = wait_for(client, asked.json()["id"])
    assert job["state"] == "done", job["error"]
    suffix = output.rpartition(".")[2]
    ours = tmp_path / f"server.{suffix}"
    ours.write_bytes(client.get(f"/jobs/{job['id']}/result.{suffix}").content)
    commands = job["commands"]
    for way in ("cli", "python"):
        folder = tmp_path / way
        folder.mkdir()
        shutil.copy(scene_folder / name, folder / name)
        for file in commands["files"]:
            (folder / file).write_bytes(client.get(f"/jobs/{job['id']}/asked/{file}").content)
        words = (
            ["-m", "dgl_rsis", *shlex.split(commands["cli"])[1:]]
            if way == "cli"
            else ["-c", commands["python"]]
        )
        done = subprocess.run([sys.executable, *words], cwd=folder, capture_output=True, text=True)
        assert done.returncode in (0, 4), done.stderr  # 4: nothing matched
        assert same(ours, folder / output), way


def same(one: Path, other: Path) -> bool:
    if one.suffix == ".tif":
        with rasterio.open(one) as first, rasterio.open(other) as second:
            return bool(np.array_equal(first.read(), second.read()))
    first_rows, second_rows = geopandas.read_file(one, layer=0), geopandas.read_file(other, layer=0)
    return len(first_rows) == len(second_rows) and bool(
        first_rows.geometry.geom_equals_exact(second_rows.geometry, 1e-6).all()
    )
