"""Shapes of what stands: courts, turbines, chimneys, dams, toll stations, roundabouts.

Any unit of length; heights are in the same unit as the plan.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from pretrain.sprite_pen import CIRCLE, Colour, Pen, band, grey, near, one_of, shaded

COURTS: tuple[Colour, ...] = (
    (60, 110, 150), (70, 120, 80), (150, 80, 62), (90, 140, 110), (110, 112, 116), (52, 84, 128),
    (170, 104, 76), (44, 92, 80),
)  # fmt: skip
LAWNS: tuple[Colour, ...] = (
    (70, 112, 58),
    (86, 124, 70),
    (60, 92, 50),
    (124, 128, 80),
    (52, 110, 60),
)
WHITE: Colour = (232, 232, 228)


def tennis_court(rng: np.random.Generator, pen: Pen) -> None:
    """The court of 23.77 by 10.97 m with its lines and net, and its run-off."""
    inner, outer = one_of(rng, COURTS), one_of(rng, COURTS)
    if rng.random() < 0.3:
        outer = inner
    pen.box(0, 0, rng.uniform(33, 37), rng.uniform(16, 18.5), outer)
    pen.box(0, 0, 23.8, 11, inner)
    thick = max(0.16, 0.35 * 36 * pen.fine)
    white = grey(rng, 205, 240, 2)
    pen.frame(0, 0, 23.77, 10.97, thick, white)
    for side in (-1, 1):
        pen.line((-11.9, side * 4.1), (11.9, side * 4.1), thick, white)
        pen.line((side * 6.4, -4.1), (side * 6.4, 4.1), thick, white)
    pen.line((-6.4, 0), (6.4, 0), thick, white)
    pen.line((0, -6.4), (0, 6.4), thick, (50, 54, 56))
    pen.shade(band((0, -6.4), (0, 6.4), 0.2), 0, 1)


def basketball_court(rng: np.random.Generator, pen: Pen) -> None:
    """The court of 28 by 15 m with its lines, keys and baskets."""
    inner, key = one_of(rng, COURTS), one_of(rng, COURTS)
    pen.box(0, 0, rng.uniform(29, 33), rng.uniform(16, 18.5), shaded(inner, rng.uniform(0.8, 1.1)))
    pen.box(0, 0, 28, 15, inner)
    thick = max(0.16, 0.35 * 31 * pen.fine)
    white = grey(rng, 205, 240, 2)
    pen.ring(0, 0, 1.8, 1.8, thick, white)
    pen.line((0, -7.5), (0, 7.5), thick, white)
    arc = np.linspace(-np.pi / 2, np.pi / 2, 13)
    for side in (-1, 1):
        pen.box(side * 11.1, 0, 5.8, 4.9, key)
        pen.frame(side * 11.1, 0, 5.8, 4.9, thick, white)
        curve = np.stack([side * (12.4 - 6.75 * np.cos(arc)), 6.75 * np.sin(arc)], 1)
        for start, end in pairwise(curve):
            pen.line(start, end, thick, white)
        pen.box(side * 13.2, 0, 0.7, 1.8, grey(rng, 190, 240), low=2.8, high=3.8)
    pen.frame(0, 0, 28, 15, thick, white)


def windmill(rng: np.random.Generator, pen: Pen) -> None:
    """A wind turbine: tower, nacelle and three blades, and the shadow of all of them."""
    white = grey(rng, 226, 252, 2)
    height, radius = rng.uniform(1.3, 1.9), 1.0
    wide = max(0.075, 0.85 * pen.fine * 2)
    facing = rng.uniform(0, 2 * np.pi)
    across = np.array([-np.sin(facing), np.cos(facing)])  # the plane of the rotor
    hub = np.array([np.cos(facing), np.sin(facing)]) * 0.1
    start = rng.uniform(0, 2 * np.pi)
    # Seen from nearly above, the rotor would be a line; the camera looks a little more obliquely.
    lean = pen.lean + pen.lean / max(float(np.hypot(*pen.lean)), 1e-9) * rng.uniform(0.15, 0.55)
    pen.ellipse(0, 0, wide * 1.6, wide * 1.6, grey(rng, 190, 225))
    pen.polygon(band((0, 0), lean * height, wide * 1.25, wide * 0.8), shaded(white, 0.93))
    pen.shades.append(band((0, 0), pen.cast * height, wide * 1.2, wide * 0.8))
    for number in range(3):
        angle = start + 2 * np.pi * number / 3
        plan, up = across * np.cos(angle) * radius, float(np.sin(angle) * radius)
        tip = plan + hub + lean * (height + up)
        pen.polygon(band(hub + lean * height, tip, wide, wide * 0.5), white)
        tip = plan + hub + pen.cast * (height + up)
        pen.shades.append(band(hub + pen.cast * height, tip, wide, wide * 0.5))
    middle = lean * height
    pen.polygon(band(middle - hub, middle + hub, wide * 1.2), shaded(white, 0.96))


def chimney(rng: np.random.Generator, pen: Pen) -> None:
    """A tapered round chimney, its long shadow, and now and then its smoke."""
    colour = grey(rng, 150, 225, 5) if rng.random() < 0.65 else near(rng, (150, 88, 68), 12)
    height, top = rng.uniform(5, 13), rng.uniform(0.55, 0.9)  # radii of the foot
    lean = pen.lean * height
    if rng.random() < 0.3:
        wind = rng.uniform(0, 2 * np.pi)
        way = np.array([np.cos(wind), np.sin(wind)])
        smoke = grey(rng, 190, 240, 3) if rng.random() < 0.75 else grey(rng, 70, 110, 3)
        for step in range(6, 0, -1):
            puff = CIRCLE * (0.6 + 0.4 * step + rng.uniform(0, 0.4))
            middle = lean + way * step * 0.95 + rng.normal(0, 0.2, 2)
            pen.polygon(puff + middle, smoke, opacity=0.48 - 0.06 * step)
    striped = rng.random() < 0.3
    steps = 12
    for step in range(steps + 1):
        share = step / steps
        paint = ((196, 60, 50), WHITE)[step // 2 % 2] if striped and share > 0.4 else colour
        size = 1 + (top - 1) * share
        pen.polygon(CIRCLE * size + lean * share, shaded(paint, 0.86 + 0.08 * share))
    pen.polygon(CIRCLE * top + lean, shaded(colour, 1.12))
    pen.polygon(CIRCLE * top * 0.62 + lean, (36, 34, 34))
    pen.shades.append(band((0, 0), pen.cast * height, 2, 2 * top))
    pen.shades.append(CIRCLE * top + pen.cast * height)


def dam(rng: np.random.Generator, pen: Pen) -> None:
    """A straight or arched wall: its crest with a road, and its face towards the valley (+y)."""
    concrete = grey(rng, 170, 225, 4)
    bend = rng.uniform(0.05, 0.16) if rng.random() < 0.45 else 0.0
    crest, face = rng.uniform(0.018, 0.035), rng.uniform(0.03, 0.1)
    xs = np.linspace(-0.5, 0.5, 21)
    line = np.stack([xs, -bend * (1 - (2 * xs) ** 2)], 1)
    taper = np.stack([0 * xs, face * (1 - 0.6 * (2 * xs) ** 2)], 1)
    slope = shaded(concrete, rng.uniform(0.72, 0.95))
    if rng.random() < 0.25:
        slope = one_of(rng, LAWNS)  # an earth dam grown over
    foot = line + taper + np.array([0, crest / 2])
    pen.polygon(np.concatenate([line, foot[::-1]]), slope)
    for row in (0.33, 0.66):
        edge = line + taper * row + np.array([0, crest / 2])
        for start, end in pairwise(edge):
            pen.line(start, end, 0.006, shaded(slope, 0.9))
    for start, end in pairwise(line):
        pen.line(start, end + (end - start) * 0.1, crest, concrete)
        pen.line(start, end + (end - start) * 0.1, crest * 0.5, shaded(concrete, 0.72))
    if rng.random() < 0.6:  # spillways
        middle, gates = rng.uniform(-0.2, 0.2), int(rng.integers(3, 8))
        for number in range(gates):
            x = middle + (number - gates / 2) * 0.035
            y = -bend * (1 - (2 * x) ** 2)
            foam = grey(rng, 215, 245) if rng.random() < 0.5 else shaded(slope, 0.8)
            pen.box(x, y + crest / 2 + face * 0.5, 0.022, face, foam)
            pen.box(x + 0.0175, y, 0.01, crest * 1.8, shaded(concrete, 1.08), high=0.03)
    pen.shades.append(np.concatenate([line, line[::-1] + pen.cast * face * 0.8]))


def toll_station(rng: np.random.Generator, pen: Pen) -> None:
    """A canopy across many lanes, the islands and booths below it; lanes run along y."""
    lanes = int(rng.integers(6, 15))
    roof: Colour = grey(rng, 200, 245)
    if rng.random() < 0.4:
        roof = one_of(rng, ((60, 100, 170), (180, 60, 50), (70, 130, 110), (110, 114, 120)))
    wide, island = rng.uniform(0.1, 0.18), rng.uniform(0.3, 0.5)
    xs = (np.arange(lanes + 1) / lanes - 0.5) * 0.96
    for x in xs:
        pen.box(x, 0, 0.22 / lanes, island, grey(rng, 180, 220), high=0.004)
        pen.box(x, island * 0.3, 0.26 / lanes, 0.05, grey(rng, 200, 240), high=0.02)
    pen.box(0, 0, 1.0, wide, roof, low=0.055, high=0.065)
    away = float(np.sign(pen.cast[1]))
    pen.box(0, away * wide * 0.27, 1.0, wide * 0.45, shaded(roof, 0.88))
    for x in xs[1:-1]:
        pen.line((x, -wide / 2), (x, wide / 2), 0.006, shaded(roof, 0.82))


def roundabout(rng: np.random.Generator, pen: Pen) -> None:
    """A ring of asphalt with kerbs around an island of grass."""
    asphalt, kerb = grey(rng, 90, 165, 3), grey(rng, 185, 225, 3)
    inner = rng.uniform(0.45, 0.68)
    pen.polygon(CIRCLE, asphalt)
    thick = max(0.02, 0.5 * pen.fine)
    if rng.random() < 0.6:
        middle = (1 + inner) / 2
        for number in range(0, 24, 2):
            pen.line(CIRCLE[number] * middle, CIRCLE[number + 1] * middle, thick, (225, 225, 220))
    pen.polygon(CIRCLE * (inner + thick * 2), kerb)
    lawn = one_of(rng, LAWNS)
    pen.polygon(CIRCLE * inner, lawn)
    if rng.random() < 0.5:
        pen.polygon(CIRCLE * inner * rng.uniform(0.4, 0.7), near(rng, (176, 160, 136), 14))
        pen.polygon(CIRCLE * inner * rng.uniform(0.15, 0.38), one_of(rng, (*LAWNS, (90, 150, 180))))
    for _ in range(rng.integers(0, 9)):
        angle, far = rng.uniform(0, 2 * np.pi), inner * rng.uniform(0.2, 0.85)
        tree = near(rng, (48, 76, 42), 8)
        size = rng.uniform(0.05, 0.11)
        x, y = far * np.cos(angle), far * np.sin(angle)
        pen.ellipse(x, y, size, size, tree, high=0.1)
