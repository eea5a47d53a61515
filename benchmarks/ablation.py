"""Measure what every switch of the method is worth, on rendered scenes (*rendered* figures).

    python benchmarks/ablation.py [--model NAME] [--scenes 8] [--size 384]

Each line switches one stage off (docs/design.md 1.7): the mean IoU of the map over the
land-cover kinds present, and of the sentences the mean IoU and the share with IoU >= 0.5. Of the
map only the words count: with the painter ``leaf``, mask guidance, crops and Grad-CAM do not act
on it, and sentences are not part of it. Such switches have ``-`` there.
"""

from __future__ import annotations

import argparse

import numpy as np

from dgl_rsis.benchmark.evaluation.ways import Way
from dgl_rsis.benchmark.metrics import confusion_matrix, mask_iou, mean_iou
from dgl_rsis.pipeline import Model, load
from dgl_rsis.render import RenderedScene, render_scene
from dgl_rsis.types import Raster

FIRST_SEED = 9000
LEAST_SHARE = 0.01
SHOWN = (
    "default",
    "without text decoupling",
    "with context crops",
    "with mask guidance",
    "without knowledge",
    "without cross-scale",
    "without global enhancement",
    "without activation",
    "without mask selection",
    "without program",
    "fast",
    "paper",
)
ACT_ON_THE_MAP = ("default", "without knowledge", "fast", "paper")


def measure(
    model: Model, scenes: list[RenderedScene], *, maps_too: bool
) -> tuple[float | None, float, float, int]:
    """Map mIoU (None if not asked for), sentence mIoU, share right, number of sentences."""
    maps: list[float] = []
    ious = []
    for scene in scenes:
        raster = Raster(scene.image, np.ones(scene.image.shape[:2], bool), scene.frame)
        if maps_too:
            maps.append(measure_map(model, raster, scene))
        masks = {each.id: each for each in scene.instances}
        results = model.refer_many(raster, [s.text for s in scene.sentences])
        for sentence, result in zip(scene.sentences, results, strict=True):
            truth = np.zeros(scene.image.shape[:2], bool)
            for number in sentence.instance_ids:
                x0, y0, x1, y1 = masks[number].box
                truth[y0:y1, x0:x1] |= masks[number].mask
            ious.append(mask_iou(truth, result.mask))
    right = np.mean(np.array(ious) >= 0.5)
    return float(np.mean(maps)) if maps else None, float(np.mean(ious)), float(right), len(ious)


def measure_map(model: Model, raster: Raster, scene: RenderedScene) -> float:
    """Mean IoU of the map over the land-cover kinds that are present."""
    shares = np.bincount(scene.class_map.ravel(), minlength=len(scene.classes))
    asked = np.flatnonzero(shares >= LEAST_SHARE * scene.class_map.size)
    lookup = np.full(len(scene.classes), -1, np.int16)
    lookup[asked] = np.arange(len(asked))
    names = [scene.classes[k] for k in asked]
    predicted = model.segment(raster, names).labels
    return mean_iou(confusion_matrix(lookup[scene.class_map], predicted, len(asked)))


def main() -> None:
    """Print one line per switch."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="rs-tiny")
    parser.add_argument("--scenes", type=int, default=8)
    parser.add_argument("--size", type=int, default=384)
    parser.add_argument("--only", action="append", choices=SHOWN)
    options = parser.parse_args()
    scenes = [render_scene(FIRST_SEED + k, size=options.size) for k in range(options.scenes)]
    for name in options.only or SHOWN:
        way = Way(options.model, name)
        model = load(options.model, preset=way.preset, settings=way.overrides)
        map_iou, mean, right, count = measure(model, scenes, maps_too=name in ACT_ON_THE_MAP)
        shown = "-    " if map_iou is None else f"{map_iou:.3f}"
        print(
            f"{name:28s} map mIoU {shown}  sentences: mIoU {mean:.3f}, "
            f"{right:.2f} of {count} right (rendered)",
            flush=True,
        )


if __name__ == "__main__":
    main()
