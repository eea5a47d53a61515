"""The algorithms of the QGIS plugin, run by ``qgis_process`` offscreen against a live server."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas
import pytest
import rasterio
import shapely
from affine import Affine

from dgl_rsis.render import render_scene

PLUGIN = Path(__file__).parents[2] / "integrations/qgis/dgl_rsis_client"
# Debian's wrapper of the same name passes on an option that only the desktop program knows
PROCESS = shutil.which("qgis_process.bin") or "qgis_process"

pytestmark = pytest.mark.qgis


@dataclass(frozen=True)
class Server:
    """A running server.

    Attributes:
        url: of it.
        scene: raster that it has open.
    """

    url: str
    scene: Path


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("scene") / "harbour.tif"
    rendered = render_scene(3, size=320, gsd=0.5)
    with rasterio.open(
        path, "w", driver="GTiff", width=320, height=320, count=3, dtype="uint8",
        crs=rendered.frame.crs, transform=Affine(*rendered.frame.transform),
    ) as dataset:  # fmt: skip
        dataset.write(rendered.image.transpose(2, 0, 1))
    return path


@pytest.fixture(scope="module")
def server(scene: Path) -> Iterator[Server]:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    words = ["serve", str(scene), "--port", str(port), "--storage", str(scene.parent / "store")]
    process = subprocess.Popen([sys.executable, "-m", "dgl_rsis", *words])
    try:
        for _ in range(240):
            try:
                urllib.request.urlopen(f"{url}/health", timeout=5).read()
                break
            except OSError:
                assert process.poll() is None, "the server ended"
                time.sleep(0.5)
        yield Server(url, scene)
    finally:
        process.terminate()
        process.wait(60)


@pytest.fixture(scope="module")
def profile(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Environment of a fresh QGIS profile that has the plugin."""
    home = tmp_path_factory.mktemp("qgis")
    plugins = home / ".local/share/QGIS/QGIS3/profiles/default/python/plugins"
    plugins.mkdir(parents=True)
    shutil.copytree(PLUGIN, plugins / PLUGIN.name, ignore=shutil.ignore_patterns("__pycache__"))
    # the virtual environment of the tests is not QGIS's
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    clean.pop("VIRTUAL_ENV", None)
    environment = {
        **clean,
        "PATH": "/usr/bin:/bin",
        "HOME": str(home),
        "XDG_RUNTIME_DIR": str(home),
        "QT_QPA_PLATFORM": "offscreen",
    }
    done = subprocess.run(
        [PROCESS, "plugins", "enable", PLUGIN.name],
        env=environment, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert "enabled" in done.stdout.lower(), done.stdout + done.stderr
    return environment


def run(
    profile: dict[str, str], url: str, algorithm: str, **parameters: object
) -> subprocess.CompletedProcess[str]:
    words = [f"{name}={value}" for name, value in parameters.items()]
    return subprocess.run(
        [PROCESS, "run", f"dglrsis:{algorithm}", "--json", "--", *words],
        env={**profile, "DGL_RSIS_URL": url},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def results(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, Any] = json.loads(done.stdout)["results"]
    return found


def ask(server: Server, path: str) -> Any:
    return json.loads(urllib.request.urlopen(f"{server.url}{path}", timeout=30).read())


def read(path: str) -> geopandas.GeoDataFrame:
    """The first layer of a file; its style is the second."""
    return geopandas.read_file(path, layer=0)


def test_the_algorithms_are_listed(profile: dict[str, str]) -> None:
    done = subprocess.run(
        [PROCESS, "list"], env=profile, capture_output=True, text=True, check=True
    )
    for name in ("segment", "refer", "label"):
        assert f"dglrsis:{name}" in done.stdout


def test_segment_makes_styled_polygons_and_a_map(
    profile: dict[str, str], server: Server, tmp_path: Path
) -> None:
    found = results(
        run(
            profile, server.url, "segment", INPUT=server.scene, CLASSES="building, tree, grass",
            POLYGONS=tmp_path / "cover.gpkg", MAP=tmp_path / "cover.tif", PRESET="fast",
        )
    )  # fmt: skip
    table = read(found["POLYGONS"])
    assert set(table["class"]) <= {"building", "tree", "grass"}
    with rasterio.open(server.scene) as whole, rasterio.open(found["MAP"]) as painted:
        assert painted.shape == whole.shape
        assert painted.crs == whole.crs == table.crs
    with closing(sqlite3.connect(found["POLYGONS"])) as database:
        (style,) = database.execute("SELECT styleQML FROM layer_styles").fetchone()
    assert "categorizedSymbol" in style
    # the raster is open on the server and was not sent to it
    (open_scene,) = ask(server, "/scenes")["scenes"]
    assert {job["scene"] for job in ask(server, "/jobs")["jobs"]} == {open_scene["id"]}


def test_refer_answers_with_its_reason(
    profile: dict[str, str], server: Server, tmp_path: Path
) -> None:
    done = run(
        profile, server.url, "refer", INPUT=server.scene, SENTENCE="the largest building",
        OUTPUT=tmp_path / "largest.gpkg", PRESET="fast",
    )  # fmt: skip
    found = results(done)
    assert "building" in found["UNDERSTOOD"]
    assert len(read(found["OUTPUT"])) >= int(found["MATCHED"])


def test_label_keeps_attributes(profile: dict[str, str], server: Server, tmp_path: Path) -> None:
    with rasterio.open(server.scene) as dataset:
        west, south, east, north = dataset.bounds
        crs = dataset.crs
    middle = (west + east) / 2
    halves = geopandas.GeoSeries.from_wkt(
        [
            f"POLYGON(({a} {south}, {b} {south}, {b} {north}, {a} {north}, {a} {south}))"
            for a, b in ((west, middle), (middle, east))
        ],
        crs=crs,
    )
    given = tmp_path / "halves.gpkg"
    geopandas.GeoDataFrame({"parcel": ["left", "right"]}, geometry=halves).to_file(given)
    found = results(
        run(
            profile, server.url, "label", INPUT=server.scene, POLYGONS=given,
            CLASSES="building, tree, grass, water", OUTPUT=tmp_path / "labelled.gpkg",
            PRESET="fast",
        )
    )  # fmt: skip
    table = read(found["OUTPUT"])
    assert list(table["parcel"]) == ["left", "right"]
    # a half that none of them fits has no class
    assert set(table["class"].dropna()) <= {"building", "tree", "grass", "water"}
    assert table["score"].dropna().between(0, 1).all()
    assert table.crs == crs
    assert table.area.to_numpy() == pytest.approx(halves.area.to_numpy(), rel=1e-6)


def test_polygons_without_a_geometry_are_left_out_and_named(
    profile: dict[str, str], server: Server, tmp_path: Path
) -> None:
    with rasterio.open(server.scene) as dataset:
        room, crs = shapely.box(*dataset.bounds), dataset.crs
    given = tmp_path / "parcels.gpkg"
    table = geopandas.GeoDataFrame({"parcel": ["none", "all"]}, geometry=[None, room], crs=crs)
    table.to_file(given)
    done = run(
        profile, server.url, "label", INPUT=server.scene, POLYGONS=given,
        CLASSES="building, grass", OUTPUT=tmp_path / "labelled.gpkg", PRESET="fast",
    )  # fmt: skip
    assert list(read(results(done)["OUTPUT"])["parcel"]) == ["all"]
    assert "has no geometry and is left out" in done.stdout + done.stderr


def test_an_image_of_the_same_name_and_size_is_not_taken_for_the_open_one(
    profile: dict[str, str], server: Server, tmp_path: Path
) -> None:
    other = tmp_path / server.scene.name
    shutil.copy(server.scene, other)
    with rasterio.open(other, "r+") as dataset:
        dataset.write(255 - dataset.read())
    assert other.stat().st_size == server.scene.stat().st_size
    results(
        run(
            profile, server.url, "segment", INPUT=other, CLASSES="building, grass",
            POLYGONS=tmp_path / "other.gpkg", PRESET="fast",
        )
    )  # fmt: skip
    (open_scene,) = ask(server, "/scenes")["scenes"]
    assert ask(server, "/jobs")["jobs"][0]["scene"] != open_scene["id"]


def test_an_image_that_the_server_lacks_is_uploaded_and_removed(
    profile: dict[str, str], server: Server, tmp_path: Path
) -> None:
    other = tmp_path / "other.tif"
    shutil.copy(server.scene, other)
    results(
        run(
            profile, server.url, "segment", INPUT=other, CLASSES="building, grass",
            POLYGONS=tmp_path / "other.gpkg", PRESET="fast",
        )
    )  # fmt: skip
    assert [each["name"] for each in ask(server, "/scenes")["scenes"]] == [server.scene.name]


def test_a_server_that_is_not_there_is_told(
    profile: dict[str, str], scene: Path, tmp_path: Path
) -> None:
    done = run(
        profile, "http://127.0.0.1:9", "segment", INPUT=scene, CLASSES="building",
        POLYGONS=tmp_path / "none.gpkg",
    )  # fmt: skip
    assert done.returncode != 0
    assert "no DGL-RSIS server answers at http://127.0.0.1:9" in done.stdout + done.stderr
    assert not (tmp_path / "none.gpkg").exists()


def test_an_empty_sentence_is_told(profile: dict[str, str], server: Server, tmp_path: Path) -> None:
    done = run(
        profile, server.url, "refer", INPUT=server.scene, SENTENCE=" ",
        OUTPUT=tmp_path / "none.gpkg",
    )  # fmt: skip
    assert done.returncode != 0
    assert "the sentence is empty" in done.stdout + done.stderr
