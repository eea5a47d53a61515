"""Measure region classification on Dubai tile 6 with true masks, by every view of the software.

    python benchmarks/regions.py [--data FOLDER] [--model NAME] [--tile 6] [--least-area 100]

A region is a 4-connected component of one label with at least ``--least-area`` pixels; smaller
ones are mostly steps in the outlines. Its true mask is given as the proposal, and the names are
water, sand, road, building, vegetation, with the synonyms of the knowledge file and without
background words: every region must be one of the five. Mean class accuracy is the mean over the
five classes of the share of regions that get their own name, however large they are.

* dense pooling: the mean of what the cells inside the mask are and of what their mean feature is
* mask guidance: the head's pooling restricted to the mask
* tight crop: the square around the bounding box, its pixels as they are
* context crop: the software's own crop, of every region
* default: what ``label`` says of given polygons, each read at the scales that suit its size

The images carry no ground resolution. The calibration error is the expected one of the scores, in 10
bins. Seconds are wall time per image, with the dense features
where a view uses them. Tiles 1 to 5 may have trained the weights (their card says so): supervised
and in-domain. Exits with 1 when the mean class accuracy of the default is below 0.75.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely
from affine import Affine
from common import command, data_folder, print_header, print_row
from dubai import CLASSES, labels_of, paths_of
from geopandas import GeoDataFrame
from PIL import Image
from rasterio.features import shapes as pixel_shapes

from dgl_rsis.benchmark.calibration import expected_calibration_error
from dgl_rsis.benchmark.metrics import class_accuracies, confusion_matrix, mean_class_accuracy
from dgl_rsis.benchmark.regions import labelled_regions
from dgl_rsis.config import LocalSettings, make_settings
from dgl_rsis.models.base import Backbone
from dgl_rsis.pipeline import Model, load
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.scene.planning import ground_side
from dgl_rsis.stages import local
from dgl_rsis.stages.crops import CropEncoder
from dgl_rsis.text.classes import read_classes
from dgl_rsis.types import BoolArray, FloatArray, IntArray, MapFrame, Raster, RGBImage

FLOOR = 0.75
ALONE = {"dense_weight": 0, "mask_guidance": False, "context_crop": False}
ALL = 1_000_000  # no image has as many regions
VIEWS = {
    "dense pooling": {**ALONE, "dense_weight": 1},
    "mask guidance": {**ALONE, "mask_guidance": True, "region_weight": 1},
    "tight crop": {
        **ALONE,
        "context_crop": True,
        "crop_weight": 1,
        "crop_count": ALL,
        "crop_context": 1,
        "crop_context_small": 1,
        "crop_minimum": 1,
        "crop_attenuation": 0,
    },
    "context crop": {**ALONE, "context_crop": True, "crop_weight": 1, "crop_count": ALL},
}
DEFAULT = "default"


@dataclass(frozen=True)
class Regions:
    """The regions of one image.

    Attributes:
        picture: ``(H, W, 3)`` uint8.
        masks: ``N`` of them.
        truth: ``(N,)`` index of the class of each.
        frame: where the image lies; None where it is not known.
    """

    picture: RGBImage
    masks: MaskSet
    truth: IntArray
    frame: MapFrame | None = None

    @property
    def metres_per_pixel(self) -> float | None:
        """Ground size of a pixel; None where it is unknown."""
        return ground_side(self.frame)


@dataclass(frozen=True)
class Reading:
    """What is read of an image once for all views that use dense features.

    Attributes:
        features: of the image.
        dense: ``(h, w, K)`` class probabilities of the cells.
        seconds: that it took.
    """

    features: local.ImageFeatures
    dense: FloatArray
    seconds: float


def read_regions(folder: Path, tile: int, least_area: int) -> Iterator[Regions]:
    """Connected components of the labels of every image of a tile."""
    for path in paths_of(folder, tile):
        labels = labels_of(folder / "labels" / f"{path.stem}.png")
        masks, truth = labelled_regions(labels, len(CLASSES), least_area=least_area)
        with Image.open(path) as image:
            picture = np.asarray(image.convert("RGB"))
        yield Regions(picture, masks, truth)


def read_image(
    regions: Regions, backbone: Backbone, texts: local.TextFeatures, settings: LocalSettings
) -> Reading:
    """Dense features of an image and the classes of its cells."""
    start = time.perf_counter()
    features = local.read_features(
        regions.picture, backbone, settings, metres_per_pixel=regions.metres_per_pixel
    )
    dense = local.dense_probabilities(features, texts, backbone.dense_logit_scale, settings)
    return Reading(features, dense, time.perf_counter() - start)


def classify(
    regions: Regions,
    reading: Reading,
    backbone: Backbone,
    texts: local.TextFeatures,
    views: dict[str, LocalSettings],
) -> Iterator[tuple[str, FloatArray, float]]:
    """Class probabilities ``(N, K)`` of all regions by each view, and the seconds that it took."""
    for name, settings in views.items():
        start = time.perf_counter()
        pooled = local.pooled_probabilities(
            backbone, regions.masks, reading.features, texts, reading.dense, settings
        )
        probabilities = local.align(
            CropEncoder(regions.picture, backbone, settings),
            backbone, regions.masks, reading.features, texts, pooled, settings,
            rank_by=range(texts.class_count),
        )  # fmt: skip
        seconds = time.perf_counter() - start + reading.seconds * (settings.dense_weight > 0)
        yield name, probabilities, seconds


def polygons_of(regions: Regions) -> GeoDataFrame:
    """Regions as polygons along the borders of their pixels, on the map where the image lies on one."""
    place = Affine.identity() if regions.frame is None else Affine(*regions.frame.transform)
    found = []
    for crop, (x0, y0, _, _) in zip(regions.masks.crops, regions.masks.boxes.tolist(), strict=True):
        parts = pixel_shapes(
            crop.astype(np.uint8), mask=crop, connectivity=4,
            transform=place @ Affine.translation(x0, y0),
        )  # fmt: skip
        found.append(shapely.MultiPolygon([shapely.geometry.shape(part) for part, _ in parts]))
    return GeoDataFrame(geometry=found)


def as_labelled(regions: Regions, model: Model, names: Sequence[str]) -> tuple[FloatArray, float]:
    """The score of the best name of each region by ``label``, ``(N, K)``, 0 elsewhere; and the seconds."""
    valid = np.ones(regions.masks.shape, bool)
    start = time.perf_counter()
    table = model.label(
        Raster(regions.picture, valid, regions.frame), polygons_of(regions), names, other=False
    ).table
    seconds = time.perf_counter() - start
    found = np.zeros((len(table), len(names)), np.float32)
    best = [names.index(name) for name in table["class"]]
    found[np.arange(len(table)), best] = table["score"]
    return found, seconds


def main() -> None:
    """Print one row per view."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--model", default="rs-tiny")
    parser.add_argument("--tile", type=int, default=6)
    parser.add_argument("--least-area", type=int, default=100, help="pixels of a region")
    options = parser.parse_args()
    model = load(options.model)
    backbone, settings = model.backbone, model.settings
    texts = local.encode_classes(backbone, read_classes(CLASSES, other=False).prompts)
    views = {name: make_settings(overrides={"local": view}).local for name, view in VIEWS.items()}
    names = (*views, DEFAULT)
    confusions = {name: np.zeros((len(CLASSES), len(CLASSES) + 1), np.int64) for name in names}
    seconds: dict[str, list[float]] = {name: [] for name in names}
    scores: dict[str, list[FloatArray]] = {name: [] for name in names}
    hits: dict[str, list[BoolArray]] = {name: [] for name in names}
    folder = data_folder(options.data) / "dubai"
    for regions in read_regions(folder, options.tile, options.least_area):
        reading = read_image(regions, backbone, texts, settings.local)
        labelled = (DEFAULT, *as_labelled(regions, model, CLASSES))
        for name, found, spent in (*classify(regions, reading, backbone, texts, views), labelled):
            confusions[name] += confusion_matrix(regions.truth, found.argmax(-1), len(CLASSES))
            seconds[name].append(spent)
            scores[name].append(found.max(-1))
            hits[name].append(found.argmax(-1) == regions.truth)
    counts = confusions[DEFAULT].sum(axis=1)
    print(
        f"{command()}: {counts.sum()} components of Dubai tile {options.tile} with at least "
        f"{options.least_area} pixels"
    )
    named = (f"{name} ({count})" for name, count in zip(CLASSES, counts, strict=True))
    print_header("View", "mean class accuracy", *named, "calibration error", "s per image")
    for name, confusion in confusions.items():
        shares = (f"{share:.3f}" for share in class_accuracies(confusion))
        mean = f"{mean_class_accuracy(confusion):.3f}"
        error = expected_calibration_error(np.concatenate(scores[name]), np.concatenate(hits[name]))
        print_row(name, mean, *shares, f"{error:.3f}", f"{np.mean(seconds[name]):.2f}")
    sys.exit(int(mean_class_accuracy(confusions[DEFAULT]) < FLOOR))


if __name__ == "__main__":
    main()
