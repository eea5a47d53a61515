"""Aerial tiles of Dubai with dense labels (CC0): tiles 1 to 5 train, tile 6 is development data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from pretrain.concepts import LABELS, TILE_NAMES
from pretrain.crops import Pixels, labelled_crop

TRAINING_TILES = (1, 2, 3, 4, 5)
LEAST_COMPONENT = 12  # cells
# Values of the label files: 0 and 255 are unlabelled.
VALUES = dict(enumerate(TILE_NAMES, start=1))


@dataclass(frozen=True)
class Labelled:
    """Images ``(h, w, 3)`` uint8 of any size and their labels ``(h, w)`` int16 into ``LABELS``."""

    images: tuple[Pixels, ...]
    labels: tuple[NDArray[np.int16], ...]


def read(folder: Path, tiles: tuple[int, ...] = TRAINING_TILES) -> Labelled:
    """Parts of the tiles with labels, -1 unlabelled."""
    table = np.full(256, -1, np.int16)
    for value, name in VALUES.items():
        table[value] = LABELS.index(name)
    images, labels = [], []
    for tile in tiles:
        for path in sorted((folder / "images").glob(f"tile{tile}_*.jpg")):
            with Image.open(path) as image:
                images.append(np.asarray(image.convert("RGB")))
            with Image.open((folder / "labels" / path.name).with_suffix(".png")) as image:
                labels.append(table[np.asarray(image)])
    return Labelled(tuple(images), tuple(labels))


def labelled_part(
    rng: np.random.Generator, tiles: Labelled, zoom: tuple[float, float], size: int
) -> tuple[Pixels, NDArray[np.int16]]:
    """Random part whose side is ``size`` times a factor, drawn log-uniformly from ``zoom``."""
    number = int(rng.integers(len(tiles.images)))
    label = tiles.labels[number]
    place = (int(rng.integers(label.shape[0])), int(rng.integers(label.shape[1])))
    side = round(size * float(np.exp(rng.uniform(*np.log(zoom)))))
    return labelled_crop(rng, tiles.images[number], label, place, side, size)


def components(labels: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Number the connected components of one label in several label maps.

    Args:
        labels: ``(n, h, w)``, -1 unlabelled.

    Returns:
        ``(n, h, w)`` number of the component of each cell, -1 where there is none because nothing
        is labelled or it has less than ``LEAST_COMPONENT`` cells; and the label of each component.
    """
    numbers = np.full(labels.shape, -1, np.int64)
    owners: list[int] = []
    for number, image in zip(numbers, labels, strict=True):
        for label in np.unique(image[image >= 0]):
            found, _ = ndimage.label(image == label)
            areas = np.bincount(found.ravel())
            for component in np.flatnonzero(areas[1:] >= LEAST_COMPONENT) + 1:
                number[found == component] = len(owners)
                owners.append(int(label))
    return numbers, np.array(owners, np.int64)
