"""Measure what it takes to map a large scene in tiles: memory, time, and the share of the model.

    python benchmarks/scenes.py [--sides 5000 20000] [--workers 1] [--preset fast] [--folder F]

A scene is made of 16 rendered pieces of 1,000 px at 0.5 m, turned and mirrored by a fixed rule and
written block by block, so that it is never held in memory. It is mapped with rs-tiny and six
classes in a process of its own:

* memory: the largest resident set of that process, Python and all libraries included; with several
  workers that of the process that writes, and below it the largest of theirs
* time: of `segment_scene` without loading the model, for a million pixels
* outside the model: share of that time that is not spent in dense features (one worker only):
  reading, probabilities, blending, painting, journal, writing
* first side against last: how memory and time for a million pixels grow

Exits with 1 when a limit is exceeded: 2,000 MB, 1.15 times the memory of the smallest scene, 1.1
times its time for a million pixels, or a quarter of the time of the last scene outside the model.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

# Nothing else is imported here: a process starts with the memory of the one that starts it.
from common import command, print_header, print_row

CLASSES = ("building", "road", "water", "tree", "grass", "car")
PIECE = 1000  # pixels
PIECES = 16
GSD = 0.5  # metres per pixel
MOST_MEMORY = 2000.0  # millions of bytes
MOST_GROWTH = 1.15  # of memory, from the smallest scene to the largest
MOST_SLOWER = 1.1  # a million pixels of the largest scene over those of the smallest
MOST_OUTSIDE = 0.25


def draw(path: Path, side: int) -> None:
    """Write a scene of ``side`` pixels a side."""
    import numpy as np
    import rasterio
    from affine import Affine
    from rasterio.windows import Window

    from dgl_rsis.render import render_scene

    pieces = [render_scene(seed, size=PIECE, gsd=GSD).image for seed in range(PIECES)]
    profile = {
        "driver": "GTiff",
        "width": side,
        "height": side,
        "count": 3,
        "dtype": "uint8",
        "crs": "EPSG:25832",
        "transform": Affine(GSD, 0, 400_000, 0, -GSD, 5_600_000),
        "tiled": True,
        "blockxsize": 512,
        "blockysize": 512,
        "photometric": "RGB",
        "compress": "DEFLATE",
        "zlevel": 1,
        "bigtiff": "IF_SAFER",
    }
    with rasterio.Env(GDAL_CACHEMAX=256 * 2**20), rasterio.open(path, "w", **profile) as dataset:
        for row in range(0, side, PIECE):
            for column in range(0, side, PIECE):
                number = (row // PIECE) * 7 + (column // PIECE) * 3
                piece = np.rot90(pieces[number % PIECES], number // PIECES % 4)
                part = np.moveaxis(piece[: side - row, : side - column], -1, 0)
                window = Window(column, row, part.shape[2], part.shape[1])
                dataset.write(np.ascontiguousarray(part), window=window)


def segment(path: Path, preset: str, workers: int) -> dict[str, Any]:
    """Map a scene; seconds of the run and of the model."""
    from dgl_rsis import load, segment_scene

    model = load("rs-tiny", preset=preset, device="cpu")
    began = time.perf_counter()
    result = segment_scene(
        path, CLASSES, path.with_suffix(".map.tif"), model=model, workers=workers, overwrite=True
    )
    return {
        "seconds": time.perf_counter() - began,
        "model_seconds": result.model_seconds,
        "tiles": len(result.grid),
        "failed": len(result.failed),
    }


def measured(path: Path, preset: str, workers: int) -> dict[str, Any]:
    """Run ``segment`` in a new process; what it returns, with its memory."""
    options = ["--job", str(path), "--preset", preset, "--workers", str(workers)]
    done = subprocess.run(
        [sys.executable, __file__, *options], stdout=subprocess.PIPE, text=True, check=True
    )
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def do(path: Path, preset: str, workers: int) -> None:
    """Be that process."""
    import resource

    result = segment(path, preset, workers)
    unit = 1 if sys.platform == "darwin" else 1024  # bytes
    for name, who in (("memory", resource.RUSAGE_SELF), ("workers", resource.RUSAGE_CHILDREN)):
        result[name] = resource.getrusage(who).ru_maxrss * unit / 1e6
    print(json.dumps(result))


def report(folder: Path, sides: list[int], preset: str, workers: int) -> bool:
    """Print a row for each scene; whether all limits are kept."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    print(f"{command()}: {cores} cores, {workers} workers, preset {preset}")
    print_header("Scene", "tiles", "memory", "time", "s per million px", "outside the model")
    rows, is_fine, outside = [], True, 0.0
    for side in sides:
        path = folder / f"scene_{side}.tif"
        if not path.exists():
            draw(path, side)
        found = measured(path, preset, workers)
        million = side * side / 1e6
        outside = 1 - found["model_seconds"] / found["seconds"]
        memory = f"{found['memory']:.0f} MB"
        if workers > 1:
            memory += f" (worker {found['workers']:.0f} MB)"
        print_row(
            f"{side:,} x {side:,}",
            str(found["tiles"]),
            memory,
            f"{found['seconds']:.1f} s",
            f"{found['seconds'] / million:.3f}",
            f"{outside:.1%}" if workers == 1 else "-",
        )
        rows.append((found["memory"], found["seconds"] / million))
        is_small = max(found["memory"], found["workers"]) < MOST_MEMORY
        is_fine = is_fine and is_small and not found["failed"]
    is_fine = is_fine and (workers > 1 or outside <= MOST_OUTSIDE)  # of the last: most is running
    growth, slower = (last / first for first, last in zip(rows[0], rows[-1], strict=True))
    print()
    print(
        f"largest against smallest: memory x {growth:.2f}, time for a million pixels x {slower:.2f}"
    )
    return is_fine and growth <= MOST_GROWTH and slower <= MOST_SLOWER


def main() -> None:
    """Measure, or be the process that is measured."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--sides", type=int, nargs="+", default=[5000, 20000])
    parser.add_argument("--preset", default="fast")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="keeps the scenes; a temporary one if absent")
    parser.add_argument("--job", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.job:
        do(options.job, options.preset, options.workers)
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        is_fine = report(folder, options.sides, options.preset, options.workers)
    sys.exit(int(not is_fine))


if __name__ == "__main__":
    main()
