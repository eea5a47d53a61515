"""Colours and shapes of drawn masks."""

from __future__ import annotations

import numpy as np
import pytest

from dgl_rsis.proposals.colours import lab_of
from dgl_rsis.stages.attributes import colour_scores, shape_scores
from dgl_rsis.stages.shapes import measure_masks
from dgl_rsis.text.lexicon_file import default_lexicon
from dgl_rsis.types import BoolArray, FloatArray

PROTOTYPES = default_lexicon().colours


@pytest.mark.parametrize("name", sorted(PROTOTYPES))
def test_a_prototype_is_its_own_colour(name: str) -> None:
    colours = np.array([PROTOTYPES[name]], dtype=np.float32)
    assert name_of(colours) == name.rpartition(" ")[2]


def name_of(colours: FloatArray) -> str:
    """The single word that fits the first of ``(N, 3)`` Lab colours best."""
    scores: dict[str, float] = {}
    for word in PROTOTYPES:
        fits = colour_scores(word, colours, PROTOTYPES) if " " not in word else None
        if fits is not None:
            scores[word] = float(fits[0])
    return max(scores, key=scores.__getitem__)


@pytest.mark.parametrize(
    ("rgb", "name"),
    [
        ((255, 0, 0), "red"),
        ((120, 0, 0), "red"),
        ((255, 60, 60), "red"),
        ((0, 255, 0), "green"),
        ((0, 80, 0), "green"),
        ((144, 238, 144), "green"),
        ((0, 0, 255), "blue"),
        ((20, 20, 200), "blue"),
        ((0, 0, 180), "blue"),
        ((0, 0, 80), "blue"),
        ((30, 60, 200), "blue"),
        ((40, 40, 120), "blue"),
        ((80, 80, 255), "blue"),
        ((65, 105, 225), "blue"),
        ((100, 149, 237), "blue"),
        ((255, 255, 0), "yellow"),
        ((200, 200, 0), "yellow"),
        ((0, 255, 255), "cyan"),
        ((0, 139, 139), "cyan"),
        ((255, 0, 255), "purple"),
        ((128, 0, 128), "purple"),
        ((75, 0, 130), "purple"),
        ((90, 40, 140), "purple"),
        ((148, 0, 211), "purple"),
        ((255, 192, 203), "pink"),
        ((255, 20, 147), "pink"),
        ((255, 165, 0), "orange"),
        ((255, 100, 0), "orange"),
        ((230, 120, 30), "orange"),
        ((139, 69, 19), "brown"),
        ((90, 50, 20), "brown"),
    ],
)
def test_vivid_colours_have_the_names_of_paint(rgb: tuple[int, int, int], name: str) -> None:
    assert name_of(lab_of(np.array([[rgb]], np.float32) / np.float32(255))[0]) == name


def test_a_vivid_colour_has_shades() -> None:
    colours = lab_of(np.array([[(0, 0, 90), (0, 0, 255)]], np.float32) / np.float32(255))[0]
    dark = colour_scores("dark blue", colours, PROTOTYPES)
    assert dark is not None
    assert dark[0] > 0.9


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
        ((78, 2, 0), "white"),  # a tank in haze
        ((90, -5, 5), "white"),  # with a cast of the sensor
        ((52, 2, -6), "grey"),
        ((22, 1, -4), "black"),
        ((24, 2, -6), "black"),
    ],
)
def test_colours_through_haze_keep_their_names(lab: tuple[int, int, int], name: str) -> None:
    colours = np.array([lab], dtype=np.float32)
    assert name_of(colours) == name


def disc(radius: int) -> BoolArray:
    rows, columns = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    return np.asarray(rows**2 + columns**2 <= radius**2)


def turned(length: float, width: float, degrees: float) -> BoolArray:
    rows, columns = np.mgrid[-60:61, -60:61]
    angle = np.deg2rad(degrees)
    along = columns * np.cos(angle) + rows * np.sin(angle)
    across = -columns * np.sin(angle) + rows * np.cos(angle)
    return np.asarray((np.abs(along) <= length / 2) & (np.abs(across) <= width / 2))


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
    scores = shape_scores(word, measure_masks([mask]))
    assert scores is not None
    assert scores[0] > 0.6


def test_shapes_differ() -> None:
    shapes = measure_masks([disc(20), turned(40, 40, 0), turned(90, 15, 0)])
    for own, word in enumerate(("round", "square", "elongated")):
        scores = shape_scores(word, shapes)
        assert scores is not None
        assert (np.delete(scores, own) < scores[own] - 0.3).all()
    assert shape_scores("cone", shapes) is None
