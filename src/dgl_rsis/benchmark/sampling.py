"""Points of a class map for an analyst to look at, and what the analyst found.

The sample is stratified random, without replacement, with the map classes as strata (Olofsson et
al. 2014, section 3). It is drawn in a second pass over the map: the ranks of the chosen pixels
within their class are drawn first, then the windows are read until all are found.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dgl_rsis.errors import InputError
from dgl_rsis.geo.class_windows import ClassMapFile, MapClass, windows
from dgl_rsis.types import IntArray

if TYPE_CHECKING:
    from geopandas import GeoDataFrame
    from pandas import DataFrame

NUMBER, MAP_CLASS, REFERENCE = "id", "map_class", "reference"
"""Columns of a sample."""


@dataclass(frozen=True)
class LabelledSample:
    """What a sample says.

    Attributes:
        names: of the ``C`` classes, those of the map first.
        counts: ``(C, C)`` points by class of the map (rows) and reference (columns).
        notes: what a user must know about it.
    """

    names: tuple[str, ...]
    counts: IntArray
    notes: tuple[str, ...]


def draw_sample(
    file: ClassMapFile, classes: Sequence[MapClass], points: IntArray, *, seed: int
) -> GeoDataFrame:
    """Draw pixels of every class at random.

    Args:
        file: the map.
        classes: those that occur in it, from ``count_classes``.
        points: ``(C,)`` how many of each class, at most its pixels.
        seed: of the random numbers; the same file and seed give the same points.

    Returns:
        Points at the centres of the pixels in random order: ``id`` from 1, ``map_class``, and
        ``reference``, which is empty.
    """
    from dgl_rsis.geo.points import points_frame

    generator = np.random.default_rng(seed)
    ranks = {
        each.value: np.sort(generator.choice(each.pixels, int(count), replace=False))
        for each, count in zip(classes, points, strict=True)
    }
    pixels = _find(file, ranks)
    order = generator.permutation(len(pixels))
    values, rows, columns = pixels[order].T
    return points_frame(
        rows,
        columns,
        {
            NUMBER: range(1, len(pixels) + 1),
            MAP_CLASS: [file.name_of(value) for value in values.tolist()],
            REFERENCE: _no_text(len(pixels)),
        },
        frame=file.frame,
    )


def _no_text(count: int) -> Any:
    """A column of text without any: its type has to be known, or files take it for numbers."""
    from pandas import Series

    return Series([None] * count, dtype="str")


def _find(file: ClassMapFile, ranks: Mapping[int, IntArray]) -> IntArray:
    """Value, row and column of the pixels with these ranks in their class, ``(N, 3)``."""
    found = [np.zeros((0, 3), dtype=np.int64)]
    seen = dict.fromkeys(ranks, 0)
    for window in windows(file.dataset):
        values, valid = file.read(window)
        for value, wanted in ranks.items():
            if seen[value] > wanted[-1:].max(initial=-1):
                continue  # all of them lie in windows before this one
            places = np.flatnonzero((values == value) & valid)
            begin, end = np.searchsorted(wanted, [seen[value], seen[value] + len(places)])
            chosen = places[wanted[begin:end] - seen[value]]
            seen[value] += len(places)
            rows, columns = np.divmod(chosen, values.shape[1])
            found.append(
                np.stack(
                    [np.full(len(chosen), value), rows + window.row_off, columns + window.col_off],
                    axis=1,
                ).astype(np.int64)
            )
    return np.concatenate(found)


def read_sample(path: str, file: ClassMapFile, classes: Sequence[MapClass]) -> LabelledSample:
    """Read a sample whose column ``reference`` was filled in.

    The class in the map is looked up at the points and has to be what ``map_class`` says, if the
    file has that column. A CSV file has no points and needs it.

    Args:
        path: any vector file with points, or a CSV file.
        file: the map that it was drawn from.
        classes: those that occur in the map, from ``count_classes``.

    Raises:
        InputError: the file cannot be read, lacks a column or any label, lies outside the map, or
            was drawn from another map.
    """
    mapped, table = _mapped(path, file)
    references = [label_text(value) for value in _column(table, REFERENCE, path)]
    labelled = [place for place, name in enumerate(references) if name]
    if not labelled:
        raise InputError(f"{path} has no labels; fill in the column `{REFERENCE}`")
    notes = []
    missing = len(references) - len(labelled)
    if missing:
        notes.append(
            f"{missing} of {len(references)} points have no reference class and are left out"
        )
    map_names = [each.name for each in classes]
    matched = match_names([references[place] for place in labelled], map_names)
    names = [*map_names, *sorted(set(matched) - set(map_names))]
    for name in names[len(map_names) :]:
        count = matched.count(name)
        notes.append(f"{count} points are of {name}, which is no class of the map")
    unknown = sorted({mapped[place] for place in labelled} - set(map_names))
    if unknown:
        raise InputError(
            f"{path}: `{MAP_CLASS}` has {unknown[0]}, which the map does not have; pass the map "
            "that the sample was drawn from"
        )
    counts = np.zeros((len(names), len(names)), dtype=np.int64)
    rows = [names.index(mapped[place]) for place in labelled]
    columns = [names.index(name) for name in matched]
    np.add.at(counts, (rows, columns), 1)
    return LabelledSample(tuple(names), counts, tuple(notes))


def _mapped(path: str, file: ClassMapFile) -> tuple[list[str], DataFrame]:
    """Class of every point in the map, and the rows of the file."""
    if Path(path).suffix.lower() == ".csv":
        table = _read_csv(path)
        return [label_text(value) for value in _column(table, MAP_CLASS, path)], table
    from dgl_rsis.geo.points import read_points

    pixels, table = read_points(path, file.frame)
    columns, rows = np.floor(pixels).astype(np.int64).T
    values = file.values_at(rows, columns)
    outside = [place for place, value in enumerate(values) if value is None]
    if outside:
        raise InputError(
            f"{path}: {len(outside)} of {len(values)} points lie where the map has no class, the "
            f"first is point {outside[0] + 1}; pass the map that the sample was drawn from"
        )
    mapped = [file.name_of(value) for value in values if value is not None]
    if MAP_CLASS in table.columns:
        said = [label_text(value) for value in table[MAP_CLASS]]
        other = [place for place, name in enumerate(mapped) if said[place] != name]
        if other:
            first = other[0]
            raise InputError(
                f"{path}: {len(other)} of {len(mapped)} points have another class in the map than "
                f"in `{MAP_CLASS}`, the first is point {first + 1}: {mapped[first]}, not "
                f"{said[first]}; pass the map that the sample was drawn from"
            )
    return mapped, table


def _read_csv(path: str) -> DataFrame:
    import pandas

    try:
        return pandas.read_csv(path, dtype=str, encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError(f"{path} does not exist; check the path") from None
    except (OSError, ValueError) as error:  # a wrong encoding and parsing errors are ValueErrors
        raise InputError(f"{path} is no CSV file that can be read: {error}") from error


def _column(table: DataFrame, name: str, path: str) -> list[Any]:
    if name not in table.columns:
        found = ", ".join(map(str, table.columns)) or "no columns"
        raise InputError(f"{path} has no column `{name}`, but {found}")
    return list(table[name])


def label_text(value: Any) -> str:
    """A label as text: empty for none, and without the point that files give to whole numbers."""
    if value is None or value != value:  # NaN
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def match_names(names: Sequence[str], known: Sequence[str]) -> list[str]:
    """Names as the map spells them where only upper and lower case differ; others stay.

    Args:
        names: any.
        known: names of the classes of the map.
    """
    spelt: dict[str, str | None] = {}
    for name in dict.fromkeys(known):
        spelt[name.casefold()] = None if name.casefold() in spelt else name
    return [name if name in known else spelt.get(name.casefold()) or name for name in names]
