"""A real server over small scenes, with the real model, shared by the tests of the service."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image
from serving import BASE, server_options

from dgl_rsis.apps.server.application import make_app
from dgl_rsis.render import render_scene, write_scene


@pytest.fixture(scope="session")
def scene_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A rendered scene of 192 pixels on the map, and a picture without a place."""
    folder = tmp_path_factory.mktemp("scenes")
    written = write_scene(render_scene(5, size=192), folder / "made")
    written["scene"].rename(folder / "scene.tif")
    written["instances"].rename(folder / "instances.gpkg")
    ramp = np.linspace(0, 255, 160).astype(np.uint8)
    picture = np.zeros((120, 160, 3), np.uint8)
    picture[..., 0] = ramp
    picture[:60, :80] = (250, 240, 20)
    Image.fromarray(picture).save(folder / "plain.png")
    return folder


@pytest.fixture(scope="session")
def client(scene_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """The server without a token, as a browser on this machine sees it."""
    storage = tmp_path_factory.mktemp("storage") / "state"
    files = [str(scene_folder / "scene.tif"), str(scene_folder / "plain.png")]
    with TestClient(make_app(server_options(storage, files), warm=False), base_url=BASE) as made:
        yield made


@pytest.fixture
def idle(scene_folder: Path, tmp_path: Path) -> Iterator[TestClient]:
    """A server of its own for one test, whose model is not started."""
    options = server_options(tmp_path / "state", [str(scene_folder / "scene.tif")])
    with TestClient(make_app(options, warm=False), base_url=BASE) as made:
        yield made
