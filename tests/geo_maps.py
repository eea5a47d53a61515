"""Class maps read back from their regions."""

from __future__ import annotations

from typing import Any

import numpy as np

from dgl_rsis.geo.regions import Regions


def painted(regions: Regions) -> Any:
    """``(H, W)`` number of the region of every pixel, -1 where there is none."""
    whole = np.full(regions.source.shape, -9)
    for (top, left, bottom, right), numbers in regions.tiles():
        whole[top:bottom, left:right] = numbers
    return whole


def painted_classes(regions: Regions) -> Any:
    """``(H, W)`` class of the region of every pixel, -1 where there is none."""
    whole = np.full(regions.source.shape, -9)
    for (top, left, bottom, right), classes in regions.class_tiles():
        whole[top:bottom, left:right] = classes
    return whole
