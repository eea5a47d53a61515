from __future__ import annotations

import pytest

from dgl_rsis.config import make_settings
from dgl_rsis.scene.estimates import estimate_scene


def test_time_grows_with_area_and_memory_does_not() -> None:
    settings = make_settings("fast")
    small, large = (estimate_scene((side, side), 0.5, settings) for side in (5120, 20480))
    assert len(small.grid) == 25
    assert len(large.grid) == 400
    assert large.memory_bytes == small.memory_bytes < 1.5e9
    ratio = (large.cpu_seconds - 4) / (small.cpu_seconds - 4)
    assert ratio == pytest.approx(
        16, rel=0.15
    )  # a larger share of the tiles has a halo on all sides


def test_pixels_read_by_hand() -> None:
    # a single tile of 1,024 pixels, read at 0.8 m: 640 x 640 pixels at 1 microsecond
    found = estimate_scene((1024, 1024), 0.5, make_settings("fast"))
    assert found.cpu_seconds == pytest.approx(4 + 640**2 * 1e-6 + 1024**2 * 0.4e-6)


def test_trees_cost_more() -> None:
    fast, default = (
        estimate_scene((4000, 4000), 0.5, make_settings(p)) for p in ("fast", "default")
    )
    assert default.cpu_seconds > 3 * fast.cpu_seconds
    assert default.memory_bytes > fast.memory_bytes


def test_unknown_pixel_size_reads_factors() -> None:
    assert estimate_scene((3000, 3000), None, make_settings("fast")).grid.step == 8
