"""Class maps in: the labels and names behind a raster of integers."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dgl_rsis.errors import ImageError
from dgl_rsis.geo.dataset import frame_of, open_raster
from dgl_rsis.types import FloatArray, MapFrame


def read_class_map(
    path: str | Path,
) -> tuple[NDArray[np.int32], list[str], MapFrame | None]:
    """Read a raster of classes: a map of ours, or any raster of integers.

    Returns:
        Labels ``(H, W)``, -1 where there is no data, class names (the values themselves where
        the file has no names of ours), and where the map lies.

    Raises:
        ImageError: it cannot be read or does not hold integers.
    """
    with open_raster(path) as dataset:
        if np.dtype(dataset.dtypes[0]).kind not in "iu":
            raise ImageError(f"{path} holds {dataset.dtypes[0]} values, not integers of classes")
        values = dataset.read(1)
        empty = dataset.read_masks(1) == 0
        frame = frame_of(dataset)
        listed = dataset.tags().get("CLASS_NAMES")
    if listed is not None:
        names = [str(name) for name in json.loads(listed)]
        labels = values.astype(np.int64) - 1
        labels[labels >= len(names)] = -1
    else:
        found = np.unique(values[~empty])
        names = [str(value) for value in found.tolist()]
        labels = np.searchsorted(found, values).astype(np.int64)
    return np.where(empty, -1, labels).astype(np.int32), names, frame


def read_scores(path: str | Path, shape: tuple[int, ...]) -> FloatArray:
    """Read the scores of a class map.

    Args:
        path: raster of numbers in [0, 1].
        shape: height and width of the class map.

    Returns:
        ``(H, W)`` float32, 0 where there is no data.

    Raises:
        ImageError: it cannot be read or has another size than the class map.
    """
    with open_raster(path) as dataset:
        if dataset.shape != shape:
            raise ImageError(
                f"{path} has {dataset.shape[0]} x {dataset.shape[1]} pixels, "
                f"the class map {shape[0]} x {shape[1]}; pass the scores of that map"
            )
        values = dataset.read(1).astype(np.float32)
    return np.where(np.isfinite(values), values, np.float32(0))
