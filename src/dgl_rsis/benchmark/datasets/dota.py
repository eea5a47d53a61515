"""Oriented boxes in the format of DOTA: one text file beside each image.

A line holds four corners, the class and whether the instance is difficult:
``x1 y1 x2 y2 x3 y3 x4 y4 class difficult``. Two lines before them may say the image's source and
its ground resolution (``imagesource:``, ``gsd:``).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from dgl_rsis.benchmark.datasets.annotated import AnnotatedImage
from dgl_rsis.errors import InputError
from dgl_rsis.proposals.polygons import from_polygons
from dgl_rsis.types import FloatArray

HEADERS = ("imagesource:", "gsd:")
IMAGE_SUFFIXES = (".png", ".jpg", ".tif")


def read_dota(folder: Path) -> tuple[AnnotatedImage, ...]:
    """Images of a folder that have a text file beside them, by name.

    Raises:
        InputError: there is none, an image is missing, or a line is no oriented box.
    """
    files = sorted(folder.glob("*.txt"))
    if not files:
        raise InputError(f"{folder}: no text files with oriented boxes; pass a folder of DOTA")
    return tuple(_read_image(file) for file in files)


def read_boxes(file: Path) -> tuple[list[FloatArray], list[str]]:
    """Corners ``(4, 2)`` of every box as ``x, y`` in pixels, and their classes.

    Raises:
        InputError: a line is no oriented box.
    """
    corners, names = [], []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith(HEADERS):
            continue
        words = line.split()
        try:
            corners.append(np.array(words[:8], np.float32).reshape(4, 2))
            names.append(words[8])
        except (ValueError, IndexError) as error:
            raise InputError(
                f"{file}:{number}: '{line}' is no oriented box; expected x1 y1 .. x4 y4 class"
            ) from error
    return corners, names


def _read_image(file: Path) -> AnnotatedImage:
    paths = [file.with_suffix(suffix) for suffix in IMAGE_SUFFIXES]
    path = next((each for each in paths if each.is_file()), None)
    if path is None:
        raise InputError(f"{file}: no image of that name beside it ({', '.join(IMAGE_SUFFIXES)})")
    with Image.open(path) as image:
        width, height = image.size
    corners, names = read_boxes(file)
    return AnnotatedImage(path, from_polygons(corners, (height, width)), tuple(names))
