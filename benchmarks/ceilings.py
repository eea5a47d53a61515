"""Measure oracle ceilings of proposers: how well the best proposal fits each true instance.

    python benchmarks/ceilings.py [--data FOLDER] [--model NAME] [--set-name dior_mini ...]
                                  [--proposer tree --proposer tree+sam2 ...]
                                  [--checkpoint sam2=dir:FOLDER ...] [--first 81000] [--scenes 8]

* ``dior_mini``: instance masks
* ``dota_mini``: oriented boxes; upright boxes of instances and proposals are compared
* ``dubai``: 4-connected components of the labels of tile 6 with at least 100 pixels
* ``rendered``: the visible parts of the objects of test scenes (*rendered*)

Of each proposer: proposals per image, CPU seconds per image with the dense features that it reads,
mean IoU of the best proposal of each instance, and the share of instances where it is at least 0.5;
both again for instances below 32 squared pixels, from there below 96 squared, and larger.
Networks with checkpoints of their own are measured where they are named:
``--proposer sam2 --checkpoint sam2=facebook/sam2.1-hiera-small``.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from common import command, data_folder, print_header, print_row
from instances import READERS
from PIL import Image
from regions import read_regions

from dgl_rsis.benchmark.ceilings import SIZES, Ceiling, ceiling, joined
from dgl_rsis.pipeline import Model, load
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.render import render_scene
from dgl_rsis.types import MapFrame, Raster, RGBImage

PROPOSERS = ("tree", "flat", "maskcut", "hierarchy", "tree+maskcut", "tree+hierarchy")
SETS = ("dior_mini", "dota_mini", "dubai", "rendered")
BOXES = ("dota_mini",)
TILE, LEAST_AREA = 6, 100


@dataclass(frozen=True)
class Sample:
    """An image with its true instances."""

    raster: Raster
    truth: MaskSet


def samples(name: str, data: Path | None, seeds: range) -> Iterator[Sample]:
    """The images of a set."""
    if name == "rendered":
        for scene in (render_scene(seed, split="test") for seed in seeds):
            corners = [each.box[:2] for each in scene.instances]
            crops = [each.mask for each in scene.instances]
            truth = MaskSet.from_crops(crops, corners, scene.class_map.shape)
            yield _sample(scene.image, truth, scene.frame)
    elif name == "dubai":
        for regions in read_regions(data_folder(data) / name, TILE, LEAST_AREA):
            yield _sample(regions.picture, regions.masks)
    else:
        for annotated in READERS[name](data_folder(data) / name):
            with Image.open(annotated.path) as image:
                pixels = np.asarray(image.convert("RGB"))
            yield _sample(pixels, annotated.instances)


def _sample(pixels: RGBImage, truth: MaskSet, frame: MapFrame | None = None) -> Sample:
    return Sample(Raster(pixels, np.ones(pixels.shape[:2], bool), frame), truth)


def measure(model: Model, images: Sequence[Sample], by_boxes: bool) -> tuple[Ceiling, list[str]]:
    """Ceiling over all images; proposals and seconds per image, as cells."""
    model.propose(np.zeros((64, 64, 3), np.uint8))  # loading is not timed
    parts, counts, seconds = [], [], []
    for sample in images:
        start = time.process_time()
        proposals = model.propose(sample.raster)
        seconds.append(time.process_time() - start)
        counts.append(len(proposals))
        parts.append(ceiling(proposals, sample.truth, by_boxes=by_boxes))
    return joined(parts), [f"{np.mean(counts):.0f}", f"{np.mean(seconds):.2f}"]


def report(name: str, models: dict[str, Model], images: Sequence[Sample]) -> None:
    """Print one row per proposer."""
    areas = np.concatenate([sample.truth.areas for sample in images])
    everything = Ceiling(np.zeros(len(areas), np.float32), areas)
    sizes = (f"{size} ({len(everything.of_size(size))})" for size in SIZES)
    print_header(
        f"{name}, images: {len(images)}", "proposals", "CPU s", f"all ({len(everything)})", *sizes
    )
    for proposer, model in models.items():
        found, costs = measure(model, images, name in BOXES)
        parts = [found, *(found.of_size(size) for size in SIZES)]
        shown = (f"{part.mean_iou:.3f} / {part.recall:.2f}" if len(part) else "-" for part in parts)
        print_row(proposer, *costs, *shown)


def load_model(name: str, proposer: str, checkpoints: dict[str, str]) -> Model:
    """A model with a proposer, and those of the checkpoints that it has a use for."""
    own = {part: checkpoints[part] for part in proposer.split("+") if part in checkpoints}
    return load(name, proposer=proposer, settings={"proposals": {"checkpoint": own or None}})


def main() -> None:
    """Print one table per set."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--model", default="rs-tiny")
    parser.add_argument("--set-name", nargs="+", choices=SETS, default=SETS)
    parser.add_argument("--proposer", action="append", metavar="NAME", help="may be repeated")
    parser.add_argument("--checkpoint", action="append", default=[], metavar="PROPOSER=NAME")
    parser.add_argument("--first", type=int, default=81000, help="seed of the first scene")
    parser.add_argument("--scenes", type=int, default=8, help="how many are rendered")
    options = parser.parse_args()
    checkpoints = dict(each.split("=", 1) for each in options.checkpoint)
    models = {
        proposer: load_model(options.model, proposer, checkpoints)
        for proposer in options.proposer or PROPOSERS
    }
    print(f"{command()}: mean IoU of the best proposal / share of at least 0.5")
    seeds = range(options.first, options.first + options.scenes)
    for name in options.set_name:
        report(name, models, list(samples(name, options.data, seeds)))


if __name__ == "__main__":
    main()
