"""Measure what a model costs: disk, time of dense features, memory of a `refer`.

    python benchmarks/model_cost.py [--model NAME]

* on disk: all files of the model's folder together, in millions of bytes, and the number formats
  in its weights
* dense features: of one rendered image of 512 px, once at its own size: the median wall time of
  fifteen runs after one to warm up, with the fastest of them beside it. Other work on the machine
  lengthens both; the seconds of CPU of one thread, the fastest run too, suffer least from it
* memory: the largest resident set of a whole process that loads the model and answers one sentence
  on that image, Python and all libraries included; once in Python, and once as ``dgl-rsis refer``
  with a GeoPackage as its output
* transformers: whether any of these processes imported it

Every measurement has a process of its own, which uses two cores and two threads. Exits with 1 when
a limit is exceeded or transformers is imported.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

# Nothing else is imported here: a process starts with the memory of the one that starts it.
from common import command, print_header, print_row

CORES = 2
SIDE = 512  # pixels
RUNS = 15
SENTENCE = "the largest building on the left"
MOST_MEGABYTES = 25.0
MOST_SECONDS = 0.25
MOST_MEMORY = 700.0  # millions of bytes
HALF = {"F16", "BF16"}


def draw(image: Path, model: str) -> dict[str, Any]:
    """Render the image that is measured on."""
    from PIL import Image

    from dgl_rsis.render import render_scene

    Image.fromarray(render_scene(1, size=SIDE).image).save(image)
    return {}


def dense(image: Path, model: str) -> dict[str, Any]:
    """Seconds of dense features, and where the weights lie."""
    import numpy as np
    import torch
    from PIL import Image

    from dgl_rsis.pipeline import load

    backbone = load(model, device="cpu").backbone
    pixels = np.array(Image.open(image))

    def seconds(clock: Callable[[], float]) -> list[float]:
        backbone.dense(pixels)
        times = [clock()]
        for _ in range(RUNS):
            backbone.dense(pixels)
            times.append(clock())
        return [after - before for before, after in pairwise(times)]

    walls = seconds(time.perf_counter)
    torch.set_num_threads(1)
    return {
        "median": statistics.median(walls),
        "fastest": min(walls),
        "one_thread": min(seconds(time.process_time)),
        "folder": backbone.card.source,
    }


def refer(image: Path, model: str) -> dict[str, Any]:
    """One sentence in Python."""
    from dgl_rsis.pipeline import load

    load(model, device="cpu").refer(image, SENTENCE)
    return {}


def command_line(image: Path, model: str) -> dict[str, Any]:
    """One sentence on the command line, with a file as the result."""
    from dgl_rsis.apps.cli import main as run

    output = image.with_suffix(".gpkg")
    if run(["refer", str(image), SENTENCE, "--model", model, "-o", str(output)]) != 0:
        sys.exit(f"dgl-rsis refer found nothing for '{SENTENCE}'; the memory would be another")
    return {}


JOBS = {each.__name__: each for each in (draw, dense, refer, command_line)}


def in_own_process(job: str, image: Path, model: str) -> dict[str, Any]:
    """Run one of ``JOBS`` in a new process; what it returns, with its memory and imports."""
    environment = {**os.environ, "OMP_NUM_THREADS": str(CORES)}
    line = [sys.executable, __file__, "--model", model, "--job", job, "--image", str(image)]
    done = subprocess.run(line, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def do(job: str, image: Path, model: str) -> None:
    """Be that process."""
    import resource

    if hasattr(os, "sched_setaffinity"):  # Linux
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    result = JOBS[job](image, model)
    unit = 1 if sys.platform == "darwin" else 1024  # bytes
    result["memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
    result["transformers"] = "transformers" in sys.modules
    print(json.dumps(result))


def megabytes(folder: Path) -> float:
    """All files of a folder, in millions of bytes."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def number_formats(folder: Path) -> set[str]:
    """Number formats of all tensors, from the headers of the safetensors files."""
    formats = set()
    for path in folder.glob("*.safetensors"):
        with path.open("rb") as stream:
            header = json.loads(stream.read(int.from_bytes(stream.read(8), "little")))
        formats |= {tensor["dtype"] for name, tensor in header.items() if name != "__metadata__"}
    return formats


def report(model: str, image: Path) -> bool:
    """Print one row per cost; whether all limits are kept."""
    in_own_process("draw", image, model)
    features, *answers = (
        in_own_process(job, image, model) for job in ("dense", "refer", "command_line")
    )
    folder = Path(features["folder"])
    size, formats, seconds = megabytes(folder), number_formats(folder), features["median"]
    memory = [answer["memory"] for answer in answers]
    imported = any(each["transformers"] for each in (features, *answers))
    print(f"{command()}: two cores, two threads, {SIDE} px")
    print_header("Cost", "measured", "limit")
    print_row(
        "on disk", f"{size:.1f} MB, {', '.join(sorted(formats))}", f"{MOST_MEGABYTES:g} MB, half"
    )
    shown = (
        f"{seconds:.3f} s (fastest {features['fastest']:.3f} s; "
        f"{features['one_thread']:.3f} s of CPU in one thread)"
    )
    print_row("dense features", shown, f"{MOST_SECONDS} s")
    print_row("memory of `Model.refer`", f"{memory[0]:.0f} MB", f"{MOST_MEMORY:g} MB")
    print_row("memory of `dgl-rsis refer`", f"{memory[1]:.0f} MB", f"{MOST_MEMORY:g} MB")
    print_row("transformers", "imported" if imported else "not imported", "not imported")
    return (
        size <= MOST_MEGABYTES
        and set() < formats <= HALF  # empty where no weights were found
        and seconds <= MOST_SECONDS
        and max(memory) < MOST_MEMORY
        and not imported
    )


def main() -> None:
    """Measure, or be one of the processes that are measured."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--model", default="rs-tiny")
    parser.add_argument("--job", choices=JOBS, help=argparse.SUPPRESS)
    parser.add_argument("--image", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.job:
        do(options.job, options.image, options.model)
        return
    with tempfile.TemporaryDirectory() as folder:
        is_cheap = report(options.model, Path(folder) / "image.png")
    sys.exit(int(not is_cheap))


if __name__ == "__main__":
    main()
