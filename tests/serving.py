"""Helpers of the tests of the server."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import httpx2
from fastapi.testclient import TestClient

from dgl_rsis.apps.options import ModelChoice
from dgl_rsis.apps.server.scene_files import find_scenes
from dgl_rsis.apps.server.service import ServerOptions

BASE = "http://127.0.0.1:8000"
HOSTS = ("127.0.0.1", "localhost")


def model_choice() -> ModelChoice:
    return ModelChoice.from_options("rs-tiny", None, "default", None, "cpu", None)


def server_options(storage: Path, files: list[str], **more: Any) -> ServerOptions:
    found = find_scenes(files)
    values: dict[str, Any] = {"token": None, "hosts": HOSTS, **more}
    return ServerOptions(found.files, storage, model_choice(), **values)


def scene_of(client: TestClient, name: str) -> dict[str, Any]:
    scenes: list[dict[str, Any]] = client.get("/scenes").json()["scenes"]
    return next(each for each in scenes if each["name"] == name)


def run_job(client: TestClient, kind: str, body: dict[str, Any]) -> dict[str, Any]:
    """Ask for a job, by default the fast way, and wait for its end."""
    answer = client.post(f"/{kind}", json={"settings": {"preset": "fast"}, **body})
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


class LiveServer:
    """`dgl-rsis serve` as a process of its own, as people start it.

    Args:
        files: scenes.
        storage: private folder.
    """

    def __init__(self, files: list[str], storage: Path) -> None:
        words = [sys.executable, "-m", "dgl_rsis", "serve", *files]
        words += ["--port", "0", "--storage", str(storage), "--device", "cpu"]
        self.process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)
        assert self.process.stderr is not None
        self.errors = self.process.stderr
        self.base = ""
        for line in self.process.stderr:
            found = re.search(r"http://\S+", line)
            if found:
                self.base = found.group()
                break
        assert self.base, "the server did not start"
        self.reader = threading.Thread(target=self.process.stderr.read, daemon=True)
        self.reader.start()
        self.client = httpx2.Client(base_url=self.base, timeout=120)
        ends = time.monotonic() + 120
        while time.monotonic() < ends:
            try:
                self.client.get("/health")
            except httpx2.TransportError:
                time.sleep(0.2)
            else:
                return
        raise AssertionError("the server does not answer")

    def children(self) -> list[int]:
        """Processes that it started."""
        task = Path(f"/proc/{self.process.pid}/task")
        found = [(each / "children").read_text().split() for each in task.iterdir()]
        return [int(pid) for pids in found for pid in pids]

    def stop(self, *, at_once: bool = False) -> None:
        """End it in an orderly way, or by kill -9."""
        self.client.close()
        self.process.kill() if at_once else self.process.terminate()
        self.process.wait(60)
        self.reader.join(60)
        self.errors.close()
