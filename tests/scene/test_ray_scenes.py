"""Scenes that are mapped on a Ray cluster of two nodes on this machine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from scene.test_processes import command, image, made, run
from scene.toy_scenes import blobs, write

from dgl_rsis.errors import InputError
from dgl_rsis.progress import CancelledError
from dgl_rsis.scene import segmenting
from dgl_rsis.scene.journal import journal_folder

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_thread")]


def processes() -> dict[int, tuple[int, str]]:
    """All processes of this machine: number -> number of the parent, title."""
    text = subprocess.run(["ps", "-eo", "pid=,ppid=,args="], capture_output=True, text=True).stdout
    rows = [line.split(None, 2) for line in text.splitlines()]
    return {int(pid): (int(parent), *title) for pid, parent, *title in rows}  # type: ignore[misc]


def ray_workers() -> list[int]:
    """Actors on the nodes that this process started."""
    known = processes()

    def is_ours(pid: int) -> bool:
        while pid in known and pid != os.getpid():
            pid = known[pid][0]
        return pid == os.getpid()

    return [pid for pid, row in known.items() if "ray::RayWorker" in row[-1] and is_ours(pid)]


def test_two_nodes_write_the_bytes_of_one_process(
    tmp_path: Path, tiny_rs_folder: Path, ray_cluster: str
) -> None:
    path = image(tmp_path)
    one = run(tmp_path, path, tiny_rs_folder)
    expected = made(tmp_path)
    two = run(tmp_path, path, tiny_rs_folder, ray=ray_cluster, overwrite=True)
    assert made(tmp_path) == expected
    assert two.computed == one.computed == 2 * len(one.grid)


def test_killed_workers_change_no_byte(
    tmp_path: Path, tiny_rs_folder: Path, ray_cluster: str
) -> None:
    """``kill -9`` of one worker after another while they compute."""
    path = write(tmp_path / "a.tif", blobs(1300, 1100))
    run(tmp_path, path, tiny_rs_folder)
    expected = made(tmp_path)
    killed: set[int] = set()

    def kill(done: int, total: int, message: str) -> bool:
        if len(killed) < 3 and done >= 3 * len(killed):
            pid = ray_workers()[-1]
            killed.add(pid)
            os.kill(pid, signal.SIGKILL)
        return True

    found = run(tmp_path, path, tiny_rs_folder, ray=ray_cluster, overwrite=True, progress=kill)
    assert len(killed) == 3
    assert made(tmp_path) == expected
    assert not found.failed
    assert not journal_folder(tmp_path / "map.tif").exists()


def test_cancelled_run_goes_on_without_the_cluster(
    tmp_path: Path, tiny_rs_folder: Path, ray_cluster: str
) -> None:
    path = write(tmp_path / "a.tif", blobs(1300, 1100))
    run(tmp_path, path, tiny_rs_folder)
    expected = made(tmp_path)

    def stop(done: int, total: int, message: str) -> bool:
        return done < 4

    with pytest.raises(CancelledError):
        run(tmp_path, path, tiny_rs_folder, ray=ray_cluster, overwrite=True, progress=stop)
    found = run(tmp_path, path, tiny_rs_folder, resume=True)
    assert found.computed < 2 * len(found.grid)
    assert made(tmp_path) == expected


def test_command(tmp_path: Path, tiny_rs_folder: Path, ray_cluster: str) -> None:
    """With a path that is relative to the folder where the run is started."""
    path = image(tmp_path)
    words = command(tmp_path, Path(path.name), tiny_rs_folder)
    words[words.index("-q")] = "--json"

    def done(*more: str) -> bool:
        found = subprocess.run(
            [*words, *more],
            check=False, capture_output=True, text=True, cwd=tmp_path,
            env={**os.environ, "OMP_NUM_THREADS": "1"},  # as Ray's workers: other sums round otherwise
        )  # fmt: skip
        assert found.returncode in (0, 4), found.stderr
        return json.loads(found.stdout)["failed_tiles"] == {}

    assert done()
    expected = made(tmp_path)
    assert done("--ray", ray_cluster, "--workers", "2", "--overwrite")
    assert made(tmp_path) == expected
    manifest = json.loads((tmp_path / "map.tif.manifest.json").read_text())
    assert manifest["options"]["ray"] == ray_cluster


def test_nodes_must_see_the_image(
    tmp_path: Path, tiny_rs_folder: Path, ray_cluster: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "a.tif", blobs(60, 60))
    look = segmenting.run_facts

    def look_and_hide(*rest: Any) -> Any:
        path.rename(tmp_path / "elsewhere.tif")
        return look(*rest)

    monkeypatch.setattr(segmenting, "run_facts", look_and_hide)
    with pytest.raises(InputError, match=r"cannot start on .*a\.tif does not exist"):
        run(tmp_path, path, tiny_rs_folder, ray=ray_cluster)
