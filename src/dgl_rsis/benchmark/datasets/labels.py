"""From the values or the colours in label files to classes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dgl_rsis.benchmark.datasets.pictures import read_bands
from dgl_rsis.errors import InputError

Colour: TypeAlias = tuple[int, int, int]  # red, green, blue
UNCOUNTED = -1
_UNKNOWN = int(np.iinfo(np.int16).min)


@dataclass(frozen=True)
class Coding:
    """How the label files of a set write classes; one of both tables may be empty.

    Attributes:
        values: of files with grey values in 0..65535, the index of the class; -1 is not counted.
        colours: of files with colours, or with a palette, the index of the class.
        other_colours: index of colours that are not listed; None: they are an error.
    """

    values: Mapping[int, int] = field(default_factory=dict)
    colours: Mapping[Colour, int] = field(default_factory=dict)
    other_colours: int | None = None


def consecutive(count: int, *, first: int = 0, uncounted: Iterable[int] = ()) -> dict[int, int]:
    """Values of ``count`` classes from ``first`` on; from 1 on, labels are reduced by zero.

    Args:
        count: number of classes.
        first: value of class 0.
        uncounted: values of pixels that are not counted.
    """
    return {first + index: index for index in range(count)} | dict.fromkeys(uncounted, UNCOUNTED)


def read_labels(path: Path, coding: Coding) -> NDArray[np.int16]:
    """``(H, W)`` int16 index of the class of every pixel; -1 is not counted.

    A file with a palette is read by its colours where the coding has colours, else by its values.

    Raises:
        ImageError: the file is not there, or no image.
        InputError: it is of another kind, or a value or colour in it stands for no class.
    """
    bands = read_bands(path)
    picture = bands.picture
    if coding.colours and picture is not None:
        return _from_colours(path, picture, coding)
    if coding.values and (bands.palette is not None or len(bands.values) <= 2):
        return _from_values(path, bands.values[0], coding.values)
    wanted = " or ".join(
        kind for kind, table in (("grey", coding.values), ("coloured", coding.colours)) if table
    )
    raise InputError(
        f"{path} has {len(bands.values)} bands, but labels of this set are {wanted}; "
        "check that it is its label file"
    )


def _from_values(path: Path, values: NDArray[Any], classes: Mapping[int, int]) -> NDArray[np.int16]:
    if values.dtype not in (np.uint8, np.uint16):
        raise InputError(f"{path} holds {values.dtype}; save labels as 8 or 16 bits without sign")
    table = np.full(np.iinfo(values.dtype).max + 1, _UNKNOWN, np.int16)
    for value, index in classes.items():
        if value < len(table):
            table[value] = index
    labels: NDArray[np.int16] = table[values]
    if (found := _first_unknown(labels)) is not None:
        row, column = found
        raise _unknown(path, f"value {values[row, column]}", row, column)
    return labels


def _from_colours(path: Path, picture: NDArray[Any], coding: Coding) -> NDArray[np.int16]:
    if picture.dtype != np.uint8:
        raise InputError(f"{path} holds colours of {picture.dtype}; save labels as 8 bits")
    packed = np.zeros(picture.shape[1:], np.uint32)
    for band in picture:
        packed = (packed << 8) | band
    other = _UNKNOWN if coding.other_colours is None else coding.other_colours
    labels = np.full(packed.shape, other, np.int16)
    for (red, green, blue), index in coding.colours.items():
        labels[packed == (red << 16 | green << 8 | blue)] = index
    if (found := _first_unknown(labels)) is not None:
        row, column = found
        colour = tuple(picture[:, row, column].tolist())
        raise _unknown(path, f"colour {colour}", row, column)
    return labels


def _first_unknown(labels: NDArray[np.int16]) -> tuple[int, int] | None:
    """Row and column of the first pixel without a meaning."""
    unknown = labels == _UNKNOWN
    if not unknown.any():
        return None
    row, column = divmod(int(unknown.argmax()), labels.shape[1])
    return row, column


def _unknown(path: Path, what: str, row: int, column: int) -> InputError:
    return InputError(
        f"{path}: {what} (column {column}, row {row}) stands for no class of this set; "
        "check that it is its label file"
    )
