"""Runs on a disk that is really full: a small one in memory, in a mount namespace of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from scene.toy_scenes import blobs, write

TRY = Path(__file__).with_name("growing_disk.py")
MOUNT = ("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs")


@pytest.fixture
def namespace(tmp_path: Path) -> list[str]:
    """Words before a command that may mount disks for itself."""
    words = ["unshare", "--map-root-user", "--mount"]
    (tmp_path / "mounted").mkdir()
    trial = [*words, *MOUNT, str(tmp_path / "mounted")]
    if (
        shutil.which("unshare") is None
        or subprocess.run(trial, capture_output=True, check=False).returncode
    ):
        pytest.skip("a mount namespace is not allowed here")
    return words


@pytest.mark.slow
@pytest.mark.parametrize(
    ("job", "step", "is_finished"),
    [
        (".tif", 3000, False),  # while tiles are recorded,
        (".tif", 64, True),  # and while the outputs are written
        (".gpkg", 48, True),
        (".fgb", 48, True),
        ("table", 200, False),
        ("table", 64, True),
    ],
)
def test_a_full_disk_ends_clearly_and_loses_nothing(
    tmp_path: Path, namespace: list[str], job: str, step: int, is_finished: bool
) -> None:
    write(tmp_path / "a.tif", blobs(400, 400))
    words: list[Any] = [*namespace, sys.executable, TRY, job, tmp_path, step]
    places = [str(TRY.parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])]
    done = subprocess.run(
        [*map(str, words), *["--finished"][: int(is_finished)]],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(places)},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    expected, *lines = done.stdout.splitlines()
    *refused, made = map(json.loads, lines)
    assert made["made"] == expected
    assert len(refused) >= 2
    for each in refused:
        assert "cannot be written: the disk is full" in each["refused"]
        assert "--resume" in each["refused"]
        assert not any(name.endswith(".part") or "dgl-rsis-" in name for name in each["left"])
    # what lies under its name is complete: only files before the one that did not fit
    left = Counter(name for each in refused for name in each["left"] if name[0] != ".")
    assert left.keys() <= {"map.tif", "map.tif.aux.xml"}
    assert not any(name.startswith(".") for name in made["left"])
