"""Measure the region tree: quality on the instances of dior_mini, time and number of nodes.

    python benchmarks/region_tree.py [--data FOLDER]

Quality is the best IoU of any node with each instance, at full resolution, averaged over
instances. The floor is 0.61; both trees together may take 0.8 s of CPU at 512 px, and 24 times
that at 2,048 px. Exits with 1 when one of them is missed.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
from common import data_folder
from numpy.typing import NDArray
from PIL import Image

from dgl_rsis.benchmark.datasets.coco import read_coco
from dgl_rsis.proposals.tree import RegionTree, build_region_tree

IOU_FLOOR = 0.61
SECONDS_AT_512 = 0.8
GROWTH_TO_2048 = 24.0


def best_iou(tree: RegionTree, mask: NDArray[np.bool_]) -> float:
    """Best IoU of any node with a mask, from the mask's pixels in every leaf."""
    best = 0.0
    for number in range(tree.tree_count):
        labels = tree.leaf_labels(number)[mask]
        inside = np.bincount(labels[labels >= 0], minlength=tree.leaf_count(number))
        overlap = tree.accumulate(inside, number)
        areas = tree.areas[tree.offsets[number] : tree.offsets[number + 1]]
        best = max(best, float((overlap / (areas + mask.sum() - overlap)).max()))
    return best


def measure_quality(folder: Path) -> float:
    """Print the mean best IoU of each image; return it over all instances."""
    everything: list[float] = []
    for annotated in read_coco(folder / "annotations.json"):
        tree = build_region_tree(np.asarray(Image.open(annotated.path).convert("RGB")))
        instances = annotated.instances
        scores = [best_iou(tree, instances.mask(index)) for index in range(len(instances))]
        everything += scores
        print(
            f"{annotated.path.name}: {len(scores)} instances, mean best IoU "
            f"{np.mean(scores):.3f}, {len(tree)} nodes"
        )
    return float(np.mean(everything))


def measure_time(folder: Path) -> dict[int, float]:
    """Print CPU seconds of both trees by side of the image, mean over all images."""
    seconds: dict[int, float] = {}
    for side in (512, 1024, 2048):
        spent, nodes = [], []
        for path in sorted(folder.glob("*.jpg")):
            image = np.asarray(Image.open(path).convert("RGB").resize((side, side)))
            start = time.process_time()
            tree = build_region_tree(image)
            spent.append(time.process_time() - start)
            nodes.append(len(tree))
        seconds[side] = float(np.mean(spent))
        print(
            f"{side} px: {seconds[side]:.2f} s of CPU (worst {max(spent):.2f}), "
            f"{np.mean(nodes):.0f} nodes"
        )
    return seconds


def main() -> None:
    """Run both measurements and compare with the limits."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, help="folder that holds dior_mini")
    folder = data_folder(parser.parse_args().data) / "dior_mini"
    build_region_tree(np.zeros((8, 8, 3), dtype=np.uint8))  # imports are not timed
    quality = measure_quality(folder)
    print(f"all instances: mean best IoU {quality:.3f} (at least {IOU_FLOOR})")
    seconds = measure_time(folder)
    growth = seconds[2048] / seconds[512]
    print(f"2,048 px takes {growth:.1f} times 512 px (at most {GROWTH_TO_2048:.0f})")
    good = quality >= IOU_FLOOR and seconds[512] <= SECONDS_AT_512 and growth <= GROWTH_TO_2048
    print("all limits kept" if good else "a limit is missed")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
