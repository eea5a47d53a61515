from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, MultiPolygon, Point, Polygon, box, contains_xy

from dgl_rsis.errors import InputError
from dgl_rsis.proposals.polygons import from_boxes, from_candidates, from_polygons


def test_boxes_are_rounded_and_cut_at_the_border() -> None:
    found = from_boxes(np.array([[-2.0, 0.4, 2.6, 9.0]]), (5, 6))
    assert found.boxes.tolist() == [[0, 0, 3, 5]]


@pytest.mark.parametrize("bad", [[7, 0, 9, 2], [0, -5, 2, 0], [2, 2, 2, 4], [3, 1, 1, 2]])
def test_boxes_without_pixels_are_refused(bad: list[int]) -> None:
    with pytest.raises(InputError, match=r"box 1 .* has no pixels"):
        from_boxes(np.array([[0, 0, 1, 1], bad]), (5, 6))


def test_numbers_must_be_finite() -> None:
    with pytest.raises(InputError, match="not finite"):
        from_boxes(np.array([[0, 0, np.nan, 1]]), (5, 6))


def test_candidates_of_every_kind() -> None:
    masks = np.zeros((2, 5, 6), dtype=bool)
    masks[0, 1:3, 2:4] = masks[1, 0, 0] = True
    boxes = np.array([[2, 1, 4, 3], [0, 0, 1, 1]])
    for candidates in (masks, list(masks), boxes, list(boxes)):
        assert from_candidates(candidates, (5, 6)).boxes.tolist() == boxes.tolist()


@pytest.mark.parametrize(
    ("candidates", "message"),
    [
        (np.zeros((3, 5)), "candidates have shape"),
        (np.zeros(4), "candidates have shape"),
        (np.ones((1, 5, 5)), "mask 0 has shape"),
        (np.zeros((1, 5, 6)), "mask 0 is empty"),
    ],
)
def test_other_candidates_are_refused(candidates: np.ndarray, message: str) -> None:
    with pytest.raises(InputError, match=message):
        from_candidates(candidates, (5, 6))


def test_pixels_belong_by_their_centres() -> None:
    square = box(1, 1, 3, 3)
    triangle = np.array([[0, 0], [4, 0], [0, 4]])
    found = from_polygons([square, triangle], (5, 6))
    assert found.boxes[0].tolist() == [1, 1, 3, 3]
    assert found.mask(1)[:4, :4].astype(int).tolist() == [
        [1, 1, 1, 0],
        [1, 1, 0, 0],
        [1, 0, 0, 0],
        [0, 0, 0, 0],
    ]


def test_holes_and_parts() -> None:
    ring = Polygon(box(0, 0, 5, 5).exterior, [box(1, 1, 4, 4).exterior])
    parts = MultiPolygon([box(0, 0, 1, 1), box(4, 4, 6, 5)])
    found = from_polygons([ring, parts], (5, 6))
    assert found.areas.tolist() == [25 - 9, 3]
    assert not found.mask(0)[2, 2]


def test_a_sliver_gets_the_pixel_it_lies_in() -> None:
    found = from_polygons([box(2.1, 3.1, 2.3, 3.3)], (5, 6))
    assert found.boxes.tolist() == [[2, 3, 3, 4]]


@settings(max_examples=50, deadline=None)
@given(
    points=st.lists(st.tuples(st.floats(-3, 15), st.floats(-3, 15)), min_size=3, max_size=7),
    cut=st.floats(1, 11),
)
def test_neighbours_share_no_pixel_and_lose_none(
    points: list[tuple[float, float]], cut: float
) -> None:
    hull = MultiPolygon([Polygon(points).convex_hull]) if _has_area(points) else box(0, 0, 9, 9)
    left, right = hull & box(-9, -9, cut, 99), hull & box(cut, -9, 99, 99)
    x, y = np.meshgrid(np.arange(12) + 0.5, np.arange(12) + 0.5)
    inside = contains_xy(hull.buffer(-1e-6), x, y)
    outside = ~contains_xy(hull.buffer(1e-6), x, y)
    if min(left.area, right.area) < 1 or not inside.any():
        return
    count = np.zeros((12, 12), dtype=int)
    for part in (left, right):
        if contains_xy(part.buffer(-1e-6), x, y).any():
            count += from_polygons([part], (12, 12)).mask(0)
    assert count.max() <= 1
    assert not count[outside].any()


def _has_area(points: list[tuple[float, float]]) -> bool:
    return Polygon(points).convex_hull.area > 1


@pytest.mark.parametrize(
    ("polygon", "message"),
    [
        (box(10, 10, 12, 12), "outside the image"),
        (Point(1, 1), "other geometry"),
        (LineString([(0, 0), (1, 1)]), "other geometry"),
        (Polygon(), "empty"),
        (np.zeros((2, 2)), r"\(K, 2\)"),
    ],
)
def test_other_polygons_are_refused(polygon, message: str) -> None:
    with pytest.raises(InputError, match=message):
        from_polygons([polygon], (5, 6))
