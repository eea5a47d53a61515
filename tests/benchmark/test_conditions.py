"""Conditions as clearness: the limits from which words surely hold, or surely do not."""

from __future__ import annotations

import numpy as np
import pytest
from benchmark.drawn import truth

from dgl_rsis.benchmark import conditions
from dgl_rsis.benchmark.conditions import CLEAR
from dgl_rsis.benchmark.measures import Measures
from dgl_rsis.benchmark.questions import Side


def test_graded_is_clear_at_both_limits() -> None:
    values = np.array([10.0, 20.0, 30.0, 40.0])
    assert conditions.graded(values, 10, 30) == pytest.approx([CLEAR, 0, -CLEAR, -2 * CLEAR])
    assert conditions.graded(values, 30, 10) == pytest.approx([-CLEAR, 0, CLEAR, 2 * CLEAR])


def test_above_is_a_share_of_the_larger_one() -> None:
    assert conditions.above(np.array([90.0, 100.0, 200.0]), 100) == pytest.approx([-0.1, 0, 0.5])


@pytest.mark.parametrize(
    ("rgb", "words", "denied"),
    [
        ((220, 222, 218), {"white"}, {"grey", "dark", "red", "brown", "blue"}),
        ((130, 130, 128), {"grey"}, {"white", "dark", "red", "brown", "blue"}),
        ((60, 60, 64), {"dark"}, {"white", "grey", "red", "brown", "blue"}),
        ((170, 60, 50), {"red"}, {"white", "grey", "brown", "blue"}),
        ((115, 98, 84), {"brown"}, {"white", "grey", "red", "blue"}),
        ((146, 97, 85), set(), {"white", "grey", "blue"}),  # red, brown: either
        ((70, 100, 170), {"blue"}, {"white", "grey", "red", "brown"}),
        ((172, 172, 170), set(), {"dark", "red", "brown", "blue"}),  # grey, white: either
    ],
)
def test_colours_have_names_that_hold_and_names_that_do_not(
    rgb: tuple[int, int, int], words: set[str], denied: set[str]
) -> None:
    for word in ("white", "grey", "dark", "red", "brown", "blue"):
        scene = truth([("building", (10, 10, 50, 40), word)])
        scene.image[10:40, 10:50] = rgb
        shown = conditions.colour(Measures(scene), [0], word)[0]
        assert (shown >= CLEAR) == (word in words), word
        other = "blue" if word != "blue" else "red"
        scene = truth([("building", (10, 10, 50, 40), other)])
        scene.image[10:40, 10:50] = rgb
        assert (conditions.colour(Measures(scene), [0], word)[0] <= -CLEAR) == (word in denied), (
            word
        )


@pytest.mark.parametrize(
    ("side", "holds"),
    [
        ("left", [True, False]), ("right", [False, True]), ("top", [True, False]),
        ("bottom", [False, True]), ("upper left", [True, False]), ("upper right", [False, False]),
        ("northwest", [True, False]), ("south", [False, True]),
    ],
)  # fmt: skip
def test_places(side: Side, holds: list[bool]) -> None:
    scene = truth([("ship", (20, 20, 40, 40), "white"), ("ship", (240, 150, 260, 170), "white")])
    found = conditions.place(Measures(scene), [0, 1], side, is_corner=False)
    assert (found > 0).tolist() == holds
    assert (np.abs(found) >= CLEAR).all()
