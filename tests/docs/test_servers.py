"""Servers of the pages are started as written, and asked as written, on tiny rendered inputs."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import HTTPCookieProcessor, build_opener, urlopen

import pytest
from docs.inputs import make_inputs
from docs.pages import PAGES, commands_of, page_blocks

pytestmark = pytest.mark.docs

SECONDS = 120  # until a server listens, and until it has ended, on a machine that is busy
WRITTEN = [
    command.partition(" #")[0].strip()
    for page in PAGES
    for block in page_blocks(page)
    if block.mark == "needs-server"
    for command in commands_of(block.code)
]
SERVERS = [command for command in WRITTEN if command.startswith("dgl-rsis serve")]
QUESTIONS = [command for command in WRITTEN if command.startswith("curl")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    inputs = tmp_path_factory.mktemp("servers")
    make_inputs(inputs)
    (inputs / "scenes").mkdir()
    shutil.copy(inputs / "scene.tif", inputs / "scenes" / "town.tif")
    return inputs


def environment(folder: Path) -> dict[str, str]:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "XDG_STATE_HOME": str(folder / "state"), "BROWSER": "true"}


@contextmanager
def serving(command: str, folder: Path) -> Iterator[str]:
    """A server by a command; the address that it prints."""
    log = folder / "log"
    with log.open("w") as stream:
        server = subprocess.Popen(
            shlex.split(command), cwd=folder, env=environment(folder), stdout=stream, stderr=stream
        )
    try:
        ends = time.monotonic() + SECONDS
        while not (found := re.search(r"the map is at (\S+)", log.read_text())):
            assert server.poll() is None, log.read_text()
            assert time.monotonic() < ends
            time.sleep(0.1)
        yield found[1]
        server.send_signal(signal.SIGINT)
        server.wait(SECONDS)
    finally:
        server.kill()
        server.wait()


@pytest.mark.parametrize("command", SERVERS)
def test_servers_answer(command: str, folder: Path) -> None:
    import torch

    if "cuda" in command and not torch.cuda.is_available():
        command = command.replace("cuda", "cpu")
    with serving(command, folder) as address:
        place = address.replace("0.0.0.0", "127.0.0.1")
        with build_opener(HTTPCookieProcessor()).open(place) as page:  # the token becomes a cookie
            assert b"DGL-RSIS" in page.read()


@pytest.mark.parametrize("question", QUESTIONS)
def test_questions_are_answered(question: str, folder: Path) -> None:
    with serving("dgl-rsis serve scene.tif", folder) as address:
        with urlopen(f"{address}scenes") as answer:
            (scene,) = json.load(answer)["scenes"]
        asked = re.sub(r'"scene": "[^"]*"', f'"scene": "{scene["id"]}"', question)
        said = subprocess.run(shlex.split(asked), capture_output=True, check=True, timeout=SECONDS)
        assert json.loads(said.stdout)["state"] in ("waiting", "running", "done")
