"""Potsdam and Vaihingen, the 2D semantic labelling contest of the ISPRS.

The protocol is that of MMSegmentation's converters: clips of 512 x 512 pixels. Their declared
stride of 256 sets only how many windows are made. Their origins are multiples of 512, shifted back
at the border, and windows past it collapse onto the same file name. What remains are the unique
clips at a stride of 512: 144 for an image of 6000 x 6000 pixels, 2,016 in val of Potsdam, 398 in
val of Vaihingen. Labels without boundaries (eroded) are used: black is not counted. Nor are
colours that stand for no class, as the converters drop them too (general knowledge).
"""

from __future__ import annotations

from pathlib import Path

from dgl_rsis.benchmark.datasets.labels import UNCOUNTED, Coding, consecutive
from dgl_rsis.benchmark.datasets.layout import Layout
from dgl_rsis.benchmark.datasets.map_samples import (
    before_corners,
    cut_samples,
    whole_samples,
)
from dgl_rsis.benchmark.datasets.patches import Patch, grid, shifted_spans
from dgl_rsis.benchmark.datasets.samples import MapDataset, MapSample

SIDE = 512
CLASSES = ("impervious surface", "building", "low vegetation", "tree", "car", "clutter")
WORDS = ("pavement", "building", "low vegetation", "tree", "car", "clutter")
CLUTTER = 5
CODING = Coding(
    values=consecutive(len(CLASSES), first=1, uncounted=[0]),
    colours={
        (255, 255, 255): 0,
        (0, 0, 255): 1,
        (0, 255, 255): 2,
        (0, 255, 0): 3,
        (255, 255, 0): 4,
        (255, 0, 0): 5,
    },
    other_colours=UNCOUNTED,
)
POTSDAM_VAL = (
    *("2_13", "2_14", "3_13", "3_14", "4_13", "4_14", "4_15"),
    *("5_13", "5_14", "5_15", "6_13", "6_14", "6_15", "7_13"),
)
VAIHINGEN_VAL = tuple(
    f"area{number}" for number in (2, 4, 6, 8, 10, 12, 14, 16, 20, 22, 24, 27, 29, 31, 33, 35, 38)
)


def read_potsdam(folder: Path, split: str) -> MapDataset:
    """The clips of Potsdam, red, green and blue.

    Args:
        folder: of converted clips (``img_dir``, ``ann_dir``), or with ``2_Ortho_RGB`` and
            ``5_Labels_all_noBoundary`` as they were unpacked (names of the files in them are
            general knowledge).
        split: ``val``, 14 images, or ``train``, all others.

    Raises:
        InputError: the folder does not hold the split, or images and labels do not pair.
    """
    layout = Layout("potsdam", folder)
    if layout.has("img_dir"):
        samples = _converted(layout, split)
    else:
        images = layout.files("2_Ortho_RGB", r"top_potsdam_(\d+_\d+)_RGB\.tif")
        labels = layout.files(
            "5_Labels_all_noBoundary", r"top_potsdam_(\d+_\d+)_label_noBoundary\.tif"
        )
        samples = _clipped(layout, split, images, labels, POTSDAM_VAL)
    return MapDataset(f"potsdam/{split}", CLASSES, WORDS, CLUTTER, samples)


def read_vaihingen(folder: Path, split: str) -> MapDataset:
    """The clips of Vaihingen: near infrared, red and green are shown as red, green and blue.

    Args:
        folder: of converted clips (``img_dir``, ``ann_dir``), or with the images in ``top`` and
            the eroded labels anywhere below (names of folders and files are general knowledge).
        split: ``val``, 17 areas, or ``train``, all others.

    Raises:
        InputError: the folder does not hold the split, or images and labels do not pair.
    """
    layout = Layout("vaihingen", folder)
    if layout.has("img_dir"):
        samples = _converted(layout, split)
    else:
        images = layout.files("top", r"top_mosaic_09cm_(area\d+)\.tif")
        labels = layout.files("", r"top_mosaic_09cm_(area\d+)_noBoundary\.tif", deep=True)
        samples = _clipped(layout, split, images, labels, VAIHINGEN_VAL)
    return MapDataset(f"vaihingen/{split}", CLASSES, WORDS, CLUTTER, samples)


def clips(height: int, width: int) -> tuple[Patch, ...]:
    """The unique clips of an image of that size in pixels."""
    return grid(shifted_spans(height, SIDE, SIDE), shifted_spans(width, SIDE, SIDE))


def _converted(layout: Layout, split: str) -> tuple[MapSample, ...]:
    layout.check_split(split)
    name = r"(.+_\d+_\d+_\d+_\d+)\.png"
    pairs = layout.pairs(
        layout.files(f"img_dir/{split}", name), layout.files(f"ann_dir/{split}", name)
    )
    return whole_samples(pairs, CODING, before_corners)


def _clipped(
    layout: Layout,
    split: str,
    images: dict[str, Path],
    labels: dict[str, Path],
    held_out: tuple[str, ...],
) -> tuple[MapSample, ...]:
    layout.check_split(split)
    if split == "val" and (absent := [name for name in held_out if name not in images]):
        raise layout.error(f"images of val are missing: {', '.join(absent)}")
    pairs = [
        pair for pair in layout.pairs(images, labels) if (pair.name in held_out) == (split == "val")
    ]
    if not pairs:
        raise layout.error(f"there is no image of {split}")
    return cut_samples(pairs, CODING, clips, _columns_then_rows)


def _columns_then_rows(name: str, patch: Patch) -> str:
    """Name of a clip as the converters write it (general knowledge)."""
    return f"{name}_{patch.x0}_{patch.y0}_{patch.x1}_{patch.y1}"
