"""A folder of your own: images, true masks or polygons, and one table of sentences.

``sentences.csv`` has a line for each sentence, with a head:

* ``image``: file below ``images/``, anything that GDAL reads;
* ``sentence``;
* ``mask``: file below ``masks/``; empty where the sentence has no target. A PNG or GeoTIFF has the
  size of the image and is zero outside the target; all zero means no target, too. A GeoPackage or
  GeoJSON is followed by the ids of the polygons that are meant: ``parcels.gpkg#12 15``. Ids are in
  its column ``id``, each once; the polygons may have any CRS;
* ``name`` (optional): of the sentence, in the results; else ``image#number``;
* ``split`` (optional): so that a part can be asked for by name. The split ``all`` is every line.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
from pandas import isna

from dgl_rsis.benchmark.datasets.layout import Layout
from dgl_rsis.benchmark.datasets.pictures import read_mask_file, read_picture, shape_of
from dgl_rsis.benchmark.datasets.samples import ReferDataset, ReferSample
from dgl_rsis.benchmark.datasets.sentence_files import arranged, read_text
from dgl_rsis.errors import InputError
from dgl_rsis.geo.dataset import frame_of, open_raster
from dgl_rsis.geo.vector import rasterize_polygons, read_features
from dgl_rsis.types import BoolArray

TABLE, EVERYTHING = "sentences.csv", "all"
NEEDED = ("image", "sentence", "mask")
PICTURES, VECTORS = (".png", ".tif", ".tiff"), (".gpkg", ".geojson")


def read(folder: Path, split: str) -> ReferDataset:
    """The sentences of a folder, or those of one split.

    Every such set counts as one with sentences that have no target: whether a mask is empty is
    only known when it is read.

    Raises:
        InputError: a file or column is missing, or a line cannot be used.
    """
    Layout("own-sentences", folder).require(TABLE, "images/")
    samples = arranged(_samples(folder, split), folder / TABLE, split)
    return ReferDataset(f"{folder.resolve().name}/{split}", samples, no_target=True)


def _samples(folder: Path, split: str) -> Iterator[ReferSample]:
    seen: dict[str, int] = {}
    for line, row in _rows(folder / TABLE):
        where = f"{folder / TABLE}:{line}"
        if split != EVERYTHING and "split" not in row:
            raise InputError(
                f"{folder / TABLE}: no column `split`, so the only split is {EVERYTHING}, "
                f"not {split!r}"
            )
        if split not in (EVERYTHING, row.get("split")):
            continue
        image, sentence, mask = (row[column].strip() for column in NEEDED)
        picture = folder / "images" / image
        if not image or not picture.is_file():
            raise InputError(f"{where}: no image {picture}; check the column `image`")
        if not sentence:
            raise InputError(f"{where}: the sentence is empty; leave out the line")
        number = seen[image] = seen.get(image, -1) + 1
        yield ReferSample(
            row.get("name", "").strip() or f"{image}#{number}",
            image,
            sentence,
            partial(read_picture, picture),
            _reader(where, folder / "masks", mask, picture),
        )


def _reader(where: str, folder: Path, mask: str, picture: Path) -> partial[BoolArray]:
    """What reads the true mask; that its file is there is checked now."""
    if not mask:
        return partial(_nothing, picture)
    name, _, ids = mask.partition("#")
    path = folder / name
    if path.suffix.lower() not in (*PICTURES, *VECTORS):
        raise InputError(f"{where}: {name} is no mask; pass {', '.join((*PICTURES, *VECTORS))}")
    is_vector = path.suffix.lower() in VECTORS
    if is_vector != bool(ids.split()):
        raise InputError(
            f"{where}: {mask}; polygons need ids, as in parcels.gpkg#12 15, and pictures have none"
        )
    if not path.is_file():
        raise InputError(f"{where}: no mask {path}; check the column `mask`")
    if is_vector:
        return partial(_polygons_mask, path, tuple(ids.split()), picture)
    return partial(_picture_mask, path, picture)


def _nothing(picture: Path) -> BoolArray:
    return np.zeros(shape_of(picture), bool)


def _picture_mask(path: Path, picture: Path) -> BoolArray:
    mask, shape = read_mask_file(path), shape_of(picture)
    if mask.shape != shape:
        raise InputError(
            f"{path}: a mask of {mask.shape[1]} x {mask.shape[0]} pixels for {picture.name} of "
            f"{shape[1]} x {shape[0]}; draw it on the pixels of the image"
        )
    return mask


def _polygons_mask(path: Path, ids: tuple[str, ...], picture: Path) -> BoolArray:
    with open_raster(picture) as dataset:
        frame, shape = frame_of(dataset), (int(dataset.height), int(dataset.width))
    polygons, attributes = read_features(path, frame)
    if "id" not in attributes.columns:
        found = ", ".join(map(str, attributes.columns)) or "none at all"
        raise InputError(f"{path}: no column `id`, only {found}; add one with the ids of polygons")
    places: dict[str, int] = {}
    for place, value in enumerate(attributes["id"]):
        if places.setdefault(_written(value), place) != place and not isna(value):
            raise InputError(f"{path}: two polygons have the id {_written(value)}; ids must differ")
    mask = np.zeros(shape, bool)
    for name in ids:
        if name not in places:
            raise InputError(f"{path}: no polygon has the id {name}; check the column `mask`")
        ((crop, x0, y0),) = rasterize_polygons([polygons[places[name]]], shape)
        mask[y0 : y0 + crop.shape[0], x0 : x0 + crop.shape[1]] |= crop
    if not mask.any():
        raise InputError(
            f"{path}: the polygons {', '.join(ids)} lie outside of {picture.name}; check ids and CRS"
        )
    return mask


def _written(value: Any) -> str:
    """An id as it is written in the table: a column of numbers with gaps holds 3 as 3.0."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _rows(table: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Lines below the head, with their number in the file."""
    reader = csv.DictReader(StringIO(read_text(table)), strict=True)
    try:
        missing = [name for name in NEEDED if name not in (reader.fieldnames or ())]
        if missing:
            raise InputError(
                f"{table}: no column {', '.join(missing)} in its first line, which needs "
                f"{', '.join(NEEDED)}"
            )
        for row in reader:
            if None in row or None in row.values():
                raise InputError(
                    f"{table}:{reader.line_num}: another number of cells than the first line has; "
                    "put quotes around a text with commas"
                )
            yield reader.line_num, row
    except csv.Error as error:
        raise InputError(f"{table}:{reader.line_num}: no line of a table ({error})") from error
