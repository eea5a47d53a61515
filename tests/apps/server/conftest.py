"""A real server over small scenes, with the real model, shared by the tests of the service."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from dgl_rsis.apps.options import ModelChoice
from dgl_rsis.apps.server.application import make_app
from dgl_rsis.apps.server.scene_files import find_scenes
from dgl_rsis.apps.server.service import ServerOptions
from dgl_rsis.render import render_scene, write_scene

BASE = "http://127.0.0.1:8000"
HOSTS = ("127.0.0.1", "localhost")


def model_choice() -> ModelChoice:
    return ModelChoice.from_options("rs-tiny", None, "fast", None, "cpu", None)


def server_options(storage: Path, files: list[str], **more: Any) -> ServerOptions:
    found = find_scenes(files)
    values: dict[str, Any] = {"token": None, "hosts": HOSTS, **more}
    return ServerOptions(found.files, storage, model_choice(), **values)


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


def scene_of(client: TestClient, name: str) -> dict[str, Any]:
    scenes: list[dict[str, Any]] = client.get("/scenes").json()["scenes"]
    return next(each for each in scenes if each["name"] == name)


def run_job(client: TestClient, kind: str, body: dict[str, Any]) -> dict[str, Any]:
    """Ask for a job and wait for its end."""
    answer = client.post(f"/{kind}", json=body)
    assert answer.status_code == 202, answer.text
    job: dict[str, Any] = answer.json()
    return wait_for(client, job["id"])


def wait_for(client: TestClient, id_: str, seconds: float = 300) -> dict[str, Any]:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        job: dict[str, Any] = client.get(f"/jobs/{id_}").json()
        if job["state"] in ("done", "failed", "cancelled"):
            return job
        time.sleep(0.1)
    raise AssertionError(f"the job did not end: {json.dumps(job)[:500]}")
