"""Shapes of what moves: planes, helicopters, ships, cars. Lengths in metres, nose towards +x."""

from __future__ import annotations

import numpy as np

from pretrain.sprite_pen import Colour, Pen, Points, grey, near, shaded

LIVERIES: tuple[Colour, ...] = (
    (30, 60, 140), (190, 30, 40), (20, 110, 80), (230, 120, 20), (40, 40, 48), (90, 160, 210),
)  # fmt: skip
PAINTS: tuple[Colour, ...] = (
    (236, 236, 234), (236, 236, 234), (200, 202, 204), (150, 152, 156), (96, 98, 102),
    (40, 42, 46), (26, 27, 30), (150, 28, 30), (200, 44, 40), (36, 62, 120), (70, 110, 160),
    (40, 84, 60), (190, 176, 140), (120, 80, 50), (226, 190, 50),
)  # fmt: skip
GREYS = PAINTS[:7]
HULLS: tuple[Colour, ...] = (
    (130, 52, 42), (60, 62, 68), (40, 60, 90), (150, 70, 50), (70, 90, 74), (110, 112, 114),
)  # fmt: skip
CONTAINERS: tuple[Colour, ...] = (
    (170, 60, 44), (40, 80, 130), (220, 220, 214), (60, 120, 90), (210, 140, 40), (110, 112, 116),
)  # fmt: skip
DECKS: tuple[Colour, ...] = (
    (120, 58, 46), (150, 80, 60), (90, 110, 90), (130, 132, 130), (170, 160, 140), (76, 80, 86),
)  # fmt: skip
GLASS: Colour = (34, 42, 52)


def one_of(rng: np.random.Generator, colours: tuple[Colour, ...]) -> Colour:
    """One of the colours, varied."""
    return near(rng, colours[rng.integers(len(colours))], 8)


def plane(rng: np.random.Generator, pen: Pen) -> None:
    """An airliner, a small propeller plane or a fighter jet."""
    draw = (_airliner, _propeller_plane, _fighter)[rng.choice(3, p=[0.7, 0.17, 0.13])]
    draw(rng, pen)


def _wings(
    pen: Pen,
    colour: Colour,
    root: tuple[float, float],
    tip: tuple[float, float],
    span: float,
    high: float,
) -> None:
    """A pair of wings; root and tip are x of the leading edge and chord."""
    for side in (-1, 1):
        corners = [
            (root[0], 0), (tip[0], side * span / 2), (tip[0] - tip[1], side * span / 2),
            (root[0] - root[1], 0),
        ]  # fmt: skip
        # Wings rise to their tips, so that one of them is in less light.
        light = 1.0 if side * pen.cast[1] < 0 else 0.93
        pen.polygon(corners, shaded(colour, light), high=high)


def _fuselage(pen: Pen, colour: Colour, width: float, low: float, high: float) -> None:
    """A tube from x = -0.5 to 0.5 with a blunt nose and a thin tail."""
    xs = np.array([0.5, 0.488, 0.46, 0.40, -0.18, -0.34, -0.46, -0.5])
    half = np.array([0.12, 0.55, 0.86, 1.0, 1.0, 0.72, 0.3, 0.12]) * width / 2
    upper, lower = np.stack([xs, -half], 1), np.stack([xs, half], 1)
    pen.polygon(np.concatenate([upper, lower[::-1]]), colour, low=low, high=high)
    away = float(np.sign(pen.cast[1]))  # the half that is turned from the sun
    edge = np.stack([xs, away * half], 1)
    inner = np.stack([xs, away * half * 0.35], 1)
    pen.polygon(np.concatenate([edge, inner[::-1]]), shaded(colour, 0.8))


