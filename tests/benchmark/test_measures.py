"""Measures of things drawn by hand."""

from __future__ import annotations

import numpy as np
import pytest
from benchmark.drawn import truth

from dgl_rsis.benchmark.measures import Measures

SCENE = Measures(
    truth(
        [
            ("road", (140, 0, 160, 200), ""),  # 0
            ("building", (10, 10, 50, 40), "white"),  # 1
            ("car", (146, 100, 154, 104), "red"),  # 2: on the road
            ("car", (156, 20, 164, 24), "red"),  # 3: half on the road
            ("car", (12, 100, 13, 101), "red"),  # 4: one pixel
        ]
    )
)


def test_centroids_areas_and_colours() -> None:
    assert SCENE.centroids[1].tolist() == [30, 25]
    assert SCENE.areas[1:].tolist() == [1200, 32, 32, 1]
    assert SCENE.colours[1].tolist() == [220, 220, 216]


@pytest.mark.parametrize(
    ("index", "sides"), [(1, (40, 30, 0)), (0, (200, 20, 90)), (2, (8, 4, 0)), (4, (1, 1, 0))]
)
def test_sides(index: int, sides: tuple[float, float, float]) -> None:
    assert SCENE.sides(index) == pytest.approx(sides)


@pytest.mark.parametrize("degrees", [0, 20, 45, 110])
def test_sides_of_what_is_turned(degrees: float) -> None:
    angle = np.deg2rad(degrees)
    rows, columns = np.mgrid[-50:51, -50:51]
    along = columns * np.cos(angle) + rows * np.sin(angle)
    across = -columns * np.sin(angle) + rows * np.cos(angle)
    mask = (np.abs(along) <= 40) & (np.abs(across) <= 10)
    length, width, turn = Measures(truth([("ship", (50, 50), "white", mask)])).sides(0)
    assert length == pytest.approx(81, abs=2)
    assert width == pytest.approx(21, abs=2)
    assert turn == pytest.approx(degrees, abs=1.5)


def test_gaps_are_free_pixels_between() -> None:
    assert SCENE.gaps([1], [0]).tolist() == [90]
    assert SCENE.gaps([1, 4], [2]) == pytest.approx([np.hypot(97, 61) - 1, 133])
    assert SCENE.gaps([2], [0]).tolist() == [0]


def test_the_ground_around() -> None:
    assert SCENE.share_around(2, [0]) == 1
    assert SCENE.share_around(4, [0]) == 0
    assert SCENE.share_around(3, [0]) == pytest.approx(0.5, abs=0.1)


def test_among_other_things_there_is_no_ground() -> None:
    crowd = [("car", (x, y, x + 10, y + 10), "red") for x in (50, 60, 70) for y in (50, 60, 70)]
    assert Measures(truth([*crowd, ("road", (0, 0, 300, 40), "")])).share_around(4, [9]) is None
