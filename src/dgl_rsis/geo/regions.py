"""Regions of a class map of any size: 4-connected, of one class, whole across windows.

The map is read tile by tile. Pixels of a tile are joined to *pieces*; pieces that touch across the
borders of tiles are pieces of the same region, found by connected components of the graph of
touching pieces. What is kept is a number for each piece, never one for each pixel: the pieces of
a tile are the same whenever it is labelled, so that :meth:`Regions.read` finds them again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from dgl_rsis.types import IntArray

Rectangle = tuple[int, int, int, int]
"""First row, first column, and the row and the column behind the last."""
TILE_SIDE = 1024
"""Pixels a side of a tile, unless the file asks for another."""


@dataclass(frozen=True)
class Labels:
    """A class map that is read tile by tile.

    Attributes:
        shape: height and width in pixels.
        tiles: rectangles that cover it without overlap: rows of tiles of one height, from the
            top; from the left in each.
        read: ``(h, w)`` int64 classes from 0 of a tile, -1 where there is none.
    """

    shape: tuple[int, int]
    tiles: Sequence[Rectangle]
    read: Callable[[Rectangle], IntArray]

    @classmethod
    def of_array(cls, labels: NDArray[np.integer], side: int = TILE_SIDE) -> Labels:
        """Labels ``(H, W)`` that are in memory; negative ones are no class."""
        height, width = int(labels.shape[0]), int(labels.shape[1])

        def read(tile: Rectangle) -> IntArray:
            top, left, bottom, right = tile
            return np.maximum(labels[top:bottom, left:right].astype(np.int64), -1)

        return cls((height, width), tiles_of((height, width), side), read)


def tiles_of(shape: tuple[int, int], side: int) -> list[Rectangle]:
    """Squares that cover a map, cut at its right and lower border."""
    height, width = shape
    return [
        (top, left, min(top + side, height), min(left + side, width))
        for top in range(0, height, side)
        for left in range(0, width, side)
    ]


def framed(
    shape: tuple[int, int],
    tiles: Sequence[Rectangle],
    read: Callable[[int, Rectangle], IntArray],
) -> Iterator[tuple[Rectangle, IntArray]]:
    """Read tiles with the row of pixels above and the column of pixels to their left.

    Args:
        shape: height and width of the map.
        tiles: in the order of :class:`Labels`.
        read: number and rectangle of a tile -> ``(h, w)`` int64, -1 where there is nothing.

    Yields:
        Each tile with ``(h + 1, w + 1)`` int64, one row and one column more at the lower and
        right border of the map; -1 outside the map.
    """
    height, width = shape
    above = np.full(width + 2, -1, np.int64)  # pixel column c is at c + 1
    bottom_row = above.copy()
    left_column = np.zeros(0, np.int64)
    for number, (top, left, bottom, right) in enumerate(tiles):
        if left == 0:
            above, bottom_row = bottom_row, np.full(width + 2, -1, np.int64)
            left_column = np.full(bottom - top, -1, np.int64)
        pixels = read(number, (top, left, bottom, right))
        more = int(bottom == height), int(right == width)
        result = np.full((bottom - top + 1 + more[0], right - left + 1 + more[1]), -1, np.int64)
        result[1 : bottom - top + 1, 1 : right - left + 1] = pixels
        result[0] = above[left : left + result.shape[1]]
        result[1 : bottom - top + 1, 0] = left_column
        bottom_row[left + 1 : right + 1] = pixels[-1]
        left_column = pixels[:, -1].copy()
        yield (top, left, bottom, right), result


@dataclass(frozen=True)
class Regions:
    """The regions of a class map, numbered from 0 in the order of their first pixels.

    Attributes:
        source: the class map.
        starts: ``(T + 1,)`` number of the first piece of each tile.
        of_piece: ``(P,)`` region of each piece.
        classes: ``(N,)`` class of each region.
        pixels: ``(N,)`` pixels in each region.
        bottoms: ``(N,)`` its last row.
    """

    source: Labels
    starts: IntArray
    of_piece: IntArray
    classes: IntArray
    pixels: IntArray
    bottoms: IntArray

    def __len__(self) -> int:
        return len(self.classes)

    def read(self, number: int, tile: Rectangle) -> IntArray:
        """``(h, w)`` int64 regions of a tile, -1 where there is no class."""
        pieces, _ = _pieces(self.source.read(tile))
        return np.append(self.of_piece, -1)[_shifted(pieces, int(self.starts[number]))]

    def tiles(self) -> Iterator[tuple[Rectangle, IntArray]]:
        """All tiles with their regions, as :meth:`read` gives them."""
        for number, tile in enumerate(self.source.tiles):
            yield tile, self.read(number, tile)

    def class_tiles(self) -> Iterator[tuple[Rectangle, IntArray]]:
        """All tiles with the class of every pixel's region: the map as it is now."""
        classes = np.append(self.classes, -1)
        for tile, numbers in self.tiles():
            yield tile, classes[numbers]

    def framed(self) -> Iterator[tuple[Rectangle, IntArray]]:
        """All tiles with their regions and those above and to the left, see :func:`framed`."""
        return framed(self.source.shape, self.source.tiles, self.read)

    def sums(self, values: Callable[[Rectangle], NDArray[np.floating]]) -> NDArray[np.float64]:
        """``(N,)`` sums over every region of values ``(h, w)`` that are read tile by tile."""
        total = np.zeros(len(self) + 1)
        for tile, regions in self.tiles():
            flat = np.where(regions < 0, len(self), regions).ravel()
            found, places = np.unique(flat, return_inverse=True)
            weights = values(tile).astype(np.float64).ravel()
            total[found] += np.bincount(places.ravel(), weights)
        return total[:-1]


