"""Where drawn objects stand: one layout for every theme.

A layout paints one theme onto a board, with lengths in pixels.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pretrain.board import Board
from pretrain.layout import (
    Rng,
    direction,
    log_uniform,
    put_row,
    put_scattered,
    sides,
    some_asphalt,
    some_concrete,
    some_water,
    somewhere,
    strip,
)
from pretrain.sprite_pen import Colour, band
from pretrain.sprites import draw


def courts(rng: Rng, painted: Board) -> None:
    """Courts of one kind side by side."""
    size, angle = painted.size, rng.uniform(0, np.pi)
    kind = "tennis court" if rng.random() < 0.6 else "basketball court"
    length = log_uniform(rng, 10, 0.5 * size)
    middle = somewhere(rng, size, 0.25)
    count = int(rng.integers(1, 6))
    step = direction(angle) * length * rng.uniform(0.5, 0.72)
    if rng.random() < 0.5:
        plot = strip(middle, angle, float(np.hypot(*step)) * count + 0.15 * length, 1.15 * length)
        painted.ground(rng, "pavement", plot, some_concrete(rng), rough=0.03, soft=0.8)
    court = draw(rng, kind, length, angle=angle + np.pi / 2, view=painted.view)
    other = draw(rng, kind, length, angle=angle + np.pi / 2, view=painted.view)
    templates = [court] if rng.random() < 0.7 else [court, other]
    put_row(rng, painted, templates, middle - step * (count - 1) / 2, step, count)


def wind_farm(rng: Rng, painted: Board) -> None:
    """A few turbines of about one size."""
    put_scattered(rng, painted, "windmill", int(rng.integers(1, 5)), 12, 0.55 * painted.size)


def chimneys(rng: Rng, painted: Board) -> None:
    """One or two chimneys."""
    put_scattered(
        rng, painted, "chimney", int(rng.integers(1, 3)), 5, 0.24 * painted.size, apart=1.0
    )


def dam(rng: Rng, painted: Board) -> None:
    """A wall between water and the background, which is the valley."""
    size, angle = painted.size, rng.uniform(0, 2 * np.pi)
    middle, length = somewhere(rng, size, 0.35), rng.uniform(0.6, 1.5) * size
    up = -direction(angle + np.pi / 2)
    turns = np.linspace(-1, 1, 15)
    wide = 0.5 * length * (1 + 0.25 * rng.random() * np.sin(turns * 5 + rng.uniform(0, 6)))
    depth = size * (1 - 0.75 * turns**4) * rng.uniform(0.7, 1.4)
    shore = [
        middle + direction(angle) * turns[i] * wide[i] + up * depth[i] for i in range(len(turns))
    ]
    ends = [middle + direction(angle) * side * length * 0.5 for side in (1, -1)]
    painted.ground(rng, "water", np.array([*shore, *ends]), some_water(rng), rough=0.03, soft=0.8)
    painted.put(draw(rng, "dam", length, angle=angle, view=painted.view), *middle)


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


THEMES: dict[str, Callable[[Rng, Board], None]] = {
    "heliport": heliport,
    "courts": courts,
    "wind farm": wind_farm,
    "chimneys": chimneys,
    "dam": dam,
    "toll": toll,
    "roundabout": roundabout,
}
