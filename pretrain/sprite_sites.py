"""Shapes of what stands: tanks, pools, courts, fields, turbines, chimneys and works of transport.

Any unit of length; heights are in the same unit as the plan.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from pretrain.sprite_pen import CIRCLE, Colour, Pen, Points, band, grey, near, shaded

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
TRACKS: tuple[Colour, ...] = (
    (170, 84, 66), (150, 70, 58), (190, 104, 88), (130, 90, 80), (90, 110, 140), (150, 140, 130),
)  # fmt: skip
WATERS: tuple[Colour, ...] = (
    (70, 180, 210), (40, 140, 200), (100, 205, 215), (60, 160, 180), (30, 110, 170), (130, 210, 220),
)  # fmt: skip
WHITE: Colour = (232, 232, 228)


def one_of(rng: np.random.Generator, colours: tuple[Colour, ...]) -> Colour:
    """One of the colours, varied."""
    return near(rng, colours[rng.integers(len(colours))], 8)


def storage_tank(rng: np.random.Generator, pen: Pen) -> None:
    """A round tank with a flat, domed, conical or floating roof."""
    draw = rng.random()
    wall = grey(rng, 190, 245, 4) if draw < 0.75 else near(rng, (150, 104, 76), 16)
    if draw > 0.88:
        wall = grey(rng, 110, 160, 8)
    high = rng.uniform(0.25, 1.1)  # radii
    for share in np.linspace(0, 1, 5)[:4]:
        pen.polygon(CIRCLE + pen.lean * high * share, shaded(wall, 0.78))
    top = pen.lean * high
    pen.polygon(CIRCLE + top, wall)
    pen.shade(CIRCLE, 0, high)
    sun = -pen.cast / max(float(np.hypot(*pen.cast)), 1e-9)
    roof = int(rng.integers(4))
    if roof == 0:  # flat, with a rim
        pen.polygon(CIRCLE * 0.93 + top, shaded(wall, rng.uniform(0.88, 0.97)))
        pen.polygon(CIRCLE * 0.08 + top, shaded(wall, 0.75))
    elif roof == 1:  # dome
        for step in range(6):
            size = 1 - step / 6
            light = 0.8 + 0.05 * step
            pen.polygon(CIRCLE * size + top + sun * (1 - size) * 0.42, shaded(wall, light))
    elif roof == 2:  # cone of plates, each in its own light
        for first, last in zip(CIRCLE, np.roll(CIRCLE, -1, 0), strict=True):
            light = 0.9 + 0.12 * float(first @ sun)
            pen.polygon([top, first * 0.98 + top, last * 0.98 + top], shaded(wall, light))
        pen.polygon(CIRCLE * 0.07 + top, shaded(wall, 0.8))
    else:  # floating roof, sunk, in the shadow of the wall
        depth = rng.uniform(0.05, 0.7) * high
        floor = grey(rng, 120, 215, 5) if rng.random() < 0.7 else near(rng, (140, 104, 80))
        pen.polygon(CIRCLE * 0.94 + top, shaded(floor, 0.5))
        shift = pen.cast * depth
        lit = CIRCLE * 0.94 + shift
        lit = lit[np.hypot(*lit.T) < 0.94]
        if len(lit) > 2:  # the part of the roof that the sun reaches
            arc = CIRCLE * 0.94
            arc = arc[np.hypot(*(arc - shift).T) < 0.94]
            both = np.concatenate([lit, arc])
            middle = both.mean(0)
            order = np.argsort(np.arctan2(*(both - middle).T))
            pen.polygon(both[order] + top, floor)
        pen.polygon(CIRCLE * 0.06 + top, shaded(floor, 0.7))
    if rng.random() < 0.5:
        angle = rng.uniform(0, 2 * np.pi)
        out = np.array([np.cos(angle), np.sin(angle)])
        pen.line(out * 0.2 + top, out * 1.02 + top, 0.05, shaded(wall, 0.7))


def swimming_pool(rng: np.random.Generator, pen: Pen) -> None:
    """A rectangular, oval or kidney-shaped pool with a rim of stone."""
    water, rim = one_of(rng, WATERS), grey(rng, 190, 240, 5)
    form = int(rng.integers(4))
    width = rng.uniform(0.38, 0.7)
    angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    outline: Points
    if form <= 1:
        outline = np.array(
            [(-0.5, -width / 2), (0.5, -width / 2), (0.5, width / 2), (-0.5, width / 2)]
        )
    elif form == 2:
        outline = np.stack([0.5 * np.cos(angle), width / 2 * np.sin(angle)], 1)
    else:
        radius = 0.5 * (1 - rng.uniform(0.2, 0.4) * np.exp(-((angle - np.pi / 2) ** 2) / 0.5))
        radius *= 1 + 0.12 * np.cos(2 * angle + rng.uniform(0, 6))
        outline = np.stack([np.cos(angle) * radius, np.sin(angle) * radius * width * 1.7], 1)
    border = 1 + rng.uniform(0.1, 0.24)
    pen.polygon(outline * (border, 1 + (border - 1) / width), rim)
    pen.polygon(outline, water)
    # The deep end and the shadow of the rim.
    pen.polygon(
        outline * 0.62 + (rng.uniform(-0.12, 0.12), 0), shaded(water, rng.uniform(0.86, 0.98))
    )
    if form == 0 and rng.random() < 0.3:
        for y in np.linspace(-0.35, 0.35, 5) * width:
            pen.line((-0.48, y), (0.48, y), 0.012, shaded(water, 0.7))
    if rng.random() < 0.25:
        pen.ellipse(0.5, width / 2 + 0.12, 0.08, 0.08, grey(rng, 200, 245), high=0.08)  # a parasol


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


def sports_field(rng: np.random.Generator, pen: Pen) -> None:
    """A football pitch, a running track with a pitch inside, or a baseball diamond."""
    (_pitch, _track, _diamond)[rng.choice(3, p=[0.4, 0.4, 0.2])](rng, pen, 1.0)


def _pitch(rng: np.random.Generator, pen: Pen, size: float) -> None:
    """A pitch of 105 by 68 m, or ``size`` times that."""
    lawn, white = one_of(rng, LAWNS), grey(rng, 190, 235, 3)
    long, wide = 105 * size, 68 * size
    pen.box(0, 0, long * 1.05, wide * 1.07, shaded(lawn, rng.uniform(0.85, 1.05)))
    strips = int(rng.integers(8, 16))
    contrast = rng.uniform(0, 0.07)
    for number in range(strips):
        x = (number + 0.5 - strips / 2) * long / strips
        pen.box(x, 0, long / strips * 1.05, wide, shaded(lawn, 1 + contrast * (-1) ** number))
    if rng.random() < 0.15:
        return  # lines worn away
    thick = max(0.3, 0.3 * 105 * pen.fine)
    pen.frame(0, 0, long, wide, thick, white)
    pen.line((0, -wide / 2), (0, wide / 2), thick, white)
    pen.ring(0, 0, 9.15 * size, 9.15 * size, thick, white)
    for side in (-1, 1):
        pen.frame(side * (long / 2 - 8.25 * size), 0, 16.5 * size, 40.3 * size, thick, white)
        pen.frame(side * (long / 2 - 2.75 * size), 0, 5.5 * size, 18.3 * size, thick, white)


def _track(rng: np.random.Generator, pen: Pen, size: float) -> None:
    track, lawn = one_of(rng, TRACKS), one_of(rng, LAWNS)
    straight, radius = 42.0 * size, 36.5 * size
    half = np.linspace(-np.pi / 2, np.pi / 2, 16)

    def oval(reach: float) -> Points:
        right = np.stack([straight + reach * np.cos(half), reach * np.sin(half)], 1)
        return np.concatenate([right, -right])

    lanes = rng.uniform(6, 11)
    pen.polygon(oval(radius + lanes), track)
    thick = max(0.25, 0.12 * 180 * pen.fine)
    light = shaded(track, 1.16)
    for share in (0.25, 0.5, 0.75):
        pen.polygon(oval(radius + lanes * share + thick / 2), light)
        pen.polygon(oval(radius + lanes * share - thick / 2), track)
    pen.polygon(oval(radius + thick), (215, 210, 205))
    pen.polygon(oval(radius), shaded(lawn, 0.95) if rng.random() < 0.7 else track)
    _pitch(rng, pen, size * rng.uniform(0.84, 0.92))


def _diamond(rng: np.random.Generator, pen: Pen, size: float) -> None:
    lawn, soil = one_of(rng, LAWNS), near(rng, (178, 136, 96), 12)
    half = np.linspace(-np.pi / 4, np.pi / 4, 14)

    def sector(reach: float, back: float = 0.0) -> Points:
        arc = np.stack([reach * np.cos(half) - back, reach * np.sin(half)], 1)
        return np.concatenate([[(-back, 0.0)], arc])

    far = rng.uniform(85, 115) * size
    pen.polygon(sector(far + 5 * size, 5 * size), soil)
    pen.polygon(sector(far), lawn)
    pen.polygon(sector(47 * size, 4 * size), soil)
    pen.ellipse(0, 0, 8 * size, 8 * size, soil)
    if rng.random() < 0.7:  # grass between the bases
        pen.polygon(np.array([(5, 0), (20, -15), (35, 0), (20, 15)]) * size, shaded(lawn, 1.04))
        pen.ellipse(18.5 * size, 0, 3 * size, 3 * size, soil)
    thick = max(0.4, 0.25 * 110 * pen.fine)
    for side in (-1, 1):
        end = far * np.array([np.cos(np.pi / 4), side * np.sin(np.pi / 4)])
        pen.line((0, 0), end, thick, (228, 226, 220))


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


def bridge(rng: np.random.Generator, pen: Pen) -> None:
    """A deck along x with rails, lane lines, and sometimes arches, towers or cars."""
    wide = rng.uniform(0.04, 0.13)
    deck, rail = grey(rng, 110, 200, 4), grey(rng, 180, 230, 3)
    if rng.random() < 0.15:
        deck = near(rng, (120, 84, 70), 10)
    high = rng.uniform(0.02, 0.08)
    pen.box(0, 0, 1, wide, rail, low=high * 0.7, high=high)
    pen.box(0, 0, 1, wide * 0.86, deck)
    white = grey(rng, 205, 240, 2)
    lanes = int(rng.integers(2, 5))
    for number in range(1, lanes):
        y = wide * 0.84 * (number / lanes - 0.5)
        if number * 2 == lanes:
            pen.line((-0.5, y), (0.5, y), max(0.003, 0.3 * pen.fine), white)
        else:
            for x in np.arange(-0.5, 0.48, 0.06):
                pen.line((x, y), (x + 0.03, y), max(0.002, 0.25 * pen.fine), white)
    draw = rng.random()
    if draw < 0.2:  # cable-stayed or suspension
        for x in (-0.25, 0.25):
            for side in (-1, 1):
                pen.box(x, side * wide * 0.5, 0.02, wide * 0.16, rail, low=0, high=0.25)
        for side in (-1, 1):
            pen.line(
                (-0.48, side * wide * 0.5), (0.48, side * wide * 0.5), 0.006, shaded(rail, 1.1)
            )
    elif draw < 0.4:  # truss
        for x in np.linspace(-0.4, 0.4, 12):
            pen.line((x, -wide / 2), (x + 0.04, wide / 2), 0.006, shaded(rail, 0.85))
    for x in np.linspace(-0.42, 0.42, int(rng.integers(3, 9))):  # piers
        pen.shade(
            np.array(
                [
                    (x - 0.012, -wide / 2),
                    (x + 0.012, -wide / 2),
                    (x + 0.012, wide / 2),
                    (x - 0.012, wide / 2),
                ]
            ),
            0,
            high,
        )
    for _ in range(rng.integers(0, 7)):
        y = wide * 0.84 * ((rng.integers(lanes) + 0.5) / lanes - 0.5)
        colour = grey(rng, 30, 245, 12)
        pen.box(rng.uniform(-0.47, 0.47), y, wide * 0.34, wide * 0.15, colour, high=wide * 0.1)