def find_regions(source: Labels) -> Regions:
    """Find the regions of a class map; one pass over its tiles."""
    starts, classes, pixels, firsts, bottoms = [0], [], [], [], []
    kind_of = np.zeros(0, np.int64)  # class of every piece so far, grown by doubling
    touching: list[IntArray] = []

    def read(_: int, tile: Rectangle) -> IntArray:
        nonlocal kind_of
        top, left, _, right = tile
        labels = source.read(tile)
        pieces, count = _pieces(labels)
        flat, size = pieces.ravel(), pieces.size
        first, last = np.zeros(count + 1, np.int64), np.zeros(count + 1, np.int64)
        first[flat[::-1]] = np.arange(size)[::-1]
        last[flat] = np.arange(size)
        wide = right - left
        classes.append(labels.ravel()[first[1:]])
        pixels.append(np.bincount(flat, minlength=count + 1)[1:])
        firsts.append((top + first[1:] // wide) * source.shape[1] + left + first[1:] % wide)
        bottoms.append(top + last[1:] // wide)
        start = starts[-1]
        starts.append(start + count)
        if len(kind_of) <= start + count:
            kind_of = np.append(kind_of, np.full(len(kind_of) + count + 1, -1))
        kind_of[start : start + count] = classes[-1]
        return _shifted(pieces, start)

    for _, pieces in framed(source.shape, source.tiles, read):
        for before, behind in ((pieces[1:, 0], pieces[1:, 1]), (pieces[0, 1:], pieces[1, 1:])):
            both = (before >= 0) & (behind >= 0)
            pairs = np.stack([before[both], behind[both]], axis=1)
            touching.append(np.unique(pairs[kind_of[pairs[:, 0]] == kind_of[pairs[:, 1]]], axis=0))
    return _joined(
        source,
        np.array(starts),
        _chain(classes),
        _chain(pixels),
        _chain(firsts),
        _chain(bottoms),
        np.concatenate([np.zeros((0, 2), np.int64), *touching]),
    )


def _joined(
    source: Labels,
    starts: IntArray,
    classes: IntArray,
    pixels: IntArray,
    firsts: IntArray,
    bottoms: IntArray,
    touching: IntArray,
) -> Regions:
    """Regions from the facts of pieces, and the pairs of pieces that touch."""
    group, count = components(len(classes), touching)
    first = np.full(count, np.iinfo(np.int64).max)
    np.minimum.at(first, group, firsts)
    number = np.empty(count, np.int64)
    number[np.argsort(first)] = np.arange(count)
    of_piece = number[group]
    region_classes, last = np.empty(count, np.int64), np.zeros(count, np.int64)
    region_classes[of_piece] = classes
    np.maximum.at(last, of_piece, bottoms)
    areas = np.zeros(count, np.int64)
    np.add.at(areas, of_piece, pixels)
    return Regions(source, starts, of_piece, region_classes, areas, last)


def components(count: int, pairs: IntArray) -> tuple[IntArray, int]:
    """Connected components of a graph: ``(count,)`` number of each, and how many there are."""
    if count == 0:
        return np.zeros(0, np.int64), 0
    links = np.ones(len(pairs), np.int8), (pairs[:, 0], pairs[:, 1])
    found, numbers = connected_components(coo_array(links, shape=(count, count)), directed=False)
    return numbers.astype(np.int64), int(found)


def _pieces(labels: IntArray) -> tuple[IntArray, int]:
    """Number the 4-connected pieces of equal class from 1, 0 where there is none."""
    from skimage.measure import label

    pieces, count = label(  # type: ignore[no-untyped-call]
        labels, background=-1, connectivity=1, return_num=True
    )
    return pieces.astype(np.int64), int(count)


def _shifted(pieces: IntArray, start: int) -> IntArray:
    return np.where(pieces > 0, pieces - 1 + start, -1)


def _chain(parts: Sequence[IntArray]) -> IntArray:
    return np.concatenate([np.zeros(0, np.int64), *parts]).astype(np.int64)
