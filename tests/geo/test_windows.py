from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dgl_rsis.geo.windows import tiles


@given(st.integers(1, 60), st.integers(1, 60), st.integers(1, 70), st.integers(0, 30))
def test_cores_cover_every_pixel_once(height: int, width: int, size: int, halo: int) -> None:
    covered = np.zeros((height, width), dtype=int)
    for tile in tiles((height, width), size, halo):
        covered[tile.core.slices] += 1
        outer, core = tile.outer, tile.core
        assert 0 <= outer.row0 <= core.row0 < core.row1 <= outer.row1 <= height
        assert 0 <= outer.col0 <= core.col0 < core.col1 <= outer.col1 <= width
        assert max(core.row0 - outer.row0, outer.col1 - core.col1) <= halo
        assert outer.row0 == max(core.row0 - halo, 0)
        assert outer.col1 == min(core.col1 + halo, width)
        read = np.arange(height * width).reshape(height, width)[outer.slices]
        kept = read[core.within(outer).slices]
        assert kept.shape == core.shape
        assert kept[0, 0] == core.row0 * width + core.col0
    assert (covered == 1).all()


@pytest.mark.parametrize(("size", "halo"), [(0, 0), (-1, 2), (4, -1)])
def test_impossible_tiles(size: int, halo: int) -> None:
    with pytest.raises(ValueError, match="size must be"):
        list(tiles((4, 4), size, halo))
