"""A server of its own process and a user in front of its page, for tests."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import numpy as np
from PIL import Image

OPTIONS = ["--use-angle=swiftshader", "--enable-unsafe-swiftshader"]  # WebGL without a GPU
PATIENCE = 120_000  # ms; a busy machine is slow, it must not fail a test


@dataclass(frozen=True)
class Server:
    """A server that runs, and where it listens."""

    url: str
    process: subprocess.Popen[bytes]

    def get(self, path: str) -> Any:
        """The JSON at a path."""
        with urlopen(self.url + path, timeout=60) as answer:
            return json.load(answer)

    def post(self, path: str, body: Any) -> Any:
        """The JSON that answers to JSON."""
        request = Request(
            self.url + path,
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def delete(self, path: str) -> None:
        """Deletes what is at a path."""
        urlopen(Request(self.url + path, method="DELETE"), timeout=60).close()

    def wait_for(self, job: dict[str, Any]) -> dict[str, Any]:
        """The job when it has ended."""
        end = time.monotonic() + PATIENCE / 1000
        while job["state"] in ("waiting", "running"):
            assert time.monotonic() < end, f"the job still runs: {job}"
            time.sleep(0.2)
            job = self.get(f"jobs/{job['id']}")
        return job


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(
    folder: Path, log: Path, port: int | None = None, options: Sequence[str] = ()
) -> Iterator[Server]:
    """`dgl-rsis serve FOLDER`, ended with the context."""
    port = port or free_port()
    command = [sys.executable, "-m", "dgl_rsis", "serve", str(folder), "--port", str(port)]
    command += options
    with log.open("ab") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
    server = Server(f"http://127.0.0.1:{port}/", process)
    try:
        end = time.monotonic() + PATIENCE / 1000
        while True:
            try:
                server.get("health")
                break
            except HTTPError:  # it answers, but to those with its token only
                break
            except (URLError, ConnectionError):
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < end, log.read_text()
                time.sleep(0.2)
        yield server
    finally:
        process.terminate()
        process.wait(timeout=60)


@contextmanager
def chromium() -> Iterator[Any]:
    """Debian's Chromium without a window, driven by Playwright."""
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium")
    assert path, "no chromium is installed; make test-browser installs it from Debian"
    options = [*OPTIONS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=options)
        yield browser
        browser.close()


class Visitor:
    """A user in front of the page; what the page writes to the console is gathered."""

    def __init__(self, page: Any, url: str) -> None:
        self.page = page
        self.url = url
        self.complaints: list[str] = []
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._hear)

    def _hear(self, message: Any) -> None:
        if message.type == "error":
            self.complaints.append(message.text)

    def open(self, scene: str | None = None) -> None:
        """The page with a scene on the map, chosen by its name."""
        self.page.goto(self.url)
        self.page.wait_for_selector("#scenes option", state="attached")
        if scene:
            self.page.select_option("#scenes", label=scene)
        self.settle()

    def type(self, text: str) -> None:
        """Key by key, as people do."""
        self.page.fill("#question", "")
        self.page.type("#question", text, delay=5)

    def ask(self, text: str) -> None:
        """Types, presses Enter and waits for the answer."""
        self.type(text)
        self.page.press("#question", "Enter")
        self.answered(text)

    def answered(self, text: str) -> None:
        self.page.locator("#summary .asked", has_text=text).wait_for()
        self.settle()

    def settle(self) -> None:
        """Until the map is drawn."""
        self.page.wait_for_timeout(300)
        self.page.wait_for_selector("#map[aria-busy=false]")
        self.page.wait_for_timeout(100)

    def texts(self, selector: str) -> list[str]:
        return self.page.locator(selector).all_inner_texts()

    def picture(self) -> np.ndarray:
        """What is seen, ``(H, W, 3)`` uint8, one pixel per CSS pixel."""
        shot = self.page.screenshot(scale="css")
        return np.asarray(Image.open(BytesIO(shot)).convert("RGB"))

    def map_box(self) -> dict[str, float]:
        box = self.page.locator("#map").bounding_box()
        assert box is not None
        return box

    def read_place(self, x: float, y: float) -> tuple[float, float]:
        """The two numbers that the page shows for a point of the window."""
        self.page.mouse.move(x - 3, y)
        self.page.mouse.move(x, y)
        self.page.wait_for_timeout(150)
        numbers = re.findall(r"-?\d+(?:\.\d+)?", self.page.inner_text("#where").split("·")[-1])
        assert len(numbers) == 2, self.page.inner_text("#where")
        return float(numbers[0]), float(numbers[1])

    def places(self) -> Any:
        """A function from columns and rows of the picture to longitude and latitude.

        Measured at two corners of the map by what the page itself reads out there; over a scene
        of some hundred metres Web Mercator is linear to better than a millimetre.
        """
        box = self.map_box()
        left, top = box["x"] + 30, box["y"] + 120
        right, bottom = box["x"] + box["width"] - 80, box["y"] + box["height"] - 60
        north, west = self.read_place(left, top)
        south, east = self.read_place(right, bottom)

        def place(columns: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            longitude = west + (columns - left) / (right - left) * (east - west)
            latitude = north + (rows - top) / (bottom - top) * (south - north)
            return longitude, latitude

        return place
