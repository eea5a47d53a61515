from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scene.toy_scenes import pixel_grid

from dgl_rsis.geo.windows import Box
from dgl_rsis.scene.blending import blend, ramp_weights


def test_weights_by_hand() -> None:
    scene = Box(0, 0, 20, 8)
    rows, columns = ramp_weights(Box(4, 0, 12, 8), scene, 2)
    assert rows.tolist() == [4] * 8  # from border to border
    assert columns.tolist() == [1, 2, 3, 4, 4, 3, 2, 1]


@given(st.integers(5, 80), st.integers(5, 80), st.integers(4, 40), st.integers(1, 12))
def test_weights_of_all_tiles_have_one_sum_in_the_overlaps(
    height: int, width: int, size: int, context: int
) -> None:
    grid = pixel_grid(height, width, size, context)
    total = np.zeros(grid.padded.shape, int)
    for tile in grid:
        rows, columns = ramp_weights(grid.kept(tile), grid.padded, grid.ramp)
        total[grid.kept(tile).within(grid.padded)] += rows[:, None] * columns
    single, double = 2 * grid.ramp, 2 * grid.ramp + 1
    # a tile alone, two side by side, or four at a corner; the last tiles may be narrower than a ramp
    if all(side % grid.size == 0 or side % grid.size >= 2 * grid.ramp for side in (height, width)):
        assert set(np.unique(total)) <= {single**2, single * double, double**2}
    assert (total > 0).all()


@given(st.integers(1, 60), st.integers(1, 60), st.integers(2, 40), st.integers(0, 10_000))
def test_what_all_tiles_agree_on_stays_to_the_last_bit(
    height: int, width: int, size: int, seed: int
) -> None:
    grid = pixel_grid(height, width, size)
    truth = np.random.default_rng(seed).random((height, width, 3)).astype(np.float32)
    tiles = [(grid.kept(tile), truth[grid.kept(tile).within(grid.padded)]) for tile in grid]
    assert (blend(grid.padded, grid.padded, grid.ramp, tiles) == truth).all()


def test_two_tiles_fade_into_each_other() -> None:
    scene = Box(0, 0, 8, 1)

    def flat(width: int, value: float) -> Any:
        return np.full((1, width, 1), value, np.float32)

    field = blend(scene, scene, 2, [(Box(0, 0, 6, 1), flat(6, 0)), (Box(2, 0, 8, 1), flat(6, 1))])
    assert field[0, :, 0] == pytest.approx([0, 0, 1 / 5, 2 / 5, 3 / 5, 4 / 5, 1, 1])


def test_where_no_tile_answers_all_names_are_alike() -> None:
    scene = Box(0, 0, 4, 1)
    values = np.full((1, 2, 2), (0.25, 0.75), np.float32)
    field = blend(scene, scene, 1, [(Box(0, 0, 2, 1), values)])
    assert field[0].tolist() == [[0.25, 0.75]] * 2 + [[0.5, 0.5]] * 2
