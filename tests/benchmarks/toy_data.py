"""Data sets in the layout of the real ones, of plain colours that the toy backbone tells apart."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path

import numpy as np
from PIL import Image
from pretrain.split import is_held_out

from dgl_rsis.types import RGBImage

Colour = tuple[int, int, int]
BLUE, GREEN, RED, GREY = (10, 10, 200), (10, 200, 10), (200, 10, 10), (120, 120, 120)
OCHRE = (125, 125, 25)  # what the toy backbone takes words for that it does not know
HALF = 32  # pixels


def file_names(*, held_out: bool) -> Iterator[str]:
    """Names inside the development split, or outside of it."""
    names = (f"scene_{number}.png" for number in count())
    return (name for name in names if is_held_out(name) == held_out)


def plain(colour: Colour) -> RGBImage:
    return np.full((8, 8, 3), colour, np.uint8)


def quarters(colours: Sequence[Colour]) -> RGBImage:
    """Upper left, upper right, lower left, lower right."""
    image = np.zeros((2 * HALF, 2 * HALF, 3), np.uint8)
    for place, colour in enumerate(colours):
        row, column = divmod(place, 2)
        image[HALF * row :, HALF * column :][:HALF, :HALF] = colour
    return image


def write_scenes(path: Path, scenes: Mapping[str, Colour]) -> None:
    """An archive of scenes, each of one colour."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w") as members:
        for name, colour in scenes.items():
            stream = io.BytesIO()
            Image.fromarray(plain(colour)).save(stream, "PNG")
            entry = tarfile.TarInfo(name)
            entry.size = stream.tell()
            stream.seek(0)
            members.addfile(entry, stream)


def write_part(folder: Path, name: str, colours: Sequence[Colour], labels: Sequence[int]) -> None:
    """A part of a tile of Dubai: four quarters, with the label of each as it is stored."""
    for kind in ("images", "labels"):
        (folder / kind).mkdir(parents=True, exist_ok=True)
    stored = quarters([(label, 0, 0) for label in labels])[..., 0]
    Image.fromarray(quarters(colours)).save(folder / "images" / f"{name}.jpg", quality=95)
    Image.fromarray(stored).save(folder / "labels" / f"{name}.png")
