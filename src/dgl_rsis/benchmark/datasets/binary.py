"""Sets with one thing to find, buildings or roads; the figure is the IoU of that class alone.

Labels are 0 and 1, 0 and 255, black and white, or black and red. Layouts and splits are general
knowledge; that images of Inria are cut into patches of 1000 pixels is the protocol of SegEarth-OV.
"""

from __future__ import annotations

from pathlib import Path

from dgl_rsis.benchmark.datasets.labels import Coding
from dgl_rsis.benchmark.datasets.layout import PICTURES, Layout
from dgl_rsis.benchmark.datasets.map_samples import cut_samples, rows_then_columns, whole_samples
from dgl_rsis.benchmark.datasets.patches import Patch, disjoint_spans, grid
from dgl_rsis.benchmark.datasets.samples import MapDataset, MapSample

CODING = Coding(
    values={0: 0, 1: 1, 255: 1},
    colours={(0, 0, 0): 0, (255, 255, 255): 1, (255, 0, 0): 1},
)
INRIA_SIDE = 1000
INRIA_NAMES = {"val": r"\D+[1-5]", "train": r"\D+(?:[6-9]|\d\d+)", "all": r"\D+\d+"}


def read_whu(folder: Path, split: str) -> MapDataset:
    """WHU buildings (Ji et al. 2019): the aerial tiles, or the satellite set II.

    Args:
        folder: of one of both, with ``SPLIT/image`` and ``SPLIT/label``.
        split: ``test``, ``val`` or ``train``; the satellite set has no val.

    Raises:
        InputError: the folder does not hold the split, or images and labels do not pair.
    """
    layout = Layout("whu", folder)
    layout.check_split(split)
    pairs = layout.pairs(
        layout.files(f"{split}/image", PICTURES), layout.files(f"{split}/label", PICTURES)
    )
    return _binary(f"whu/{split}", "building", whole_samples(pairs, CODING))


def read_inria(folder: Path, split: str) -> MapDataset:
    """Inria aerial image labelling (Maggiori et al. 2017) in patches of 1000 pixels.

    Args:
        folder: ``AerialImageDataset``; only its ``train`` has labels.
        split: ``val``, the first five images of every city, as the authors advise; ``train``,
            the others; ``all``.

    Raises:
        InputError: the folder does not hold the split, or images and labels do not pair.
    """
    layout = Layout("inria", folder)
    layout.check_split(split)
    pattern = rf"({INRIA_NAMES[split]})\.tif"
    pairs = layout.pairs(layout.files("train/images", pattern), layout.files("train/gt", pattern))
    samples = cut_samples(pairs, CODING, inria_patches, rows_then_columns)
    return _binary(f"inria/{split}", "building", samples)


def read_massachusetts_buildings(folder: Path, split: str) -> MapDataset:
    """Massachusetts buildings (Mnih 2013), whole images.

    Args:
        folder: with ``SPLIT/sat`` and ``SPLIT/map``, or ``SPLIT`` and ``SPLIT_labels``.
        split: ``test``, ``train``, and ``val`` or ``valid`` as the folders are called.

    Raises:
        InputError: the folder does not hold the split, or images and labels do not pair.
    """
    return _massachusetts("massachusetts-buildings", "building", folder, split)


def read_massachusetts_roads(folder: Path, split: str) -> MapDataset:
    """Massachusetts roads (Mnih 2013), whole images.

    Args:
        folder: with ``SPLIT/sat`` and ``SPLIT/map``, or ``SPLIT`` and ``SPLIT_labels``.
        split: ``test``, ``train``, and ``val`` or ``valid`` as the folders are called.

    Raises:
        InputError: the folder does not hold the split, or images and labels do not pair.
    """
    return _massachusetts("massachusetts-roads", "road", folder, split)


def _massachusetts(name: str, word: str, folder: Path, split: str) -> MapDataset:
    layout = Layout(name, folder)
    layout.check_split(split)
    if layout.has(f"{split}/sat"):
        places = (f"{split}/sat", f"{split}/map")
    else:
        places = (split, f"{split}_labels")
    images, labels = (layout.files(place, PICTURES) for place in places)
    return _binary(f"{name}/{split}", word, whole_samples(layout.pairs(images, labels), CODING))


def _binary(name: str, word: str, samples: tuple[MapSample, ...]) -> MapDataset:
    classes = ("background", word)
    return MapDataset(name, classes, classes, 0, samples)


def inria_patches(height: int, width: int) -> tuple[Patch, ...]:
    """Patches of an image of that size in pixels, side by side."""
    return grid(disjoint_spans(height, INRIA_SIDE), disjoint_spans(width, INRIA_SIDE))
