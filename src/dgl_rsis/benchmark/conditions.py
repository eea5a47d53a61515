"""How clearly a thing fulfils a condition, from pixels.

Every condition becomes a *clearness* for each thing: positive where it holds, negative where it
does not, and at least ``CLEAR`` away from zero where no sensible reading of the words could decide
otherwise. A limit of 10 % is a clearness of 0.1; words without a limit of their own (*near*,
*large*, *in the centre*) have two, one up to which they surely hold and one from which they
surely do not.
"""

from __future__ import annotations

import colorsys
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from dgl_rsis.benchmark.measures import Measures
from dgl_rsis.benchmark.questions import Side

CLEAR = 0.1
"""Clearness from which on a question is asked."""

Clearness = NDArray[np.float64]
"""``(K,)`` above 0 where a condition holds."""

DIAGONALS: tuple[Side, ...] = ("upper left", "upper right", "lower left", "lower right")
_UP = {"left": (-1, 0), "right": (1, 0), "top": (0, -1), "upper": (0, -1)}
_DOWN = {"bottom": (0, 1), "lower": (0, 1)}
COMPASS = ("north", "east", "south", "west")


def graded(values: Clearness, surely: float, surely_not: float) -> Clearness:
    """``CLEAR`` at ``surely``, ``-CLEAR`` at ``surely_not``, linear through both."""
    middle, half = (surely + surely_not) / 2, (surely - surely_not) / 2
    return CLEAR * (values - middle) / half


def _between_limits(value: float, surely: float, surely_not: float) -> float:
    return float(graded(np.array(value), surely, surely_not))


def above(values: Clearness, limit: float) -> Clearness:
    """By which share of the larger one values exceed a limit."""
    return (values - limit) / np.maximum(np.maximum(values, limit), 1e-9)


def colour(measures: Measures, indices: list[int], word: str) -> Clearness:
    """A colour that was painted and that the pixels still show."""
    found = []
    for index in indices:
        painted = measures.truth.things[index].colour
        seen = _seen_as(word, measures.colours[index])
        found.append(0.0 if not painted else max(seen, 0.0) if painted == word else min(seen, 0.0))
    return np.array(found)


def _seen_as(word: str, rgb: NDArray[np.float64]) -> float:
    """Clearness of a colour word from hue, chroma and brightness of a colour in 0..255.

    Names of colours overlap: reddish brown is both, and what is darker than middle grey (119, where
    L* is 50) may be called dark. So every limit is two.
    """
    light, chroma = float(rgb.mean()), float(np.ptp(rgb))
    hue = 360 * colorsys.rgb_to_hsv(*rgb)[0]
    from_orange, from_blue = (abs((hue - each + 180) % 360 - 180) for each in (15, 220))
    redness = float(2 * rgb[0] / max(rgb[1] + rgb[2], 1.0))
    limits = {
        "white": ((light, 190, 155), (chroma, 18, 40)),
        "grey": ((light, 101, 83), (light, 155, 190), (chroma, 15, 30)),
        "dark": ((light, 83, 119),),
        "red": ((from_orange, 27, 40), (redness, 1.75, 1.4)),
        "brown": ((from_orange, 27, 40), (redness, 1.4, 1.75), (chroma, 20, 12), (light, 82, 50)),
        "blue": ((from_blue, 25, 40), (chroma, 25, 15)),
    }
    return min(_between_limits(*each) for each in limits[word])


def size(measures: Measures, indices: list[int], word: Literal["large", "small"]) -> Clearness:
    """Twice the median of its kind is large, half of it small."""
    ratios = measures.areas[indices] / np.median(measures.areas[indices])
    doublings = np.log2(ratios)
    return graded(doublings if word == "large" else -doublings, 1.0, 0.25)


def shape(measures: Measures, indices: list[int], word: str) -> Clearness:
    """Shapes by the smallest rectangle around a thing, and by what was painted."""
    found = []
    for index in indices:
        length, width, _ = measures.sides(index)
        filled = measures.areas[index] / (length * width)
        painted = measures.truth.things[index].shape
        aspect = length / width
        if word == "elongated":
            found.append(_between_limits(aspect, 3.2, 1.8))
            continue
        if word == "square":
            by_sides = _between_limits(aspect, 1.15, 1.5)
            found.append(min(by_sides, _between_limits(filled, 0.85, 0.6)))
            continue
        seen = _between_limits(filled, 0.86, 0.78)
        seen = -seen if word == "L-shaped" else seen
        found.append(max(seen, 0.0) if painted == word else min(seen, 0.0))
    return np.array(found)


def directions(measures: Measures, side: str) -> list[NDArray[np.float64]]:
    """Unit vectors in the pixel frame along all of which a side lies."""
    north = np.array(measures.truth.frame.north or (0.0, -1.0))
    east = np.array([-north[1], north[0]])
    turned = {"north": north, "south": -north, "east": east, "west": -east}
    compass = [vector for name, vector in turned.items() if name in side]
    fixed = {**_UP, **_DOWN}
    return compass or [np.array(fixed[word], dtype=np.float64) for word in side.split()]


