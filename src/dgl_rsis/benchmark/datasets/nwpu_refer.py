"""NWPU-Refer (Yang et al. 2025): sentences that mean one thing, several things, or nothing.

15,003 images of 1024 to 2048 pixels, 49,745 sentences. How its files are laid out is not published
where we could read it; **assumed** is the layout of RRSIS-D with what gRefCOCO (Liu et al. 2023) adds:

* ``nwpu_refer/instances.json`` as COCO has it, and ``nwpu_refer/refs(unc).p`` or
  ``nwpu_refer/refs(unc).json``;
* ``ann_id`` of a reference is a list where several things are meant; it is -1, ``[-1]`` or an empty
  list where nothing is;
* images in ``images/nwpu_refer/JPEGImages``;
* splits train, val and test.

The truth is the union of everything that is meant, at the size of the image.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from dgl_rsis.benchmark.datasets.layout import Layout
from dgl_rsis.benchmark.datasets.refer_files import read_instances, read_references, samples_of
from dgl_rsis.benchmark.datasets.samples import ReferDataset
from dgl_rsis.types import BoolArray

REFERENCES = "nwpu_refer/refs(unc)"
INSTANCES = "nwpu_refer/instances.json"
PICTURES = "images/nwpu_refer/JPEGImages"


def read(folder: Path, split: str) -> ReferDataset:
    """NWPU-Refer in the assumed layout.

    Raises:
        InputError: the split is unknown, or a file is missing or cannot be used.
    """
    layout = Layout("nwpu-refer", folder)
    layout.check_split(split)
    is_json = (folder / f"{REFERENCES}.json").is_file()
    references = f"{REFERENCES}.json" if is_json else f"{REFERENCES}.p"
    layout.require(references, INSTANCES, f"{PICTURES}/")
    instances = read_instances(folder / INSTANCES)
    samples = samples_of(
        read_references(folder / references), split, instances, folder / PICTURES, covered
    )
    return ReferDataset(f"nwpu-refer/{split}", samples, no_target=True)


def covered(parts: Sequence[BoolArray], shape: tuple[int, int]) -> BoolArray:
    """``(H, W)`` bool, where any part lies."""
    return np.asarray(np.any(parts, axis=0)) if parts else np.zeros(shape, bool)
