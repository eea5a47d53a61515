"""Measure how long a 512 px image takes after loading (preset default).

    python benchmarks/speed.py [--model NAME] [--size 512] [--preset default]

The best of three wall times each; `segment` may take 3 s and `refer` 5 s on two cores. Exits
with 1 when one of them takes longer at 512 px.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

from dgl_rsis.pipeline import load
from dgl_rsis.render import render_scene

LIMITS = {"segment": 3.0, "refer": 5.0}


def best_of_three(job: Callable[[], object]) -> float:
    """Seconds of the fastest run."""
    times = []
    for _ in range(3):
        start = time.perf_counter()
        job()
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> None:
    """Print both times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="rs-tiny")
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--preset", default="default")
    options = parser.parse_args()
    model = load(options.model, preset=options.preset)
    image = render_scene(1, size=options.size).image
    classes = ["building", "road", "grass", "tree", "water"]
    seconds = {
        "segment": best_of_three(lambda: model.segment(image, classes)),
        "refer": best_of_three(lambda: model.refer(image, "the largest building on the left")),
    }
    for name, value in seconds.items():
        print(f"{name} {options.size} px, preset {options.preset}: {value:.2f} s")
    late = [name for name, value in seconds.items() if value > LIMITS[name]]
    sys.exit(int(bool(late) and options.size == 512))


if __name__ == "__main__":
    main()
