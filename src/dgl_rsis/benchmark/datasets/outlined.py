"""Own sentences about real images, with the regions that they refer to outlined by hand.

A YAML file for each image: ``image``, its file name; ``regions``, rings of pixels ``x, y`` by name,
the first ring an outline and the others holes; ``sentences``, each with the names of the regions
that it refers to. Images lie elsewhere, for their terms do not let them travel with the outlines.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import yaml
from PIL import Image, ImageDraw

from dgl_rsis.benchmark.datasets import dior_mini
from dgl_rsis.benchmark.datasets.layout import Layout
from dgl_rsis.benchmark.datasets.samples import ReferDataset, ReferSample
from dgl_rsis.errors import InputError
from dgl_rsis.geo.raster import read_raster
from dgl_rsis.types import BoolArray

OUTLINES = Path(__file__).with_name("sentences") / "outlines"
Ring = Sequence[Sequence[float]]


@dataclass(frozen=True)
class Outlines:
    """What a file of outlines holds.

    Attributes:
        image: path of the image.
        regions: rings by the name of the region.
        sentences: with the names of the regions that they refer to; none where nothing is meant.
    """

    image: Path
    regions: Mapping[str, Sequence[Ring]]
    sentences: Sequence[tuple[str, Sequence[str]]]


def read(folder: Path, split: str) -> ReferDataset:
    """Our own sentences about the GeoTIFFs of a folder.

    Args:
        folder: of the images.
        split: ``all``.

    Raises:
        InputError: an image is not there, or there is no such split.
    """
    Layout("outlined", folder).check_split(split)
    return ReferDataset("outlined/all", read_samples(folder, OUTLINES))


def read_with_dior(folder: Path, split: str) -> ReferDataset:
    """The same and ``dior_mini`` in one table: real images end to end.

    Args:
        folder: with the folders ``geotiff`` and ``dior_mini``.
        split: ``all``.

    Raises:
        InputError: one of the sets is not there, or there is no such split.
    """
    Layout("real-mini", folder).check_split(split)
    instances = dior_mini.read(folder / "dior_mini", "all")
    samples = (*instances.samples, *read(folder / "geotiff", "all").samples)
    return ReferDataset("real-mini/all", samples, no_target=True)


def read_samples(folder: Path, outlines: Path) -> tuple[ReferSample, ...]:
    """Sentences of all files of outlines in a folder, about images in another one.

    Raises:
        InputError: a file cannot be used, or its image is not there.
    """
    files = sorted(outlines.glob("*.yaml"))
    return tuple(sample for file in files for sample in _samples(read_outlines(file, folder)))


def read_outlines(file: Path, folder: Path) -> Outlines:
    """The outlines of one image that lies in a folder.

    Raises:
        InputError: the file cannot be used, or the image is not there.
    """
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
        found = Outlines(
            folder / content["image"],
            content["regions"],
            [(each["sentence"], each["regions"]) for each in content["sentences"]],
        )
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise InputError(
            f"{file}: no outlines with image, regions and sentences ({error!r})"
        ) from error
    for sentence, names in found.sentences:
        unknown = [name for name in names if name not in found.regions]
        if unknown:
            raise InputError(
                f"{file}: {sentence!r} refers to {unknown[0]!r}, which is no region of it"
            )
    if not found.image.is_file():
        raise InputError(f"{found.image}: is not there; name the folder that holds it")
    return found


def fill_rings(rings: Sequence[Ring], shape: tuple[int, int]) -> BoolArray:
    """``(H, W)`` bool: pixels inside the first ring and in none of the others."""
    height, width = shape
    canvas = Image.new("1", (width, height))
    pen = ImageDraw.Draw(canvas)
    for number, ring in enumerate(rings):
        pen.polygon([(x, y) for x, y in ring], fill=int(number == 0))
    return np.asarray(canvas)


def _samples(outlines: Outlines) -> Iterator[ReferSample]:
    name = outlines.image.stem
    for number, (sentence, regions) in enumerate(outlines.sentences):
        yield ReferSample(
            f"{name}/{number}",
            name,
            sentence,
            partial(read_raster, outlines.image),
            partial(_mask, outlines, regions),
        )


def _mask(outlines: Outlines, names: Sequence[str]) -> BoolArray:
    shape = read_raster(outlines.image).shape
    mask = np.zeros(shape, bool)
    for name in names:
        mask |= fill_rings(outlines.regions[name], shape)
    return mask
