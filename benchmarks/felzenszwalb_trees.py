"""Compare the region trees with the textbook: scikit-image's leaves, merged by Ward's cost.

    python benchmarks/felzenszwalb_trees.py [--data FOLDER] [--model NAME]
                                            [--set-name dior_mini dubai] [--min-size 20]

The reference is two trees over the superpixels of ``skimage.segmentation.felzenszwalb`` at scales 60
and 200, for colours in 0..255. The cheapest pair of neighbours merges first, by Ward's cost
``|m_a - m_b| * sqrt(A_a * A_b / (A_a + A_b))`` on smoothed Lab, m the mean colours, A the areas; every
node is a proposal. Neighbours touch at a side or a corner, as the superpixels are 8-connected.

* ``dior_mini``: instance masks
* ``dubai``: 4-connected components of the labels of tile 6 with at least 100 pixels

Of each way: proposals per image, CPU seconds per image, mean IoU of the best node of each instance,
and the share of instances where it is at least 0.5. Ours with learned features read them in those
seconds. Exits with 1 where the mean IoU of ours, by colour alone or with learned features as in the
defaults, is below that of the reference, at three digits.
"""

from __future__ import annotations

import argparse
import heapq
import math
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ceilings import Sample, samples
from common import command, print_header, print_row
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from skimage.color import rgb2lab
from skimage.segmentation import felzenszwalb

from dgl_rsis.benchmark.ceilings import Ceiling, ceiling, joined
from dgl_rsis.pipeline import load
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.proposals.tree import build_region_tree
from dgl_rsis.types import IntArray, Raster, RGBImage

SCALES = (60, 200)
SMOOTHING = 0.8  # pixels: felzenszwalb's own
MIN_SIZE = 20  # pixels of the smallest superpixel: felzenszwalb's own
SETS = ("dior_mini", "dubai")

Pairs = NDArray[np.integer[Any]]


@dataclass(frozen=True)
class Tree:
    """A binary tree over superpixels: the first nodes are the superpixels, the last is the root.

    Attributes:
        labels: ``(H, W)`` superpixel of each pixel, from 0 without gaps.
        merges: for each further node the two that make it.
    """

    labels: IntArray
    merges: list[tuple[int, int]]

    def __len__(self) -> int:
        return 2 * len(self.merges) + 1

    def sums(self, leaves: IntArray) -> IntArray:
        """Sums ``(N, ...)`` over all nodes of what is known of the superpixels."""
        table = np.concatenate([leaves, np.zeros((len(self.merges), *leaves.shape[1:]), np.int64)])
        for node, (first, second) in enumerate(self.merges, start=len(leaves)):
            table[node] = table[first] + table[second]
        return table


def neighbours(labels: IntArray) -> Pairs:
    """Pairs ``(P, 2)`` of labels that touch at a side or a corner, each once."""
    sides = [
        (labels[:, :-1], labels[:, 1:]),
        (labels[:-1], labels[1:]),
        (labels[:-1, :-1], labels[1:, 1:]),
        (labels[:-1, 1:], labels[1:, :-1]),
    ]
    pairs = np.concatenate([np.stack([a.ravel(), b.ravel()], axis=1) for a, b in sides])
    return np.unique(np.sort(pairs[pairs[:, 0] != pairs[:, 1]], axis=1), axis=0)


def merged(
    means: NDArray[np.floating[Any]], areas: IntArray, pairs: Pairs
) -> list[tuple[int, int]]:
    """Merges by Ward's cost, the cheapest first; the first makes node ``len(means)``, and so on.

    Args:
        means: ``(L, C)`` mean colours.
        areas: ``(L,)`` pixels.
        pairs: ``(P, 2)`` which of them touch; all hang together.
    """
    mean: list[list[float]] = means.tolist()
    area: list[int] = areas.tolist()
    near: list[set[int]] = [set() for _ in area]

    def cost(a: int, b: int) -> float:
        return math.dist(mean[a], mean[b]) * math.sqrt(area[a] * area[b] / (area[a] + area[b]))

    heap = []
    for a, b in pairs.tolist():
        near[a].add(b)
        near[b].add(a)
        heap.append((cost(a, b), a, b))
    heapq.heapify(heap)
    gone: set[int] = set()
    merges = []
    while heap:
        _, a, b = heapq.heappop(heap)
        if a in gone or b in gone:
            continue
        node = len(area)
        merges.append((a, b))
        gone |= {a, b}
        area.append(area[a] + area[b])
        both = zip(mean[a], mean[b], strict=True)
        mean.append([(area[a] * x + area[b] * y) / area[node] for x, y in both])
        near.append((near[a] | near[b]) - {a, b})
        for other in near[node]:
            near[other] = near[other] - {a, b} | {node}
            heapq.heappush(heap, (cost(other, node), other, node))
    return merges


