"""Shapes of what moves: helicopters and cars. Lengths in metres, nose towards +x."""

from __future__ import annotations

import numpy as np

from pretrain.sprite_pen import Colour, Pen, Points, grey, one_of, shaded

PAINTS: tuple[Colour, ...] = (
    (236, 236, 234), (236, 236, 234), (200, 202, 204), (150, 152, 156), (96, 98, 102),
    (40, 42, 46), (26, 27, 30), (150, 28, 30), (200, 44, 40), (36, 62, 120), (70, 110, 160),
    (40, 84, 60), (190, 176, 140), (120, 80, 50), (226, 190, 50),
)  # fmt: skip
GREYS = PAINTS[:7]
CONTAINERS: tuple[Colour, ...] = (
    (170, 60, 44), (40, 80, 130), (220, 220, 214), (60, 120, 90), (210, 140, 40), (110, 112, 116),
)  # fmt: skip
GLASS: Colour = (34, 42, 52)


def helicopter(rng: np.random.Generator, pen: Pen) -> None:
    """Body, tail boom, tail rotor and two to five blades."""
    paints: tuple[Colour, ...] = (
        (235, 235, 235), (200, 40, 40), (230, 190, 40), (70, 80, 60), (90, 96, 100), (40, 60, 110),
    )  # fmt: skip
    colour = one_of(rng, paints)
    width = rng.uniform(0.13, 0.18)
    pen.polygon(
        [(-0.02, -0.035), (-0.5, -0.014), (-0.5, 0.014), (-0.02, 0.035)],
        shaded(colour, 0.9),
        high=0.16,
    )
    pen.line((-0.46, -0.1), (-0.46, 0.1), 0.035, shaded(colour, 0.85))
    pen.ellipse(0.15, 0, 0.22, width / 2, colour, low=0.02, high=0.22)
    away = float(np.sign(pen.cast[1]))
    pen.ellipse(0.13, away * width * 0.28, 0.17, width * 0.2, shaded(colour, 0.75))
    pen.polygon(
        [(0.36, -0.02), (0.27, -width * 0.4), (0.23, -width * 0.38), (0.23, width * 0.38),
         (0.27, width * 0.4), (0.36, 0.02)],
        GLASS,
    )  # fmt: skip
    blades, start = rng.integers(2, 6), rng.uniform(0, np.pi)
    radius, hub = rng.uniform(0.42, 0.52), np.array([0.1, 0.0])
    blade = grey(rng, 50, 90) if rng.random() < 0.7 else grey(rng, 150, 210)
    for number in range(blades):
        angle = start + 2 * np.pi * number / blades
        end = hub + radius * np.array([np.cos(angle), np.sin(angle)])
        wide = max(0.028, 0.5 * pen.fine)
        pen.line(hub, end, wide, blade)
        pen.shade(pen.marks[-1][0], 0.28, 0.28)
    pen.ellipse(0.1, 0, 0.035, 0.035, shaded(blade, 0.8))


def car(rng: np.random.Generator, pen: Pen) -> None:
    """A car, a van, a bus or a truck."""
    (_car, _van, _bus, _truck)[rng.choice(4, p=[0.68, 0.14, 0.08, 0.1])](rng, pen)


def _rounded(length: float, width: float) -> Points:
    """A rectangle with cut corners."""
    a, b, cut = length / 2, width / 2, 0.2 * width
    return np.array(
        [(-a, -b + cut), (-a + cut, -b), (a - cut, -b), (a, -b + cut), (a, b - cut), (a - cut, b),
         (-a + cut, b), (-a, b - cut)]
    )  # fmt: skip


def _car(rng: np.random.Generator, pen: Pen) -> None:
    length, width = rng.uniform(3.8, 5.0), rng.uniform(1.75, 1.95)
    paint = one_of(rng, GREYS if rng.random() < 0.55 else PAINTS)
    pen.polygon(_rounded(length, width), paint, low=0.2, high=0.9)
    front, back = 0.2 * length, rng.uniform(-0.42, -0.3) * length
    pen.polygon(
        [(front, -width * 0.42), (front - 0.55, -width * 0.36), (back + 0.4, -width * 0.36),
         (back, -width * 0.42), (back, width * 0.42), (back + 0.4, width * 0.36),
         (front - 0.55, width * 0.36), (front, width * 0.42)],
        GLASS, low=0.9, high=1.4,
    )  # fmt: skip
    middle = (front + back) / 2
    pen.box(middle - 0.05, 0, front - back - 1.2, width * 0.72, shaded(paint, 1.06))


def _van(rng: np.random.Generator, pen: Pen) -> None:
    length, width = rng.uniform(4.8, 6.2), rng.uniform(1.9, 2.1)
    paint = grey(rng, 215, 245) if rng.random() < 0.6 else one_of(rng, PAINTS)
    pen.polygon(_rounded(length, width), paint, low=0.2, high=2.0)
    pen.box(length * 0.28, 0, 0.6, width * 0.86, GLASS)


def _bus(rng: np.random.Generator, pen: Pen) -> None:
    length, width = rng.uniform(10, 13), 2.55
    paint = grey(rng, 215, 248) if rng.random() < 0.5 else one_of(rng, PAINTS)
    pen.polygon(_rounded(length, width), paint, low=0.3, high=3.0)
    roof = grey(rng, 200, 245)
    pen.box(0, 0, length * 0.9, width * 0.7, roof if rng.random() < 0.5 else shaded(paint, 1.05))
    for x in rng.uniform(-0.35, 0.35, 2):
        pen.box(x * length, 0, 1.2, width * 0.5, shaded(paint, 0.8))
    pen.box(length * 0.485, 0, 0.3, width * 0.8, GLASS)


def _truck(rng: np.random.Generator, pen: Pen) -> None:
    length, width = rng.uniform(7.5, 16), 2.5
    cab = one_of(rng, PAINTS)
    load = grey(rng, 205, 245) if rng.random() < 0.6 else one_of(rng, CONTAINERS)
    pen.box(length / 2 - 1.0, 0, 2.0, width * 0.96, cab, low=0.3, high=2.8)
    pen.box(length / 2 - 0.3, 0, 0.4, width * 0.8, GLASS)
    pen.box(length / 2 - 2.2, 0, 0.5, width * 0.5, (50, 50, 52))
    pen.box(-1.2, 0, length - 2.5, width, load, low=0.5, high=3.8)
    away = float(np.sign(pen.cast[1]))
    pen.box(-1.2, away * width * 0.42, length - 2.5, width * 0.16, shaded(load, 0.85))
