"""Scene classification sets in one archive: images in folders that are called like their class."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from dgl_rsis.errors import InputError
from dgl_rsis.types import RGBImage


@dataclass(frozen=True)
class LabelledScene:
    """An image that shows one kind of scene.

    Attributes:
        name: ``CLASS/FILE``, as captions and lists refer to it.
        pixels: ``(H, W, 3)`` uint8.
    """

    name: str
    pixels: RGBImage

    @property
    def label(self) -> str:
        """The class, as its folder spells it."""
        return self.name.split("/")[0]


def read_scenes(
    archive: Path, wanted: Callable[[str], bool] = lambda _: True
) -> Iterator[LabelledScene]:
    """Images of an archive, in its order.

    Args:
        archive: tar file with ``CLASS/FILE`` inside, below any folder.
        wanted: asked for the file name of every image; the others are not decoded.

    Raises:
        InputError: the archive is not there or no archive.
    """
    try:
        with tarfile.open(archive) as members:
            for member in members:
                folder, _, name = member.name.rpartition("/")
                if not member.isfile() or not folder or not wanted(name):
                    continue
                stream = members.extractfile(member)
                assert stream is not None  # a regular file has content
                with Image.open(io.BytesIO(stream.read())) as image:
                    pixels = np.asarray(image.convert("RGB"))
                yield LabelledScene(f"{folder.rpartition('/')[2]}/{name}", pixels)
    except (OSError, tarfile.TarError) as error:
        raise InputError(f"{archive}: no archive of images ({error})") from error
