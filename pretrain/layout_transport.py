"""Where planes, ships and cars are: airfields, harbours, car parks, roads and bridges.

Each layout paints one theme onto a board, with lengths in pixels.
"""

from __future__ import annotations

import numpy as np

from pretrain.board import Board
from pretrain.layout import (
    Rng,
    dashes,
    direction,
    log_uniform,
    put_row,
    put_scattered,
    segment,
    shore,
    sides,
    some_asphalt,
    some_concrete,
    some_water,
    somewhere,
    strip,
)
from pretrain.sprite_pen import Colour, Points, band, near
from pretrain.sprites import draw


def airfield(rng: Rng, painted: Board) -> None:
    """Planes side by side or single, on an apron, a runway or open ground."""
    size, angle = painted.size, rng.uniform(0, 2 * np.pi)
    length = log_uniform(rng, 7, 0.45 * size)
    middle = somewhere(rng, size, 0.3)
    draw_ground = rng.random()
    if draw_ground < 0.55:  # an apron
        across = rng.uniform(1.6, 5) * length
        painted.ground(
            rng,
            "pavement",
            strip(middle, angle, 3 * size, across),
            some_concrete(rng),
            rough=0.035,
            soft=0.5,
        )
        side = direction(angle + np.pi / 2) * across
        shifts = rng.uniform(-0.45, 0.45, rng.integers(0, 4))
        ends = [segment(middle + side * shift, angle, 3 * size) for shift in shifts]
        paint: Colour = (214, 190, 90) if rng.random() < 0.6 else (225, 225, 220)
        painted.lines(rng, ends, 0.03 * length, paint)
    elif draw_ground < 0.75:  # a runway
        width = rng.uniform(1.1, 2.2) * length
        painted.ground(
            rng,
            "runway",
            strip(middle, angle, 3 * size, width),
            some_asphalt(rng),
            rough=0.035,
            soft=0.5,
        )
        dash, gap = max(3.0, 0.4 * length), max(6.0, 0.7 * length)
        ends = dashes(middle, angle, 2 * size, dash, gap)
        for border in (-0.46, 0.46):
            at = middle + direction(angle + np.pi / 2) * border * width
            ends.append(segment(at, angle, 3 * size))
        painted.lines(rng, ends, 0.04 * length, (224, 224, 220))
    if rng.random() < 0.5:  # parked side by side
        heading = angle + np.pi / 2 * rng.choice([-1, 1]) + rng.normal(0, 0.1)
        planes = [draw(rng, "plane", length * rng.uniform(0.92, 1.05), angle=heading + rng.normal(0, 0.03), view=painted.view)
                  for _ in range(3)]  # fmt: skip
        step = direction(angle) * length * rng.uniform(1.08, 1.6)
        count = int(2 * size / float(np.hypot(*step)))
        put_row(
            rng, painted, planes, middle - step * (count // 2), step, count, rng.uniform(0.5, 1)
        )
    else:
        heading = angle + rng.choice([0, np.pi]) + rng.normal(0, 0.3)
        painted.put(draw(rng, "plane", length, angle=heading, view=painted.view), *middle)
        put_scattered(rng, painted, "plane", int(rng.integers(0, 4)), 0.8 * length, 1.1 * length)
    if length > 22:
        put_scattered(rng, painted, "car", int(rng.integers(0, 5)), 0.1 * length, 0.18 * length)


def heliport(rng: Rng, painted: Board) -> None:
    """Helicopters, one of them on a marked pad."""
    size, middle, angle = (
        painted.size,
        somewhere(rng, painted.size, 0.25),
        rng.uniform(0, 2 * np.pi),
    )
    length = log_uniform(rng, 8, 0.45 * size)
    if rng.random() < 0.75:
        side = length * rng.uniform(1.3, 2.6)
        painted.ground(
            rng,
            "pavement",
            strip(middle, angle, side, side),
            some_concrete(rng),
            rough=0.035,
            soft=0.5,
        )
        corners = strip(middle, angle, side * 0.85, side * 0.85)
        colour: Colour = (228, 226, 220) if rng.random() < 0.6 else (216, 190, 80)
        painted.lines(rng, sides(corners), 0.05 * length, colour)
    painted.put(draw(rng, "helicopter", length, view=painted.view), *middle)
    put_scattered(
        rng, painted, "helicopter", int(rng.integers(0, 4)), 0.9 * length, 1.1 * length, apart=0.8
    )


def harbour(rng: Rng, painted: Board) -> None:
    """Ships on water, some of them moored at a quay."""
    size, angle = painted.size, rng.uniform(0, 2 * np.pi)
    length = log_uniform(rng, 6, 0.55 * size)
    across = direction(angle + np.pi / 2)
    middle = somewhere(rng, size, 0.3)
    if rng.random() < 0.65:  # a basin; otherwise the background's water, if it has any
        width = rng.uniform(1.0, 3.0) * max(length, 0.3 * size)
        painted.ground(
            rng,
            "water",
            shore(rng, middle, angle, 3 * size, width),
            some_water(rng),
            rough=0.03,
            soft=0.8,
        )
        if rng.random() < 0.55:  # a quay and ships moored at it
            edge = middle + across * width / 2
            quay = edge + across * 0.2 * length
            painted.ground(
                rng, "pavement", strip(quay, angle, 3 * size, 0.4 * length), some_concrete(rng)
            )
            ships = [draw(rng, "ship", length * rng.uniform(0.7, 1), angle=angle + rng.choice([0, np.pi]), view=painted.view)
                     for _ in range(2)]  # fmt: skip
            step = direction(angle) * length * 1.15
            start = (
                edge - across * length * 0.14 - step * 4 + direction(angle) * rng.uniform(0, length)
            )
            put_row(rng, painted, ships, start, step, 9, 0.5)
        for _ in range(rng.integers(1, 4)):
            place = (
                middle
                + direction(angle) * rng.uniform(-0.4, 0.4) * size
                + across * rng.uniform(-0.3, 0.3) * width
            )
            if painted.is_free(place[0], place[1], 0.5 * length):
                painted.put(
                    draw(rng, "ship", length * rng.uniform(0.6, 1.1), view=painted.view), *place
                )
    else:
        put_scattered(rng, painted, "ship", int(rng.integers(1, 6)), 0.8 * length, length)


def marina(rng: Rng, painted: Board) -> None:
    """Boats on both sides of piers."""
    size, angle = painted.size, rng.uniform(0, np.pi)
    length = log_uniform(rng, 6, 18)
    along, across = direction(angle), direction(angle + np.pi / 2)
    middle = somewhere(rng, size, 0.3)
    reach = rng.uniform(0.5, 1.3) * size
    gap = length * rng.uniform(2.8, 3.6)
    piers = int(rng.integers(1, max(2, int(size / gap)) + 1))
    if rng.random() < 0.8:
        water = strip(middle, angle, 2 * reach, gap * (piers + 0.6))
        painted.ground(rng, "water", water, some_water(rng), rough=0.03, soft=0.8)
    boats = [draw(rng, "ship", length * rng.uniform(0.7, 1.0), angle=angle + side * np.pi / 2, view=painted.view)
             for side in (-1, 1, -1)]  # fmt: skip
    step = along * length * rng.uniform(0.38, 0.6)
    count = int(reach / float(np.hypot(*step)))
    wood = near(rng, (190, 180, 165), 16)
    for pier in range(piers):
        at = middle + across * gap * (pier - (piers - 1) / 2)
        for side in (-1, 1):
            start = at + across * side * length * 0.62 - step * (count / 2)
            put_row(rng, painted, boats, start, step, count, rng.uniform(0.4, 0.95))
        pier_line = strip(at, angle, reach, max(1.2, 0.16 * length))
        painted.ground(rng, None, pier_line, wood, rough=0.02)


def car_park(rng: Rng, painted: Board) -> None:
    """Rows of cars between marked places."""
    size, angle = painted.size, rng.uniform(0, np.pi)
    length = log_uniform(rng, 5, 22)
    along, across = direction(angle), direction(angle + np.pi / 2)
    middle = somewhere(rng, size, 0.3)
    rows = int(rng.integers(1, 7))
    reach, gap = rng.uniform(0.5, 1.6) * size, 2.35 * length
    asphalt = some_asphalt(rng) if rng.random() < 0.8 else some_concrete(rng)
    painted.ground(
        rng, "car park", strip(middle, angle, reach, gap * rows + length), asphalt, rough=0.04
    )
    cars = [draw(rng, "car", length * rng.uniform(0.88, 1.04), angle=angle + np.pi / 2 * rng.choice([-1, 1]), view=painted.view)
            for _ in range(6)]  # fmt: skip
    step = along * length * rng.uniform(0.54, 0.66)
    count = int(0.92 * reach / float(np.hypot(*step)))
    slots = min(count, int(0.5 * size / float(np.hypot(*step))) * 4)
    filled = rng.uniform(0.3, 1)
    ends: list[tuple[Points, Points]] = []
    for row in range(rows):
        at = middle + across * gap * (row - (rows - 1) / 2)
        if length > 9:
            half = across * 1.05 * length
            slots_at = [at + step * (number - slots / 2) for number in range(slots + 1)]
            ends += [(slot - half, slot + half) for slot in slots_at]
    painted.lines(rng, ends, 0.5, (225, 225, 215))
    for row in range(rows):
        at = middle + across * gap * (row - (rows - 1) / 2)
        for side in (-1, 1):
            start = at + across * side * 0.55 * length - step * (slots / 2 - 0.5)
            put_row(rng, painted, cars, start, step, slots, filled)


def traffic(rng: Rng, painted: Board) -> None:
    """Cars in the lanes of a road."""
    size, angle = painted.size, rng.uniform(0, np.pi)
    length = log_uniform(rng, 4, 28)
    lane = length * rng.uniform(0.68, 0.85)
    lanes = int(rng.integers(2, 9))
    middle, along, across = (
        somewhere(rng, size, 0.3),
        direction(angle),
        direction(angle + np.pi / 2),
    )
    width = lane * (lanes + 0.7)
    painted.ground(
        rng, "road", strip(middle, angle, 3 * size, width), some_asphalt(rng), rough=0.035, soft=0.5
    )
    if length > 6:
        solid, dashed = [], []
        for number in range(lanes + 1):
            at = middle + across * lane * (number - lanes / 2)
            if number in (0, lanes) or number * 2 == lanes:
                solid.append(segment(at, angle, 3 * size))
            else:
                dashed += dashes(at, angle, 2 * size, 0.9 * length, 2.2 * length)
        painted.lines(rng, solid, 0.06 * length, (226, 224, 214))
        painted.lines(rng, dashed, 0.05 * length, (226, 226, 222))
    for number in range(lanes):
        way = angle if number * 2 >= lanes else angle + np.pi
        at = middle + across * lane * (number + 0.5 - lanes / 2)
        cars = [
            draw(rng, "car", length * rng.uniform(0.9, 1.3), angle=way, view=painted.view)
            for _ in range(1 + (lanes < 5))
        ]
        step = along * length * rng.uniform(1.5, 3)
        count = int(2 * size / float(np.hypot(*step)))
        start = at - step * (count / 2) + along * rng.uniform(0, length)
        put_row(rng, painted, cars, start, step, count, rng.uniform(0.2, 0.9))


def toll(rng: Rng, painted: Board) -> None:
    """A toll station where a road widens."""
    size, angle = painted.size, rng.uniform(0, np.pi)
    length = log_uniform(rng, 16, 0.8 * size)
    middle, along, across = (
        somewhere(rng, size, 0.3),
        direction(angle),
        direction(angle + np.pi / 2),
    )
    narrow, far = length * rng.uniform(0.35, 0.6), length * rng.uniform(0.7, 1.2)
    asphalt = some_asphalt(rng)
    half = [along * -2 * size - across * narrow / 2, along * -far - across * narrow / 2,
            along * -0.3 * length - across * length * 0.52, along * 0.3 * length - across * length * 0.52,
            along * far - across * narrow / 2, along * 2 * size - across * narrow / 2]  # fmt: skip
    painted.ground(
        rng,
        "road",
        np.array([*half, *(-point for point in half)]) + middle,
        asphalt,
        rough=0.035,
        soft=0.5,
    )
    ends = [(middle + along * side * far, middle + along * side * 2 * size) for side in (-1, 1)]
    painted.lines(rng, ends, 1.2, (200, 204, 190))
    for _ in range(rng.integers(0, 9)):
        place = (
            middle
            + along * rng.choice([-1, 1]) * rng.uniform(0.35, 1) * far
            + across * rng.uniform(-0.35, 0.35) * narrow
        )
        painted.put(
            draw(rng, "car", max(2.5, 0.06 * length), angle=angle, view=painted.view), *place
        )
    painted.put(
        draw(rng, "toll station", length, angle=angle + np.pi / 2, view=painted.view), *middle
    )


def roundabout(rng: Rng, painted: Board) -> None:
    """A roundabout and its arms."""
    size, middle = painted.size, somewhere(rng, painted.size, 0.25)
    length = log_uniform(rng, 12, 0.6 * size)
    start, asphalt = rng.uniform(0, 2 * np.pi), some_asphalt(rng)
    arms, width = int(rng.integers(3, 6)), length * rng.uniform(0.16, 0.3)
    ends = []
    for number in range(arms):
        way = direction(start + 2 * np.pi * number / arms + rng.normal(0, 0.12))
        arm = band(middle, middle + way * 2 * size, width)
        painted.ground(rng, "road", arm, asphalt, rough=0.03, soft=0.4)
        ends.append((middle + way * length * 0.5, middle + way * 2 * size))
    if length > 25:
        painted.lines(rng, ends, 0.02 * length, (222, 222, 216))
    painted.put(draw(rng, "roundabout", length, view=painted.view), *middle)


def bridge(rng: Rng, painted: Board) -> None:
    """A deck over a river, a road or whatever the background shows."""
    size, angle = painted.size, rng.uniform(0, np.pi)
    length, middle = rng.uniform(0.5, 1.8) * size, somewhere(rng, size, 0.3)
    below = rng.random()
    flow = angle + np.pi / 2 + rng.normal(0, 0.25)
    if below < 0.6:
        painted.ground(
            rng,
            "water",
            strip(middle, flow, 3 * size, rng.uniform(0.6, 0.95) * length),
            some_water(rng),
            rough=0.03,
        )
    elif below < 0.8:
        painted.ground(
            rng,
            "road",
            strip(middle, flow, 3 * size, rng.uniform(0.15, 0.4) * size),
            some_asphalt(rng),
            rough=0.03,
        )
    bridge = draw(rng, "bridge", length, angle=angle, view=painted.view)
    painted.put(bridge, *middle)
