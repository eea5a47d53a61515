"""Measure the land-cover map on Dubai tile 6 (development data), for every painter.

    python benchmarks/dubai.py [--data FOLDER] [--model NAME] [--tile 6] [--set stage.option=value]

Classes are asked for as water, sand, road, building, vegetation; every labelled pixel counts
(label 0 and 255 do not), in one confusion matrix over all parts of the tile. `nothing` is the
share of labelled pixels left without a class. The first line is what calling everything sand
would reach.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from common import data_folder
from PIL import Image

from dgl_rsis.benchmark.metrics import class_ious, confusion_matrix, mean_iou, overall_accuracy
from dgl_rsis.config import parse_overrides
from dgl_rsis.pipeline import load

CLASSES = ("water", "sand", "road", "building", "vegetation")
PAINTERS = ("dense", "leaf", "mask", "cut")


def labels_of(path: Path) -> np.ndarray[tuple[int, int], np.dtype[np.int16]]:
    """Truth as indices into ``CLASSES``, -1 where nothing is labelled."""
    with Image.open(path) as image:
        values = np.asarray(image).astype(np.int16)
    return np.where((values == 0) | (values == 255), np.int16(-1), values - np.int16(1))


def report(name: str, confusion: np.ndarray[tuple[int, int], np.dtype[np.int64]]) -> None:
    """One line of figures."""
    nothing = confusion[:, -1].sum() / confusion.sum()
    ious = "  ".join(f"{c} {v:.3f}" for c, v in zip(CLASSES, class_ious(confusion), strict=True))
    print(
        f"{name:16s} mIoU {mean_iou(confusion):.3f}  accuracy {overall_accuracy(confusion):.3f}  "
        f"nothing {nothing:.3f}  {ious}",
        flush=True,
    )


def main() -> None:
    """Print one line per painter."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--model", default="rs-tiny")
    parser.add_argument("--tile", type=int, default=6)
    parser.add_argument("--painter", choices=PAINTERS, action="append")
    parser.add_argument("--other", choices=("none", "false"), default="false")
    parser.add_argument("--set", action="append", default=[], metavar="STAGE.OPTION=VALUE")
    options = parser.parse_args()
    folder = data_folder(options.data) / "dubai"
    images = sorted((folder / "images").glob(f"tile{options.tile}_*.jpg"))
    truths = [labels_of(folder / "labels" / f"{image.stem}.png") for image in images]
    sand = sum(confusion_matrix(t, np.ones_like(t), len(CLASSES)) for t in truths)
    report("everything sand", np.asarray(sand))
    for painter in options.painter or PAINTERS:
        overrides = parse_overrides(options.set)
        overrides.setdefault("paint", {})["painter"] = painter
        model = load(options.model, settings=overrides)
        confusion = np.zeros((len(CLASSES), len(CLASSES) + 1), np.int64)
        for image, truth in zip(images, truths, strict=True):
            other = False if options.other == "false" else None
            predicted = model.segment(image, CLASSES, other=other).labels
            confusion += confusion_matrix(truth, predicted, len(CLASSES))
        report(painter, confusion)


if __name__ == "__main__":
    main()
