"""RRSIS-D (Liu et al. 2024, RMSIN): masks of DIOR objects, made with SAM, and sentences about them.

17,402 sentences: train 12,181, val 1,740, test 3,481. Images are 800 x 800, a few 801 x 800 or
800 x 787, while every mask is 800 x 800. The protocol is that of RMSIN:

* one sample for each sentence of each reference of ``refs(unc).p``;
* the truth is where exactly one part of the mask lies: parts are summed and compared with 1, so
  that what two of them cover drops out;
* mask and answer are compared at 480 x 480, by nearest neighbour;
* boxes, where they are asked for, are those of the masks: ``bbox`` in ``instances.json`` is in the
  frame of the unscaled image and is not read. Nor is ``ann_split``, whose XML files have a mask for
  the last sentence only.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from dgl_rsis.benchmark.datasets.layout import Layout
from dgl_rsis.benchmark.datasets.refer_files import read_instances, read_references, samples_of
from dgl_rsis.benchmark.datasets.samples import ReferDataset
from dgl_rsis.types import BoolArray

SIDE = 480
REFERENCES, INSTANCES = "rrsisd/refs(unc).p", "rrsisd/instances.json"
PICTURES = "images/rrsisd/JPEGImages"


def read(folder: Path, split: str) -> ReferDataset:
    """RRSIS-D in a folder with ``rrsisd/{refs(unc).p, instances.json}`` and ``images/rrsisd/``.

    Raises:
        InputError: the split is unknown, or a file is missing or cannot be used.
    """
    layout = Layout("rrsis-d", folder)
    layout.check_split(split)
    layout.require(REFERENCES, INSTANCES, f"{PICTURES}/")
    references = read_references(folder / REFERENCES)
    instances = read_instances(folder / INSTANCES)
    samples = samples_of(references, split, instances, folder / PICTURES, covered_once)
    return ReferDataset(f"rrsis-d/{split}", samples, side=SIDE)


def covered_once(parts: Sequence[BoolArray], shape: tuple[int, int]) -> BoolArray:
    """``(H, W)`` bool, where exactly one part lies; parts have a size of their own, if any."""
    return np.asarray(np.sum(parts, axis=0) == 1) if parts else np.zeros(shape, bool)
