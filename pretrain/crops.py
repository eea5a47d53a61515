"""Crops of images, alone or with their labels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]


def crop(rng: np.random.Generator, image: Pixels, size: int, low: float, high: float) -> Pixels:
    """Random square part, resized and turned or mirrored; its side is a share of the image's."""
    height, width = image.shape[:2]
    side = round(min(height, width) * rng.uniform(low, high))
    row, col = rng.integers(0, height - side + 1), rng.integers(0, width - side + 1)
    part = Image.fromarray(image[row : row + side, col : col + side])
    return turn(rng.integers(8), np.asarray(part.resize((size, size), Image.Resampling.BILINEAR)))


def turn(way: int | np.integer[Any], values: NDArray[Any]) -> NDArray[Any]:
    """One of the eight symmetries of the square."""
    values = np.rot90(values, int(way) % 4)
    return values[:, ::-1] if way >= 4 else values


def labelled_crop(
    rng: np.random.Generator,
    image: Pixels,
    label: NDArray[np.int16],
    place: tuple[int, int],
    side: int,
    size: int,
) -> tuple[Pixels, NDArray[np.int16]]:
    """Square part that holds a pixel, resized, and turned or mirrored, with its labels.

    Args:
        rng: source of chance.
        image: ``(h, w, 3)`` uint8.
        label: ``(h, w)``.
        place: row and column that the part shows, anywhere inside it.
        side: of the part in pixels; at most that of the image.
        size: side of the result in pixels.
    """
    side = min(side, *label.shape)
    row, col = (
        int(np.clip(centre - rng.integers(side), 0, length - side))
        for centre, length in zip(place, label.shape, strict=True)
    )
    image = image[row : row + side, col : col + side]
    label = label[row : row + side, col : col + side]
    resized = np.asarray(Image.fromarray(image).resize((size, size), Image.Resampling.BILINEAR))
    nearest = ((np.arange(size) + 0.5) * side / size).astype(int)
    way = rng.integers(8)
    return turn(way, resized), turn(way, label[nearest][:, nearest])