def _airliner(rng: np.random.Generator, pen: Pen) -> None:
    body = grey(rng, 218, 250, 3) if rng.random() < 0.8 else one_of(rng, LIVERIES)
    wing = grey(rng, 165, 230, 3)
    width, span = rng.uniform(0.085, 0.12), rng.uniform(0.82, 1.02)
    sweep, lead = rng.uniform(0.2, 0.32), rng.uniform(0.1, 0.18)
    rear = rng.random() < 0.2  # engines at the tail
    count = 0 if rear else 2 if rng.random() < 0.25 else 1
    for number in range(count):
        y = (0.15 + 0.13 * number) * span / 0.9
        x = lead - sweep * y / (span / 2) + 0.015
        for side in (-1, 1):
            pen.box(x, side * y, 0.1, 0.04, shaded(wing, 0.72), high=0.05)
    if rear:
        for side in (-1, 1):
            pen.box(-0.28, side * (width / 2 + 0.025), 0.12, 0.04, shaded(wing, 0.75), high=0.09)
    _wings(pen, wing, (lead, rng.uniform(0.2, 0.27)), (lead - sweep, 0.055), span, 0.075)
    tail = rng.uniform(0.3, 0.38)
    _wings(pen, shaded(wing, 1.02), (-0.37, 0.1), (-0.44, 0.045), tail, 0.1)
    _fuselage(pen, body, width, 0.04, 0.13)
    pen.line((0.472, -width * 0.28), (0.472, width * 0.28), 0.014, GLASS)
    fin = one_of(rng, LIVERIES) if rng.random() < 0.6 else shaded(body, 0.85)
    top = np.array([(-0.33, 0.0), (-0.5, 0.0)])
    lean = pen.lean * 0.16
    pen.polygon([top[0], top[1] + lean, lean - np.array([0.47, 0.0]), (-0.5, 0.008)], fin)
    pen.line((-0.35, 0), (-0.5, 0), 0.018, fin)
    pen.shade(np.array([(-0.34, -0.004), (-0.5, -0.004), (-0.5, 0.004)]), 0.1, 0.26)


def _propeller_plane(rng: np.random.Generator, pen: Pen) -> None:
    body = grey(rng, 200, 250, 3) if rng.random() < 0.75 else one_of(rng, PAINTS)
    span, chord = rng.uniform(1.15, 1.4), rng.uniform(0.15, 0.2)
    if rng.random() < 0.3:  # two engines on the wings
        for side in (-1, 1):
            pen.box(0.26, side * 0.22, 0.24, 0.07, shaded(body, 0.85), high=0.1)
    _wings(pen, shaded(body, 0.97), (0.26, chord), (0.24, chord * 0.75), span, 0.14)
    _wings(pen, shaded(body, 0.97), (-0.36, 0.13), (-0.38, 0.1), rng.uniform(0.36, 0.46), 0.12)
    _fuselage(pen, body, 0.12, 0.05, 0.16)
    pen.box(0.2, 0, 0.1, 0.08, GLASS)
    pen.line((-0.28, 0), (-0.5, 0), 0.02, one_of(rng, LIVERIES))
    if rng.random() < 0.6:
        pen.line((0.1, 0.045), (-0.4, 0.03), 0.02, one_of(rng, LIVERIES))


def _fighter(rng: np.random.Generator, pen: Pen) -> None:
    body = grey(rng, 95, 170, 5)
    delta = rng.random() < 0.4
    lead, chord = rng.uniform(0.1, 0.2), (0.55 if delta else 0.34)
    span = rng.uniform(0.58, 0.72)
    _wings(pen, body, (lead, chord), (lead - chord * 0.85, 0.07), span, 0.09)
    if not delta:
        _wings(pen, shaded(body, 0.95), (-0.32, 0.2), (-0.44, 0.08), 0.4, 0.08)
    xs = np.array([0.5, 0.36, 0.2, -0.42, -0.47])
    half = np.array([0.005, 0.03, 0.06, 0.065, 0.04])
    outline = np.concatenate([np.stack([xs, -half], 1), np.stack([xs, half], 1)[::-1]])
    pen.polygon(outline, shaded(body, 1.07), low=0.04, high=0.13)
    pen.ellipse(0.28, 0, 0.06, 0.02, GLASS)
    for side in (-1, 1):
        pen.line((-0.2, side * 0.06), (-0.42, side * 0.09), 0.016, shaded(body, 0.7))
        pen.box(-0.48, side * 0.03, 0.05, 0.04, (50, 50, 52))


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


