"""Lengths, widths and directions of drawn masks and of polygons."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
import shapely.affinity
from stages.test_attributes import disc, turned

from dgl_rsis.stages.shapes import Hulls, measure_masks
from dgl_rsis.types import BoolArray


@pytest.mark.parametrize("degrees", [0, 20, 45])
def test_rectangles_at_any_angle(degrees: float) -> None:
    shape = measure_masks([turned(80, 30, degrees)])
    assert shape.length == pytest.approx(80, rel=0.03)
    assert shape.width == pytest.approx(30, rel=0.05)
    assert shape.angle == pytest.approx(degrees, abs=2)
    assert shape.rectangularity > 0.88


def test_a_disc_is_as_long_as_its_diameter() -> None:
    shape = measure_masks([disc(20)])
    assert shape.length == pytest.approx(41, rel=0.03)
    assert shape.width == pytest.approx(41, rel=0.03)


@pytest.mark.parametrize(
    ("mask", "length", "angle"),
    [
        (np.ones((1, 9), dtype=bool), 9, 0),
        (np.ones((9, 1), dtype=bool), 9, 90),
        (np.eye(9, dtype=bool), 8 * np.sqrt(2) + 1, 45),
        (np.eye(9, dtype=bool)[::-1], 8 * np.sqrt(2) + 1, 135),
    ],
)
def test_lines_have_a_length_and_a_direction(mask: BoolArray, length: float, angle: float) -> None:
    shape = measure_masks([mask])
    assert shape.length == pytest.approx(length, rel=0.03)
    assert shape.angle == pytest.approx(angle)
    assert shape.width < 1.5


def test_a_single_pixel_and_a_large_mask() -> None:
    assert measure_masks([np.ones((1, 1), dtype=bool)]).aspect == pytest.approx(1)
    large = measure_masks([np.ones((2000, 1000), dtype=bool)])
    assert large.length == pytest.approx(2000, rel=0.05)
    assert large.aspect == pytest.approx(2, rel=0.05)


def test_many_are_measured_as_each_alone() -> None:
    masks = [turned(90, 15, 20), np.ones((1, 1), dtype=bool), disc(9), np.eye(5, dtype=bool)]
    together = measure_masks(masks).columns
    alone = np.concatenate([measure_masks([mask]).columns for mask in masks], axis=1)
    np.testing.assert_array_equal(together, alone)


def test_a_metric_stretches_rectangles() -> None:
    """A bar of 30 by 4 along the diagonal, where steps down are twice as long as steps across."""
    bar = shapely.affinity.rotate(shapely.box(0, 0, 30, 4), 45)
    metric = np.array([[[1.0, 0.0], [0.0, 2.0]]])
    stretched = shapely.affinity.scale(bar, 1, 2)
    length, width, angle = Hulls.of_geometries(np.array([bar])).rectangles(metric)
    expected = shapely.oriented_envelope(stretched)
    assert length * width == pytest.approx(expected.area)
    corners = np.diff(shapely.get_coordinates(expected), axis=0)
    assert length == pytest.approx(np.hypot(*corners.T).max())
    assert angle == pytest.approx(np.degrees(np.arctan(2)), abs=3)


def test_polygons_have_no_pixels_at_their_rims() -> None:
    bars = [shapely.affinity.rotate(shapely.box(0, 0, 30, 4), turn) for turn in (0, 30, 90)]
    hulls = Hulls.of_geometries(np.array(bars))
    length, width, angle = hulls.rectangles(np.broadcast_to(np.eye(2), (3, 2, 2)))
    np.testing.assert_allclose(length, 30)
    np.testing.assert_allclose(width, 4)
    np.testing.assert_allclose(angle % 180, [0, 30, 90], atol=1e-9)
