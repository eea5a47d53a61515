"""Every block of the pages is executed, page by page in order, on tiny rendered inputs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from docs.inputs import fill_in_sample, make_inputs
from docs.pages import PAGES, ROOT, Block, page_blocks

pytestmark = pytest.mark.docs

NOTHING_MATCHED = 4  # tiny scenes do not show everything that a page asks for
SECONDS = 900  # of a block, on a machine that is busy
_STOP_AT_ERRORS = f"trap 'code=$?; [ $code -eq {NOTHING_MATCHED} ] || exit $code' ERR\n"


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("inputs")
    make_inputs(folder)
    return folder


def run(block: Block, folder: Path) -> subprocess.CompletedProcess[str]:
    """Execute a block where its page is executed."""
    file = folder / f"block.{block.language}"
    file.write_text(block.code if block.language == "python" else _STOP_AT_ERRORS + block.code)
    programs = {"sh": ["bash", file.name], "python": [sys.executable, file.name]}
    more = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "HF_HUB_OFFLINE": "1"}
    return subprocess.run(
        programs[block.language],
        cwd=folder,
        env={**os.environ, **more},
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_blocks_run(page: Path, inputs: Path, tmp_path: Path) -> None:
    folder = tmp_path / "reader"
    shutil.copytree(inputs, folder)
    (folder / "benchmarks").symlink_to(ROOT / "benchmarks")
    for block in page_blocks(page):
        if not block.mark:
            done = run(block, folder)
            assert done.returncode in (0, NOTHING_MATCHED), f"{block.place}\n{done.stderr}"
            fill_in_sample(folder)


def test_a_failing_command_stops_its_block(tmp_path: Path) -> None:
    untrue = Block("sh", "", "dgl-rsis info nowhere.tif\ntouch after\n", "a page:1")
    assert run(untrue, tmp_path).returncode == 2
    assert not (tmp_path / "after").exists()
    matched = Block("sh", "", "(exit 4)\ntouch after\n", "a page:1")
    assert run(matched, tmp_path).returncode == 0
    assert (tmp_path / "after").exists()
