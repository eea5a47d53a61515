"""Measure top-1 over scene names: 30 of AID on its development split, 7 of RSSCN7.

    python benchmarks/scene_names.py [--data FOLDER] [--model NAME] [--withheld Class ...]

An image is squeezed to the input size and gets the name whose text fits best. Names are asked for
as written below, in the package's own templates; synonyms and descriptions of the knowledge file
are not used and nothing else competes. The expected calibration error is that of the probability
of the name that won, in 10 bins.

The AID images are those held out by ``pretrain.split``, the classes were seen in training. All
images of RSSCN7 are asked about; the card of the weights says whether any of them trained.

``--withheld`` asks about the held-out images of some AID classes only, still among all 30 names:
for weights that were trained without images of these classes that is truly zero-shot. Exits with 1
below the floor on AID; with ``--withheld`` there is none.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from common import command, data_folder, is_held_out, print_row

from dgl_rsis.benchmark.calibration import expected_calibration_error
from dgl_rsis.benchmark.datasets.scenes import LabelledScene, read_scenes
from dgl_rsis.models.base import Backbone
from dgl_rsis.pipeline import load
from dgl_rsis.stages.local import class_probabilities, encode_classes
from dgl_rsis.text.knowledge import ClassPrompts, default_knowledge, with_article
from dgl_rsis.types import FloatArray, IntArray

FLOOR = 0.88
AID = (
    *("Airport", "BareLand", "BaseballField", "Beach", "Bridge", "Center"),
    *("Church", "Commercial", "DenseResidential", "Desert", "Farmland", "Forest"),
    *("Industrial", "Meadow", "MediumResidential", "Mountain", "Park", "Parking"),
    *("Playground", "Pond", "Port", "RailwayStation", "Resort", "River"),
    *("School", "SparseResidential", "Square", "Stadium", "StorageTanks", "Viaduct"),
)
RSSCN7 = {
    "aGrass": "grass",
    "bField": "field",
    "cIndustry": "industry",
    "dRiverLake": "river or lake",
    "eForest": "forest",
    "fResident": "residential area",
    "gParking": "parking lot",
}


@dataclass(frozen=True)
class Answers:
    """Probabilities of the names for some images.

    Attributes:
        names: ``K`` names as they were asked.
        truth: ``(N,)`` index of the true name of each image.
        probabilities: ``(N, K)`` float32.
    """

    names: tuple[str, ...]
    truth: IntArray
    probabilities: FloatArray

    @classmethod
    def of(
        cls, backbone: Backbone, scenes: Iterable[LabelledScene], names: Mapping[str, str]
    ) -> Answers:
        """Ask about every image; ``names`` says how each class is called."""
        templates = default_knowledge().templates
        groups = [
            ClassPrompts(name, {name: tuple(t.format(with_article(name)) for t in templates)})
            for name in names.values()
        ]
        texts = encode_classes(backbone, groups)
        kept = list(scenes)
        cosines = backbone.encode_images([scene.pixels for scene in kept]) @ texts.features.T
        truth = np.array([list(names).index(scene.label) for scene in kept], np.int64)
        probabilities = class_probabilities(cosines, texts, backbone.logit_scale)
        return cls(tuple(names.values()), truth, probabilities)

    @property
    def top_1(self) -> float:
        """Share of the images with the right name."""
        return float((self.probabilities.argmax(-1) == self.truth).mean())

    @property
    def calibration_error(self) -> float:
        """Of the probability of the name that won."""
        is_right = self.probabilities.argmax(-1) == self.truth
        return expected_calibration_error(self.probabilities.max(-1), is_right)

    def weakest(self, count: int) -> str:
        """The names with the lowest share right."""
        is_right = self.probabilities.argmax(-1) == self.truth
        shares = [
            (float(is_right[self.truth == k].mean()), self.names[k]) for k in np.unique(self.truth)
        ]
        return ", ".join(f"{name} {share:.2f}" for share, name in sorted(shares)[:count])


def words(label: str) -> str:
    """``DenseResidential`` is *dense residential*."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", label).lower()


def report(what: str, answers: Answers) -> None:
    """Print one row."""
    print_row(
        f"{what}, {len(answers.truth):,} images, {len(answers.names)} names",
        command(),
        f"top-1 {answers.top_1:.4f}, expected calibration error {answers.calibration_error:.3f}; "
        f"weakest: {answers.weakest(5)}",
    )


def main() -> None:
    """Print one row per set."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--model", default="rs-tiny")
    parser.add_argument("--withheld", nargs="+", metavar="Class", choices=AID)
    parser.add_argument("--floor", type=float, default=FLOOR, help="least top-1 on AID")
    options = parser.parse_args()
    folder = data_folder(options.data)
    backbone = load(options.model).backbone
    aid = read_scenes(folder / "aid_rsicd" / "images_150px.tar", is_held_out)
    names = {label: words(label) for label in AID}
    if options.withheld:
        chosen = (scene for scene in aid if scene.label in options.withheld)
        classes = ", ".join(words(label) for label in options.withheld)
        report(f"AID scene names, held out, only {classes}", Answers.of(backbone, chosen, names))
        return
    answers = Answers.of(backbone, aid, names)
    report("AID scene names, held out (seen classes)", answers)
    scenes = read_scenes(folder / "rsscn7" / "images_256px.tar")
    report("RSSCN7 scene names", Answers.of(backbone, scenes, RSSCN7))
    sys.exit(int(answers.top_1 < options.floor))


if __name__ == "__main__":
    main()
