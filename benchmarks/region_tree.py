"""Measure the region tree: quality on the instances of dior_mini, time and memory by size.

    python benchmarks/region_tree.py [--data FOLDER] [--side 512 ... | --learned-weight 0 30 ...]

Quality is the best IoU of any node with each instance, at full resolution, averaged over
instances. Time is CPU time of both trees, the mean over the images of dior_mini resized to squares;
each image is built once before at 64 pixels, so that imports are not timed. Memory is the largest
resident set above that before the first tree; each size has a process of its own. Growth is the time
over that of the smallest size, as a share of the growth of n log n, n the number of pixels.

With ``--learned-weight``: quality for each weight of the features of rs-tiny in the merging cost
(``proposals.learned_weight``), and CPU time of both trees with the features, at full size.

Exits with 1 when the mean best IoU is below 0.62, both trees at 512 px take more than 0.4 s, or a
size grows more than 20 % faster than n log n.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

# Nothing heavy is imported here: measuring has processes of its own.
from common import command, data_folder, print_header, print_row
from processes import measure, resident, run_alone

if TYPE_CHECKING:
    from dgl_rsis.types import RGBImage

IOU_FLOOR = 0.62
SECONDS_AT_512 = 0.4
MOST_GROWTH = 1.2  # of the growth of n log n
SIDES = (512, 1024, 2048, 4096)


def measure_quality(folder: Path) -> float:
    """Print the mean best IoU of each image; return it over all instances."""
    from dgl_rsis.benchmark.ceilings import ceiling, joined
    from dgl_rsis.benchmark.datasets.coco import read_coco
    from dgl_rsis.proposals.tree import build_region_tree

    parts = []
    print_header("Image", "instances", "mean best IoU", "nodes")
    for annotated in read_coco(folder / "annotations.json"):
        tree = build_region_tree(read_image(annotated.path))
        parts.append(ceiling(tree, annotated.instances))
        mean = f"{parts[-1].mean_iou:.3f}"
        print_row(annotated.path.name, str(len(parts[-1])), mean, str(len(tree)))
    everything = joined(parts)
    print_row("all", str(len(everything)), f"{everything.mean_iou:.3f}", "")
    return everything.mean_iou


def measure_weights(folder: Path, weights: list[float]) -> None:
    """Print quality and time for each weight of learned features."""
    from dgl_rsis.benchmark.ceilings import ceiling, joined
    from dgl_rsis.benchmark.datasets.coco import read_coco
    from dgl_rsis.pipeline import load

    images = list(read_coco(folder / "annotations.json"))
    print_header("Learned weight", "mean best IoU", "of at least 0.5", "CPU s")
    for weight in weights:
        model = load("rs-tiny", settings={"proposals": {"learned_weight": weight}})
        model.propose(read_image(images[0].path, 64))  # loading is not timed
        parts, seconds = [], []
        for annotated in images:
            tree, cost = measure(partial(model.propose, read_image(annotated.path)))
            parts.append(ceiling(tree, annotated.instances))
            seconds.append(cost.cpu)
        everything = joined(parts)
        print_row(
            f"{weight:g}", f"{everything.mean_iou:.3f}", f"{everything.recall:.2f}",
            f"{sum(seconds) / len(seconds):.2f}",
        )  # fmt: skip


def read_image(path: Path, side: int | None = None) -> RGBImage:
    """Pixels of an image, resized to a square if a side is given."""
    import numpy as np
    from PIL import Image

    with Image.open(path) as image:
        picture = image.convert("RGB")
    return np.asarray(picture if side is None else picture.resize((side, side)))


def build_all(folder: Path, side: int) -> dict[str, Any]:
    """Costs of both trees of every image in this process."""
    from dgl_rsis.proposals.tree import build_region_tree

    paths = sorted(folder.glob("*.jpg"))
    for path in paths:
        build_region_tree(read_image(path, 64))
    before, seconds, peaks, nodes = resident(), [], [], []
    for path in paths:
        tree, cost = measure(partial(build_region_tree, read_image(path, side)))
        seconds.append(cost.cpu)
        peaks.append(cost.peak)
        nodes.append(len(tree))
        del tree  # the next one is measured without it
    return {
        "mean": sum(seconds) / len(seconds),
        "worst": max(seconds),
        "memory": max(peaks) - before,
        "nodes": sum(nodes) / len(nodes),
    }


def measure_costs(folder: Path, sides: list[int]) -> bool:
    """Print one row per size; whether time keeps its limits."""
    print_header("Side px", "CPU s of both trees", "worst", "MB", "nodes", "growth / n log n")
    is_kept, first = True, 0.0
    for side in sides:
        found = run_alone(__file__, ["--data", str(folder.parent), "--side", str(side), "--alone"])
        per_pixel = found["mean"] / n_log_n(side)
        first = first or per_pixel
        growth = per_pixel / first
        print_row(
            str(side), f"{found['mean']:.2f}", f"{found['worst']:.2f}",
            f"{found['memory'] / 1e6:.0f}", f"{found['nodes']:.0f}", f"{growth:.2f}",
        )  # fmt: skip
        is_kept &= growth <= MOST_GROWTH and (side != 512 or found["mean"] <= SECONDS_AT_512)
    return is_kept


def n_log_n(side: int) -> float:
    """``n log n`` of the pixels of a square."""
    return side**2 * math.log(side**2)


def main() -> None:
    """Run both measurements and compare with the limits, or be one of the processes."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, help="folder that holds dior_mini")
    parser.add_argument("--side", type=int, nargs="+", default=SIDES, help="pixels, ascending")
    parser.add_argument("--learned-weight", type=float, nargs="+", help="compare these instead")
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    folder = data_folder(options.data) / "dior_mini"
    if options.alone:
        print(json.dumps(build_all(folder, options.side[0])))
        return
    print(command())
    if options.learned_weight:
        measure_weights(folder, options.learned_weight)
        return
    quality = measure_quality(folder)
    is_fast = measure_costs(folder, list(options.side))
    good = quality >= IOU_FLOOR and is_fast
    print("\nall limits kept" if good else "\na limit is missed")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
