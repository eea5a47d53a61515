from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dgl_rsis.errors import InputError
from dgl_rsis.geo.windows import Box, Tile, TileGrid, make_grid

FACTORS = [Fraction(n, d) for n, d in ((1, 1), (5, 8), (1, 2), (9, 16), (3, 8), (5, 16))]


def grid_of(height: int, width: int, size: int = 1024, **options: object) -> TileGrid:
    settings = {"factors": (Fraction(5, 8),), "cell": 4, "alignment": 16, "context": 80}
    return make_grid((height, width), Box(0, 0, width, height), size=size, **(settings | options))  # type: ignore[arg-type]


def test_grid_by_hand() -> None:
    grid = grid_of(3000, 2000)
    # at 5/8 a cell of 4 pixels is 6.4 pixels of the image: 32 pixels hold 5 of them,
    # 16 pixels of what is read are 25.6: 128 pixels hold 5 of them, as many as the context
    assert (grid.step, grid.step_cells, grid.unit) == (32, 5, 128)
    assert (grid.size, grid.halo, grid.ramp) == (1024, 128, 64)
    assert grid.padded == Box(0, 0, 2048, 3072)
    assert len(grid) == 6
    tile = Tile(1, 1)
    assert grid.core(tile) == Box(1024, 1024, 2000, 2048)
    assert grid.read(tile) == Box(896, 896, 2048, 2176)
    assert grid.kept(tile) == Box(960, 960, 2048, 2112)
    assert grid.cells(grid.kept(tile)) == Box(150, 150, 320, 330)
    assert grid.neighbours(Tile(0, 0)) == [Tile(0, 0), Tile(0, 1), Tile(1, 0), Tile(1, 1)]
    assert len(grid.neighbours(tile)) == 6


@given(
    st.integers(1, 5000),
    st.integers(1, 5000),
    st.integers(1, 3000),
    st.lists(st.sampled_from(FACTORS), min_size=1, max_size=3, unique=True),
    st.sampled_from([1, 4, 14, 16]),
    st.integers(0, 200),
    st.tuples(st.integers(-5000, 5000), st.integers(-5000, 5000)),
)
def test_tiles_cover_the_scene_once_and_cells_coincide(
    height: int,
    width: int,
    size: int,
    factors: list[Fraction],
    cell: int,
    context: int,
    origin: tuple[int, int],
) -> None:
    factors.sort(reverse=True)
    alignment = 16 if 16 % cell == 0 else cell
    grid = grid_of(
        height,
        width,
        size,
        factors=tuple(factors),
        cell=cell,
        alignment=alignment,
        context=context,
        origin=origin,
    )
    rows, columns = np.zeros(height, int), np.zeros(width, int)
    for tile in grid:
        core, read = grid.core(tile), grid.read(tile)
        if tile.column == 0:
            rows[core.y0 : core.y1] += 1
        if tile.row == 0:
            columns[core.x0 : core.x1] += 1
        # counted on the grid of the map, all parts begin where strides and cells do
        for side, first in zip(vars(read).values(), origin * 2, strict=True):
            assert all(((side + first) * factor) % alignment == 0 for factor in factors)
        for box in (grid.kept(tile), grid.painted(tile, grid.halo)):
            moved = zip(vars(box).values(), grid.phase * 2, strict=True)
            exact = [Fraction(side + first) * factors[0] / cell for side, first in moved]
            assert exact == list(vars(grid.cells(box)).values())
            assert box & read == box
    assert (rows == 1).all()
    assert (columns == 1).all()
    assert grid.size >= size
    assert grid.halo * factors[0] >= int(context / factors[0]) * factors[0]


def test_a_part_has_the_tiles_of_the_whole() -> None:
    whole = grid_of(4000, 4000)
    part = make_grid(
        (4000, 4000),
        Box(1500, 100, 2500, 900),
        factors=(Fraction(5, 8),),
        cell=4,
        alignment=16,
        size=1024,
        context=80,
    )
    assert list(part) == [Tile(0, 1), Tile(0, 2)]
    assert part.core(Tile(0, 1)) == Box(1500, 100, 2048, 900)
    assert part.read(Tile(0, 1)) == whole.read(Tile(0, 1))


def test_wrong_sizes_are_refused() -> None:
    with pytest.raises(InputError, match="no tile"):
        grid_of(100, 100, 0)
    extent = Box(0, 0, 8, 8)
    with pytest.raises(ValueError, match="multiples of 4"):
        TileGrid((8, 8), extent, size=6, halo=4, ramp=4, step=4, step_cells=1, unit=4)
    with pytest.raises(ValueError, match="no wider than the halo"):
        TileGrid((8, 8), extent, size=8, halo=4, ramp=8, step=4, step_cells=1, unit=4)


def test_boxes() -> None:
    box = Box(2, 3, 10, 9)
    assert box.shape == (6, 8)
    assert box & Box(5, 0, 20, 5) == Box(5, 3, 10, 5)
    assert (box & Box(10, 0, 20, 5)).is_empty
    assert box.grown(2) == Box(0, 1, 12, 11)
    assert Box(4, 4, 5, 6).within(box) == (slice(1, 3), slice(2, 3))
