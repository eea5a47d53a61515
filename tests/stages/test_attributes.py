"""Colours and shapes of drawn masks."""

from __future__ import annotations

import numpy as np
import pytest

from dgl_rsis.stages.attributes import colour_scores, measure_shape, shape_score
from dgl_rsis.text.lexicon_file import default_lexicon
from dgl_rsis.types import BoolArray

PROTOTYPES = default_lexicon().colours


@pytest.mark.parametrize("name", sorted(PROTOTYPES))
def test_a_prototype_is_its_own_colour(name: str) -> None:
    colours = np.array([PROTOTYPES[name]], dtype=np.float32)
    scores = {word: colour_scores(word, colours, PROTOTYPES) for word in PROTOTYPES}
    best = max(scores, key=lambda word: float(scores[word][0]))  # type: ignore[index]
    assert best == name
    assert scores[name] is not None


def test_shades() -> None:
    colours = np.array([[15, 0, 0], [50, 0, 0], [90, 0, 0]], dtype=np.float32)
    dark = colour_scores("dark", colours, PROTOTYPES)
    bright = colour_scores("bright", colours, PROTOTYPES)
    assert dark is not None
    assert bright is not None
    assert list(np.argsort(-dark)) == [0, 1, 2]
    assert list(np.argsort(-bright)) == [2, 1, 0]
    among_dark = colour_scores("dark", colours, PROTOTYPES, typical_lightness=15.0)
    assert among_dark is not None
    assert among_dark[1] < dark[1]


def test_dark_blue_is_darker() -> None:
    colours = np.array([[30, -6, -28], [70, -6, -28]], dtype=np.float32)
    dark = colour_scores("dark blue", colours, PROTOTYPES)
    light = colour_scores("light blue", colours, PROTOTYPES)
    assert dark is not None
    assert light is not None
    assert dark[0] > 0.9
    assert light[1] > 0.9
    assert colour_scores("flurb", colours, PROTOTYPES) is None


@pytest.mark.parametrize(
    ("lab", "name"),
    [
        ((38, 28, 14), "red"),  # a red car in haze
        ((48, 24, 19), "red"),  # a clay roof
        ((47, 21, 18), "red"),  # the same through haze
        ((33, 24, 6), "red"),  # a car in shade
        ((45, 6, 12), "brown"),  # a weathered roof
        ((37, 26, 41), "brown"),
        ((69, 37, 75), "orange"),
        ((39, 3, -18), "blue"),
        ((54, 3, -2), "grey"),
        ((69, 0, -1), "grey"),
        ((84, 2, -1), "white"),
        ((90, -5, 5), "white"),  # with a cast of the sensor
        ((52, 2, -6), "grey"),
        ((22, 1, -4), "black"),
        ((24, 2, -6), "black"),
    ],
)
def test_colours_through_haze_keep_their_names(lab: tuple[int, int, int], name: str) -> None:
    colours = np.array([lab], dtype=np.float32)
    scores = {word: colour_scores(word, colours, PROTOTYPES) for word in PROTOTYPES}
    assert max(scores, key=lambda word: float(scores[word][0])) == name  # type: ignore[index]


def disc(radius: int) -> BoolArray:
    rows, columns = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    return np.asarray(rows**2 + columns**2 <= radius**2)


def turned(length: float, width: float, degrees: float) -> BoolArray:
    rows, columns = np.mgrid[-60:61, -60:61]
    angle = np.deg2rad(degrees)
    along = columns * np.cos(angle) + rows * np.sin(angle)
    across = -columns * np.sin(angle) + rows * np.cos(angle)
    return np.asarray((np.abs(along) <= length / 2) & (np.abs(across) <= width / 2))


@pytest.mark.parametrize("degrees", [0, 20, 45])
def test_rectangles_at_any_angle(degrees: float) -> None:
    shape = measure_shape(turned(80, 30, degrees))
    assert shape.length == pytest.approx(80, rel=0.03)
    assert shape.width == pytest.approx(30, rel=0.05)
    assert shape.angle == pytest.approx(degrees, abs=2)
    assert shape.rectangularity > 0.88


def test_a_disc_is_as_long_as_its_diameter() -> None:
    shape = measure_shape(disc(20))
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
    shape = measure_shape(mask)
    assert shape.length == pytest.approx(length, rel=0.03)
    assert shape.angle == pytest.approx(angle)
    assert shape.width < 1.5


L_SHAPE = np.zeros((40, 40), dtype=bool)
L_SHAPE[:, :14] = L_SHAPE[26:, :] = True


@pytest.mark.parametrize(
    ("word", "mask"),
    [
        ("round", disc(12)),
        ("square", turned(40, 40, 30)),
        ("elongated", turned(100, 12, 10)),
        ("rectangular", turned(60, 30, 45)),
        ("l_shaped", L_SHAPE),
        ("compact", disc(5)),
    ],
)
def test_shapes(word: str, mask: BoolArray) -> None:
    score = shape_score(word, measure_shape(mask))
    assert score is not None
    assert score > 0.6


def test_shapes_differ() -> None:
    square, round_, long = (
        measure_shape(mask) for mask in (turned(40, 40, 0), disc(20), turned(90, 15, 0))
    )
    for word, own, others in (
        ("round", round_, (square, long)),
        ("square", square, (round_, long)),
        ("elongated", long, (round_, square)),
    ):
        assert all(
            (shape_score(word, own) or 0) > (shape_score(word, other) or 0) + 0.3
            for other in others
        )
    assert shape_score("cone", square) is None


def test_a_single_pixel_and_a_large_mask() -> None:
    assert measure_shape(np.ones((1, 1), dtype=bool)).aspect == pytest.approx(1)
    large = measure_shape(np.ones((2000, 1000), dtype=bool))
    assert large.length == pytest.approx(2000, rel=0.05)
    assert large.aspect == pytest.approx(2, rel=0.05)
