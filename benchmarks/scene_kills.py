"""Kill runs over a scene at random moments, resume them, and compare with an undisturbed run.

    python benchmarks/scene_kills.py [--kills 20] [--side 3000] [--outputs tif gpkg] [--seed 1]

The scene of ``benchmarks/scenes.py`` is mapped with rs-tiny, ``fast``, at the command line. ``kill -9``
strikes the process (with its workers) after a random part of the time that an undisturbed run takes
after its start; then ``--resume`` goes on. A run that ends before it is struck starts anew, with
``--overwrite``. Rasters must have the same bytes in the end, polygons the same geometry and columns.

Exits with 1 when they differ.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import geopandas
from common import command, print_header, print_row
from scenes import CLASSES, draw

from dgl_rsis.scene.journal import journal_folder

ENDED = (0, 4)


def words(scene: Path, target: Path, workers: int) -> list[str]:
    """The command that maps a scene, or goes on with it."""
    return [
        *(sys.executable, "-m", "dgl_rsis", "segment", str(scene), "-o", str(target)),
        *(part for name in CLASSES for part in ("-c", name)),
        *("--preset", "fast", "--tile-size", "512", "--workers", str(workers), "-q", "--resume"),
    ]


def undisturbed(run: list[str]) -> float:
    """Seconds of a whole run."""
    began = time.perf_counter()
    subprocess.run([*run, "--overwrite"], check=True)
    return time.perf_counter() - began


def content(target: Path) -> str:
    """Digest of the bytes of a raster, or of the sorted features of polygons."""
    if target.suffix == ".tif":
        return hashlib.md5(target.read_bytes()).hexdigest()
    table = geopandas.read_file(target, layer=0)  # the second is its style
    rows = sorted(
        (shape.wkb_hex, *map(str, row))
        for shape, *row in zip(
            table.geometry, *(table[name] for name in table.columns.drop("geometry")), strict=True
        )
    )
    return hashlib.md5(repr(rows).encode()).hexdigest()


def disturbed(run: list[str], target: Path, kills: int, whole: float, seed: int) -> tuple[int, int]:
    """Kill a run so many times; how often it was struck, and how often it ended before."""
    chance, struck, ended = random.Random(seed), 0, 0
    while struck < kills:
        process = subprocess.Popen(run, start_new_session=True)
        try:
            process.wait(chance.uniform(0, 1.1 * whole))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            struck += 1
            continue
        if process.returncode not in ENDED:
            sys.exit(f"{' '.join(run)} ended with {process.returncode}")
        ended += 1
        target.unlink()
    done = subprocess.run([*run, "--overwrite"], check=False)
    if done.returncode not in ENDED:
        sys.exit(f"{' '.join(run)} ended with {done.returncode}")
    return struck, ended


def main() -> None:
    """Print one row per kind of output."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--side", type=int, default=3000)
    parser.add_argument("--outputs", nargs="+", default=["tif", "gpkg"])
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    is_same = True
    with tempfile.TemporaryDirectory() as folder:
        scene = Path(folder) / "scene.tif"
        draw(scene, options.side)
        print(f"{command()}: {options.side:,} px")
        print_header("Output", "undisturbed", "killed", "ended before", "left over", "same content")
        for suffix in options.outputs:
            target = Path(folder) / f"map.{suffix}"
            run = words(scene, target, options.workers)
            whole = undisturbed(run)
            expected = content(target)
            target.unlink()
            struck, ended = disturbed(run, target, options.kills, whole, options.seed)
            found = content(target)
            left = [path.name for path in Path(folder).glob(".*")]
            left += [journal_folder(target).name] * journal_folder(target).exists()
            is_same = is_same and found == expected and not left
            print_row(
                f".{suffix}",
                f"{whole:.1f} s",
                str(struck),
                str(ended),
                ", ".join(left) or "nothing",
                f"{found == expected} ({found[:8]})",
            )
    sys.exit(int(not is_same))


if __name__ == "__main__":
    main()
