"""Draw the figures of docs/how-it-works.md from a rendered scene: python -m docs.tools.figures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from dgl_rsis.drawing import draw_explanation, draw_map, edge_of
from dgl_rsis.image_reader import ImageReader
from dgl_rsis.mapping import classes_asked
from dgl_rsis.pipeline import Model, load
from dgl_rsis.proposing import pixel_size
from dgl_rsis.render import render_scene
from dgl_rsis.stages import local
from dgl_rsis.types import FloatArray, Raster, RGBImage

FOLDER = Path(__file__).resolve().parents[1] / "images"
SEED = 10
CLASSES = ("building", "road", "tree", "water")
SENTENCE = "the largest building south of the forest"
WORDS = ("the building", "the swimming pool", "the tennis court")
PANEL = 330  # pixels a side
CAPTION = 22
GAP = 8
PAPER, INK = (250, 250, 248), (30, 32, 36)
_HEAT = ((20, 20, 90), (130, 30, 140), (230, 80, 60), (255, 240, 120))
_MARKS = ((255, 214, 0), (120, 225, 255), (255, 150, 90))

Panel = tuple[Image.Image, str]


def main() -> None:
    """Write all figures."""
    scene = render_scene(SEED)
    raster = Raster(scene.image, np.ones(scene.image.shape[:2], bool), scene.frame)
    model = load()
    answer = model.refer(raster, SENTENCE)
    figures = {
        "proposals": _row(_proposals(raster)),
        "probabilities": _row(_probabilities(raster, model)),
        "map": draw_map(model.segment(raster, list(CLASSES))),
        "program": _row(_program(raster, answer.steps)),
        "activation": _row(_activation(raster, model)),
        "selection": draw_explanation(answer, 900),
    }
    for name, figure in figures.items():
        small = figure.quantize(128, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
        small.save(FOLDER / f"{name}.png", optimize=True)


def _proposals(raster: Raster) -> list[Panel]:
    flat = load(proposer="flat").propose(raster)
    order = np.argsort(-flat.areas, kind="stable")
    colours = np.random.default_rng(0).integers(40, 255, (len(flat), 3))
    painted = raster.rgb.astype(np.float32)
    for index in order.tolist():  # the small ones on top
        mask = flat.mask(index)
        painted[mask] = 0.45 * raster.rgb[mask] + 0.55 * colours[index]
    edges = Image.fromarray(raster.rgb)
    for index in order.tolist():
        edges.paste((255, 214, 0), (0, 0), edge_of(_image_of(flat.mask(index)), 1, 3))
    return [
        (_shown(raster.rgb), "the image"),
        (edges.resize((PANEL, PANEL), Image.Resampling.LANCZOS), "regions without nesting"),
        (_shown(painted.astype(np.uint8)), f"{len(flat)} of them, each a candidate"),
    ]


def _probabilities(raster: Raster, model: Model) -> list[Panel]:
    asked = classes_asked(CLASSES, None, model.settings)
    texts = local.encode_classes(model.backbone, asked.prompts, asked.competitors)
    reader = ImageReader.of(
        raster.rgb, model.backbone, model.settings, metres_per_pixel=pixel_size(raster)
    )
    dense = local.dense_probabilities(
        reader.features(), texts, model.backbone.dense_logit_scale, model.settings.local
    )
    return [(_heated(raster.rgb, dense[..., n]), name) for n, name in enumerate(CLASSES[:3])]


def _program(raster: Raster, steps: object) -> list[Panel]:
    """A panel for each step, those that are executed first on the left."""
    panels = []
    for _, step in sorted(steps.walk(), key=lambda each: -each[0])[-3:]:  # type: ignore[attr-defined]
        picture = _shown(raster.rgb)
        draw = ImageDraw.Draw(picture)
        scale = PANEL / raster.shape[1]
        for colour, standing in zip(_MARKS, step.best, strict=False):
            x, y = standing.center[0] * scale, standing.center[1] * scale
            draw.ellipse((x - 9, y - 9, x + 9, y + 9), outline=colour, width=3)
            draw.text((x, y - 17), f"{standing.score:.2f}", colour, _font(14), anchor="mm",
                      stroke_width=2, stroke_fill=INK)  # fmt: skip
        panels.append((picture, f"{step.text}: {step.fulfilling} of {step.considered}"))
    return panels


def _activation(raster: Raster, model: Model) -> list[Panel]:
    answers = [model.refer(raster, words) for words in WORDS]
    return [(_heated(raster.rgb, answer.heatmap), answer.query.text) for answer in answers]


def _heated(image: RGBImage, heat: FloatArray) -> Image.Image:
    """A field in [0, 1] in colours over a grey image."""
    size = (PANEL, PANEL)
    smooth = np.asarray(Image.fromarray(heat).resize(size, Image.Resampling.BILINEAR)).clip(0, 1)
    stops = np.linspace(0, 1, len(_HEAT))
    ramp = np.array(_HEAT, np.float32)
    colours = np.stack([np.interp(smooth, stops, ramp[:, band]) for band in range(3)], -1)
    grey = np.asarray(_shown(image).convert("L"), np.float32)[..., None]
    return Image.fromarray(np.round(0.45 * grey + 0.55 * colours).astype(np.uint8))


def _shown(image: RGBImage) -> Image.Image:
    return Image.fromarray(image).resize((PANEL, PANEL), Image.Resampling.LANCZOS)


def _image_of(mask: NDArray[np.bool_]) -> Image.Image:
    return Image.fromarray(mask.astype(np.uint8) * 255)


def _row(panels: Sequence[Panel]) -> Image.Image:
    """Panels side by side, each with its caption below."""
    width = len(panels) * (PANEL + GAP) + GAP
    sheet = Image.new("RGB", (width, PANEL + CAPTION + 2 * GAP), PAPER)
    draw = ImageDraw.Draw(sheet)
    for number, (picture, words) in enumerate(panels):
        left = GAP + number * (PANEL + GAP)
        sheet.paste(picture, (left, GAP))
        draw.text((left, PANEL + GAP + 4), words, INK, _font(14))
    return sheet


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size=size)


if __name__ == "__main__":
    main()
