"""Sets of drone images: UAVid (Lyu et al. 2020), UDD (Chen et al. 2018), VDD (Cai et al. 2023)."""

from __future__ import annotations

from pathlib import Path

from dgl_rsis.benchmark.datasets.labels import Coding, consecutive
from dgl_rsis.benchmark.datasets.layout import PICTURES, Layout, Pair
from dgl_rsis.benchmark.datasets.map_samples import cut_samples, rows_then_columns, whole_samples
from dgl_rsis.benchmark.datasets.patches import Patch, disjoint_spans, grid
from dgl_rsis.benchmark.datasets.samples import MapDataset

UAVID_CLASSES = ("background", "building", "road", "car", "tree", "low vegetation", "human")
UAVID_WORDS = ("background", "building", "road", "car", "tree", "low vegetation", "person")
UAVID_CODING = Coding(
    colours={
        (0, 0, 0): 0,
        (128, 0, 0): 1,
        (128, 64, 128): 2,
        (192, 0, 192): 3,  # static car
        (64, 0, 128): 3,  # moving car
        (0, 128, 0): 4,
        (128, 128, 0): 5,
        (64, 64, 0): 6,
    }
)
UAVID_PATCH = (1080, 1280)  # height and width

UDD5_CLASSES = ("vegetation", "building", "road", "vehicle", "other")
UDD5_CODING = Coding(
    values=consecutive(len(UDD5_CLASSES)),
    colours={
        (107, 142, 35): 0,
        (102, 102, 156): 1,
        (128, 64, 128): 2,
        (0, 0, 142): 3,
        (0, 0, 0): 4,
    },
)

VDD_CLASSES = ("other", "wall", "road", "vegetation", "vehicle", "roof", "water")
VDD_CODING = Coding(consecutive(len(VDD_CLASSES)))


def read_uavid(folder: Path, split: str) -> MapDataset:
    """UAVid in patches of 1280 x 1080 pixels without overlap, static and moving cars being one.

    Images have 3840 or 4096 x 2160 pixels (general knowledge). The 1,020 patches of test mean that
    wider ones have a fourth column. It takes the 256 pixels that are left here, so that every
    pixel counts once; the protocol only says that nothing overlaps.

    Args:
        folder: with ``uavid_test`` and so on as they were unpacked (general knowledge).
        split: ``test``, ``val`` or ``train``.

    Raises:
        InputError: the folder does not hold the split, or images and labels do not pair.
    """
    layout = Layout("uavid", folder)
    layout.check_split(split)
    place = f"uavid_{split}"
    sequences = [path.name for path in (folder / place).glob("seq*") if path.is_dir()]
    if not sequences:
        raise layout.error(f"{place} is missing or has no folder seqN")
    pairs: list[Pair] = []
    for sequence in sorted(sequences):
        found = layout.pairs(
            layout.files(f"{place}/{sequence}/Images", PICTURES),
            layout.files(f"{place}/{sequence}/Labels", PICTURES),
        )
        pairs += [Pair(f"{sequence}_{pair.name}", pair.image, pair.labels) for pair in found]
    samples = cut_samples(pairs, UAVID_CODING, uavid_patches, rows_then_columns)
    return MapDataset(f"uavid/{split}", UAVID_CLASSES, UAVID_WORDS, 0, samples)


def read_udd5(folder: Path, split: str) -> MapDataset:
    """UDD with five classes, whole images; labels in colours, or converted to values.

    Args:
        folder: with ``val/src`` and ``val/gt``.
        split: ``val`` or ``train``.

    Raises:
        InputError: the folder does not hold the split, or images and labels do not pair.
    """
    layout = Layout("udd5", folder)
    samples = whole_samples(_sources(layout, split), UDD5_CODING)
    return MapDataset(f"udd5/{split}", UDD5_CLASSES, UDD5_CLASSES, 4, samples)


def read_vdd(folder: Path, split: str) -> MapDataset:
    """VDD, whole images.

    Args:
        folder: with ``test/src`` and ``test/gt`` (general knowledge).
        split: ``test``, ``val`` or ``train``.

    Raises:
        InputError: the folder does not hold the split, or images and labels do not pair.
    """
    layout = Layout("vdd", folder)
    samples = whole_samples(_sources(layout, split), VDD_CODING)
    return MapDataset(f"vdd/{split}", VDD_CLASSES, VDD_CLASSES, 0, samples)


def _sources(layout: Layout, split: str) -> tuple[Pair, ...]:
    layout.check_split(split)
    return layout.pairs(
        layout.files(f"{split}/src", PICTURES), layout.files(f"{split}/gt", PICTURES)
    )


def uavid_patches(height: int, width: int) -> tuple[Patch, ...]:
    """Patches of an image of that size in pixels, side by side."""
    down, across = UAVID_PATCH
    return grid(disjoint_spans(height, down), disjoint_spans(width, across))
