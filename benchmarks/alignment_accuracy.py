"""Measure how well each view of a region, and mixtures of them, tell its class from its true mask.

    python benchmarks/alignment_accuracy.py [--model NAME] [--data FOLDER] [--set-name dubai ...]
                                            [--tile 6] [--first 80000] [--scenes 8] [--unscaled]
                                            [--only-default]
                                            [--set stage.option=value ...]

Regions are given as proposals:

* dubai: 4-connected components of one label of tile 6, at least 100 pixels, five names
* rendered: the same of rendered test scenes, at least 16 pixels, the names of all kinds
* proposed: what the proposer ``flat`` finds in these scenes where one kind covers at least four
  fifths of it: parts of things as often as whole ones
* dior_mini (masks), dota_mini (oriented boxes), outlined (by hand, in three GeoTIFFs): true instances,
  the names that occur in the set

No background words compete. ``--unscaled`` takes from rendered scenes and GeoTIFFs how large their
pixels are; the other images never say so. Views:

* dense pooling: the mean of the next two
* cell pooling: class probabilities of the cells, averaged inside the mask
* masked pooling: dense features averaged inside the mask, then classified, at every scale
* mask guidance: mask tokens of a ViT, masked pooling of the head else (``Backbone.regions``)
* tight crop: the square around the bounding box, its pixels as they are
* context crop: the software's own crop
* mixtures: weighted geometric means of those, with the weights of the settings and with equal ones
* default: what ``label`` says of given polygons

Mean class accuracy is the mean over classes of the share of their regions that get their own name;
accuracy is that share over all regions, and *by area* over their pixels. Seconds are wall time per
image, of a mixture the sum of its views', with the dense features where a view uses them.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pointing
from common import command, data_folder, print_header, print_row
from dubai import CLASSES
from regions import (
    DEFAULT,
    VIEWS,
    Reading,
    Regions,
    as_labelled,
    classify,
    read_image,
    read_regions,
)

from dgl_rsis.benchmark.datasets.outlined import OUTLINES, fill_rings, read_outlines
from dgl_rsis.benchmark.metrics import confusion_matrix, mean_class_accuracy, overall_accuracy
from dgl_rsis.benchmark.regions import labelled_regions
from dgl_rsis.config import LocalSettings, make_settings, parse_overrides
from dgl_rsis.geo.raster import read_raster
from dgl_rsis.models.base import Backbone
from dgl_rsis.pipeline import Model, load
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.render import KINDS, render_scene
from dgl_rsis.stages import local
from dgl_rsis.text.classes import read_classes
from dgl_rsis.text.lexicon_file import default_lexicon
from dgl_rsis.types import FloatArray, IntArray

SETS = ("dubai", "rendered", "proposed", "dior_mini", "dota_mini", "outlined")
OUTLINED_AS = {
    "roof": "building",
    "house": "building",
    "industrial hall": "building",
    "river": "water",
}
NEARLY_ALL = 0.8  # of a proposal
LEAST_AREA = {"dubai": 100, "rendered": 16}  # pixels
POOLED = "dense pooling"
MIXTURES = (
    (POOLED, "mask guidance"),
    (POOLED, "tight crop"),
    (POOLED, "context crop"),
    ("mask guidance", "context crop"),
    (POOLED, "mask guidance", "context crop"),
)


@dataclass(frozen=True)
class Outcome:
    """What a view says about the regions of one image.

    Attributes:
        probabilities: ``(N, K)``.
        seconds: that it took.
    """

    probabilities: FloatArray
    seconds: float


def rendered_regions(first: int, count: int, *, is_scaled: bool = True) -> Iterator[Regions]:
    """Connected components of the class maps of rendered test scenes.

    Args:
        first: seed of the first scene.
        count: of the scenes.
        is_scaled: whether they say how large their pixels are.
    """
    for seed in range(first, first + count):
        scene = render_scene(seed, split="test")
        masks, truth = labelled_regions(
            scene.class_map, len(KINDS), least_area=LEAST_AREA["rendered"]
        )
        yield Regions(scene.image, masks, truth, scene.frame if is_scaled else None)


def proposed_regions(
    backbone: Backbone, first: int, count: int, *, is_scaled: bool
) -> Iterator[Regions]:
    """What the proposer ``flat`` finds in rendered test scenes, where it is nearly all of one kind.

    Args:
        backbone: of the proposer.
        first: seed of the first scene.
        count: of the scenes.
        is_scaled: whether they say how large their pixels are.
    """
    finder = Model(backbone, make_settings(overrides={"proposals": {"proposer": "flat"}}))
    for seed in range(first, first + count):
        scene = render_scene(seed, split="test")
        found = finder.propose(scene.image)
        masks = [found.mask(number) for number in range(len(found))]
        counts = [np.bincount(scene.class_map[mask], minlength=len(KINDS)) for mask in masks]
        kept = [k for k, each in enumerate(counts) if each.max() >= NEARLY_ALL * each.sum()]
        truth = np.array([counts[k].argmax() for k in kept], np.int64)
        chosen = MaskSet.from_masks([masks[k] for k in kept], scene.image.shape[:2])
        yield Regions(scene.image, chosen, truth, scene.frame if is_scaled else None)


def instance_regions(data: Path, name: str) -> tuple[tuple[str, ...], list[Regions]]:
    """Names that occur in a set, and the instances of its images."""
    pictures = list(pointing.pictures(name, data, 0, 0))
    names = tuple(sorted({each for picture in pictures for each in picture.names}))
    found = []
    for picture in pictures:
        truth = np.array([names.index(each) for each in picture.names], np.int64)
        found.append(Regions(picture.raster.rgb, picture.instances, truth))
    return names, found


def outlined_regions(data: Path, *, is_scaled: bool) -> tuple[tuple[str, ...], list[Regions]]:
    """Names of the regions that were outlined in GeoTIFFs, and the regions of each image."""
    files = sorted(OUTLINES.glob("*.yaml"))
    images = [read_outlines(file, data / "geotiff") for file in files]
    names = tuple(sorted({kind_of(name) for image in images for name in image.regions}))
    found = []
    for image in images:
        raster = read_raster(image.image)
        masks = [fill_rings(rings, raster.shape) for rings in image.regions.values()]
        truth = np.array([names.index(kind_of(name)) for name in image.regions], np.int64)
        frame = raster.frame if is_scaled else None
        found.append(Regions(raster.rgb, MaskSet.from_masks(np.stack(masks)), truth, frame))
    return names, found


def kind_of(region: str) -> str:
    """What a region such as *dark building left* is."""
    words = region.split()
    ends = (default_lexicon().find(" ".join(words[:end])) for end in range(len(words), 0, -1))
    noun = next(each.name for each in ends if each is not None)
    return OUTLINED_AS.get(noun, noun)


def pool(
    regions: Regions,
    reading: Reading,
    backbone: Backbone,
    texts: local.TextFeatures,
    settings: LocalSettings,
) -> dict[str, Outcome]:
    """The two halves of dense pooling."""
    start = time.perf_counter()
    cells = regions.masks.pool(reading.dense)
    between = time.perf_counter()
    masked = local.masked_probabilities(
        regions.masks, reading.features, texts, backbone.dense_logit_scale, settings
    )
    end = time.perf_counter()
    return {
        "cell pooling": Outcome(cells, between - start + reading.seconds),
        "masked pooling": Outcome(masked, end - between + reading.seconds),
    }


def mix(parts: dict[str, Outcome], weights: dict[str, float]) -> Outcome:
    """Weighted geometric mean of some views."""
    found = local.combine([(weight, parts[name].probabilities) for name, weight in weights.items()])
    return Outcome(found, sum(parts[name].seconds for name in weights))


def outcomes(
    regions: Regions,
    model: Model,
    names: tuple[str, ...],
    texts: local.TextFeatures,
    views: dict[str, LocalSettings],
) -> dict[str, Outcome]:
    """All views and mixtures of one image, and what ``label`` says."""
    labelled = {DEFAULT: Outcome(*as_labelled(regions, model, names))}
    if not views:
        return labelled
    default, backbone = model.settings.local, model.backbone
    reading = read_image(regions, backbone, texts, default)
    found = {
        name: Outcome(probabilities, seconds)
        for name, probabilities, seconds in classify(regions, reading, backbone, texts, views)
    }
    found |= pool(regions, reading, backbone, texts, default)
    own = {
        POOLED: default.dense_weight,
        "mask guidance": default.region_weight,
        "tight crop": default.crop_weight,
        "context crop": default.crop_weight,
    }
    result = {name: found[name] for name in (POOLED, "cell pooling", "masked pooling", *own)}
    for names in MIXTURES:
        title, weights = " + ".join(names), {name: own[name] for name in names}
        result[title] = mix(found, weights)
        if len(set(weights.values())) > 1:
            equal = dict.fromkeys(names, 1.0)
            result[f"{title}, equal weights"] = mix(found, equal)
    return {**result, **labelled}


def report(
    title: str,
    images: Iterable[Regions],
    names: tuple[str, ...],
    model: Model,
    views: dict[str, LocalSettings],
) -> None:
    """Print one row per view."""
    texts = local.encode_classes(model.backbone, read_classes(names, other=False).prompts)
    confusions: dict[str, IntArray] = {}
    seconds: dict[str, list[float]] = {}
    pixels: dict[str, list[tuple[int, int]]] = {}  # right ones, and all
    for regions in images:
        for name, outcome in outcomes(regions, model, names, texts, views).items():
            found = outcome.probabilities.argmax(-1)
            confusion = confusion_matrix(regions.truth, found, len(names))
            confusions[name] = confusions.get(name, np.zeros_like(confusion)) + confusion
            seconds.setdefault(name, []).append(outcome.seconds)
            right = regions.masks.areas * (found == regions.truth)
            pixels.setdefault(name, []).append((right.sum(), regions.masks.areas.sum()))
    print_header(title, "mean class accuracy", "accuracy", "by area", "regions", "s per image")
    for name, confusion in confusions.items():
        print_row(
            name,
            f"{mean_class_accuracy(confusion):.3f}",
            f"{overall_accuracy(confusion):.3f}",
            f"{np.divide(*np.sum(pixels[name], axis=0)):.3f}",
            str(confusion.sum()),
            f"{np.mean(seconds[name]):.2f}",
        )


def main() -> None:
    """Print one table per set."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--model", default="rs-tiny")
    parser.add_argument("--set-name", nargs="+", choices=SETS, default=SETS)
    parser.add_argument("--tile", type=int, default=6)
    parser.add_argument("--first", type=int, default=80000, help="seed of the first scene")
    parser.add_argument("--scenes", type=int, default=8, help="how many are rendered")
    parser.add_argument(
        "--unscaled", action="store_true", help="images do not say how large a pixel is"
    )
    parser.add_argument("--only-default", action="store_true", help="print that row alone: faster")
    parser.add_argument("--set", action="append", default=[], metavar="STAGE.OPTION=VALUE")
    options = parser.parse_args()
    overrides: dict[str, dict[str, Any]] = parse_overrides(options.set)
    model = load(options.model, settings=overrides)
    views = {
        name: make_settings(overrides={"local": {**overrides.get("local", {}), **view}}).local
        for name, view in ({} if options.only_default else VIEWS).items()
    }
    print(command())
    data = data_folder(options.data)
    if "dubai" in options.set_name:
        images = read_regions(data / "dubai", options.tile, LEAST_AREA["dubai"])
        report(f"Dubai tile {options.tile}", images, CLASSES, model, views)
    if "rendered" in options.set_name:
        images = rendered_regions(options.first, options.scenes, is_scaled=not options.unscaled)
        names = tuple(kind.name for kind in KINDS)
        report("rendered", images, names, model, views)
    if "proposed" in options.set_name:
        images = proposed_regions(
            model.backbone, options.first, options.scenes, is_scaled=not options.unscaled
        )
        report("proposed", images, tuple(kind.name for kind in KINDS), model, views)
    for name in ("dior_mini", "dota_mini"):
        if name in options.set_name:
            names, instances = instance_regions(data, name)
            report(name, instances, names, model, views)
    if "outlined" in options.set_name:
        names, instances = outlined_regions(data, is_scaled=not options.unscaled)
        report("outlined", instances, names, model, views)


if __name__ == "__main__":
    main()
