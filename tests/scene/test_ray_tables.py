"""Tables of scenes that are made on a Ray cluster of two nodes on this machine."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest
from scene.test_asking import digests, village
from scene.test_ray_scenes import ray_workers
from scene.toy_scenes import write

from dgl_rsis.scene.asking import open_scene
from dgl_rsis.scene.journal import journal_folder

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_thread")]


def make(folder: Path, name: str, model: Path, **options: Any) -> dict[str, bytes]:
    """The files of a table of a village."""
    table = folder / name
    open_scene(
        folder / "a.tif",
        model=f"dir:{model}",
        preset="fast",
        tile_size=256,
        table=table,
        **options,
    )
    return digests(table)


def test_workers_that_are_killed_change_no_byte(
    tmp_path: Path, tiny_rs_folder: Path, ray_cluster: str
) -> None:
    write(tmp_path / "a.tif", village(1200, 1200))
    expected = make(tmp_path, "one", tiny_rs_folder)
    killed: set[int] = set()

    def kill(done: int, total: int, message: str) -> bool:
        if len(killed) < 2 and done >= 2 * len(killed):
            pid = ray_workers()[-1]
            killed.add(pid)
            os.kill(pid, signal.SIGKILL)
        return True

    assert make(tmp_path, "two", tiny_rs_folder, ray=ray_cluster, progress=kill) == expected
    assert len(killed) == 2
    assert not journal_folder(tmp_path / "two").exists()
