"""A class map against a reference that covers it: every pixel where both have a class counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError, ProjError
from rasterio.windows import Window as RasterWindow

from dgl_rsis.benchmark.sampling import label_text, match_names
from dgl_rsis.errors import InputError
from dgl_rsis.geo.class_windows import WINDOW_PIXELS, ClassMapFile, distinct, windows
from dgl_rsis.geo.dataset import crs_text
from dgl_rsis.types import BoolArray, IntArray

Labels: TypeAlias = NDArray[np.integer[Any]]
Reference: TypeAlias = Callable[[RasterWindow], tuple[Labels, BoolArray]]
"""Values ``(h, w)`` of the reference in a window of the map, and where it has any."""

_TIE = 1e-6  # pixels: a centre on a border belongs to the pixel to the right and below
_MISSING = -1


@dataclass(frozen=True)
class FullCount:
    """Pixels of a map by class.

    Attributes:
        names: of the ``C`` classes, those of the map first.
        counts: ``(C, C)`` pixels by class of the map (rows) and reference (columns).
        left_out: pixels with a class in the map but none in the reference.
        notes: what a user must know about it.
    """

    names: tuple[str, ...]
    counts: IntArray
    left_out: int
    notes: tuple[str, ...]


def count_pixels(
    file: ClassMapFile,
    reference: Reference,
    name_of: Callable[[int], str],
    rename: Mapping[str, str],
) -> FullCount:
    """Count the pixels of a map by both classes, window by window.

    Args:
        file: the map.
        reference: the true classes.
        name_of: name of a value of the reference.
        rename: names of the reference to those of the map.

    Raises:
        InputError: no pixel has a class in both, no class is in both, or a name to be changed
            does not occur.
    """
    pairs: dict[tuple[int, int], int] = {}
    left_out = 0
    for window in windows(file.dataset):
        values, valid = file.read(window)
        true, known = reference(window)
        left_out += int(np.count_nonzero(valid & ~known))
        both = valid & known
        rows, row_places = distinct(values[both])
        columns, column_places = distinct(true[both])
        cells = np.bincount(
            row_places * len(columns) + column_places, minlength=len(rows) * len(columns)
        )
        for cell in np.flatnonzero(cells).tolist():
            row, column = divmod(cell, len(columns))
            pair = int(rows[row]), int(columns[column])
            pairs[pair] = pairs.get(pair, 0) + int(cells[cell])
    if not pairs:
        raise InputError(
            f"{file.path} and the reference have no pixel in common where both have a class; "
            "check their coordinates and CRS"
        )
    return _table(file, pairs, name_of, rename, left_out)


def _table(
    file: ClassMapFile,
    pairs: Mapping[tuple[int, int], int],
    name_of: Callable[[int], str],
    rename: Mapping[str, str],
    left_out: int,
) -> FullCount:
    map_names = [file.name_of(value) for value in sorted({value for value, _ in pairs})]
    said = {value: name_of(value) for value in sorted({value for _, value in pairs})}
    for name in rename:
        if name not in said.values():
            raise InputError(
                f"the reference has no class {name} to rename, but {', '.join(said.values())}"
            )
    asked = [rename.get(name, name) for name in said.values()]
    # Classes that the file lists are classes of the map even where they cover nothing here.
    known = map_names if file.names is None else [*map_names, *file.names]
    called = dict(zip(said, match_names(asked, known), strict=True))
    if not set(called.values()) & set(known):
        raise InputError(
            f"no class is in both: the map has {', '.join(map_names)}, the reference "
            f"{', '.join(called.values())}; say which is which as --rename FROM=TO"
        )
    names = list(dict.fromkeys([*map_names, *called.values()]))
    counts = np.zeros((len(names), len(names)), dtype=np.int64)
    for (value, true), count in pairs.items():
        counts[names.index(file.name_of(value)), names.index(called[true])] += count
    notes = [
        f"{counts[:, names.index(name)].sum()} pixels are of {name}, which is no class of the map"
        for name in names
        if name not in known
    ]
    return FullCount(tuple(names), counts, left_out, tuple(notes))


def raster_reference(file: ClassMapFile, other: ClassMapFile) -> Reference:
    """A reference raster on any grid: the pixel that the centre of a pixel of the map lies in.

    Where only one of the two has a CRS their coordinates count as the same.

    Args:
        file: the map.
        other: the reference.

    Raises:
        InputError: one has no georeference and they differ in size, or no way leads from one CRS
            to the other.
    """
    placed = [each.frame is not None for each in (file, other)]
    if placed != [True, True] and file.shape != other.shape:
        raise InputError(
            f"{other.path} is {other.shape[1]} x {other.shape[0]} pixels, the map {file.shape[1]} "
            f"x {file.shape[0]}, and {'neither has' if not any(placed) else 'one lacks'} a "
            "georeference; pass a reference that can be placed on the map"
        )
    transformer = _transformer(file, other)
    transforms = [each.dataset.transform for each in (file, other)]
    is_same_grid = transforms[0] == transforms[1] and file.shape == other.shape
    if (is_same_grid and transformer is None) or placed != [True, True]:
        return other.read

    def read(window: RasterWindow) -> tuple[Labels, BoolArray]:
        columns, rows = np.meshgrid(
            window.col_off + np.arange(window.width) + 0.5,
            window.row_off + np.arange(window.height) + 0.5,
        )
        x, y = _apply(transforms[0], columns, rows)
        if transformer is not None:
            x, y = transformer.transform(x, y)
        x, y = _apply(~transforms[1], x, y)
        with np.errstate(invalid="ignore"):
            inside = (x >= 0) & (y >= 0) & (x < other.shape[1]) & (y < other.shape[0])
        places = [np.where(inside, each + _TIE, _MISSING) for each in (y, x)]
        rows, columns = (np.floor(each).astype(np.int64) for each in places)
        # a centre just before the last border is not to be lifted over it
        np.minimum(rows, other.shape[0] - 1, out=rows)
        np.minimum(columns, other.shape[1] - 1, out=columns)
        values = np.zeros(inside.shape, dtype=other.dataset.dtypes[0])
        known = np.zeros(inside.shape, dtype=bool)
        _gather(other, rows, columns, values, known)
        return values, known

    return read


def _transformer(file: ClassMapFile, other: ClassMapFile) -> Transformer | None:
    """From the CRS of a map to that of another; None where coordinates are the same."""
    here, there = crs_text(file.dataset), crs_text(other.dataset)
    if here is None or there is None or here == there:
        return None
    try:
        return Transformer.from_crs(CRS(here), CRS(there), always_xy=True)
    except (CRSError, ProjError) as error:
        raise InputError(
            f"no way leads from the CRS of {file.path} to that of {other.path}; warp the "
            "reference to the CRS of the map first"
        ) from error


def _apply(
    affine: Affine, x: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return (
        affine.a * x + affine.b * y + affine.c,
        affine.d * x + affine.e * y + affine.f,
    )


def _gather(
    file: ClassMapFile, rows: IntArray, columns: IntArray, values: Labels, known: BoolArray
) -> None:
    """Fill values and known from pixels of a file, in parts whose surroundings fit the memory."""
    wanted = rows != _MISSING
    if not wanted.any():
        return
    top, left = int(rows[wanted].min()), int(columns[wanted].min())
    height = int(rows[wanted].max()) + 1 - top
    width = int(columns[wanted].max()) + 1 - left
    if height * width > WINDOW_PIXELS and rows.size > 1:
        axis = int(np.argmax(rows.shape))
        halves = [np.array_split(each, 2, axis=axis) for each in (rows, columns, values, known)]
        for parts in zip(*halves, strict=True):  # views: what is written below is seen above
            _gather(file, *parts)
        return
    found, valid = file.read(RasterWindow(left, top, width, height))
    places = rows[wanted] - top, columns[wanted] - left
    values[wanted], known[wanted] = found[places], valid[places]


def polygon_reference(
    file: ClassMapFile, path: str, column: str
) -> tuple[Reference, Callable[[int], str]]:
    """Polygons with a class: a pixel is of the polygon that its centre lies in, the last if several.

    Args:
        file: the map.
        path: any vector file with polygons.
        column: with the class of each.

    Returns:
        The reference, and the name of each of its values.

    Raises:
        InputError: the file cannot be read, lacks the column, or a polygon has no class.
    """
    import shapely
    from rasterio.features import rasterize

    from dgl_rsis.geo.vector import read_features

    polygons, attributes = read_features(path, file.frame)
    names = _polygon_names(attributes, column, path)
    listed: Sequence[str] = sorted(set(names))
    codes = [listed.index(name) + 1 for name in names]
    tree = shapely.STRtree(polygons)

    def read(window: RasterWindow) -> tuple[Labels, BoolArray]:
        x0, y0 = window.col_off, window.row_off
        near = np.sort(tree.query(shapely.box(x0, y0, x0 + window.width, y0 + window.height)))
        shape = int(window.height), int(window.width)
        values = np.zeros(shape, dtype=np.int32)
        if len(near):
            rasterize(
                [(polygons[index], codes[index]) for index in near.tolist()],
                out=values,
                transform=Affine.translation(x0, y0),
            )
        return values, values > 0

    return read, lambda value: listed[value - 1]


def _polygon_names(attributes: Any, column: str, path: str) -> list[str]:
    if column not in attributes.columns:
        found = ", ".join(map(str, attributes.columns)) or "no attributes"
        raise InputError(f"{path} has no column `{column}`, but {found}; name it with --column")
    names = [label_text(value) for value in attributes[column]]
    if "" in names:
        raise InputError(
            f"{path}, feature {names.index('') + 1}: column `{column}` is empty; fill it in or "
            "leave the polygon out"
        )
    return names
