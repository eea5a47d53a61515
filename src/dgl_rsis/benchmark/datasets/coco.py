"""Instance masks in the format of COCO: one JSON file for all images of a folder.

A mask is one or several parts. A part is run lengths down the columns, zeros first, as a list of
numbers or as COCO's compressed text, or a polygon ``x1, y1, x2, y2, ...``. Polygons are filled by
the rule of COCO's own tools, so that masks agree with theirs to the pixel. Crowds are read like any
other annotation.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dgl_rsis.benchmark.datasets.annotated import AnnotatedImage
from dgl_rsis.errors import InputError
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.types import BoolArray

FINER = 5  # steps per pixel in which COCO walks along the edges of a polygon
LARGEST = 1e6  # pixels; a corner farther away is a mistake


def read_coco(annotations: Path) -> tuple[AnnotatedImage, ...]:
    """Images of an annotation file, in its order; they lie in the folder of the file.

    Raises:
        InputError: the file is not there or no annotation file, or a mask does not fit its image.
    """
    try:
        content = json.loads(annotations.read_text(encoding="utf-8"))
        classes = {entry["id"]: entry["name"] for entry in content["categories"]}
        return tuple(
            _read_image(
                annotations.parent / image["file_name"],
                (image["height"], image["width"]),
                [each for each in content["annotations"] if each["image_id"] == image["id"]],
                classes,
            )
            for image in content["images"]
        )
    except OSError as error:
        raise InputError(f"{annotations}: cannot be read ({error.strerror})") from error
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{annotations}: no COCO annotations with masks or polygons ({error!r})"
        ) from error


def decode_parts(segmentation: Any, shape: tuple[int, int]) -> list[BoolArray]:
    """The parts of a mask, ``(H, W)`` bool each; they may overlap.

    Args:
        segmentation: run lengths ``{"size": [H, W], "counts": text or list}``, or a list of such,
            or a list of polygons.
        shape: height and width for polygons; run lengths bring their own.

    Raises:
        ValueError: there is no part, a part is none of these, or runs do not add up to the size.
    """
    parts = [segmentation] if isinstance(segmentation, Mapping) else segmentation
    if not isinstance(parts, Sequence) or isinstance(parts, str) or not parts:
        raise ValueError(f"{segmentation!r:.60} is no list of run lengths or polygons")
    return [
        decode_mask(part) if isinstance(part, Mapping) else fill_polygon(part, shape)
        for part in parts
    ]


def decode_mask(segmentation: Mapping[str, Any]) -> BoolArray:
    """``(H, W)`` bool of a run-length mask ``{"size": [H, W], "counts": text or list}``.

    Raises:
        ValueError: the runs do not add up to the size.
    """
    height, width = segmentation["size"]
    counts = segmentation["counts"]
    runs = run_lengths(counts) if isinstance(counts, str) else counts
    if sum(runs) != height * width:
        raise ValueError(f"{sum(runs)} pixels in the runs of a mask of {width} x {height}")
    flat = np.repeat(np.arange(len(runs)) % 2 == 1, runs)
    return np.asarray(flat.reshape(width, height).T)


def run_lengths(text: str) -> list[int]:
    """Run lengths of a compressed mask.

    Each number is a little-endian chain of characters from ``0``: five bits each, the sixth says
    that more follow, and the highest bit of the last is the sign. From the fourth number on, the
    difference to the number two before is stored.
    """
    numbers: list[int] = []
    value = shift = 0
    for character in text.encode("ascii"):
        bits = character - 48
        value |= (bits & 31) << shift
        shift += 5
        if not bits & 32:
            if bits & 16:
                value -= 1 << shift
            numbers.append(value + (numbers[-2] if len(numbers) > 2 else 0))
            value = shift = 0
    return numbers


def fill_polygon(corners: Sequence[float], shape: tuple[int, int]) -> BoolArray:
    """``(H, W)`` bool of a polygon ``x1, y1, x2, y2, ...`` in the pixel frame.

    The rule of COCO: corners are rounded to fifths of a pixel, and every edge is walked in steps of
    a fifth along its longer axis. Where the walk passes the middle of a column of pixels, it
    toggles all pixels of that column from there downwards.

    Raises:
        ValueError: fewer than three corners, or something that is no number.
    """
    height, width = shape
    points = np.asarray(corners, np.float64)
    if points.ndim != 1 or len(points) < 6 or len(points) % 2:
        raise ValueError(f"{corners!r:.60} is no polygon x1, y1, x2, y2, x3, y3, ...")
    if not (np.abs(points) <= LARGEST).all():
        raise ValueError(f"{corners!r:.60} is a polygon with a corner far outside of any image")
    fine = np.trunc(FINER * points.reshape(-1, 2) + 0.5).astype(np.int64)
    walk = np.concatenate(
        [_walked(start, end) for start, end in zip(fine, np.roll(fine, -1, axis=0), strict=True)]
    )
    before, after = walk[:-1], walk[1:]
    left = np.minimum(before[:, 0], after[:, 0])
    top = np.minimum(before[:, 1], after[:, 1])
    middle = FINER // 2
    columns, rows = (left - middle) // FINER, -((middle - top) // FINER)  # down, up
    passed = (before[:, 0] != after[:, 0]) & (left % FINER == middle)
    passed &= (columns >= 0) & (columns < width)
    toggles = np.zeros(width * height + 1, np.int64)
    np.add.at(toggles, columns[passed] * height + np.clip(rows[passed], 0, height), 1)
    filled = np.cumsum(toggles[:-1]) % 2 == 1
    return np.asarray(filled.reshape(width, height).T)


def _walked(start: NDArray[np.int64], end: NDArray[np.int64]) -> NDArray[np.int64]:
    """``(n, 2)`` points of an edge, both ends included, in unit steps along its longer axis."""
    steps = int(np.abs(end - start).max())
    along = int(np.argmax(np.abs(end - start)))  # x where both are equal
    # Rounding depends on the direction, so the walk always goes the way of the longer axis.
    low, high = (start, end) if start[along] <= end[along] else (end, start)
    slope = (high - low) / max(steps, 1)
    points = np.trunc(low + slope * np.arange(steps + 1)[:, None] + 0.5).astype(np.int64)
    points[:, along] = low[along] + np.arange(steps + 1)
    return points if low is start else points[::-1]


def _read_image(
    path: Path, shape: tuple[int, int], entries: list[dict[str, Any]], classes: dict[int, str]
) -> AnnotatedImage:
    masks = (np.any(decode_parts(entry["segmentation"], shape), axis=0) for entry in entries)
    names = tuple(classes[entry["category_id"]] for entry in entries)
    return AnnotatedImage(path, MaskSet.from_masks(masks, shape), names)
