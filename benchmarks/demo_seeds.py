"""Measure the demo over many seeds (*rendered* figures): how many of them pass.

python benchmarks/demo_seeds.py [--model NAME | --true-classes] [--first 100] [--count 10] [--verbose]

With --true-classes the model is replaced by the truth: what remains wrong is the loss of the other
stages.
"""

from __future__ import annotations

import argparse

import numpy as np

from dgl_rsis.apps.demo import (
    LEAST_MEAN_IOU,
    LEAST_RIGHT,
    RIGHT_IOU,
    SENTENCES,
    land_cover,
    score_answers,
    score_map,
)
from dgl_rsis.benchmark.datasets.samples import ClassMap
from dgl_rsis.benchmark.true_classes import TrueClasses
from dgl_rsis.config import make_settings, parse_overrides
from dgl_rsis.pipeline import Model, load
from dgl_rsis.render import CLASSES, render_scene
from dgl_rsis.types import Raster


def main() -> None:
    """Print one line per seed and the means."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="rs-tiny")
    parser.add_argument("--true-classes", action="store_true")
    parser.add_argument("--first", type=int, default=100)
    parser.add_argument("--count", type=int, default=10)
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--set", action="append", default=[], metavar="STAGE.OPTION=VALUE")
    options = parser.parse_args()
    overrides = parse_overrides(options.set)
    model = None if options.true_classes else load(options.model, settings=overrides)
    means, rights, passes = [], [], []
    for seed in range(options.first, options.first + options.count):
        scene = render_scene(seed)
        truth = TrueClasses(ClassMap(CLASSES, scene.class_map))
        own = model or Model(truth, make_settings(overrides=overrides))
        raster = Raster(scene.image, np.ones(scene.image.shape[:2], bool), scene.frame)
        score = score_map(own.segment(raster, land_cover(scene)), scene)
        asked = scene.sentences[:SENTENCES]
        answers = own.refer_many(raster, [sentence.text for sentence in asked])
        ious = score_answers(answers, asked, scene)
        right = sum(iou >= RIGHT_IOU for iou in ious)
        means.append(score.mean_iou)
        rights.append(right)
        passes.append(score.mean_iou >= LEAST_MEAN_IOU and right >= LEAST_RIGHT)
        verdict = "passes" if passes[-1] else "FAILS"
        print(
            f"seed {seed} {scene.theme}: mIoU {score.mean_iou:.3f}, {right} right, {verdict}",
            flush=True,
        )
        if options.verbose:
            print("  ", {name: round(iou, 2) for name, iou in score.ious.items()})
            for sentence, iou, answer in zip(asked, ious, answers, strict=True):
                print(f"   {iou:.2f} {sentence.text} {answer.notes}")
    print(
        f"{sum(passes)} of {len(passes)} pass; mean mIoU {np.mean(means):.3f}, "
        f"{np.mean(rights) / SENTENCES:.2f} of the sentences right (rendered)"
    )


if __name__ == "__main__":
    main()
