"""Measure how much faster a scene is mapped by two Ray nodes than by one, on this machine.

    python benchmarks/cluster.py [--side 6000 | --scene F] [--tile-size 1024] [--repeats 1]

Every node has one core. Each run is a process of its own, which starts its nodes and maps the same
scene (that of `benchmarks/scenes.py`) with rs-tiny and six classes. Everything of a run is pinned
to its cores: with one node, that node, the process that writes and Ray's own services have the
first core; with two, the second node has the second core and all the rest the first one.

* time: of `segment_scene` without loading the model in the process that writes; workers start, and
  load theirs, within it
* tiles/s: from the first finished task to the last one, so without that start
* load: of the machine when the run begins; on a machine that others use the figures say little
* s in the model per tile: all workers together, as the clock on the wall shows it

The best of the repeats counts. Exits with 1 when the bytes differ, tiles fail, or two nodes are
less than 1.6 times faster in tiles/s.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from common import command, print_header, print_row
from scenes import CLASSES, draw

LEAST_GAIN = 1.6
_STORE = 200 * 2**20  # bytes of results that a node may hold


def do(path: Path, preset: str, tile_size: int, cores: list[int]) -> None:
    """Map a scene with a node on each of the cores, and print what it took."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    # Ray's own 15 starves workers beside other programs; its name is in small letters
    os.environ.update({"RAY_worker_niceness": "0"})
    os.sched_setaffinity(0, cores[:1])  # before libraries start threads, which inherit it
    from ray.cluster_utils import Cluster

    from dgl_rsis import load, segment_scene

    model = load("rs-tiny", preset=preset, device="cpu")
    cluster = Cluster()
    for core in cores:
        os.sched_setaffinity(0, [core])
        cluster.add_node(num_cpus=1, object_store_memory=_STORE, include_dashboard=False)
    os.sched_setaffinity(0, cores[:1])
    moments: list[float] = []  # when tasks were finished

    def note(done: int, total: int, message: str) -> bool:
        moments.append(time.perf_counter())
        return True

    target = path.with_suffix(".map.tif")
    began = time.perf_counter()
    result = segment_scene(
        path,
        CLASSES,
        target,
        model=model,
        tile_size=tile_size,
        ray=cluster.address,
        overwrite=True,
        progress=note,
    )
    seconds = time.perf_counter() - began
    cluster.shutdown()
    found = {
        "seconds": seconds,
        "tiles": len(result.grid),
        "failed": len(result.failed),
        # a tile is two tasks: it is read, and painted
        "rate": (len(moments) - 1) / 2 / (moments[-1] - moments[0]),
        "model": result.model_seconds / len(result.grid),
        "digest": hashlib.md5(target.read_bytes()).hexdigest(),
    }
    print(json.dumps(found))


def measured(path: Path, options: argparse.Namespace, cores: list[int]) -> dict[str, Any]:
    """Run ``do`` in a new process."""
    words = ["--job", str(path), "--preset", options.preset, "--tile-size", str(options.tile_size)]
    done = subprocess.run(
        [sys.executable, __file__, *words, "--cores", *map(str, cores)],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def report(path: Path, options: argparse.Namespace) -> bool:
    """Print a row for each run; whether two nodes gain enough."""
    cores = sorted(os.sched_getaffinity(0))[:2]
    if len(cores) < 2:
        sys.exit("this machine has one core; two nodes need two")
    print(f"{command()}: cores {cores}")
    print_header("Nodes", "load", "tiles", "time", "tiles/s", "s in the model per tile")
    runs: dict[int, list[dict[str, Any]]] = {1: [], 2: []}
    for _ in range(options.repeats):
        for count, rows in runs.items():
            load = os.getloadavg()[0]
            found = measured(path, options, cores[:count])
            rows.append(found)
            print_row(
                str(count),
                f"{load:.1f}",
                str(found["tiles"]),
                f"{found['seconds']:.1f} s",
                f"{found['rate']:.3f}",
                f"{found['model']:.2f}",
            )
    time_gain = min(each["seconds"] for each in runs[1]) / min(each["seconds"] for each in runs[2])
    gain = max(each["rate"] for each in runs[2]) / max(each["rate"] for each in runs[1])
    everything = [*runs[1], *runs[2]]
    is_same = len({each["digest"] for each in everything}) == 1
    print()
    print(
        f"two nodes against one: x {gain:.2f} in tiles/s, x {time_gain:.2f} in time with the start "
        f"of workers; {'same bytes' if is_same else 'THE BYTES DIFFER'}"
    )
    return is_same and gain >= LEAST_GAIN and not any(each["failed"] for each in everything)


def main() -> None:
    """Measure, or be a process that is measured."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--side", type=int, default=6000)
    parser.add_argument("--tile-size", type=int, default=1024)
    parser.add_argument("--preset", default="fast")
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--scene", type=Path, help="a raster to map in place of a rendered one")
    parser.add_argument("--job", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--cores", type=int, nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.job:
        do(options.job, options.preset, options.tile_size, options.cores)
        return
    with tempfile.TemporaryDirectory() as temporary:
        path = Path(temporary) / "scene.tif"
        if options.scene is None:
            draw(path, options.side)
        else:
            shutil.copy(options.scene, path)
        is_fine = report(path, options)
    sys.exit(int(not is_fine))


if __name__ == "__main__":
    main()