def place(measures: Measures, indices: list[int], name: str, *, is_corner: bool) -> Clearness:
    """A side: the centroid lies beyond the middle, by shares of the way to the border."""
    height, width = measures.truth.shape
    half = np.array([width, height]) / 2
    offsets = measures.centroids[indices] - half
    if name == "centre":
        return graded(np.hypot(*offsets.T) / min(height, width), 0.2, 0.45)
    if name == "edge":
        boxes = np.array([measures.truth.things[index].box for index in indices])
        gaps = np.concatenate([boxes[:, :2], [width, height] - boxes[:, 2:]], axis=1).min(axis=1)
        return graded(gaps / min(height, width), 0.02, 0.2)
    if name == "corner":
        each_corner = [place(measures, indices, each, is_corner=True) for each in DIAGONALS]
        return np.array(np.max(each_corner, axis=0))
    ways = directions(measures, name)
    shares = np.array([offsets @ each / (np.abs(each) @ half) for each in ways]).min(axis=0)
    return graded(shares, 0.6, -0.1) if is_corner else shares


def beside(measures: Measures, indices: list[int], side: str, anchor: list[int]) -> Clearness:
    """Which side of an anchor a thing lies on.

    Of a thing: the centroid lies beyond the centroid of the anchor and, to be clear, beyond its
    outline. Of what spreads: nothing of it lies on that side, some of it on the opposite one, and
    its nearest point is there; all of that or, for a clear no, none of it.
    """
    ways = directions(measures, side)
    if measures.truth.things[anchor[0]].is_spread:
        sides = [_beside_spread(measures, indices, each, anchor) for each in ways]
        return np.array(np.min(sides, axis=0))
    half = np.array(measures.truth.shape[::-1]) / 2
    centroid = measures.centroids[anchor[0]]
    outline = measures.outline(anchor[0])
    found = []
    for each in ways:
        scale = np.abs(each) @ half
        beyond = (measures.centroids[indices] - centroid) @ each / scale
        past = (measures.centroids[indices] @ each - (outline @ each).max()) / scale
        found.append(np.where(beyond > 0, np.maximum(np.minimum(beyond, past), 0), beyond))
    return np.array(np.min(found, axis=0))


def _beside_spread(
    measures: Measures, indices: list[int], way: NDArray[np.float64], anchor: list[int]
) -> Clearness:
    points = np.concatenate([measures.outline(index) for index in anchor])
    nearest = points[cKDTree(points).query(measures.centroids[indices])[1]]
    across = np.array([-way[1], way[0]])
    widths = points @ across
    found = []
    for index, point in zip(indices, nearest, strict=True):
        centroid = measures.centroids[index]
        extent = np.ptp(measures.outline(index) @ across) / 2 + 0.05 * min(measures.truth.shape)
        abreast = points[np.abs(widths - centroid @ across) <= extent]
        depths = (abreast - centroid) @ way
        offset = centroid - point
        cosine = float(offset @ way / max(np.hypot(*offset), 1e-9))
        is_past = len(depths) > 0 and bool((depths < 0).all())
        if (is_past and cosine >= 0.7) or (not is_past and cosine <= 0.25):
            found.append(cosine - 0.5)
        else:
            found.append(0.0)
    return np.array(found)


def reach(measures: Measures, indices: list[int], word: str, anchor: list[int]) -> Clearness:
    """How far a thing is, in lengths of the anchor; of what spreads in shares of the image."""
    gaps = measures.gaps(indices, anchor)
    height, width = measures.truth.shape
    if word == "far":
        return graded(gaps / np.hypot(height, width), 0.3, 0.12)
    if measures.truth.things[anchor[0]].is_spread:
        shares = gaps / min(height, width)
        limits = {"near": (0.08, 0.3), "adjacent": (0.004, 0.1), "along": (0.03, 0.12)}
        return graded(shares, *limits[word])
    lengths = gaps / np.mean(measures.sides(anchor[0])[:2])
    limits = {"near": (1.2, 4.0), "adjacent": (0.05, 0.8), "along": (0.3, 1.6)}
    return graded(lengths, *limits[word])


def between(measures: Measures, indices: list[int], first: int, second: int) -> Clearness:
    """On the way from one centroid to the other, and not far off it."""
    start, end = measures.centroids[first], measures.centroids[second]
    line = end - start
    length = max(float(np.hypot(*line)), 1e-9)
    thickness = sum(np.mean(measures.sides(each)[:2]) for each in (first, second)) / 2
    offsets = measures.centroids[indices] - start
    along = offsets @ line / length**2
    across = np.abs(offsets @ np.array([-line[1], line[0]])) / length
    on_way = np.minimum(along, 1 - along)
    off_way = graded(across, 0.25 * length + 0.3 * thickness, 0.8 * length + 1.6 * thickness)
    return np.array(np.minimum(on_way, off_way))


def amid(measures: Measures, indices: list[int], word: str, anchor: list[int]) -> Clearness:
    """The ground around a thing belongs to the anchor; *across*: some of it does."""
    shares = [measures.share_around(index, anchor) for index in indices]
    limits = {
        "inside": (0.75, 0.2),
        "on": (0.75, 0.1),
        "surrounded": (0.8, 0.2),
        "across": (0.3, 0.02),
    }[word]
    known = np.array([np.mean(limits) if share is None else share for share in shares])
    return graded(known, *limits)


def parallel(measures: Measures, indices: list[int], anchor: int) -> Clearness:
    """Long sides that run the same way; what has no long side has no direction."""
    length, width, turn = measures.sides(anchor)
    found = []
    for index in indices:
        own_length, own_width, own_turn = measures.sides(index)
        if min(length / width, own_length / own_width) < 1.5:
            found.append(0.0)
            continue
        angle = abs((own_turn - turn + 90) % 180 - 90)
        found.append(_between_limits(angle, 8.0, 35.0))
    return np.array(found)
