"""Colours and shapes measured from pixels, as scores in [0, 1].

docs/design.md 1.4: what can be measured is not asked from the vision-language model. Colours
compete with each other by their distance to Lab prototypes of the lexicon; shapes are judged by
elongation, rectangularity and circularity of the mask.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dgl_rsis.types import BoolArray, FloatArray

COLOUR_SPREAD = 15.0
"""Lab distance at which a competing colour costs a factor of exp(-1/2)."""
LIGHTNESS_WEIGHT = 0.5
"""Weight of lightness in the distance to a chromatic prototype: shade changes it most."""
LIGHTNESS_SHIFT = 20.0
DARK_BELOW, BRIGHT_ABOVE, LIGHTNESS_SLOPE = 45.0, 68.0, 6.0
CHROMATIC_ABOVE = 10.0
LARGEST_SAMPLE = 128
"""Shapes are measured on masks of at most this many pixels a side."""


@dataclass(frozen=True)
class ShapeMeasures:
    """Shape of one mask.

    Attributes:
        length: longer side of the rectangle with the same second moments, in pixels.
        width: shorter side, in pixels.
        rectangularity: area over the smallest rotated rectangle around it, in (0, 1].
        circularity: area over the smallest circle about the centroid, in (0, 1].
    """

    length: float
    width: float
    rectangularity: float
    circularity: float

    @property
    def aspect(self) -> float:
        """Length over width, at least 1."""
        return self.length / self.width


def colour_scores(
    word: str,
    colours: FloatArray,
    prototypes: Mapping[str, tuple[float, float, float]],
    *,
    typical_lightness: float | None = None,
) -> FloatArray | None:
    """How well colours fit a colour word.

    Args:
        word: a prototype, ``dark`` or ``bright``, or both (``dark blue``, ``light grey``).
        colours: ``(N, 3)`` mean or median Lab.
        prototypes: colour word -> Lab.
        typical_lightness: median lightness of what it is compared with, if known: *dark* among
            dark roofs means darker ones.

    Returns:
        ``(N,)`` float32 in [0, 1], 1 for the nearest prototype; None for an unknown word.
    """
    shade, _, name = word.rpartition(" ")
    lightness = colours[:, 0].astype(np.float64)
    if name in ("dark", "bright") and not shade:
        return _shade_scores(name, lightness, typical_lightness)
    if name not in prototypes:
        return None
    shifted = dict(prototypes)
    base = prototypes[name]
    shift = {"dark": -LIGHTNESS_SHIFT, "light": LIGHTNESS_SHIFT}.get(shade, 0.0)
    shifted[name] = (float(np.clip(base[0] + shift, 5, 97)), base[1], base[2])
    squared = np.stack([_squared_distance(colours, lab) for lab in shifted.values()])
    own = squared[list(shifted).index(name)]
    scores: FloatArray = np.exp((squared.min(axis=0) - own) / (2 * COLOUR_SPREAD**2)).astype(
        np.float32
    )
    return scores


def measure_shape(crop: BoolArray) -> ShapeMeasures:
    """Measures of a mask inside its box, ``(h, w)`` bool with at least one True."""
    step = max(1, -(-max(crop.shape) // LARGEST_SAMPLE))
    rows, columns = np.nonzero(crop[::step, ::step])
    if rows.size == 0:
        rows, columns = np.array([0]), np.array([0])
    points = np.stack([columns, rows], axis=1).astype(np.float64)
    points -= points.mean(axis=0)
    covariance = points.T @ points / len(points) + np.eye(2) / 12  # 1/12: a pixel is a square
    small, large = np.sqrt(12 * np.linalg.eigvalsh(covariance))
    radius = float(np.sqrt((points**2).sum(axis=1).max())) + 0.5
    return ShapeMeasures(
        length=float(large) * step,
        width=float(small) * step,
        rectangularity=min(1.0, len(points) / _smallest_rectangle(points)),
        circularity=min(1.0, len(points) / (np.pi * radius**2)),
    )


def shape_score(measure: str, shape: ShapeMeasures) -> float | None:
    """How well a shape fits a word of the lexicon's shapes, in [0, 1]; None if not measurable."""
    aspect, rectangular, circular = shape.aspect, shape.rectangularity, shape.circularity
    scores = {
        "elongated": _rises(aspect, 2.2, 0.35),
        "compact": 1.0 - _rises(aspect, 2.2, 0.35),
        "narrow": _rises(aspect, 3.0, 0.5),
        "wide": 1.0 - _rises(aspect, 3.0, 0.5),
        "round": _rises(circular, 0.76, 0.04),
        "oval": _near(rectangular, 0.785, 0.07) * _near(aspect, 1.7, 0.5),
        "square": _rises(rectangular, 0.8, 0.04) * _near(aspect, 1.0, 0.25),
        "rectangular": _rises(rectangular, 0.8, 0.04),
        "l_shaped": _near(rectangular, 0.6, 0.12),
        "u_shaped": _near(rectangular, 0.6, 0.12),
        "irregular": 1.0 - _rises(rectangular, 0.65, 0.05),
        "straight": _rises(rectangular, 0.7, 0.05),
        "curved": 1.0 - _rises(rectangular, 0.5, 0.05),
    }
    return scores.get(measure)


def _shade_scores(name: str, lightness: NDArray[np.float64], typical: float | None) -> FloatArray:
    limit = DARK_BELOW if name == "dark" else BRIGHT_ABOVE
    if typical is not None:
        limit = (limit + typical) / 2
    sign = -1.0 if name == "dark" else 1.0
    steps = np.clip(sign * (lightness - limit) / LIGHTNESS_SLOPE, -30, 30)
    return (1 / (1 + np.exp(-steps))).astype(np.float32)


def _squared_distance(colours: FloatArray, lab: tuple[float, float, float]) -> NDArray[np.float64]:
    difference = colours.astype(np.float64) - np.array(lab)
    chromatic = float(np.hypot(lab[1], lab[2])) > CHROMATIC_ABOVE
    difference[:, 0] *= LIGHTNESS_WEIGHT if chromatic else 1.0
    squared: NDArray[np.float64] = (difference**2).sum(axis=1)
    return squared


def _smallest_rectangle(points: NDArray[np.float64]) -> float:
    """Area of the smallest rectangle around pixel centres ``(n, 2)``, over turns of 5 degrees."""
    angles = np.deg2rad(np.arange(0.0, 90.0, 5.0))
    cosines, sines = np.cos(angles), np.sin(angles)
    along = points @ np.stack([cosines, sines])  # (n, angles)
    across = points @ np.stack([-sines, cosines])
    pixel = cosines + sines  # extent of a pixel along a turned axis
    # A straight edge that is not on the grid is a staircase: half a pixel belongs to it.
    pixel = 1 + (pixel - 1) / 2
    areas = (np.ptp(along, axis=0) + pixel) * (np.ptp(across, axis=0) + pixel)
    return float(areas.min())


def _rises(value: float, middle: float, slope: float) -> float:
    return float(1 / (1 + np.exp(-np.clip((value - middle) / slope, -30, 30))))


def _near(value: float, middle: float, spread: float) -> float:
    return float(np.exp(-((value - middle) ** 2) / (2 * spread**2)))
