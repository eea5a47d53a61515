"""Where a promptable segmenter is asked: grids of points, crops of the image, small objects.

Grid and crop layers are those of SAM's automatic mode (Kirillov et al. 2023, appendix B): layer
``i`` cuts the image into ``2**i x 2**i`` crops that overlap. How fine both have to be follows from
the size of a small object in pixels, and so from the ground sampling distance.
"""

from __future__ import annotations

from math import ceil

import numpy as np
from numpy.typing import NDArray

OVERLAP = 512 / 1500  # of the first crop layer, as a share of the shorter side
SMALL_METRES = 5.0  # length of the smallest objects looked for: cars, small boats, sheds
SMALL_PIXELS = 16.0  # the same where nobody knows how large pixels are
LEAST_PIXELS = 8.0  # what is smaller has no outline, whatever it is on the ground
TOKEN = 16.0  # pixels of the input under one token of the image: what is smaller is lost
MOST_LAYERS = 2  # the second has 16 crops, each of them an image to embed
FEWEST_POINTS, MOST_POINTS = 16, 64  # a side
COARSE_POINTS = 32  # a side at most where finer crops follow
NEAREST_POINTS = 4.0  # pixels between points at least

Box = tuple[int, int, int, int]


def point_grid(shape: tuple[int, int], points: int) -> NDArray[np.float64]:
    """Points in the middle of equal cells, row by row.

    Args:
        shape: height and width of the image in pixels.
        points: along the longer side; the shorter one has fewer, at the same distance.

    Returns:
        ``(P, 2)`` ``x, y`` in the pixel frame.
    """
    longer = max(shape)
    rows, columns = (max(1, ceil(points * side / longer)) for side in shape)
    y = (np.arange(rows) + 0.5) * shape[0] / rows
    x = (np.arange(columns) + 0.5) * shape[1] / columns
    return np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)


def crop_boxes(shape: tuple[int, int], layer: int) -> list[Box]:
    """Boxes ``x0, y0, x1, y1`` of the crops of one layer, the whole image for layer 0."""
    height, width = shape
    if layer == 0:
        return [(0, 0, width, height)]
    count = 2**layer
    overlap = int(OVERLAP * min(shape) * 2 / count)
    tall, wide = (ceil((overlap * (count - 1) + side) / count) for side in shape)
    lefts = [(wide - overlap) * number for number in range(count)]
    tops = [(tall - overlap) * number for number in range(count)]
    boxes = [
        (left, top, min(left + wide, width), min(top + tall, height))
        for top in tops
        for left in lefts
    ]
    return [box for box in boxes if box[0] < box[2] and box[1] < box[3]]


def small_object(metres_per_pixel: float | None) -> float:
    """Length of the smallest objects looked for, in pixels."""
    if metres_per_pixel is None:
        return SMALL_PIXELS
    return max(LEAST_PIXELS, SMALL_METRES / metres_per_pixel)


def layers_for(shape: tuple[int, int], size: float, input_side: int) -> int:
    """Fewest crop layers in which a small object covers a token of the image.

    Args:
        shape: height and width of the image in pixels.
        size: length of a small object in pixels.
        input_side: side of the network's input, which the longer side of a crop is brought to.

    Returns:
        Finest layer, 0 to ``MOST_LAYERS``.
    """
    for layer in range(MOST_LAYERS):
        x0, y0, x1, y1 = crop_boxes(shape, layer)[0]
        if size * input_side / max(x1 - x0, y1 - y0) >= TOKEN:
            return layer
    return MOST_LAYERS


def points_for(shape: tuple[int, int], size: float, *, is_finest: bool) -> int:
    """Points along the longer side of a crop of which one hits every small object.

    Args:
        shape: height and width of the crop in pixels.
        size: length of a small object in pixels.
        is_finest: whether no finer crops follow that find the small ones.
    """
    longer = max(shape)
    most = MOST_POINTS if is_finest else COARSE_POINTS
    wanted = min(max(ceil(longer / size), FEWEST_POINTS), most)
    return max(1, min(wanted, int(longer / NEAREST_POINTS)))
