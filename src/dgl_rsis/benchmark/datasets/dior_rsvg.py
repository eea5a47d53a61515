"""DIOR-RSVG (Zhan et al. 2023): described objects of DIOR, with boxes.

Layout (general knowledge): ``JPEGImages/*.jpg``, ``Annotations/*.xml`` as PASCAL VOC has them, each
``object`` with a ``bndbox`` and a ``description``, and ``train.txt``, ``val.txt``, ``test.txt``. A
line of these is the place of an object, counted from 0 over the objects of all annotations. The
authors count in the order in which the system lists the files; here it is that of their names.

Coordinates are lengths as in the authors' IoU, without the extra pixel of PASCAL VOC: a box from
``xmin`` to ``xmax`` covers the pixels ``xmin`` to ``xmax - 1``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from dgl_rsis.benchmark.datasets.layout import Layout
from dgl_rsis.benchmark.datasets.pictures import read_picture, shape_of
from dgl_rsis.benchmark.datasets.samples import ReferDataset, ReferSample
from dgl_rsis.benchmark.datasets.sentence_files import arranged, read_text
from dgl_rsis.errors import InputError
from dgl_rsis.types import BoolArray

PICTURES, ANNOTATIONS = "JPEGImages", "Annotations"
SIDES = ("xmin", "ymin", "xmax", "ymax")
LARGEST = 1e6  # pixels; a box that reaches farther is a mistake


@dataclass(frozen=True)
class _Described:
    """An object: annotation file, image file, box ``x0, y0, x1, y1`` in pixels, description."""

    file: Path
    image: str
    box: tuple[float, float, float, float]
    text: str


def read(folder: Path, split: str) -> ReferDataset:
    """DIOR-RSVG in a folder with ``JPEGImages``, ``Annotations`` and the lists of the splits.

    Raises:
        InputError: the split is unknown, or a file is missing or cannot be used.
    """
    layout = Layout("dior-rsvg", folder)
    layout.check_split(split)
    layout.require(f"{PICTURES}/", f"{ANNOTATIONS}/", f"{split}.txt")
    places = _places(folder / f"{split}.txt")
    files = sorted((folder / ANNOTATIONS).glob("*.xml"))
    objects = [found for file in files for found in _objects(file)]
    if places and places[-1] >= len(objects):
        raise InputError(
            f"{folder / split}.txt: object {places[-1]}, but the {len(files)} files of {ANNOTATIONS} "
            f"hold {len(objects)}; unpack all of them"
        )
    pictures = folder / PICTURES
    present = {path.name for path in pictures.iterdir()}
    samples = [_sample(place, objects[place], pictures, present) for place in places]
    return ReferDataset(f"dior-rsvg/{split}", arranged(samples, folder, split), boxes=True)


def _places(file: Path) -> list[int]:
    """Places of a split in ascending order, each once, as the authors take them."""
    places = set()
    for line, text in enumerate(read_text(file).split("\n"), 1):
        if not text.strip():
            continue
        if not text.strip().isdecimal():
            raise InputError(f"{file}:{line}: {text!r:.40} is no place of an object, from 0 on")
        places.add(int(text))
    return sorted(places)


def _objects(file: Path) -> Iterator[_Described]:
    try:
        root = ElementTree.parse(file).getroot()
    except (OSError, ElementTree.ParseError) as error:
        raise InputError(f"{file}: no XML that can be read ({error})") from error
    image = root.findtext("filename")
    for number, entry in enumerate(root.iterfind("object")):
        sides = [entry.findtext(f"bndbox/{name}") for name in SIDES]
        text = entry.findtext("description")
        try:
            x0, y0, x1, y1 = (float(side) for side in sides if side is not None)
        except ValueError:
            x0 = y0 = x1 = y1 = 0.0
        if (
            not image
            or not text
            or not text.strip()
            or not (-LARGEST < x0 < x1 < LARGEST and -LARGEST < y0 < y1 < LARGEST)
        ):
            raise InputError(
                f"{file}: object {number} has no {', '.join(SIDES)} of a box, no description or "
                "no file name of its image"
            )
        yield _Described(file, image, (x0, y0, x1, y1), text)


def _sample(place: int, described: _Described, pictures: Path, present: set[str]) -> ReferSample:
    if described.image not in present:
        raise InputError(
            f"{pictures / described.image}: missing, {described.file.name} needs it; "
            "unpack all images"
        )
    path = pictures / described.image
    return ReferSample(
        str(place),
        described.image,
        described.text,
        partial(read_picture, path),
        partial(_filled, path, described),
    )


def _filled(path: Path, described: _Described) -> BoolArray:
    """``(H, W)`` bool, the box cut at the border of the image."""
    height, width = shape_of(path)
    corners = np.rint(described.box).astype(np.int64)
    x0, y0, x1, y1 = np.clip(corners, 0, [width, height, width, height]).tolist()
    if x0 >= x1 or y0 >= y1:
        raise InputError(
            f"{described.file}: the box of {described.text!r:.60} has no pixel in {path.name}"
        )
    mask = np.zeros((height, width), bool)
    mask[y0:y1, x0:x1] = True
    return mask
