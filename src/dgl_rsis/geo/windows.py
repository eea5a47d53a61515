"""Tiles of an image: cores that cover every pixel exactly once, each with a halo of context.

A model reads the outer window and only the core is kept, so that what lies near the edge of a
tile has been seen with its surroundings.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Window:
    """A half-open rectangle of whole pixels, in the pixel frame of the image."""

    row0: int
    col0: int
    row1: int
    col1: int

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.row1 - self.row0, self.col1 - self.col0

    @property
    def slices(self) -> tuple[slice, slice]:
        """Index of the window in an array of the whole image."""
        return slice(self.row0, self.row1), slice(self.col0, self.col1)

    def within(self, outer: Window) -> Window:
        """This window in the frame of another one that contains it."""
        return Window(
            self.row0 - outer.row0,
            self.col0 - outer.col0,
            self.row1 - outer.row0,
            self.col1 - outer.col0,
        )


@dataclass(frozen=True)
class Tile:
    """One piece of an image.

    Attributes:
        core: the pixels that this tile answers for; cores do not overlap.
        outer: the pixels to read: the core and its halo, clipped to the image.
    """

    core: Window
    outer: Window


def tiles(shape: tuple[int, int], size: int, halo: int) -> Iterator[Tile]:
    """Cover an image with tiles, row by row.

    Args:
        shape: height and width of the image in pixels.
        size: height and width of a core in pixels; the last ones are smaller.
        halo: pixels of context on every side of a core, as far as the image reaches.

    Yields:
        Tiles whose cores cover every pixel of the image exactly once.

    Raises:
        ValueError: if ``size`` is below 1 or ``halo`` is negative.
    """
    if size < 1 or halo < 0:
        raise ValueError(f"size must be at least 1 and halo at least 0, not {size} and {halo}")
    height, width = shape
    for row in range(0, height, size):
        for col in range(0, width, size):
            core = Window(row, col, min(row + size, height), min(col + size, width))
            outer = Window(
                max(core.row0 - halo, 0),
                max(core.col0 - halo, 0),
                min(core.row1 + halo, height),
                min(core.col1 + halo, width),
            )
            yield Tile(core, outer)
