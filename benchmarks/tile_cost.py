"""Measure what a tile costs on one core, for the cost model in `docs/cluster.md`.

    python benchmarks/tile_cost.py [--presets fast default]

A tile inside a rendered scene at 0.5 m, with rs-tiny and six classes: CPU seconds to read and to
paint it, and those of the process that writes (blending, journal); bytes that are sent for it. The
second of two rounds counts.
"""

from __future__ import annotations

import argparse
import pickle
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import torch
from affine import Affine
from common import command, print_header, print_row
from scenes import CLASSES

from dgl_rsis import load
from dgl_rsis.geo.windows import Tile
from dgl_rsis.render import render_scene
from dgl_rsis.scene.journal import Journal
from dgl_rsis.scene.planning import plan_work
from dgl_rsis.scene.schedule import Schedule
from dgl_rsis.scene.survey import plan_source
from dgl_rsis.scene.work import PaintTile, TileWorker

PIECE = 1000  # pixels
TILES = 3  # of that a side
MEGA = 1e6


def draw(path: Path) -> None:
    """Write a scene that repeats one rendered piece."""
    piece = np.moveaxis(render_scene(0, size=PIECE, gsd=0.5).image, -1, 0)
    values = np.tile(piece, (1, TILES, TILES))
    profile = {"driver": "GTiff", "count": 3, "dtype": "uint8", "crs": "EPSG:25832"}
    side = TILES * PIECE
    place = Affine(0.5, 0, 400_000, 0, -0.5, 5_600_000)
    with rasterio.open(path, "w", width=side, height=side, transform=place, **profile) as dataset:
        dataset.write(values)


def timed(function: Callable[..., Any], *arguments: Any, **named: Any) -> tuple[float, Any]:
    """CPU seconds of this process, and the result."""
    began = time.process_time()
    result = function(*arguments, **named)
    return time.process_time() - began, result


def costs(path: Path, folder: Path, preset: str) -> tuple[str, ...]:
    """A row of the table."""
    model = load("rs-tiny", preset=preset, device="cpu")
    work = plan_work(plan_source(path), model, CLASSES)
    for kind in ("cells", "painted", "failed"):
        (folder / kind).mkdir(parents=True)
    journal = Journal(folder)
    schedule = Schedule(work, journal)
    worker = TileWorker(work, model)
    tile = Tile(1, 1)
    for _ in range(2):
        read, cells = timed(worker.read, tile)
        # all around it shows the same: `field` blends nine tiles
        around = work.grid.neighbours(tile)
        shapes = [work.grid.cells(work.grid.kept(each)).shape for each in around]
        for each, (rows, columns) in zip(around, shapes, strict=True):
            some = np.resize(cells.values, (rows, columns, cells.values.shape[2]))
            wrote, _ = timed(journal.put_cells, each, some)
        schedule._known.update(dict.fromkeys(around, "cells"))
        blended, field = timed(schedule.field, tile)
        task = PaintTile(tile, field)
        paint, painted = timed(worker.paint, task)
        noted, _ = timed(journal.put_painted, tile, codes=painted.codes)
    sizes = [len(pickle.dumps(each)) / MEGA for each in (cells, task, painted)]
    return (
        preset,
        f"{work.grid.size} + 2 x {work.grid.halo}",
        f"{read:.2f} s",
        f"{paint:.2f} s",
        f"{wrote + blended + noted:.3f} s",
        f"{sizes[0]:.1f} + {sizes[1]:.1f} + {sizes[2]:.1f} MB",
    )


def main() -> None:
    """Print a row for each preset."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--presets", nargs="+", default=["fast", "default"])
    options = parser.parse_args()
    torch.set_num_threads(1)
    print(f"{command()}: CPU seconds of one core")
    print_header("Preset", "tile", "read", "paint", "the process that writes", "sent")
    with tempfile.TemporaryDirectory() as temporary:
        path = Path(temporary) / "scene.tif"
        draw(path)
        for preset in options.presets:
            print_row(*costs(path, Path(temporary) / preset, preset))


if __name__ == "__main__":
    main()
