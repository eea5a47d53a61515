"""The grid of tiles that a large scene is computed on.

Pixels of the scene are counted from its upper left corner. A *core* is what a tile answers for; it
is read with a *halo* of context around it, and its probabilities reach by a *ramp* into its
neighbours, where they are blended. All borders of tiles lie on multiples of ``step`` pixels, which
hold a whole number of cells, so that cells of neighbouring tiles coincide; what lies beyond the
scene is padding, so that this holds for the last tiles too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

from dgl_rsis.errors import InputError


@dataclass(frozen=True, order=True)
class Tile:
    """Row and column of a tile in its grid."""

    row: int
    column: int

    def __str__(self) -> str:
        return f"{self.row:05d}_{self.column:05d}"


@dataclass(frozen=True)
class Box:
    """A rectangle of pixels or cells, half-open."""

    x0: int
    y0: int
    x1: int
    y1: int

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.y1 - self.y0, self.x1 - self.x0

    def __and__(self, other: Box) -> Box:
        x0, y0 = max(self.x0, other.x0), max(self.y0, other.y0)
        return Box(x0, y0, max(x0, min(self.x1, other.x1)), max(y0, min(self.y1, other.y1)))

    @property
    def is_empty(self) -> bool:
        """Whether it holds nothing."""
        return self.x1 <= self.x0 or self.y1 <= self.y0

    def grown(self, margin: int) -> Box:
        """The same with a margin on all sides."""
        return Box(self.x0 - margin, self.y0 - margin, self.x1 + margin, self.y1 + margin)

    def within(self, other: Box) -> tuple[slice, slice]:
        """Rows and columns of this box in an array that covers another one."""
        return (
            slice(self.y0 - other.y0, self.y1 - other.y0),
            slice(self.x0 - other.x0, self.x1 - other.x0),
        )


@dataclass(frozen=True)
class TileGrid:
    """Tiles over a scene.

    Attributes:
        shape: height and width of the scene in pixels.
        extent: the part of it that is asked for.
        size: side of a core in pixels.
        halo: pixels of context on every side of a core.
        ramp: pixels by which the probabilities of a tile reach beyond its core.
        step: pixels a side that hold a whole number of cells.
        step_cells: that number.
        unit: pixels a side that the padded scene is a multiple of.
        phase: columns and rows of padding left of the scene and above it, fewer than ``unit``: the
            grid may be fixed to the map, so that a clip of a scene has the same cells.
    """

    shape: tuple[int, int]
    extent: Box
    size: int
    halo: int
    ramp: int
    step: int
    step_cells: int
    unit: int
    phase: tuple[int, int] = (0, 0)

    def __post_init__(self) -> None:
        steps = (self.size, self.halo, self.ramp, self.unit)
        if any(length % self.step for length in steps) or self.size % self.unit:
            raise ValueError(f"tiles, halo and ramp must be multiples of {self.step} pixels")
        if not self.step <= self.ramp <= self.halo or self.halo + self.ramp > self.size:
            raise ValueError("a ramp is no wider than the halo, and both together than a tile")

    @property
    def padded(self) -> Box:
        """The scene with its padding."""
        (height, width), (left, above) = self.shape, self.phase
        right = -(-(width + left) // self.unit) * self.unit - left
        return Box(-left, -above, right, -(-(height + above) // self.unit) * self.unit - above)

    def __len__(self) -> int:
        rows, columns = self.ranges()
        return len(rows) * len(columns)

    def __iter__(self) -> Iterator[Tile]:
        """Tiles that meet the extent, row by row."""
        rows, columns = self.ranges()
        return (Tile(row, column) for row in rows for column in columns)

    def ranges(self) -> tuple[range, range]:
        """Rows and columns of the tiles that meet the extent."""
        part = self._moved(self.extent)
        return (
            range(part.y0 // self.size, -(-part.y1 // self.size)),
            range(part.x0 // self.size, -(-part.x1 // self.size)),
        )

    def neighbours(self, tile: Tile) -> list[Tile]:
        """The tile itself and those around it that are in the grid, in their order."""
        rows, columns = self.ranges()
        return [
            Tile(row, column)
            for row in range(tile.row - 1, tile.row + 2)
            for column in range(tile.column - 1, tile.column + 2)
            if row in rows and column in columns
        ]

    def core(self, tile: Tile) -> Box:
        """Pixels that a tile answers for, inside the extent."""
        return self._square(tile) & self.extent

    def read(self, tile: Tile) -> Box:
        """Pixels that a model sees for a tile; they may reach into the padding."""
        return self._square(tile).grown(self.halo) & self.padded

    def kept(self, tile: Tile) -> Box:
        """Pixels whose probabilities of a tile are kept."""
        return self._square(tile).grown(self.ramp) & self.padded

    def painted(self, tile: Tile, margin: int) -> Box:
        """Pixels of a core with a margin, a multiple of ``step``, to paint on."""
        return self._square(tile).grown(margin) & self.padded

    def cells(self, box: Box) -> Box:
        """The cells of a box of pixels whose borders lie on multiples of ``step``."""
        sides = vars(self._moved(box)).values()
        return Box(*(side // self.step * self.step_cells for side in sides))

    def _moved(self, box: Box) -> Box:
        """A box counted from the corner of the padding."""
        left, above = self.phase
        return Box(box.x0 + left, box.y0 + above, box.x1 + left, box.y1 + above)

    def _square(self, tile: Tile) -> Box:
        x0, y0 = tile.column * self.size - self.phase[0], tile.row * self.size - self.phase[1]
        return Box(x0, y0, x0 + self.size, y0 + self.size) & self.padded


def make_grid(
    shape: tuple[int, int],
    extent: Box,
    *,
    factors: tuple[Fraction, ...],
    cell: int,
    alignment: int,
    size: int,
    context: int,
    origin: tuple[int, int] = (0, 0),
) -> TileGrid:
    """Lay tiles over a scene so that all cells coincide.

    Args:
        shape: height and width of the scene in pixels.
        extent: the part of it that is asked for.
        factors: of the image size at which a model reads it, finest first, in (0, 1].
        cell: pixels a side of a cell of the model in what it reads.
        alignment: multiple of ``cell``: parts that begin at multiples of it are read alike.
        size: wanted side of a tile in pixels; rounded up to what the factors need.
        context: pixels of what the model reads at its finest factor that it should see around a
            tile at least.
        origin: column and row of the upper left pixel on the grid of pixels of its map.

    Raises:
        InputError: the size of a tile is not positive.
    """
    if size < 1:
        raise InputError(f"a tile of {size} pixels is no tile; take e.g. 1024")
    step_of_cell = cell / factors[0]
    step = step_of_cell.numerator
    unit = lcm(step, *((alignment / factor).numerator for factor in factors))
    halo = _up(int(context / factors[0]), unit)
    ramp = max(step, halo // 2 // step * step)
    return TileGrid(
        shape,
        extent,
        max(_up(size, unit), _up(halo + ramp, unit)),
        halo,
        ramp,
        step,
        step_of_cell.denominator,
        unit,
        (origin[0] % unit, origin[1] % unit),
    )


def _up(length: int, multiple: int) -> int:
    return max(1, -(-length // multiple)) * multiple
