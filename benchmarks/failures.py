"""Draw what the model card calls known failures: rendered scenes with wrong answers.

python benchmarks/failures.py [--model NAME] [--first 5000] [--count 20] [--most 6] [--output docs/images/failures.png]

Of every kind of thing that a sentence asks for, the worst answer is shown, worst kinds first. Green is
the outline of what was meant, magenta the answer.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from dgl_rsis.apps.demo import RIGHT_IOU, SENTENCES, score_answers, true_mask
from dgl_rsis.pipeline import Model, load
from dgl_rsis.render import render_scene
from dgl_rsis.types import BoolArray, Raster, RGBImage

SIDE, TEXT, COLUMNS = 360, 40, 3  # pixels, pixels, pictures a row
GREEN, MAGENTA = (40, 220, 60), (255, 40, 220)


@dataclass(frozen=True)
class Failure:
    """An answer that misses what was meant.

    Attributes:
        noun: what was asked for.
        caption: the sentence, its scene and the overlap.
        iou: overlap of answer and truth in [0, 1].
        image: ``(H, W, 3)`` uint8 of the scene.
        truth: ``(H, W)`` bool, what was meant.
        answer: ``(H, W)`` bool.
    """

    noun: str
    caption: str
    iou: float
    image: RGBImage
    truth: BoolArray
    answer: BoolArray


def failures(model: Model, seed: int) -> list[Failure]:
    """The wrong answers of one rendered scene."""
    scene = render_scene(seed)
    raster = Raster(scene.image, np.ones(scene.image.shape[:2], bool), scene.frame)
    asked = scene.sentences[:SENTENCES]
    answers = model.refer_many(raster, [sentence.text for sentence in asked])
    return [
        Failure(
            answer.query.target.noun,
            f"{sentence.text}\n{scene.theme}, seed {seed}: overlap {iou:.2f}",
            iou,
            scene.image,
            true_mask(sentence, scene),
            answer.mask,
        )
        for sentence, answer, iou in zip(
            asked, answers, score_answers(answers, asked, scene), strict=True
        )
        if iou < RIGHT_IOU
    ]


def draw(failure: Failure) -> Image.Image:
    """The scene with both outlines over its caption."""
    image = failure.image.copy()
    for mask, colour in ((failure.truth, GREEN), (failure.answer, MAGENTA)):
        image[ndimage.binary_dilation(mask) & ~ndimage.binary_erosion(mask)] = colour
    picture = Image.new("RGB", (SIDE, SIDE + TEXT), (250, 250, 248))
    picture.paste(Image.fromarray(image).resize((SIDE, SIDE), Image.Resampling.LANCZOS), (0, 0))
    font = ImageFont.load_default(13)
    ImageDraw.Draw(picture).multiline_text((4, SIDE + 3), failure.caption, (20, 20, 20), font)
    return picture


def main() -> None:
    """Write the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="rs-tiny")
    parser.add_argument("--first", type=int, default=5000)
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--most", type=int, default=6)
    parser.add_argument("--output", type=Path, default=Path("docs/images/failures.png"))
    options = parser.parse_args()
    model, worst = load(options.model), dict[str, Failure]()
    for seed in range(options.first, options.first + options.count):
        for failure in failures(model, seed):
            known = worst.get(failure.noun)
            if known is None or failure.iou < known.iou:
                worst[failure.noun] = failure
    shown = sorted(worst.values(), key=lambda failure: failure.iou)[: options.most]
    if not shown:
        sys.exit(f"no wrong answers in {options.count} scenes; nothing is drawn")
    rows = -(-len(shown) // COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * SIDE, rows * (SIDE + TEXT)), (250, 250, 248))
    for place, failure in enumerate(shown):
        row, column = divmod(place, COLUMNS)
        sheet.paste(draw(failure), (column * SIDE, row * (SIDE + TEXT)))
        print(failure.caption.replace("\n", " | "))
    octree = Image.Quantize.FASTOCTREE
    sheet.quantize(256, method=octree, dither=Image.Dither.NONE).save(options.output, optimize=True)
    print(f"{options.output}: {sheet.width} x {sheet.height} pixels")


if __name__ == "__main__":
    main()
