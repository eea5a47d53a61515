"""Surfaces: palettes that differ between train and test, and multi-octave noise.

A surface is a colour modulated by four noise fields, one per scale on the ground, so that a lawn
keeps its look from 0.1 m to 5 m pixels. Palettes hold two disjoint lists of colours per material
(docs/design.md 3.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dgl_rsis.types import FloatArray

Split = Literal["train", "test"]
Colour = tuple[float, float, float]
Roughness = tuple[float, float, float, float, float]

_NOISE_SCALES_M = (0.0, 0.3, 1.1, 6.0, 45.0)  # the first is one value per pixel

# material: (colours for training, colours for testing), before jitter and colour cast
_PALETTE: dict[str, tuple[tuple[Colour, ...], tuple[Colour, ...]]] = {
    "grass": (
        ((104, 120, 68), (126, 132, 84), (86, 108, 60)),
        ((112, 128, 78), (96, 116, 62), (134, 138, 92)),
    ),
    "lawn": (((92, 124, 62), (112, 140, 74)), ((100, 132, 66), (86, 116, 64))),
    "canopy": (
        ((54, 76, 42), (66, 88, 48), (48, 68, 46), (78, 92, 52)),
        ((58, 82, 46), (50, 72, 40), (70, 86, 54)),
    ),
    "crop": (
        (
            (122, 142, 70),
            (172, 158, 98),
            (92, 122, 58),
            (196, 180, 112),
            (140, 120, 86),
            (146, 156, 82),
        ),
        (
            (114, 136, 62),
            (182, 166, 104),
            (100, 128, 66),
            (188, 170, 118),
            (132, 114, 80),
            (152, 160, 90),
        ),
    ),
    "soil": (
        ((168, 146, 114), (146, 118, 90), (196, 176, 142), (212, 196, 164)),
        ((160, 138, 106), (152, 126, 98), (204, 184, 150), (190, 168, 130)),
    ),
    "water": (
        ((46, 70, 78), (58, 84, 74), (34, 62, 92), (84, 98, 86), (38, 84, 104)),
        ((50, 76, 84), (40, 66, 86), (66, 90, 82), (36, 74, 98)),
    ),
    "asphalt": (
        ((118, 117, 116), (98, 98, 101), (140, 138, 134), (84, 85, 88)),
        ((110, 110, 110), (128, 126, 122), (92, 93, 96)),
    ),
    "sidewalk": (((168, 164, 156), (150, 148, 144)), ((160, 157, 150), (176, 171, 162))),
    "concrete": (((178, 175, 168), (192, 188, 178)), ((184, 180, 172), (170, 168, 163))),
    "ballast": (((122, 110, 100), (134, 124, 114)), ((126, 116, 108), (116, 105, 96))),
    "pool": (((72, 188, 218), (94, 204, 222)), ((62, 178, 214), (104, 208, 218))),
    "court": (
        ((70, 112, 88), (168, 98, 70), (66, 100, 146)),
        ((78, 120, 92), (176, 106, 78), (58, 92, 138)),
    ),
    "turf": (((84, 128, 62), (98, 138, 72)), ((90, 134, 66), (78, 120, 60))),
    "roof red": (((172, 84, 64), (158, 74, 60)), ((180, 92, 70), (164, 80, 66))),
    "roof brown": (((122, 92, 72), (108, 84, 68)), ((116, 88, 70), (130, 100, 78))),
    "roof grey": (
        ((148, 147, 146), (134, 136, 138), (118, 120, 124), (166, 166, 164)),
        ((142, 141, 140), (156, 156, 154)),
    ),
    "roof dark": (
        ((70, 70, 74), (80, 78, 80), (50, 51, 56), (60, 64, 72)),
        ((76, 74, 76), (64, 65, 70)),
    ),
    "roof white": (((222, 221, 217), (232, 230, 226)), ((226, 225, 223), (216, 215, 210))),
    "roof blue": (
        ((74, 112, 170), (88, 128, 180), (60, 96, 150), (104, 146, 196)),
        ((80, 120, 176), (68, 104, 160)),
    ),
    "car white": (((226, 226, 226),), ((218, 219, 220),)),
    "car grey": (((142, 144, 147),), ((152, 153, 156),)),
    "car dark": (((44, 45, 50),), ((52, 52, 56),)),
    "car red": (((168, 44, 40),), ((158, 38, 42),)),
    "car blue": (((50, 78, 148),), ((60, 86, 156),)),
    "hull red": (((142, 58, 48),), ((150, 66, 54),)),
    "hull dark": (((62, 66, 74),), ((56, 60, 66),)),
    "hull white": (((222, 222, 220),), ((214, 215, 214),)),
    "hull blue": (((56, 86, 140),), ((64, 92, 146),)),
}


@dataclass(frozen=True)
class Surface:
    """A colour and how it varies over the ground.

    Attributes:
        colour: mean RGB, 0..255.
        roughness: relative amplitude of brightness at each noise scale (pixel, 0.3 m, 1 m, 6 m, 45 m).
        tint: RGB added times the 6 m noise field, so that hue varies too.
        stripes: ``(angle in radians, period in pixels, relative amplitude)``, or None.
    """

    colour: Colour
    roughness: Roughness = (0.02, 0.015, 0.02, 0.02, 0.02)
    tint: Colour = (0.0, 0.0, 0.0)
    stripes: tuple[float, float, float] | None = None


_ROUGHNESS: dict[str, tuple[Roughness, Colour]] = {
    "grass": ((0.035, 0.054, 0.06, 0.06, 0.07), (6.0, 2.0, 1.0)),
    "lawn": ((0.03, 0.036, 0.04, 0.04, 0.04), (4.0, 1.0, 0.0)),
    "canopy": ((0.05, 0.081, 0.09, 0.08, 0.08), (3.0, 1.0, 0.0)),
    "crop": ((0.025, 0.027, 0.03, 0.03, 0.06), (3.0, 1.0, 0.0)),
    "soil": ((0.025, 0.036, 0.04, 0.05, 0.06), (3.0, 2.0, 0.0)),
    "water": ((0.012, 0.013, 0.015, 0.02, 0.05), (0.0, 1.5, 1.0)),
    "asphalt": ((0.022, 0.018, 0.02, 0.025, 0.04), (0.0, 0.0, 0.0)),
    "concrete": ((0.015, 0.011, 0.012, 0.025, 0.03), (1.0, 0.0, 0.0)),
    "ballast": ((0.05, 0.036, 0.04, 0.03, 0.03), (1.0, 0.0, 0.0)),
    "pool": ((0.01, 0.027, 0.03, 0.02, 0.0), (0.0, 0.0, 0.0)),
    "turf": ((0.02, 0.027, 0.03, 0.03, 0.03), (3.0, 0.0, 0.0)),
}
_DEFAULT_ROUGHNESS = ((0.015, 0.016, 0.018, 0.02, 0.01), (0.0, 0.0, 0.0))


def surface(rng: np.random.Generator, split: Split, material: str, jitter: float = 0.06) -> Surface:
    """Draw one surface of a material from the palette of a split.

    Args:
        rng: source of chance.
        split: whose palette and texture statistics are used.
        material: key of the palette, e.g. ``"grass"`` or ``"roof red"``.
        jitter: standard deviation of the relative brightness.
    """
    choices = _PALETTE[material][0 if split == "train" else 1]
    colour = np.asarray(choices[int(rng.integers(len(choices)))], dtype=float)
    colour = colour * (1 + jitter * rng.standard_normal()) + 1.5 * rng.standard_normal(3)
    roughness, tint = _ROUGHNESS.get(material, _DEFAULT_ROUGHNESS)
    # The two splits differ in texture too: testing is rougher at fine, training at broad scales.
    gains = (0.9, 0.85, 0.9, 1.15, 1.2) if split == "train" else (1.1, 1.2, 1.1, 0.9, 0.85)
    scaled = np.asarray(roughness) * gains * rng.uniform(0.7, 1.3, 5)
    pixel, grain, fine, medium, broad = (float(v) for v in scaled)
    red, green, blue = (float(v) for v in np.clip(colour, 8, 245))
    return Surface((red, green, blue), (pixel, grain, fine, medium, broad), tint)


def smooth_noise(
    rng: np.random.Generator, height: int, width: int, cell: float
) -> NDArray[np.float32]:
    """Noise of about zero mean and unit deviation that varies over ``cell`` pixels: ``(H, W)``."""
    if cell <= 1.0:
        return rng.standard_normal((height, width), dtype=np.float32)
    rows, columns = int(height / cell) + 3, int(width / cell) + 3
    coarse = Image.fromarray(rng.standard_normal((rows, columns), dtype=np.float32) * 1.35)
    y0, x0 = rng.uniform(0, 1, 2)
    box = (x0, y0, x0 + width / cell, y0 + height / cell)
    return np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC, box=box))


def noise_fields(
    rng: np.random.Generator, height: int, width: int, gsd: float
) -> tuple[FloatArray, ...]:
    """The noise fields that all surfaces of one scene share, one per scale: each ``(H, W)``.

    A scale finer than the pixels has a field of zeros without storage of its own.
    """
    flat = np.broadcast_to(np.float32(0), (height, width))
    return tuple(
        flat if 0 < scale <= gsd else smooth_noise(rng, height, width, scale / gsd)
        for scale in _NOISE_SCALES_M
    )


def texture(
    look: Surface, fields: tuple[FloatArray, ...], rows: slice, columns: slice
) -> FloatArray:
    """Colours of a surface over a window of the scene: ``(h, w, 3)`` float32, about 0..255."""
    brightness = np.ones(fields[0][rows, columns].shape, dtype=np.float32)
    for amplitude, values in zip(look.roughness, fields, strict=True):
        if amplitude > 0 and values.strides[0] > 0:
            brightness += np.float32(amplitude) * values[rows, columns]
    if look.stripes is not None:
        angle, period, amplitude = look.stripes
        # Stripes fade out as they approach the sampling limit instead of aliasing.
        amplitude *= float(np.clip((period - 1.8) / 1.5, 0.0, 1.0))
        if amplitude > 0:
            y = np.arange(rows.start, rows.stop, dtype=np.float32)[:, None] * np.sin(angle)
            x = np.arange(columns.start, columns.stop, dtype=np.float32)[None] * np.cos(angle)
            wave = np.sin((x + y) * np.float32(2 * np.pi / period))
            brightness += np.float32(amplitude) * wave
    colours = brightness[..., None] * np.asarray(look.colour, dtype=np.float32)
    if any(look.tint):
        tint = np.asarray(look.tint, dtype=np.float32)
        colours += fields[3][rows, columns][..., None] * tint
    return np.asarray(colours, dtype=np.float32)
