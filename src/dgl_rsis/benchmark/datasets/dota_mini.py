"""``dota_mini``: two images of DOTA with oriented boxes, and own sentences about them.

The true mask of an instance is its oriented box.
"""

from __future__ import annotations

from pathlib import Path

from dgl_rsis.benchmark.datasets.dota import read_dota
from dgl_rsis.benchmark.datasets.instance_sentences import sentence_set
from dgl_rsis.benchmark.datasets.samples import ReferDataset

ANNOTATIONS = ("P0706.txt", "P1888.txt")


def read(folder: Path, split: str) -> ReferDataset:
    """The own sentences about the images of a folder with text files as DOTA has them.

    Raises:
        InputError: the split is not ``all``, or a file is missing.
    """
    return sentence_set("dota_mini", folder, split, read_dota, annotations=ANNOTATIONS)