def _hull(length: float, width: float, bow: float) -> Points:
    """Outline with a pointed bow; ``bow`` is its share of the length."""
    a, b = length / 2, width / 2
    start = a - bow * length
    return np.array(
        [(-a, -b * 0.85), (-a + 0.03 * length, -b), (start, -b), (start + bow * length * 0.6, -b * 0.62),
         (a, 0), (start + bow * length * 0.6, b * 0.62), (start, b), (-a + 0.03 * length, b),
         (-a, b * 0.85)]
    )  # fmt: skip


def _wake(rng: np.random.Generator, pen: Pen, width: float) -> None:
    """Foam behind and beside a moving ship, thin enough not to count as the ship."""
    length = rng.uniform(0.5, 1.6)
    foam = grey(rng, 200, 235, 4)
    for share, opacity in ((1.0, 0.16), (0.65, 0.26), (0.35, 0.38)):
        wide = width * (0.5 + 0.6 * share)
        pen.polygon(
            [(-0.45, -width * 0.35), (-0.5 - length * share, -wide),
             (-0.5 - length * share, wide), (-0.45, width * 0.35)],
            foam, opacity=opacity,
        )  # fmt: skip
    for side in (-1, 1):
        pen.polygon(
            [(0.48, 0), (-0.3, side * width * 1.1), (-0.5, side * width * 1.2), (0.2, side * width * 0.5)],
            foam, opacity=0.3,
        )  # fmt: skip


def ship(rng: np.random.Generator, pen: Pen) -> None:
    """A cargo ship, a tanker, a ferry, a yacht or a small boat; sometimes under way."""
    kinds = (_cargo, _tanker, _ferry, _yacht, _sailing_boat, _boat)
    chances = (
        [0.2, 0.14, 0.12, 0.24, 0.1, 0.2]
        if pen.fine < 0.06
        else [0.08, 0.04, 0.08, 0.3, 0.15, 0.35]
    )
    kinds[rng.choice(6, p=chances)](rng, pen)


def _cargo(rng: np.random.Generator, pen: Pen) -> None:
    width = rng.uniform(0.13, 0.19)
    if rng.random() < 0.3:
        _wake(rng, pen, width)
    pen.polygon(_hull(1, width, 0.14), one_of(rng, HULLS), low=0, high=0.05)
    deck = one_of(rng, DECKS)
    pen.polygon(_hull(0.97, width * 0.84, 0.14), deck)
    loaded = rng.random() < 0.5
    bays = int(rng.integers(4, 9))
    xs = np.linspace(-0.24, 0.32, bays)
    step = xs[1] - xs[0]
    hatch = one_of(rng, DECKS)
    for x in xs:
        if loaded:
            rows = int(rng.integers(3, 6))
            for row in range(rows):
                y = (row - (rows - 1) / 2) * width * 0.8 / rows
                pen.box(x, y, step * 0.85, width * 0.8 / rows, one_of(rng, CONTAINERS))
            pen.shade(pen.marks[-1][0], 0.05, 0.09)
        else:
            pen.box(x, 0, step * 0.72, width * 0.58, shaded(hatch, rng.uniform(0.9, 1.1)))
    if not loaded and rng.random() < 0.5:
        for x in xs[::2] + step / 2:
            pen.line(
                (x, 0), (x + step * rng.uniform(-0.7, 0.7), width * 0.3), 0.012, (210, 190, 90)
            )
    house = grey(rng, 215, 245)
    pen.box(-0.4, 0, 0.08, width * 0.86, house, low=0.05, high=0.15)
    pen.box(-0.44, 0, 0.035, width * 0.3, one_of(rng, LIVERIES), low=0.1, high=0.18)


def _tanker(rng: np.random.Generator, pen: Pen) -> None:
    width = rng.uniform(0.15, 0.2)
    if rng.random() < 0.3:
        _wake(rng, pen, width)
    pen.polygon(_hull(1, width, 0.12), one_of(rng, HULLS), low=0, high=0.04)
    deck = one_of(rng, DECKS)
    pen.polygon(_hull(0.97, width * 0.86, 0.12), deck)
    pen.line((-0.32, 0), (0.42, 0), 0.02, shaded(deck, 1.5))
    for x in np.linspace(-0.25, 0.35, 6):
        pen.line((x, -width * 0.38), (x, width * 0.38), 0.008, shaded(deck, 0.75))
    pen.line((0.05, -width * 0.4), (0.05, width * 0.4), 0.025, shaded(deck, 1.4))
    pen.box(-0.4, 0, 0.09, width * 0.82, grey(rng, 215, 245), low=0.04, high=0.14)
    pen.box(-0.455, 0, 0.03, width * 0.3, (60, 60, 64), low=0.1, high=0.16)


