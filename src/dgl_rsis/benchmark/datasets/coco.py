"""Instance masks in the format of COCO: one JSON file for all images of a folder.

The masks are run lengths down the columns, zeros first, as a list of numbers or as COCO's
compressed text. Polygons and crowds are not read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from dgl_rsis.benchmark.datasets.annotated import AnnotatedImage
from dgl_rsis.errors import InputError
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.types import BoolArray


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
            f"{annotations}: no COCO annotations with run-length masks ({error!r})"
        ) from error


def decode_mask(segmentation: Mapping[str, Any]) -> BoolArray:
    """``(H, W)`` bool of a run-length mask ``{"size": [H, W], "counts": text or list}``.

    Raises:
        ValueError: the runs do not add up to the size.
    """
    height, width = segmentation["size"]
    counts = segmentation["counts"]
    runs = run_lengths(counts) if isinstance(counts, str) else counts
    flat = np.repeat(np.arange(len(runs)) % 2 == 1, runs)
    if len(flat) != height * width:
        raise ValueError(f"{len(flat)} pixels in the runs of a mask of {width} x {height}")
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


def _read_image(
    path: Path, shape: tuple[int, int], entries: list[dict[str, Any]], classes: dict[int, str]
) -> AnnotatedImage:
    masks = (decode_mask(entry["segmentation"]) for entry in entries)
    names = tuple(classes[entry["category_id"]] for entry in entries)
    return AnnotatedImage(path, MaskSet.from_masks(masks, shape), names)
