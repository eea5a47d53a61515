from __future__ import annotations

from typing import Any

import pytest
import shapely

from dgl_rsis.config import make_settings
from dgl_rsis.geo.windows import Box
from dgl_rsis.scene.estimates import SceneEstimate, estimate_scene
from dgl_rsis.scene.survey import SceneOutline
from dgl_rsis.types import MapFrame

FRAME = MapFrame((0.5, 0, 0, 0, -0.5, 0), "EPSG:32632", (0.5, 0.5), (0.0, -1.0))


def estimate(
    side: int,
    preset: str,
    *,
    frame: MapFrame | None = FRAME,
    extent: Box | None = None,
    polygons: Any = None,
    **options: Any,
) -> SceneEstimate:
    scene = SceneOutline((side, side), extent or Box(0, 0, side, side), frame, polygons)
    return estimate_scene(scene, make_settings(preset), **options)


@pytest.mark.parametrize("task", ["segment", "refer"])
def test_time_grows_with_area_and_memory_does_not(task: str) -> None:
    small, large = (estimate(side, "fast", task=task) for side in (5120, 20480))
    assert (small.tiles, large.tiles) == (len(small.grid), len(large.grid)) == (25, 400)
    assert large.memory_bytes == small.memory_bytes < 2e9
    ratio = (large.cpu_seconds - 4) / (small.cpu_seconds - 4)
    assert ratio == pytest.approx(
        16, rel=0.15
    )  # a larger share of the tiles has a halo on all sides


def test_pixels_read_by_hand() -> None:
    # a single tile of 1,024 pixels, read at 0.8 m: 640 x 640 pixels at 1 microsecond
    found = estimate(1024, "fast")
    assert found.cpu_seconds == pytest.approx(4 + 640**2 * 1e-6 + 1024**2 * 0.4e-6)


def test_trees_cost_more() -> None:
    fast, default = (estimate(4000, preset) for preset in ("fast", "default"))
    assert default.cpu_seconds > 3 * fast.cpu_seconds
    assert default.memory_bytes > fast.memory_bytes
    table = estimate(4000, "fast", task="refer")  # needs a tree whatever paints maps
    assert table.cpu_seconds > 3 * fast.cpu_seconds


def test_unknown_pixel_size_reads_factors() -> None:
    assert estimate(3000, "fast", frame=None).grid.step == 8


def test_part_of_a_scene_costs_its_part() -> None:
    whole = estimate(20480, "fast")
    part = estimate(20480, "fast", extent=Box(0, 0, 5120, 5120))
    assert part.tiles == 25
    assert part.cpu_seconds - 4 == pytest.approx((whole.cpu_seconds - 4) / 16, rel=0.15)
    diagonal = (shapely.LineString([(10, 10), (5110, 5110)]).buffer(5),)
    area = estimate(20480, "fast", extent=Box(0, 0, 5120, 5120), polygons=diagonal)
    assert 5 <= area.tiles <= 13  # of 25
    assert area.cpu_seconds < part.cpu_seconds * 0.7


def test_workers_have_a_model_each() -> None:
    alone, three = (estimate(4000, "fast", workers=count) for count in (1, 3))
    assert three.memory_bytes == pytest.approx(3 * alone.memory_bytes + 430e6)
    assert three.cpu_seconds > alone.cpu_seconds
