"""From pairs of files to the samples of a set, read only when asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache, partial
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dgl_rsis.benchmark.datasets import labels
from dgl_rsis.benchmark.datasets.labels import UNCOUNTED, Coding
from dgl_rsis.benchmark.datasets.layout import Pair
from dgl_rsis.benchmark.datasets.patches import Patch, cut
from dgl_rsis.benchmark.datasets.pictures import read_rgb, shape_of
from dgl_rsis.benchmark.datasets.samples import MapDataset, MapSample
from dgl_rsis.errors import InputError
from dgl_rsis.types import RGBImage

Grid: TypeAlias = Callable[[int, int], tuple[Patch, ...]]
"""Patches of an image of that height and width."""


def whole_samples(
    pairs: Iterable[Pair], coding: Coding, image_of: Callable[[str], str] = str
) -> tuple[MapSample, ...]:
    """One sample for each file, in the order of the pairs.

    Args:
        pairs: images, or patches that were cut before.
        coding: of their labels.
        image_of: name of the image from that of a file.
    """
    return tuple(
        MapSample(
            pair.name,
            image_of(pair.name),
            partial(read_rgb, pair.image),
            partial(labels_of, pair, coding),
        )
        for pair in pairs
    )


def cut_samples(
    pairs: Iterable[Pair],
    coding: Coding,
    grid: Grid,
    name_of: Callable[[str, Patch], str],
) -> tuple[MapSample, ...]:
    """One sample for each patch, by name, so that they come as a folder of cut patches would.

    The image that was read last is kept with its labels, as patches of an image follow each other.

    Args:
        pairs: the large images.
        coding: of their labels.
        grid: how an image is cut; beyond it there is 0, and nothing is counted.
        name_of: name of a patch from that of its image.

    Raises:
        ImageError: the header of an image cannot be read.
    """
    image_of = lru_cache(1)(read_rgb)
    truth_of = lru_cache(1)(partial(labels_of, coding=coding))

    def read_image(pair: Pair, patch: Patch) -> RGBImage:
        return cut(image_of(pair.image), patch, 0)

    def read_labels(pair: Pair, patch: Patch) -> NDArray[np.int16]:
        return cut(truth_of(pair), patch, UNCOUNTED)

    samples = (
        MapSample(
            name_of(pair.name, patch),
            pair.name,
            partial(read_image, pair, patch),
            partial(read_labels, pair, patch),
        )
        for pair in pairs
        for patch in grid(*shape_of(pair.image))
    )
    return tuple(sorted(samples, key=lambda sample: sample.name))


def rows_then_columns(name: str, patch: Patch) -> str:
    """Name of a patch as iSAID writes it: ``NAME_Y0_Y1_X0_X1``."""
    return f"{name}_{patch.y0}_{patch.y1}_{patch.x0}_{patch.x1}"


def before_corners(name: str) -> str:
    """Name of the image from that of a patch, which ends with four numbers."""
    return name.rsplit("_", 4)[0]


def labels_of(pair: Pair, coding: Coding) -> NDArray[np.int16]:
    """Labels of an image, ``(H, W)`` int16 as ``labels.read_labels`` gives them.

    Raises:
        ImageError: a file cannot be read.
        InputError: the labels are of another size than the image, or hold what is no class.
    """
    found = labels.read_labels(pair.labels, coding)
    height, width = shape_of(pair.image)
    if found.shape != (height, width):
        raise InputError(
            f"{pair.labels} has {found.shape[1]} x {found.shape[0]} pixels, "
            f"its image {pair.image} {width} x {height}; they must be of one size"
        )
    return found


def without_background(dataset: MapDataset) -> MapDataset:
    """The same images, in which pixels of the background are not counted and it is no class.

    The name of the set gets ``-foreground`` before its split.

    Raises:
        ValueError: the set has no background.
    """
    background = dataset.background
    if background is None:
        raise ValueError(f"{dataset.name} has no background")
    kept = [index for index in range(len(dataset.classes)) if index != background]
    name, _, split = dataset.name.partition("/")
    return MapDataset(
        f"{name}-foreground/{split}",
        tuple(dataset.classes[index] for index in kept),
        tuple(dataset.words[index] for index in kept),
        None,
        tuple(
            MapSample(
                sample.name,
                sample.image,
                sample.read_image,
                partial(_foreground, sample.read_labels, background),
            )
            for sample in dataset.samples
        ),
    )


def _foreground(read_labels: Callable[[], NDArray[np.int16]], background: int) -> NDArray[np.int16]:
    found = read_labels()
    lower = found - np.int16(1)
    return np.where(
        found == background, np.int16(UNCOUNTED), np.where(found > background, lower, found)
    )
