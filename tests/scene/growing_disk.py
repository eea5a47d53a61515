"""Run by `test_full_disk` in a mount namespace: one job again and again on a disk with more room.

    python growing_disk.py JOB FOLDER STEP [--finished]

Maps `FOLDER/a.tif` on a small disk, which gets STEP kilobytes more before every try. With
`--finished` all tiles were finished before, and only the outputs are missing. Prints a digest of what
is made where there is room, then a line of JSON for every try: why it ended, or a digest of what it
made; and what it left.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from scene.toy_scenes import CLASSES, toy_model

from dgl_rsis.errors import OutputError
from dgl_rsis.progress import CancelledError
from dgl_rsis.scene.asking import open_scene
from dgl_rsis.scene.segmenting import segment_scene

MOST = 100  # tries
SIZE = 64 * 2**20  # bytes of the disk
Job = Callable[..., Path]


def map_of(suffix: str) -> Job:
    """Segments an image into a file on a disk."""

    def job(image: Path, disk: Path, **options: Any) -> Path:
        target = disk / f"map{suffix}"
        scores = disk / "scores.tif" if suffix == ".tif" else None
        model = toy_model()
        segment_scene(
            image,
            CLASSES,
            target,
            scores=scores,
            model=model,
            tile_size=128,
            resume=True,
            **options,
        )
        return target

    return job


def table(image: Path, disk: Path, **options: Any) -> Path:
    """Makes the table of an image on a disk."""
    target = disk / "table"
    open_scene(image, model=toy_model(), tile_size=128, table=target, resume=True, **options)
    return target


JOBS: dict[str, Job] = {
    **{suffix: map_of(suffix) for suffix in (".tif", ".gpkg", ".fgb")},
    "table": table,
}


def content(path: Path) -> str:
    """What tells two results apart: bytes, or features where a file has times in it."""
    digest = hashlib.md5()
    if path.is_dir():
        for each in sorted(path.glob("*.npy")):
            digest.update(each.name.encode() + each.read_bytes())
    elif path.suffix == ".tif":
        for each in (path, path.with_name("scores.tif")):
            digest.update(each.read_bytes())
    else:
        import geopandas

        digest.update(geopandas.read_file(path, layer="map").to_json().encode())
    return digest.hexdigest()


def fill(disk: Path, room: int) -> None:
    """Leave some bytes of a disk."""
    filler = disk / ".filler"
    filler.unlink(missing_ok=True)
    with filler.open("wb") as file, suppress(OSError):  # no room at all
        os.posix_fallocate(file.fileno(), 0, _free(disk) - room)


def _free(disk: Path) -> int:
    found = os.statvfs(disk)
    return found.f_bavail * found.f_frsize


def main() -> None:
    """Try until the job is done."""
    parser = argparse.ArgumentParser()
    parser.add_argument("job", choices=JOBS)
    parser.add_argument("folder", type=Path)
    parser.add_argument("step", type=int)
    parser.add_argument("--finished", action="store_true")
    options = parser.parse_args()
    job, image, disk = JOBS[options.job], options.folder / "a.tif", options.folder / "disk"
    disk.mkdir()
    whole = options.folder / "whole"
    whole.mkdir()
    sys.stdout.write(content(job(image, whole)) + "\n")
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", disk], check=True)
    if options.finished:
        with suppress(CancelledError):
            job(image, disk, progress=lambda done, total, _: done < total)
    for number in range(MOST):
        fill(disk, number * options.step * 1024)
        told: dict[str, Any]
        try:
            told = {"made": content(job(image, disk))}
        except OutputError as error:
            told = {"refused": str(error)}
        told["left"] = sorted(each.name for each in disk.iterdir() if each.name != ".filler")
        sys.stdout.write(json.dumps(told) + "\n")
        if "made" in told:
            return


if __name__ == "__main__":
    main()
