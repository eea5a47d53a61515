"""What the readers of data sets yield."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dgl_rsis.proposals.masks import MaskSet


@dataclass(frozen=True)
class AnnotatedImage:
    """An image with its true instances.

    Attributes:
        path: of the image file.
        instances: ``N`` masks in the pixel frame of the image, in the order of the annotations.
        names: ``N`` class names, as the data set spells them.
    """

    path: Path
    instances: MaskSet
    names: tuple[str, ...]