def reference_trees(picture: RGBImage, min_size: int = MIN_SIZE) -> list[Tree]:
    """A tree at each scale."""
    smooth = gaussian_filter(picture / 255.0, (SMOOTHING, SMOOTHING, 0))
    lab = rgb2lab(smooth).reshape(-1, 3)
    trees = []
    for scale in SCALES:
        # its colours reach from 0 to 1, and it divides the scale by 255 itself
        labels = felzenszwalb(picture, scale=scale, sigma=SMOOTHING, min_size=min_size)
        areas = np.bincount(labels.ravel())
        sums = [np.bincount(labels.ravel(), lab[:, channel]) for channel in range(3)]
        means = np.stack(sums, axis=1) / areas[:, None]
        trees.append(Tree(labels, merged(means, areas, neighbours(labels))))
    return trees


def best_nodes(trees: Sequence[Tree], truth: MaskSet) -> Ceiling:
    """IoU of each instance with the node of any tree that fits it best."""
    best = np.zeros(len(truth))
    for tree in trees:
        areas = tree.sums(np.bincount(tree.labels.ravel()))
        for number in range(len(truth)):
            inside = tree.labels[truth.mask(number)]
            shared = tree.sums(np.bincount(inside, minlength=int(tree.labels.max()) + 1))
            overlaps = shared / (areas + len(inside) - shared)
            best[number] = max(best[number], overlaps.max())
    return Ceiling(best.astype(np.float32), truth.areas)


@dataclass
class Way:
    """A way to make trees, and what was measured of it.

    Attributes:
        build: trees of an image, which have a length.
        fit: the best overlaps of the instances of an image.
    """

    build: Callable[[Raster], Any]
    fit: Callable[[Any, MaskSet], Ceiling]

    def measure(self, images: Sequence[Sample]) -> tuple[Ceiling, float, float]:
        """Overlaps of all instances; proposals and CPU seconds per image."""
        self.build(Raster(np.zeros((64, 64, 3), np.uint8), np.ones((64, 64), bool), None))
        parts, counts, seconds = [], [], []
        for image in images:
            start = time.process_time()
            made = self.build(image.raster)
            seconds.append(time.process_time() - start)
            counts.append(sum(map(len, made)) if isinstance(made, list) else len(made))
            parts.append(self.fit(made, image.truth))
        return joined(parts), float(np.mean(counts)), float(np.mean(seconds))


def main() -> None:
    """Print one table per set, and compare."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--model", default="rs-tiny", help="whose features are learned")
    parser.add_argument("--set-name", nargs="+", choices=SETS, default=SETS)
    parser.add_argument("--min-size", type=int, default=MIN_SIZE, help="of the reference's leaves")
    options = parser.parse_args()
    model = load(options.model)
    ways = {
        "reference": Way(lambda raster: reference_trees(raster.rgb, options.min_size), best_nodes),
        "ours by colour": Way(lambda raster: build_region_tree(raster.rgb), ceiling),
        "ours with learned features": Way(model.propose, ceiling),
    }
    print(command())
    is_worse = False
    for name in options.set_name:
        images = list(samples(name, options.data, range(0)))
        count = sum(len(image.truth) for image in images)
        print_header(
            f"{name}, {count} instances in {len(images)} images",
            "proposals", "CPU s", "mean best-node IoU", "of at least 0.5",
        )  # fmt: skip
        found = {}
        for label, way in ways.items():
            best, proposals, seconds = way.measure(images)
            found[label] = round(best.mean_iou, 3)
            print_row(
                label, f"{proposals:.0f}", f"{seconds:.2f}", f"{found[label]:.3f}",
                f"{best.recall:.2f}",
            )  # fmt: skip
        is_worse |= min(found.values()) < found["reference"]
    print(f"\nours {'are worse' if is_worse else 'are no worse'} than the reference")
    sys.exit(int(is_worse))


if __name__ == "__main__":
    main()
