"""``dior_mini``: four images of DIOR with instance masks, and own sentences about them."""

from __future__ import annotations

from pathlib import Path

from dgl_rsis.benchmark.datasets.annotated import AnnotatedImage
from dgl_rsis.benchmark.datasets.coco import read_coco
from dgl_rsis.benchmark.datasets.instance_sentences import sentence_set
from dgl_rsis.benchmark.datasets.samples import ReferDataset

ANNOTATIONS = "annotations.json"


def read(folder: Path, split: str) -> ReferDataset:
    """The own sentences about the images of a folder with ``annotations.json``.

    Raises:
        InputError: the split is not ``all``, or a file is missing.
    """
    return sentence_set("dior_mini", folder, split, read_images, annotations=(ANNOTATIONS,))


def read_images(folder: Path) -> tuple[AnnotatedImage, ...]:
    """The images with their instances."""
    return read_coco(folder / ANNOTATIONS)
