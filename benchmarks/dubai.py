"""Measure the land-cover map on Dubai tile 6 (development data), for every painter.

    python benchmarks/dubai.py [--data FOLDER] [--model NAME] [--tile 6] [--painter NAME ...]
                               [--names water sand road building vegetation] [--background]
                               [--orientations 4] [--set stage.option=value ...]

Classes are asked for as water, sand, road, building, vegetation, or by five other names in this
order (the second class is any unpaved land); every labelled pixel counts (label 0 and 255 do
not), in one confusion matrix over all parts of the tile. A map should not depend on how the image
is turned, so every part is read after zero to three quarter turns, and all four count; *lowest* and
*highest* are the mIoU of single orientations, between which that of all counts need not lie. Without
``--background`` every pixel gets one of the five. *Nothing* is the share of labelled pixels without a class, the calibration error
that of the scores of all others, in 10 bins. The first row is what calling everything by the second
name would reach. Tiles 1 to 5 may have trained the weights (their card says so): supervised and
in-domain. Exits with 1 when the best painter stays below a mIoU of 0.50, or the default does worse
than it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np
from common import command, data_folder, print_header, print_row
from numpy.typing import NDArray
from PIL import Image

from dgl_rsis.benchmark.calibration import expected_calibration_error
from dgl_rsis.benchmark.metrics import class_ious, confusion_matrix, mean_iou, overall_accuracy
from dgl_rsis.config import make_settings, parse_overrides
from dgl_rsis.geo.raster import read_raster
from dgl_rsis.pipeline import Model, load
from dgl_rsis.types import RGBImage

CLASSES = ("water", "sand", "road", "building", "vegetation")
PAINTERS = ("dense", "leaf", "mask", "cut")
FLOOR = 0.50
ORIENTATIONS = 8  # of a rectangle


def paths_of(folder: Path, tile: int) -> list[Path]:
    """The parts of a tile, in order; ends the command where there is none."""
    images = sorted((folder / "images").glob(f"tile{tile}_*.jpg"))
    if not images:
        sys.exit(f"{folder / 'images'} has no images of tile {tile}")
    return images


def labels_of(path: Path) -> NDArray[np.int16]:
    """Truth as indices into ``CLASSES``, -1 where nothing is labelled."""
    with Image.open(path) as image:
        values = np.asarray(image).astype(np.int16)
    return np.where((values == 0) | (values == 255), np.int16(-1), values - np.int16(1))


Turnable = TypeVar("Turnable", bound=NDArray[Any])


def turned(picture: Turnable, orientation: int) -> Turnable:
    """An array ``(h, w, ...)`` in one of the eight orientations of a rectangle; 0 leaves it as it is."""
    mirrored = picture[:, ::-1] if orientation >= 4 else picture
    return cast("Turnable", np.ascontiguousarray(np.rot90(mirrored, orientation % 4)))


def report(name: str, confusions: Sequence[NDArray[np.int64]], error: float | None = None) -> float:
    """Print one row of all orientations together; return their mIoU.

    Args:
        name: of the row.
        confusions: one per orientation.
        error: of calibration, where there is one.
    """
    confusion = np.sum(confusions, axis=0)
    mean, nothing = mean_iou(confusion), confusion[:, -1].sum() / confusion.sum()
    each = [mean_iou(one) for one in confusions]
    figures = (mean, min(each), max(each), overall_accuracy(confusion), *class_ious(confusion))
    last = "-" if error is None else f"{error:.3f}"
    print_row(name, *(f"{figure:.3f}" for figure in (*figures, nothing)), last)
    return mean


def measure(
    model: Model, images: Sequence[RGBImage], truths: Sequence[NDArray[np.int16]],
    names: Sequence[str], *, background: bool, orientations: int,
) -> tuple[list[NDArray[np.int64]], float]:  # fmt: skip
    """The confusion matrix over all images by orientation, and the calibration error of the scores."""
    confusions = []
    scores, hits = [], []
    for orientation in range(orientations):
        confusion = np.zeros((len(names), len(names) + 1), np.int64)
        for image, labels in zip(images, truths, strict=True):
            truth = turned(labels, orientation)
            picture = turned(image, orientation)
            found = model.segment(picture, names, other=None if background else False)
            confusion += confusion_matrix(truth, found.labels, len(names))
            kept = (truth >= 0) & (found.labels >= 0)
            scores.append(found.scores[kept])
            hits.append(found.labels[kept] == truth[kept])
        confusions.append(confusion)
    return confusions, expected_calibration_error(np.concatenate(scores), np.concatenate(hits))


def main() -> None:
    """Print one row per painter."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--model", default="rs-tiny")
    parser.add_argument("--tile", type=int, default=6)
    parser.add_argument("--painter", choices=PAINTERS, nargs="+", default=PAINTERS)
    parser.add_argument("--names", nargs=5, default=CLASSES, metavar="NAME")
    parser.add_argument("--background", action="store_true", help="background words compete")
    parser.add_argument(
        "--orientations",
        type=int,
        choices=range(1, ORIENTATIONS + 1),
        default=4,
        help="how many; from 5 on mirrored ones as well",
    )
    parser.add_argument("--set", nargs="+", default=[], metavar="STAGE.OPTION=VALUE")
    options = parser.parse_args()
    folder = data_folder(options.data) / "dubai"
    paths = paths_of(folder, options.tile)
    images = [read_raster(path).rgb for path in paths]
    truths = [labels_of(folder / "labels" / f"{path.stem}.png") for path in paths]
    print(f"{command()}: tile {options.tile}, {len(images)} images")
    print_header(
        "Painter", "mIoU", "lowest", "highest", "accuracy", *options.names, "nothing",
        "expected calibration error",
    )  # fmt: skip
    one = [confusion_matrix(truth, np.ones_like(truth), len(CLASSES)) for truth in truths]
    report(f"everything {options.names[1]}", [np.sum(one, axis=0)])
    found = {}
    for painter in options.painter:
        overrides = parse_overrides(options.set)
        overrides.setdefault("paint", {})["painter"] = painter
        model = load(options.model, settings=overrides)
        confusions, error = measure(
            model, images, truths, options.names,
            background=options.background, orientations=options.orientations,
        )  # fmt: skip
        found[painter] = report(painter, confusions, error)
    best = max(found.values())
    default = make_settings(overrides=parse_overrides(options.set)).painter
    sys.exit(int(best < FLOOR or found.get(default, best) < best))


if __name__ == "__main__":
    main()
