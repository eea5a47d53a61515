"""Change the colours of rendered scenes region by region: the palette of the renderer is small.

Roofs of the real world have every colour, rivers carry silt and mirror the sun, meadows dry out,
asphalt ages. A region keeps its texture, light and shade; only its mean colour moves.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pretrain.concepts import CONCEPTS

Pixels = NDArray[np.uint8]
Colours = tuple[tuple[int, int, int], ...]

NUMBER = {name: number for number, name in enumerate(CONCEPTS)}
BRIGHTNESS, TINT = 16.0, 6.0  # standard deviations around a listed colour: of all channels, of each
# Colours that whole classes take, beside those that the renderer gives them.
CLASS_COLOURS: dict[str, Colours] = {
    "water": (
        (150, 130, 90), (120, 105, 70), (125, 125, 85), (95, 110, 75), (165, 150, 115),
        (90, 85, 65), (24, 30, 34), (58, 88, 56), (40, 96, 120), (150, 160, 165),
    ),
    "grass": ((150, 142, 92), (120, 118, 70), (70, 96, 52), (104, 140, 70), (168, 158, 118)),
    "field": (
        (120, 96, 72), (150, 120, 90), (86, 70, 56), (80, 120, 50), (120, 160, 80),
        (206, 190, 130), (176, 170, 140),
    ),
    "bare ground": ((196, 172, 140), (140, 112, 88), (176, 140, 104), (120, 104, 90), (212, 200, 176)),
    "tree": ((36, 58, 34), (60, 74, 40), (88, 84, 52), (46, 70, 54), (74, 100, 56)),
    "road": ((78, 78, 80), (100, 100, 100), (128, 126, 122), (152, 148, 142), (176, 168, 154)),
    "car park": ((70, 70, 72), (96, 96, 98), (124, 122, 118), (150, 148, 142)),
    "runway": ((72, 72, 74), (100, 100, 100), (130, 128, 124), (156, 154, 148)),
    "pavement": ((150, 148, 142), (176, 172, 164), (200, 194, 184), (168, 150, 130)),
}  # fmt: skip
# Colours that single roofs take: half of them are a grey of any brightness.
ROOF_COLOURS: Colours = (
    (172, 84, 64), (122, 92, 72), (40, 42, 48), (58, 62, 72), (74, 112, 170), (96, 140, 190),
    (88, 130, 110), (200, 176, 130), (150, 110, 90), (226, 226, 222), (96, 60, 54), (110, 120, 130),
)  # fmt: skip


def repaint(
    rng: np.random.Generator, image: Pixels, dense: NDArray[np.int16], *, share: float
) -> Pixels:
    """Give some regions of a rendered scene another colour.

    Args:
        rng: source of chance.
        image: ``(h, w, 3)`` uint8.
        dense: ``(h, w)`` concepts, -1 unlabelled.
        share: probability that a class, and that a roof, is repainted, in [0, 1].

    Returns:
        a new image, or the same one where nothing changed.
    """
    result = image.astype(np.float32)
    changed = False
    for name, colours in CLASS_COLOURS.items():
        inside = dense == NUMBER[name]
        if rng.random() < share and inside.any():
            colour = _near(rng, colours[rng.integers(len(colours))])
            result[inside] = _moved(result[inside], result[inside].mean(0), colour)
            changed = True
    water = dense == NUMBER["water"]
    if rng.random() < share / 2 and water.any():
        result[water] += _glint(rng, dense.shape)[water, None]
        changed = True
    roofs, count = ndimage.label(dense == NUMBER["building"])
    if count and share > 0:
        inside = roofs > 0
        own = roofs[inside] - 1
        means = _means(result[inside], own, count)
        targets = np.stack([_roof(rng) for _ in range(count)])
        targets = np.where(rng.random((count, 1)) < share, targets, means)
        result[inside] = _moved(result[inside], means[own], targets[own])
        changed = True
    return np.rint(np.clip(result, 0, 255)).astype(np.uint8) if changed else image


def _glint(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[Any]:
    """``(h, w)`` brightness of the sun on waves: specks where the view meets its mirror image."""
    place = ndimage.zoom(rng.standard_normal((4, 4)), np.array(shape) / 4, order=3, mode="nearest")
    specks = ndimage.gaussian_filter(rng.standard_normal(shape), rng.uniform(0.4, 1.2))
    specks /= specks.std()
    strength = rng.uniform(10, 50) * np.clip(place + rng.uniform(-0.3, 0.8), 0, 1.5)
    return np.asarray(strength * np.clip(specks, -0.5, 3))


def _near(rng: np.random.Generator, colour: tuple[int, int, int]) -> NDArray[Any]:
    near = np.array(colour) + rng.normal(0, BRIGHTNESS) + rng.normal(0, TINT, 3)
    return np.asarray(np.clip(near, 0, 255))


def _roof(rng: np.random.Generator) -> NDArray[Any]:
    if rng.random() < 0.5:
        return rng.uniform(28, 240) + rng.normal(0, TINT, 3)
    return _near(rng, ROOF_COLOURS[rng.integers(len(ROOF_COLOURS))])


def _means(values: NDArray[Any], owner: NDArray[Any], count: int) -> NDArray[Any]:
    """Mean colour ``(count, 3)`` of ``(n, 3)`` values by owner."""
    sums = np.stack([np.bincount(owner, values[:, k], count) for k in range(3)], axis=1)
    return sums / np.bincount(owner, minlength=count)[:, None]


def _moved(values: NDArray[Any], mean: NDArray[Any], colour: NDArray[Any]) -> NDArray[Any]:
    """Values with another mean; contrast follows the square root of the brightness."""
    gain = np.sqrt((np.mean(colour, -1) + 20) / (np.mean(mean, -1) + 20)).clip(0.5, 1.6)
    return np.asarray((values - mean) * np.expand_dims(gain, -1) + colour)
