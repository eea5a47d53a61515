from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from dgl_rsis.geo import simplification
from dgl_rsis.geo.simplification import CornerMap, simplify

SHAPE = (40, 40)


def simplified(*lines: Any, largest: float, others: Any = ()) -> Any:
    arrays = [np.array(line, np.int64) for line in lines]
    corners = CornerMap(SHAPE)
    for points in (*arrays, *(np.array(line, np.int64) for line in others)):
        corners.add(points[:, 1] * corners.stride + points[:, 0])
    return [each.tolist() for each in simplify(arrays, corners, largest)]


STEPS = [(0, 0), (4, 0), (4, 1), (8, 1), (8, 2), (12, 2)]


def test_small_triangles_go_and_one_point_stays() -> None:
    assert simplified(STEPS, largest=1.9) == [[list(point) for point in STEPS]]  # all are 2 large
    (line,) = simplified(STEPS, largest=2.0)
    assert len(line) == 3
    assert line[0] == [0, 0]
    assert line[-1] == [12, 2]
    (straight,) = simplified([(0, 0), (3, 0), (9, 0)], largest=0.5)
    assert straight == [[0, 0], [9, 0]]  # the last point goes if nothing is lost with it


def test_a_line_does_not_pass_a_point_of_another() -> None:
    roof = [(0, 10), (10, 6), (20, 10)]
    steps = [(0, 10), (5, 6), (10, 6), (15, 6), (20, 10)]
    free = simplified(steps, largest=30)[0]
    assert len(free) == 3
    kept = simplified(steps, largest=1000, others=[[(10, 9), (10, 30)]])[0]
    assert shapely.Polygon([*kept, (20, 40), (0, 40)]).covers(shapely.Point(10, 9))
    blocked = simplified([(0, 10), (9, 2), (11, 2), (20, 10)], largest=1000,
                         others=[[(2, 9), (2, 20)], [(18, 9), (18, 20)]])[0]  # fmt: skip
    assert [9, 2] in blocked or [11, 2] in blocked
    assert simplified(roof, largest=1000) == [[[0, 10], [10, 6], [20, 10]]]


def test_rings_keep_an_area() -> None:
    ring = [(5, 5), (5, 9), (9, 9), (9, 5), (5, 5)]
    (left,) = simplified(ring, largest=1e6)
    assert len(left) == 4
    assert left[0] == left[-1] == [5, 5]
    assert shapely.Polygon(left).area == 8


def test_lines_do_not_depend_on_each_other_nor_on_their_direction() -> None:
    other = [(0, 3), (4, 3), (4, 4), (8, 4), (8, 5), (12, 5)]
    alone = simplified(STEPS, largest=4, others=[other])[0]
    assert simplified(other, STEPS, largest=4)[1] == alone
    assert simplified(STEPS[::-1], largest=4, others=[other])[0] != []
    assert simplified(largest=4) == []


def test_many_points_are_looked_at_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    stairs = [(k // 2 + k % 2, k // 2) for k in range(60)]
    whole = simplified(stairs, largest=3)
    monkeypatch.setattr(simplification, "_POINTS_AT_ONCE", 7)
    assert simplified(stairs, largest=3) == whole


@given(st.lists(st.tuples(*[st.integers(0, 12)] * 6), min_size=1, max_size=5))
def test_lattice_points_of_triangles(triangles: list[tuple[int, ...]]) -> None:
    corners = np.array(triangles).reshape(-1, 3, 2)
    owner, points = simplification._lattice_points(corners)
    grid = [(x, y) for x in range(13) for y in range(13)]
    for number, triangle in enumerate(corners):
        area = shapely.convex_hull(shapely.multipoints(triangle))
        expected = {place for place in grid if area.intersects(shapely.Point(place))}
        found = [tuple(point) for point in points[owner == number].tolist()]
        assert len(found) == len(set(found))
        assert set(found) == expected
