"""DLRSD (Shao et al. 2018): dense labels for the images of UC Merced. All of it is general knowledge.

2,100 images of 256 x 256 pixels in folders called like their scene. The label files hold 1 to 17,
mostly with a palette; 0 does not occur and is not counted. There is no class for the rest.
"""

from __future__ import annotations

from pathlib import Path

from dgl_rsis.benchmark.datasets.labels import Coding, consecutive
from dgl_rsis.benchmark.datasets.layout import PICTURES, Layout
from dgl_rsis.benchmark.datasets.map_samples import whole_samples
from dgl_rsis.benchmark.datasets.samples import MapDataset

# In the order of the labels: class, what is asked for.
CLASSES = (
    ("airplane", "airplane"),
    ("bare soil", "bare soil"),
    ("buildings", "building"),
    ("cars", "car"),
    ("chaparral", "chaparral"),
    ("court", "sports court"),
    ("dock", "dock"),
    ("field", "field"),
    ("grass", "grass"),
    ("mobile home", "mobile home"),
    ("pavement", "pavement"),
    ("sand", "sand"),
    ("sea", "sea"),
    ("ship", "ship"),
    ("tanks", "storage tank"),
    ("trees", "tree"),
    ("water", "water"),
)
CODING = Coding(consecutive(len(CLASSES), first=1, uncounted=[0]))


def read_dlrsd(folder: Path, split: str) -> MapDataset:
    """All images of DLRSD.

    Args:
        folder: with ``Images`` and ``Labels``, one folder for each scene in both.
        split: ``all``; the set has no official one.

    Raises:
        InputError: the folder is no DLRSD, or images and labels do not pair.
    """
    layout = Layout("dlrsd", folder)
    layout.check_split(split)
    images = layout.files("Images", PICTURES, deep=True)
    labels = layout.files("Labels", PICTURES, deep=True)
    samples = whole_samples(layout.pairs(images, labels), CODING)
    classes, words = zip(*CLASSES, strict=True)
    return MapDataset(f"dlrsd/{split}", classes, words, None, samples)
