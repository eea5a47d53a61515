"""Ask sentences about an image and draw every answer, so that they can be looked at.

    python benchmarks/real_sentences.py FILE.yaml [FILE.yaml ...] --output FOLDER

A file names an image (a path relative to the folder of real images, or absolute) or the seed of a
rendered scene, and sentences with the pixels that the right answer covers:

    image: geotiff/scene.tif       # or  rendered: 9104
    read: {bands: [1, 2, 3]}       # optional: how the image is read
    settings: {select: {top_k: 3}} # optional: over the preset
    sentences:
      - {sentence: the bridge, at: [[1310, 1475]]}
      - {sentence: the stadium, at: []}

FOLDER gets one picture per sentence, why it was answered so, and a sheet with all of them. Whether
the pixels are covered tells little about the mask: only a look at the pictures does. Answers on
rendered scenes count as covered from IoU 0.5 on, and tell nothing about real images.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from common import data_folder
from PIL import Image

from dgl_rsis.apps.demo import RIGHT_IOU, true_mask
from dgl_rsis.benchmark.metrics import mask_iou
from dgl_rsis.drawing import draw_answer, draw_explanation
from dgl_rsis.geo.raster import read_raster
from dgl_rsis.pipeline import load
from dgl_rsis.render import render_scene
from dgl_rsis.results import ReferResult
from dgl_rsis.text_panel import PAPER
from dgl_rsis.types import BoolArray, Raster

COLUMNS = 4  # answers side by side on the sheet


@dataclass(frozen=True)
class Question:
    """A sentence and what is right.

    Attributes:
        sentence: what is asked.
        at: pixels ``x, y`` that the right answer covers; empty where nothing is right.
        truth: ``(H, W)`` bool, the right answer; None where it is not known.
    """

    sentence: str
    at: Sequence[Sequence[int]] = ()
    truth: BoolArray | None = None

    def verdict(self, result: ReferResult) -> str:
        """How the answer compares with what is known of the right one."""
        if self.truth is not None:
            iou = mask_iou(result.mask, self.truth)
            return f"{'covered' if iou >= RIGHT_IOU else 'missed'}, IoU {iou:.2f}"
        if not self.at:
            return "covered" if not result.chosen else "missed: nothing is right"
        hit = sum(bool(result.mask[y, x]) for x, y in self.at)
        share = result.mask.mean() if result.chosen else 0.0
        state = "covered" if hit == len(self.at) else "missed"
        return f"{state}, {hit} of {len(self.at)} pixels; {share:.1%} of the image"


@dataclass(frozen=True)
class Sheet:
    """One file of questions, read."""

    raster: Raster
    settings: dict[str, Any]
    questions: tuple[Question, ...]

    @classmethod
    def read(cls, file: Path, data: Path | None) -> Sheet:
        """Read a file and its image.

        Args:
            file: YAML as the module describes it.
            data: folder of real images; None takes the usual one.
        """
        given = yaml.safe_load(file.read_text(encoding="utf-8"))
        questions = tuple(
            Question(each["sentence"], each["at"]) for each in given.get("sentences", ())
        )
        settings = given.get("settings", {})
        if "rendered" in given:
            scene = render_scene(given["rendered"], split="test")
            raster = Raster(scene.image, np.ones(scene.image.shape[:2], bool), scene.frame)
            own = (Question(each.text, (), true_mask(each, scene)) for each in scene.sentences)
            return cls(raster, settings, (*questions, *own))
        path = Path(given["image"])
        whole = path if path.is_absolute() else data_folder(data) / path
        return cls(read_raster(whole, **given.get("read", {})), settings, questions)


def main() -> None:
    """Answer, draw and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("files", type=Path, nargs="+", help="YAML with an image and sentences")
    parser.add_argument("--output", type=Path, required=True, help="folder of the pictures")
    parser.add_argument("--data", type=Path, help="folder of real images")
    parser.add_argument("--model", default="rs-tiny")
    parser.add_argument("--preset", default="default")
    options = parser.parse_args()
    for file in options.files:
        sheet = Sheet.read(file, options.data)
        model = load(options.model, preset=options.preset, settings=sheet.settings)
        sentences = [question.sentence for question in sheet.questions]
        results = model.refer_many(sheet.raster, sentences)
        folder = options.output / file.stem
        folder.mkdir(parents=True, exist_ok=True)
        print(f"{file.stem}: {len(results)} sentences")
        covered = 0
        for number, (question, result) in enumerate(
            zip(sheet.questions, results, strict=True), start=1
        ):
            name = re.sub(r"[^a-z0-9]+", "_", question.sentence.lower()).strip("_")[:50]
            draw_explanation(result).save(folder / f"{number:02}_{name}.png")
            verdict = question.verdict(result)
            covered += verdict.startswith("covered")
            print(f'{number:3}. "{question.sentence}": {verdict}')
            for line in _answer(result):
                print(f"       {line}")
        contact_sheet([draw_answer(result) for result in results]).save(folder / "all.png")
        print(f"  {covered} of {len(results)} covered; pictures in {folder}\n")


def _answer(result: ReferResult) -> Iterator[str]:
    """What was chosen, with score and place, and the notes."""
    for match in result.chosen[:3]:
        x0, y0, x1, y1 = match.box
        probability = match.terms.get("probability", float("nan"))
        yield (
            f"score {match.score:.2f}, probability {probability:.2f}, x {x0}..{x1}, y {y0}..{y1}"
        )
    if len(result.chosen) > 3:
        yield f"and {len(result.chosen) - 3} more"
    for note in result.notes:
        yield f"note: {note}"


def contact_sheet(pictures: Sequence[Image.Image]) -> Image.Image:
    """Pictures in rows of ``COLUMNS``."""
    width = max(picture.width for picture in pictures)
    height = max(picture.height for picture in pictures)
    rows = -(-len(pictures) // COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * width, rows * height), PAPER)
    for number, picture in enumerate(pictures):
        sheet.paste(picture, (number % COLUMNS * width, number // COLUMNS * height))
    return sheet


if __name__ == "__main__":
    main()
