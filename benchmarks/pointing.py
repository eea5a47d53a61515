"""Play the pointing game: does the peak of a class name's map lie inside a true instance?

    python benchmarks/pointing.py [--data FOLDER] [--model NAME] [--set dior_mini ...]
                                  [--first 60000] [--scenes 40]

For every image and every class that it shows, the class name is asked for as one phrase. A game is
won when the pixel with the greatest value lies inside the mask of any instance of the class (the
oriented box in ``dota_mini``), without tolerance.

* activation: the Grad-CAM map of the name against the background words, cross-scale, as ``refer``
  computes it and returns it (``heatmap``)
* dense: the probability of the name against the same background words, per cell, as pooled by the
  local alignment; for comparison
* chance: the share of the image that the instances cover, which is what a random pixel wins

Sets: ``dior_mini`` and ``dota_mini``, which trained nothing; ``rendered``, test scenes (*rendered*)
whose textures and palettes do not train, from a seed that served no decision. Of rendered scenes
things are asked for (a building, a ship), not ground; the crowns of a wood are trees. Exits with 1
when the activation wins less than 0.80 of the games on rendered scenes.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from common import command, data_folder, print_header, print_row
from PIL import Image

from dgl_rsis.benchmark.datasets.annotated import AnnotatedImage
from dgl_rsis.benchmark.datasets.coco import read_coco
from dgl_rsis.benchmark.datasets.dota import read_dota
from dgl_rsis.benchmark.pointing import pointing_score
from dgl_rsis.pipeline import Model, load
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.render import KINDS, render_scene
from dgl_rsis.stages import local
from dgl_rsis.stages.fields import resample
from dgl_rsis.text.classes import read_classes
from dgl_rsis.text.knowledge import normalise_name
from dgl_rsis.types import FloatArray, Raster

FLOOR = 0.80
SETS = ("dior_mini", "dota_mini", "rendered")
# The name is one phrase, and the heat map is all that is computed.
SETTINGS = {"text": {"decouple": False}, "select": {"enabled": False}}


@dataclass(frozen=True)
class Picture:
    """An image with its true instances.

    Attributes:
        raster: with its frame where it has one.
        instances: ``N`` masks.
        names: ``N`` class names in words.
    """

    raster: Raster
    instances: MaskSet
    names: tuple[str, ...]

    @property
    def metres_per_pixel(self) -> float | None:
        """Side of a pixel on the ground; None where it is unknown."""
        area = None if self.raster.frame is None else self.raster.frame.pixel_area_m2
        return None if area is None else float(np.sqrt(area))


@dataclass(frozen=True)
class Game:
    """One class on one image: what each map scores in [0, 1], and what chance does."""

    name: str
    activation: float
    dense: float
    chance: float


def pictures(dataset: str, data: Path | None, first: int, count: int) -> Iterator[Picture]:
    """Images of a set."""
    if dataset == "rendered":
        yield from (rendered(seed) for seed in range(first, first + count))
        return
    folder = data_folder(data) / dataset
    if dataset == "dior_mini":
        annotated = read_coco(folder / "annotations.json")
    else:
        annotated = read_dota(folder)
    yield from map(photograph, annotated)


def photograph(annotated: AnnotatedImage) -> Picture:
    """An annotated image, read."""
    with Image.open(annotated.path) as image:
        pixels = np.array(image.convert("RGB"))
    names = tuple(map(normalise_name, annotated.names))
    return Picture(Raster(pixels, np.ones(pixels.shape[:2], bool)), annotated.instances, names)


def rendered(seed: int) -> Picture:
    """A rendered test scene with what is visible of every kind of object."""
    scene = render_scene(seed, split="test")
    names = tuple(sorted({each.kind for each in scene.instances}))
    kinds = [kind.name for kind in KINDS]
    masks = MaskSet.from_masks(np.stack([scene.class_map == kinds.index(name) for name in names]))
    raster = Raster(scene.image, np.ones(scene.class_map.shape, bool), scene.frame)
    return Picture(raster, masks, names)


def play(model: Model, picture: Picture) -> Iterator[Game]:
    """One game for every class that an image shows."""
    names = sorted(set(picture.names))
    raster, metres = picture.raster, picture.metres_per_pixel
    results = model.refer_many(raster, names, candidates=picture.instances)
    features = local.read_features(
        raster.rgb, model.backbone, model.settings.local, metres_per_pixel=metres
    )
    for name, result in zip(names, results, strict=True):
        truth = np.zeros(raster.shape, bool)
        for index in np.flatnonzero(np.array(picture.names) == name):
            truth |= picture.instances.mask(int(index))
        dense = resample(dense_map(model, features, name), raster.shape)
        yield Game(
            name,
            pointing_score(result.heatmap, truth),
            pointing_score(dense, truth),
            float(truth.mean()),
        )


def dense_map(model: Model, features: local.ImageFeatures, name: str) -> FloatArray:
    """``(h, w)`` probability of a name against the background words."""
    backbone, classes = model.backbone, read_classes([name])
    texts = local.encode_classes(backbone, classes.prompts, classes.competitors)
    probabilities = local.dense_probabilities(
        features, texts, backbone.dense_logit_scale, model.settings.local
    )
    return probabilities[..., 0]


def report(dataset: str, games: list[Game]) -> float:
    """Print one row per class and one for all; return what the activation wins of all."""
    for name in (*sorted({game.name for game in games}), "all"):
        own = [game for game in games if name in (game.name, "all")]
        columns = [[game.activation, game.dense, game.chance] for game in own]
        shares = np.mean(columns, axis=0)
        print_row(dataset, name, str(len(own)), *(f"{share:.3f}" for share in shares))
    return float(shares[0])


def main() -> None:
    """Print one row per class of every set."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--model", default="rs-tiny")
    parser.add_argument("--set", nargs="+", choices=SETS, default=SETS, dest="sets")
    parser.add_argument("--first", type=int, default=60000, help="seed of the first scene")
    parser.add_argument("--scenes", type=int, default=40, help="how many are rendered")
    options = parser.parse_args()
    model = load(options.model, settings=SETTINGS)
    print(f"{command()}: shares of games won")
    print_header("Set", "class", "images", "activation", "dense", "chance")
    won = {
        dataset: report(
            dataset,
            [
                game
                for picture in pictures(dataset, options.data, options.first, options.scenes)
                for game in play(model, picture)
            ],
        )
        for dataset in options.sets
    }
    sys.exit(int(won.get("rendered", 1.0) < FLOOR))


if __name__ == "__main__":
    main()
