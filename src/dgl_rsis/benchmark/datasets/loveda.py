"""LoveDA (Wang et al. 2021): land cover in towns and in the countryside; val has 1,669 images."""

from __future__ import annotations

from pathlib import Path

from dgl_rsis.benchmark.datasets.labels import Coding, consecutive
from dgl_rsis.benchmark.datasets.layout import PICTURES, Layout
from dgl_rsis.benchmark.datasets.map_samples import whole_samples
from dgl_rsis.benchmark.datasets.samples import MapDataset

CLASSES = ("background", "building", "road", "water", "barren", "forest", "agriculture")
WORDS = ("background", "building", "road", "water", "bare ground", "forest", "cropland")
CODING = Coding(consecutive(len(CLASSES), first=1, uncounted=[0]))  # 0: no data


def read_loveda(folder: Path, split: str) -> MapDataset:
    """The images of LoveDA.

    Args:
        folder: of converted images (``img_dir``, ``ann_dir``), or of the official distribution
            (general knowledge): ``Val/Urban/images_png`` and so on; numbers of images are
            unique over both parts.
        split: ``val`` or ``train``.

    Raises:
        InputError: the folder does not hold the split, or images and labels do not pair.
    """
    layout = Layout("loveda", folder)
    layout.check_split(split)
    if layout.has("img_dir"):
        places = [(f"img_dir/{split}", f"ann_dir/{split}")]
    else:
        parts = [f"{split.title()}/{part}" for part in ("Urban", "Rural")]
        places = [(f"{part}/images_png", f"{part}/masks_png") for part in parts]
    pairs = [
        pair
        for images, labels in places
        for pair in layout.pairs(layout.files(images, PICTURES), layout.files(labels, PICTURES))
    ]
    samples = whole_samples(sorted(pairs, key=lambda pair: pair.name), CODING)
    return MapDataset(f"loveda/{split}", CLASSES, WORDS, 0, samples)
