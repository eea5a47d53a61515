"""True regions of a label map: what proposals would be if they were perfect."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.types import IntArray


def labelled_regions(
    labels: NDArray[np.integer[Any]], class_count: int, *, least_area: int = 1
) -> tuple[MaskSet, IntArray]:
    """The 4-connected components of every label.

    Args:
        labels: ``(H, W)``, class of each pixel; those outside of 0 to ``class_count - 1`` belong to
            no region.
        class_count: number of classes.
        least_area: pixels of the smallest region.

    Returns:
        ``N`` masks, by class and within a class from top to bottom, and the class ``(N,)`` of each.
    """
    crops, corners, classes = [], [], []
    for number in range(class_count):
        components, _ = ndimage.label(labels == number)
        for index, (rows, columns) in enumerate(ndimage.find_objects(components), start=1):
            crop = components[rows, columns] == index
            if crop.sum() >= least_area:
                crops.append(crop)
                corners.append((columns.start, rows.start))
                classes.append(number)
    shape = (int(labels.shape[0]), int(labels.shape[1]))
    return MaskSet.from_crops(crops, corners, shape), np.array(classes, np.int64)
