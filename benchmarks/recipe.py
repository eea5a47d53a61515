"""Compare weights that were made in different ways, on real images.

    python benchmarks/recipe.py RUN/model ... [--data FOLDER] [--withheld Class ...]

One row for every model folder, named after the run. What each part of the recipe is worth is read
from runs that leave it out (``pretrain/variants.yaml``). No image in the table trained a variant; what
other weights saw, their card says.

* seen: top-1 over the 30 AID scene names on held-out images of the classes that trained
* withheld: the same on held-out images of classes of which no image trained a variant, still
  among all 30 names (the text tower knows their names)
* RSSCN7: top-1 over its 7 names
* Dubai: mIoU of tile 6, five classes, painter ``dense``
* regions: mean class accuracy of its components with true masks, dense features pooled in them
* things: share of the instances of ``dior_mini`` and ``dota_mini`` that get their own name among
  those that occur in their set, with true masks (boxes) and dense features; *mean* over the classes

Scales that dense features are read at are those of the default preset.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pointing
import scene_names
from common import command, data_folder, is_held_out, print_header, print_row
from dubai import CLASSES, labels_of, paths_of
from regions import read_regions

from dgl_rsis.benchmark.datasets.annotated import AnnotatedImage
from dgl_rsis.benchmark.datasets.coco import read_coco
from dgl_rsis.benchmark.datasets.dota import read_dota
from dgl_rsis.benchmark.datasets.scenes import LabelledScene, read_scenes
from dgl_rsis.benchmark.metrics import confusion_matrix, mean_class_accuracy, mean_iou
from dgl_rsis.config import make_settings
from dgl_rsis.models.base import Backbone
from dgl_rsis.pipeline import load
from dgl_rsis.stages import local
from dgl_rsis.stages.fields import resample
from dgl_rsis.text.classes import read_classes
from dgl_rsis.text.knowledge import normalise_name
from dgl_rsis.types import FloatArray

WITHHELD = ("Stadium", "Industrial", "School", "StorageTanks", "Meadow")
SETTINGS = make_settings().local


def dense(backbone: Backbone, image: object, texts: local.TextFeatures) -> FloatArray:
    """``(h, w, K)`` class probabilities of the cells."""
    features = local.read_features(np.asarray(image), backbone, SETTINGS)
    return local.dense_probabilities(features, texts, backbone.dense_logit_scale, SETTINGS)


def scenes(backbone: Backbone, kept: Sequence[LabelledScene], names: Mapping[str, str]) -> float:
    """Top-1 over scene names."""
    return scene_names.Answers.of(backbone, kept, names).top_1


def tile(backbone: Backbone, folder: Path) -> tuple[float, float]:
    """Overlap (mIoU) and mean class accuracy of the components of tile 6, its parts as they lie."""
    count = len(CLASSES)
    texts = local.encode_classes(backbone, read_classes(CLASSES, other=False).prompts)
    pixels = np.zeros((count, count + 1), np.int64)
    components = np.zeros((count, count + 1), np.int64)
    parts = read_regions(folder, tile=6, least_area=100)
    for path, part in zip(paths_of(folder, 6), parts, strict=True):
        cells = dense(backbone, part.picture, texts)
        named = part.masks.pool(cells).argmax(-1)
        components += confusion_matrix(part.truth, named, count)
        truth = labels_of(folder / "labels" / f"{path.stem}.png")
        painted = resample(cells, truth.shape).argmax(-1)
        pixels += confusion_matrix(truth, painted, count)
    return mean_iou(pixels), mean_class_accuracy(components)


def things(backbone: Backbone, images: Sequence[AnnotatedImage]) -> list[tuple[str, bool]]:
    """The class of every instance, and whether it got that name."""
    listed = sorted({normalise_name(name) for image in images for name in image.names})
    texts = local.encode_classes(backbone, read_classes(listed, other=False).prompts)
    found = []
    for image in images:
        picture = pointing.photograph(image)
        cells = dense(backbone, picture.raster.rgb, texts)
        said = picture.instances.pool(cells).argmax(-1)
        found += [(name, listed[k] == name) for name, k in zip(picture.names, said, strict=True)]
    return found


def main() -> None:
    """Print one row per model."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("models", nargs="+", type=Path)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--withheld", nargs="*", default=WITHHELD, choices=scene_names.AID)
    options = parser.parse_args()
    data = data_folder(options.data)
    aid = list(read_scenes(data / "aid_rsicd" / "images_150px.tar", is_held_out))
    names = {label: scene_names.words(label) for label in scene_names.AID}
    seen = [scene for scene in aid if scene.label not in options.withheld]
    withheld = [scene for scene in aid if scene.label in options.withheld]
    rsscn7 = list(read_scenes(data / "rsscn7" / "images_256px.tar"))
    sets = [read_coco(data / "dior_mini" / "annotations.json"), read_dota(data / "dota_mini")]
    print(f"{command()}: withheld are {', '.join(map(scene_names.words, options.withheld))}")
    print_header("Run", "seen", "withheld", "RSSCN7", "Dubai", "regions", "things", "mean")
    for model in options.models:
        backbone = load(str(model)).backbone
        found = [answer for images in sets for answer in things(backbone, list(images))]
        classes = {name: [ok for each, ok in found if each == name] for name, _ in found}
        figures = (
            scenes(backbone, seen, names),
            scenes(backbone, withheld, names),
            scenes(backbone, rsscn7, scene_names.RSSCN7),
            *tile(backbone, data / "dubai"),
            float(np.mean([ok for _, ok in found])),
            float(np.mean([np.mean(own) for own in classes.values()])),
        )
        print_row(model.resolve().parent.name, *(f"{figure:.3f}" for figure in figures))


if __name__ == "__main__":
    main()
