from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dgl_rsis.proposals.grids import (
    COARSE_POINTS,
    MOST_LAYERS,
    MOST_POINTS,
    crop_boxes,
    layers_for,
    point_grid,
    points_for,
    small_object,
)

sides = st.integers(1, 3000)


def test_points_lie_in_the_middle_of_equal_cells() -> None:
    expected = [[5, 4], [15, 4], [25, 4], [35, 4], [5, 12], [15, 12], [25, 12], [35, 12]]
    np.testing.assert_allclose(point_grid((16, 40), 4), expected)
    np.testing.assert_allclose(point_grid((1, 1), 1), [[0.5, 0.5]])


@given(sides, sides, st.integers(1, 40))
def test_points_cover_the_image_evenly(height: int, width: int, points: int) -> None:
    grid = point_grid((height, width), points)
    assert (grid > 0).all()
    assert (grid < [width, height]).all()
    assert len({tuple(point) for point in grid.tolist()}) == len(grid)
    x, y = np.unique(grid[:, 0]), np.unique(grid[:, 1])
    assert max(len(x), len(y)) == points
    assert len(x) * len(y) == len(grid)
    steps = width / len(x), height / len(y)
    assert max(steps) <= max(height, width) / points * (1 + 1e-9)


@pytest.mark.parametrize("shape", [(1500, 1500), (700, 1000), (512, 2048), (97, 61)])
@pytest.mark.parametrize("layer", [1, 2])
def test_crops_are_those_of_transformers(shape: tuple[int, int], layer: int) -> None:
    from transformers.models.sam.image_processing_pil_sam import SamImageProcessorPil

    image = np.zeros((*shape, 3), np.uint8)
    boxes, *_ = SamImageProcessorPil().generate_crop_boxes(
        image, 64, crop_n_layers=layer, points_per_crop=2
    )
    ours = [box for each in range(layer + 1) for box in crop_boxes(shape, each)]
    assert sorted(ours) == sorted(tuple(map(int, box)) for box in np.asarray(boxes).tolist())


@given(sides, sides, st.integers(0, 3))
def test_crops_cover_the_image_and_stay_inside(height: int, width: int, layer: int) -> None:
    seen = np.zeros((height, width), bool) if height * width < 90_000 else None
    for x0, y0, x1, y1 in crop_boxes((height, width), layer):
        assert 0 <= x0 < x1 <= width
        assert 0 <= y0 < y1 <= height
        if seen is not None:
            seen[y0:y1, x0:x1] = True
    assert seen is None or seen.all()


def test_small_objects_by_ground_sampling_distance() -> None:
    assert small_object(0.25) == 20.0
    assert small_object(10.0) == 8.0  # less has no outline
    assert small_object(None) == 16.0


@pytest.mark.parametrize(
    ("side", "metres", "layers", "points"),
    [
        (512, None, 0, 32),  # 16 px are 32 px of the input
        (1024, 0.3, 0, 62),  # 5 m are 16.7 px, one token
        (1024, 0.5, 2, 28),  # 10 px: crops of 687 px do not suffice, of 387 px do
        (4096, 0.3, 2, 64),
        (100, 0.3, 0, 16),
    ],
)
def test_grids_follow_from_the_size_of_pixels(
    side: int, metres: float | None, layers: int, points: int
) -> None:
    size = small_object(metres)
    finest = layers_for((side, side), size, 1024)
    assert finest == layers
    x0, y0, x1, y1 = crop_boxes((side, side), finest)[0]
    crop = (y1 - y0, x1 - x0)
    assert points_for(crop, size, is_finest=True) == pytest.approx(points, abs=12)
    assert points_for((side, side), size, is_finest=False) <= COARSE_POINTS


@given(sides, sides, st.floats(0.05, 30))
def test_finer_pixels_never_need_more_layers(height: int, width: int, metres: float) -> None:
    coarse = layers_for((height, width), small_object(metres), 1024)
    fine = layers_for((height, width), small_object(metres / 2), 1024)
    assert 0 <= fine <= coarse <= MOST_LAYERS
    points = points_for((height, width), small_object(metres), is_finest=True)
    assert 1 <= points <= MOST_POINTS
    assert points <= max(1, max(height, width) / 4)
