"""Aerial tiles of Dubai with dense labels, each tile in nine parts.

Tile 6 is development data; tiles 1 to 5 may have trained the embedded weights. There is no class
for the rest: values 0 (unlabelled) and 255 are not counted.
"""

from __future__ import annotations

from pathlib import Path

from dgl_rsis.benchmark.datasets.labels import Coding, consecutive
from dgl_rsis.benchmark.datasets.layout import Layout
from dgl_rsis.benchmark.datasets.map_samples import whole_samples
from dgl_rsis.benchmark.datasets.samples import MapDataset

CLASSES = ("water", "land", "road", "building", "vegetation")
WORDS = ("water", "sand", "road", "building", "vegetation")  # the land is unpaved: sand
CODING = Coding(consecutive(len(CLASSES), first=1, uncounted=[0, 255]))


def read_dubai(folder: Path, split: str) -> MapDataset:
    """The parts of one tile, or of all.

    Args:
        folder: with ``images`` and ``labels``.
        split: ``tile1`` to ``tile6``, or ``all``.

    Raises:
        InputError: the folder has no such tile, or images and labels do not pair.
    """
    layout = Layout("dubai", folder)
    layout.check_split(split)
    tile = r"tile\d+" if split == "all" else split
    images = layout.files("images", rf"({tile}_.+)\.jpg")
    labels = layout.files("labels", rf"({tile}_.+)\.png")
    samples = whole_samples(layout.pairs(images, labels), CODING)
    return MapDataset(f"dubai/{split}", CLASSES, WORDS, None, samples)
