"""Find the objects that captions mention: is the peak of a name higher where the thing is?

    python benchmarks/caption_objects.py RUN/model [RUN/model ...] [--data FOLDER]

One row for every model folder, named after the run. Images are the AID images held out by
``pretrain.split`` that have RSICD captions. An object is on an image when any of its captions names it
by a word of its concept (``pretrain.concepts``); captions are not complete, so 1 is out of reach.
Objects are those of ``OBJECTS`` that at least five of the images mention.

A figure is the area under the receiver operating characteristic: how often an image that mentions the
object has a higher peak than one that does not, ties counting a half; 0.5 is chance. The peak is the
greatest probability of the object's name against the background words over the cells of the image.
*difference* is the mean minus that of the first model, with the interval of 95 % of 1,000 draws of the
images with replacement, the same for all models. Nothing is required: there is no floor.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from common import command, data_folder, is_held_out, print_header, print_row
from pretrain.concepts import CONCEPTS
from pretrain.data import concepts_in
from retrieval import read_captions
from scipy.stats import rankdata

from dgl_rsis.benchmark.datasets.scenes import LabelledScene, read_scenes
from dgl_rsis.config import make_settings
from dgl_rsis.models.base import Backbone
from dgl_rsis.pipeline import load
from dgl_rsis.stages import local
from dgl_rsis.text.classes import read_classes
from dgl_rsis.types import BoolArray, FloatArray

SETTINGS = make_settings().local
OBJECTS = (
    "plane", "helicopter", "ship", "car", "storage tank", "swimming pool", "tennis court",
    "basketball court", "sports field", "windmill", "chimney", "dam", "toll station", "roundabout",
    "bridge",
)  # fmt: skip
LEAST_IMAGES = 5
DRAWS = 1000


def mentions(scenes: Sequence[LabelledScene], captions: Mapping[str, list[str]]) -> BoolArray:
    """``(images, OBJECTS)``: whether any caption of the image names the object."""
    concepts = list(CONCEPTS)
    numbers = [concepts.index(name) for name in OBJECTS]
    named = [concepts_in(" . ".join(captions[scene.name])) for scene in scenes]
    return np.array([[number in found for number in numbers] for found in named])


def peaks(backbone: Backbone, scenes: Sequence[LabelledScene], names: Sequence[str]) -> FloatArray:
    """``(images, names)``: the greatest probability of a name over the cells of an image."""
    classes = [read_classes([name]) for name in names]
    texts = [local.encode_classes(backbone, each.prompts, each.competitors) for each in classes]
    found = np.zeros((len(scenes), len(names)), np.float32)
    for row, scene in enumerate(scenes):
        features = local.read_features(scene.pixels, backbone, SETTINGS)
        for column, text in enumerate(texts):
            cells = local.dense_probabilities(features, text, backbone.dense_logit_scale, SETTINGS)
            found[row, column] = cells[..., 0].max()
    return found


def area_under_curve(scores: FloatArray, positive: BoolArray) -> float:
    """How often a positive scores above a negative; ties count a half.

    The statistic of Mann and Whitney, from the ranks. NaN unless there are both.
    """
    count = int(positive.sum())
    others = len(positive) - count
    if not count or not others:
        return float("nan")
    above = rankdata(scores)[positive].sum() - count * (count + 1) / 2
    return float(above / (count * others))


def areas(scores: FloatArray, mentioned: BoolArray) -> FloatArray:
    """``area_under_curve`` of every column."""
    columns = zip(scores.T, mentioned.T, strict=True)
    return np.array([area_under_curve(*each) for each in columns], np.float32)


def drawn_means(scores: FloatArray, mentioned: BoolArray) -> FloatArray:
    """Means of the areas over ``DRAWS`` draws of the images, the same for the same images.

    An object that none or all images of a draw mention is left out; NaN if that leaves none.
    """
    rng = np.random.default_rng(0)
    means = []
    for chosen in rng.integers(len(scores), size=(DRAWS, len(scores))):
        drawn = areas(scores[chosen], mentioned[chosen])
        means.append(drawn.mean(where=~np.isnan(drawn)) if np.isfinite(drawn).any() else np.nan)
    return np.array(means, np.float32)


def main() -> None:
    """Print one row per model."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("models", nargs="+", type=Path)
    parser.add_argument("--data", type=Path)
    options = parser.parse_args()
    folder = data_folder(options.data) / "aid_rsicd"
    captions = read_captions(folder / "captions.jsonl")
    held_out = read_scenes(folder / "images_150px.tar", is_held_out)
    scenes = [scene for scene in held_out if scene.name in captions]
    mentioned = mentions(scenes, captions)
    kept = np.flatnonzero(mentioned.sum(0) >= LEAST_IMAGES)
    if not len(kept):
        sys.exit(
            f"{folder}: captions of at least {LEAST_IMAGES} held-out images must name an object"
        )
    mentioned, names = mentioned[:, kept], [OBJECTS[k] for k in kept]
    counts = mentioned.sum(0)
    print(f"{command()}: {len(scenes)} images, in brackets how many mention the object")
    heads = [f"{name} ({count})" for name, count in zip(names, counts, strict=True)]
    print_header("Run", *heads, "mean", "difference")
    first: FloatArray | None = None
    for model in options.models:
        scores = peaks(load(str(model)).backbone, scenes, names)
        own = areas(scores, mentioned)
        drawn = drawn_means(scores, mentioned)
        if first is None:
            first, mean, difference = drawn, float(own.mean()), ""
        else:
            low, high = np.nanquantile(drawn - first, (0.025, 0.975))
            difference = f"{own.mean() - mean:+.3f} ({low:+.3f} to {high:+.3f})"
        figures = (f"{figure:.3f}" for figure in (*own, own.mean()))
        print_row(model.resolve().parent.name, *figures, difference)


if __name__ == "__main__":
    main()
