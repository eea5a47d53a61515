"""Draw the picture of the README: a rendered scene, its map, and the answer to a sentence.

python benchmarks/picture.py SEED SENTENCE_NUMBER [--model NAME] [--output docs/images/demo.png]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

from dgl_rsis.apps.demo import land_cover
from dgl_rsis.drawing import draw_explanation, draw_map
from dgl_rsis.pipeline import load
from dgl_rsis.render import render_scene
from dgl_rsis.types import Raster

WIDTH = 1400  # pixels


def main() -> None:
    """Write the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seed", type=int)
    parser.add_argument("sentence", type=int, help="number of the scene's sentence, from 1")
    parser.add_argument("--model", default="rs-tiny")
    parser.add_argument("--output", type=Path, default=Path("docs/images/demo.png"))
    options = parser.parse_args()
    scene = render_scene(options.seed)
    raster = Raster(scene.image, np.ones(scene.image.shape[:2], bool), scene.frame)
    model = load(options.model)
    panels = [
        draw_map(model.segment(raster, land_cover(scene))),
        draw_explanation(model.refer(raster, scene.sentences[options.sentence - 1].text)),
    ]
    width = sum(panel.width for panel in panels)
    joined = Image.new("RGB", (width, max(panel.height for panel in panels)), (250, 250, 248))
    left = 0
    for panel in panels:
        joined.paste(panel, (left, 0))
        left += panel.width
    height = round(joined.height * WIDTH / width)
    small = joined.resize((WIDTH, height), Image.Resampling.LANCZOS)
    octree = Image.Quantize.FASTOCTREE
    small.quantize(256, method=octree, dither=Image.Dither.NONE).save(options.output, optimize=True)
    print(f"{options.output}: {WIDTH} x {height} pixels")


if __name__ == "__main__":
    main()
