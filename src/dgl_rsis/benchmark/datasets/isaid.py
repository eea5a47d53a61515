"""iSAID (Waqas Zamir et al. 2019): semantic masks of the images of DOTA-v1.0.

The protocol is that of MMSegmentation's converter: patches of 896 x 896 pixels that overlap by 384,
the last one of a row or column shifted back to the border; smaller images are padded, and nothing
is counted there. One confusion matrix over all patches counts overlaps twice. Labels of the test
split are not published, so val is used (11,644 patches; train 33,978). Patches come from folders
that were converted already, or are cut while they are read, with the same names in the same order.
"""

from __future__ import annotations

from pathlib import Path

from dgl_rsis.benchmark.datasets.labels import Coding, Colour, consecutive
from dgl_rsis.benchmark.datasets.layout import Layout
from dgl_rsis.benchmark.datasets.map_samples import (
    before_corners,
    cut_samples,
    rows_then_columns,
    whole_samples,
    without_background,
)
from dgl_rsis.benchmark.datasets.patches import Patch, grid, shifted_spans
from dgl_rsis.benchmark.datasets.samples import MapDataset

SIDE = 896
OVERLAP = 384
PADDED = 255  # value of converted labels outside the image

# In the order of the labels: class, what is asked for, colour of the masks.
CLASSES: tuple[tuple[str, str, Colour], ...] = (
    ("background", "background", (0, 0, 0)),
    ("ship", "ship", (0, 0, 63)),
    ("storage tank", "storage tank", (0, 63, 63)),
    ("baseball diamond", "baseball diamond", (0, 63, 0)),
    ("tennis court", "tennis court", (0, 63, 127)),
    ("basketball court", "basketball court", (0, 63, 191)),
    ("ground track field", "ground track field", (0, 63, 255)),
    ("bridge", "bridge", (0, 127, 63)),
    ("large vehicle", "large vehicle", (0, 127, 127)),
    ("small vehicle", "small vehicle", (0, 0, 127)),
    ("helicopter", "helicopter", (0, 0, 191)),
    ("swimming pool", "swimming pool", (0, 0, 255)),
    ("roundabout", "roundabout", (0, 191, 127)),
    ("soccer ball field", "soccer field", (0, 127, 191)),
    ("plane", "plane", (0, 127, 255)),
    ("harbor", "harbor", (0, 100, 155)),
)
CODING = Coding(
    values=consecutive(len(CLASSES), uncounted=[PADDED]),
    colours={colour: index for index, (_, _, colour) in enumerate(CLASSES)},
)
_MASK = "_instance_color_RGB"


def read_isaid(folder: Path, split: str) -> MapDataset:
    """The patches of iSAID, background being a class.

    Args:
        folder: of converted patches (``img_dir``, ``ann_dir``), or of the official distribution:
            images of DOTA below ``SPLIT/images``, masks below ``SPLIT/Semantic_masks`` (these
            two names are general knowledge).
        split: ``val`` or ``train``.

    Raises:
        InputError: the folder does not hold the split, or an image has no mask.
    """
    layout = Layout("isaid", folder)
    layout.check_split(split)
    if layout.has("img_dir"):
        pairs = layout.pairs(
            layout.files(f"img_dir/{split}", r"(.+_\d+_\d+_\d+_\d+)\.png"),
            layout.files(f"ann_dir/{split}", rf"(.+_\d+_\d+_\d+_\d+){_MASK}\.png"),
        )
        samples = whole_samples(pairs, CODING, before_corners)
    else:
        pairs = layout.pairs(
            layout.files(f"{split}/images", r"([^._]+)\.png", deep=True),
            layout.files(f"{split}/Semantic_masks", rf"([^._]+){_MASK}\.png", deep=True),
        )
        samples = cut_samples(pairs, CODING, isaid_patches, rows_then_columns)
    classes, words, _ = zip(*CLASSES, strict=True)
    return MapDataset(f"isaid/{split}", classes, words, 0, samples)


def read_isaid_foreground(folder: Path, split: str) -> MapDataset:
    """The patches of iSAID with 15 classes; pixels of the background are not counted.

    Raises:
        InputError: as ``read_isaid``.
    """
    return without_background(read_isaid(folder, split))


def isaid_patches(height: int, width: int) -> tuple[Patch, ...]:
    """Patches of an image of that size in pixels, row by row."""
    stride = SIDE - OVERLAP
    return grid(shifted_spans(height, SIDE, stride), shifted_spans(width, SIDE, stride))
