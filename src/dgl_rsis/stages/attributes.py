"""Colours and shapes measured from pixels, as scores in [0, 1].

docs/design.md 1.4: what can be measured is not asked from the vision-language model. Colours
compete with each other by their distance to Lab prototypes of the lexicon; shapes are judged by
elongation, rectangularity and circularity of the mask.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from dgl_rsis.stages.shapes import Shapes
from dgl_rsis.types import FloatArray

Floats = NDArray[np.float64]

COLOUR_SPREAD = 9.0
"""Colour difference at which a competing colour costs a factor of exp(-1/2)."""
LIGHTNESS_WEIGHT = 0.5
"""Weight of lightness in the distance to a chromatic prototype: shade changes it most."""
CHROMA_WEIGHT, CHROMA_FLOOR = 18.0, 2.0
"""To a chromatic prototype, chroma differs by the logarithm of its ratio, in this unit."""
TINT_WEIGHT = 1.5
"""Weight of chroma in the distance to an achromatic prototype: a tint is noticed early."""
HUE_WEIGHT, HUE_COMPRESSION = 4.0, 0.015
"""Weight of the difference in hue, which neither haze nor shade changes much; as in CIE94 it is
divided by ``1 + HUE_COMPRESSION * C``."""
LIGHTNESS_SHIFT = 20.0
DARK_BELOW, BRIGHT_ABOVE, LIGHTNESS_SLOPE = 45.0, 68.0, 6.0
CHROMATIC_ABOVE = 10.0


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
        prototypes: colour word -> Lab; what ends with the word (``vivid blue``) is another one.
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
    is_own = np.array([each.rpartition(" ")[2] == name for each in prototypes])
    shift = {"dark": -LIGHTNESS_SHIFT, "light": LIGHTNESS_SHIFT}.get(shade, 0.0)
    shifted = [
        (float(np.clip(lab[0] + shift, 5, 97)), lab[1], lab[2]) if own else lab
        for own, lab in zip(is_own.tolist(), prototypes.values(), strict=True)
    ]
    squared = np.stack([_squared_difference(colours, lab) for lab in shifted])
    own = squared[is_own].min(axis=0)
    scores: FloatArray = np.exp((squared.min(axis=0) - own) / (2 * COLOUR_SPREAD**2)).astype(
        np.float32
    )
    return scores


def shape_scores(measure: str, shapes: Shapes) -> Floats | None:
    """``(K,)`` in [0, 1]: how well shapes fit a word of the lexicon's; None if not measurable."""
    aspect, rectangular, circular = shapes.aspect, shapes.rectangularity, shapes.circularity
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


def _squared_difference(
    colours: FloatArray, lab: tuple[float, float, float]
) -> NDArray[np.float64]:
    """Squared difference in lightness, chroma and hue to a prototype.

    Haze and shade multiply the chroma, so that its ratio counts, but not to white, grey and black,
    which have none. The difference of hues is that of CIE94 (``2 C1 C2 (1 - cos dh)`` before it is
    divided), so that it fades where a colour is hardly one.
    """
    lightness, a, b = colours.astype(np.float64).T
    chroma, own = np.hypot(a, b), float(np.hypot(lab[1], lab[2]))
    if own <= CHROMATIC_ABOVE:
        tint = np.hypot(a - lab[1], b - lab[2])
        achromatic: NDArray[np.float64] = (lightness - lab[0]) ** 2 + (TINT_WEIGHT * tint) ** 2
        return achromatic
    lighter = LIGHTNESS_WEIGHT * (lightness - lab[0])
    paler = CHROMA_WEIGHT * np.log((chroma + CHROMA_FLOOR) / (own + CHROMA_FLOOR))
    hue = 2 * (chroma * own - a * lab[1] - b * lab[2])
    hue /= (1 + HUE_COMPRESSION * np.sqrt(chroma * own)) ** 2
    chromatic: NDArray[np.float64] = lighter**2 + paler**2 + HUE_WEIGHT * hue
    return chromatic


def _rises(values: Floats, middle: float, slope: float) -> Floats:
    risen: Floats = 1 / (1 + np.exp(-np.clip((values - middle) / slope, -30, 30)))
    return risen


def _near(values: Floats, middle: float, spread: float) -> Floats:
    near: Floats = np.exp(-((values - middle) ** 2) / (2 * spread**2))
    return near