def _ferry(rng: np.random.Generator, pen: Pen) -> None:
    width = rng.uniform(0.17, 0.26)
    if rng.random() < 0.4:
        _wake(rng, pen, width)
    white = grey(rng, 215, 248)
    pen.polygon(_hull(1, width, 0.2), shaded(white, 0.9), low=0, high=0.08)
    pen.polygon(_hull(0.9, width * 0.85, 0.2), white)
    roof = grey(rng, 150, 230) if rng.random() < 0.7 else one_of(rng, DECKS)
    pen.box(-0.05, 0, 0.62, width * 0.66, roof)
    pen.box(0.22, 0, 0.06, width * 0.8, white)
    pen.line((0.26, -width * 0.35), (0.26, width * 0.35), 0.02, GLASS)
    pen.box(-0.2, 0, 0.09, width * 0.3, one_of(rng, LIVERIES), low=0.08, high=0.14)
    for side in (-1, 1):
        for x in np.linspace(-0.3, 0.1, 5):
            pen.box(x, side * width * 0.38, 0.05, 0.025, (220, 130, 50))


def _yacht(rng: np.random.Generator, pen: Pen) -> None:
    width = rng.uniform(0.22, 0.32)
    if rng.random() < 0.35:
        _wake(rng, pen, width)
    white = grey(rng, 222, 252, 2)
    pen.polygon(_hull(1, width, 0.42), white, low=0, high=0.08)
    pen.box(-0.36, 0, 0.22, width * 0.7, near(rng, (176, 146, 106)))
    pen.polygon(_hull(0.5, width * 0.62, 0.4) - (0.02, 0), shaded(white, 0.92), low=0.08, high=0.16)
    pen.polygon(
        [(0.2, 0), (0.1, -width * 0.24), (0.04, -width * 0.24), (0.1, 0), (0.04, width * 0.24),
         (0.1, width * 0.24)],
        GLASS,
    )  # fmt: skip


def _sailing_boat(rng: np.random.Generator, pen: Pen) -> None:
    width = rng.uniform(0.24, 0.32)
    white = grey(rng, 205, 248)
    pen.polygon(_hull(1, width, 0.5), white, low=0, high=0.06)
    pen.polygon(_hull(0.8, width * 0.6, 0.5), near(rng, (190, 170, 140)))
    pen.box(0.02, 0, 0.36, width * 0.4, white)
    cover = one_of(rng, LIVERIES) if rng.random() < 0.6 else white
    pen.line((0.1, 0), (-0.35, 0), 0.05, cover)  # the sail on its boom
    pen.line((0.1, 0), (0.1, 0) + pen.lean * 1.1, 0.02, (225, 225, 225))
    pen.shade(np.array([(0.09, -0.01), (0.11, -0.01), (0.11, 0.01), (0.09, 0.01)]), 0.05, 1.1)


def _boat(rng: np.random.Generator, pen: Pen) -> None:
    width = rng.uniform(0.3, 0.42)
    if rng.random() < 0.3:
        _wake(rng, pen, width)
    colour = grey(rng, 190, 248) if rng.random() < 0.65 else one_of(rng, PAINTS)
    pen.polygon(_hull(1, width, 0.4), colour, low=0, high=0.1)
    pen.polygon(_hull(0.84, width * 0.66, 0.4) - (0.02, 0), near(rng, (140, 120, 96), 24))
    if rng.random() < 0.6:
        pen.box(rng.uniform(-0.1, 0.15), 0, 0.26, width * 0.6, grey(rng, 200, 245), high=0.25)
    pen.box(-0.47, 0, 0.07, 0.08, (40, 40, 44))


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
