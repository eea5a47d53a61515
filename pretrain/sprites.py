"""Drawings of objects from above, with their shadows, to be put onto rendered scenes.

Rendered scenes show no turbines, dams or helicopters, and the real training data hardly any; these
drawings do, with the cars and tennis courts that belong to them. Everything depends on the generator
alone, so that a batch can be drawn again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pretrain import sprite_sites, sprite_vehicles
from pretrain.sprite_pen import Pen, Points, View

Floats = NDArray[np.float32]

SHAPES: dict[str, Callable[[np.random.Generator, Pen], None]] = {
    "helicopter": sprite_vehicles.helicopter,
    "car": sprite_vehicles.car,
    "tennis court": sprite_sites.tennis_court,
    "basketball court": sprite_sites.basketball_court,
    "windmill": sprite_sites.windmill,
    "chimney": sprite_sites.chimney,
    "dam": sprite_sites.dam,
    "toll station": sprite_sites.toll_station,
    "roundabout": sprite_sites.roundabout,
}
KINDS = tuple(SHAPES)


@dataclass(frozen=True)
class Sprite:
    """An object and its shadow on arrays of one odd side, the object in the middle.

    Attributes:
        kind: one of ``KINDS``.
        colour: ``(h, w, 3)`` float32 in 0..255, not premultiplied.
        alpha: ``(h, w)`` float32 in 0..1, coverage by the object.
        shadow: ``(h, w)`` float32 in 0..1, coverage by its shadow on the ground.
    """

    kind: str
    colour: Floats
    alpha: Floats
    shadow: Floats


def draw(
    rng: np.random.Generator,
    kind: str,
    length_px: float,
    *,
    angle: float | None = None,
    view: View | None = None,
) -> Sprite:
    """Draw an object of a kind in one of its many forms.

    Args:
        rng: source of chance.
        kind: one of ``KINDS``.
        length_px: longest side in pixels, above 0; smoke and shadows may reach further.
        angle: radians by which its x axis is turned towards y (down); random if None.
        view: sun and camera; random if None.

    Raises:
        ValueError: if the kind is unknown or the length not above 0.
    """
    if kind not in SHAPES:
        raise ValueError(f"unknown kind {kind!r}; kinds are: {', '.join(KINDS)}")
    if not length_px > 0:
        raise ValueError(f"length_px must be above 0, got {length_px}")
    view = View.random(rng) if view is None else view
    angle = float(rng.uniform(0, 2 * np.pi)) if angle is None else angle
    pen = Pen(_turned(view.cast, -angle), _turned(view.lean, -angle), fine=1 / length_px)
    SHAPES[kind](rng, pen)
    offset = rng.uniform(-0.5, 0.5, 2)
    colour, alpha, shadow = pen.render(length_px, angle, (float(offset[0]), float(offset[1])))
    return Sprite(kind, _worn(rng, colour, length_px), alpha, shadow)


def _turned(vector: tuple[float, float], angle: float) -> Points:
    """A vector turned by an angle towards y."""
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([cos * vector[0] - sin * vector[1], sin * vector[0] + cos * vector[1]])


def _worn(rng: np.random.Generator, colour: Floats, length_px: float) -> Floats:
    """Stains of several pixels and grain, less on small objects, of which little is seen."""
    side = len(colour)
    cells = max(2, int(side / max(3.0, length_px / 6)))
    stains = blotches(rng, side, cells) * rng.uniform(0, 0.07)
    grain = rng.standard_normal((side, side), np.float32) * np.float32(rng.uniform(0, 0.03))
    worn: Floats = np.clip(colour * (1 + stains + grain)[..., None], 0, 255)
    return worn


def blotches(rng: np.random.Generator, side: int, cells: int) -> Floats:
    """Smooth noise ``(side, side)`` of mean 0 and deviation about 0.6, with so many cells a side."""
    coarse = Image.fromarray(rng.standard_normal((cells, cells), np.float32))
    return np.asarray(coarse.resize((side, side), Image.Resampling.BICUBIC), np.float32)
