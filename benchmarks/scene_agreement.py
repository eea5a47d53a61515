"""Measure how little the tiles of a scene show in its map (*rendered*).

    python benchmarks/scene_agreement.py [--side 4096] [--presets fast default] [--folder F]

The scene of ``benchmarks/scenes.py`` is mapped with rs-tiny, six classes and values as they are
(no stretch): in tiles of 512 and of 2,048 pixels, and a clip out of its middle, saved as a file of
its own, in tiles of 512.

* agreement: share of the pixels with the same class in both tilings
* near borders: share of the pixels within 32 px of a border of the small tiles that disagree, over
  that of all others
* clip: share of its pixels farther from its edge than the halo of a tile that have the class of
  the whole scene

Exits with 1 for the preset ``fast`` below 97 %, above 1.2 times, or below 99 %.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
from common import command, print_header, print_row
from numpy.typing import NDArray
from rasterio.windows import Window, transform
from scenes import CLASSES, draw

from dgl_rsis import SceneMap, SceneOptions, load, segment_scene
from dgl_rsis.pipeline import Model

SMALL, LARGE = 512, 2048  # sides of tiles
NEAR = 32  # pixels from a border
LEAST_AGREEMENT, MOST_NEAR, LEAST_CLIP = 0.97, 1.2, 0.99

Labels = NDArray[np.uint8]


@dataclass(frozen=True)
class Mapped:
    """A map and how it was made.

    Attributes:
        labels: ``(H, W)``, 0 for no data.
        facts: of the run.
    """

    labels: Labels
    facts: SceneMap


def mapped(path: Path, model: Model, tile_size: int) -> Mapped:
    """Map a file in tiles of a size."""
    facts = segment_scene(
        path,
        CLASSES,
        path.with_suffix(".map.tif"),
        model=model,
        reading=SceneOptions(stretch="none"),
        tile_size=tile_size,
        overwrite=True,
    )
    with rasterio.open(facts.path) as dataset:
        return Mapped(dataset.read(1), facts)


def is_near_border(shape: tuple[int, ...], step: int) -> NDArray[np.bool_]:
    """``(H, W)``: within ``NEAR`` pixels of a border between tiles of that side."""
    rows, columns = (
        np.minimum(place % step, -place % step) < NEAR
        for place in (np.arange(length) + 0.5 for length in shape)
    )
    for near in (rows, columns):  # the outer edge of the scene is no border between tiles
        near[:NEAR] = near[-NEAR:] = False
    return np.asarray(rows[:, None] | columns)


def clipped(path: Path, inside: Window) -> Path:
    """A part of a raster as a file of its own."""
    target = path.with_name("clip.tif")
    with rasterio.open(path) as whole:
        profile = whole.profile | {
            "width": inside.width,
            "height": inside.height,
            "transform": transform(inside, whole.transform),
        }
        with rasterio.open(target, "w", **profile) as part:
            part.write(whole.read(window=inside))
    return target


def compare(path: Path, side: int, preset: str) -> bool:
    """Print the row of a preset; whether all limits are kept."""
    began = time.perf_counter()
    model = load("rs-tiny", preset=preset, device="cpu")
    small, large = (mapped(path, model, size) for size in (SMALL, LARGE))
    differs = small.labels != large.labels
    near = is_near_border(differs.shape, small.facts.grid.size)
    ratio = float(differs[near].mean() / max(differs[~near].mean(), 1e-9))
    # a corner off the borders of tiles, so that the clip is cut otherwise than the whole
    start, length = side // 4 + 100, side // 2
    part = mapped(clipped(path, Window(start, start, length, length)), model, SMALL)
    whole = small.labels[start : start + length, start : start + length]
    inner = slice(part.facts.grid.halo, length - part.facts.grid.halo)
    same = float((part.labels == whole)[inner, inner].mean())
    print_row(
        preset,
        f"{1 - differs.mean():.2%}",
        f"{differs[near].mean():.2%} / {differs[~near].mean():.2%} = {ratio:.2f}",
        f"{same:.2%} ({part.facts.grid.halo} px halo)",
        f"{time.perf_counter() - began:.0f} s",
    )
    return 1 - differs.mean() >= LEAST_AGREEMENT and ratio <= MOST_NEAR and same >= LEAST_CLIP


def main() -> None:
    """Print one row per preset."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--side", type=int, default=4096)
    parser.add_argument("--presets", nargs="+", default=["fast", "default"])
    parser.add_argument("--folder", type=Path, help="keeps the scene; a temporary one if absent")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"scene_{options.side}.tif"
        if not path.exists():
            draw(path, options.side)
        print(f"{command()}: tiles of {SMALL} against {LARGE} px")
        print_header("Preset", "agreement", "near borders / elsewhere", "clip", "time")
        fine = {preset: compare(path, options.side, preset) for preset in options.presets}
    sys.exit(int(not fine.get("fast", True)))


if __name__ == "__main__":
    main()
