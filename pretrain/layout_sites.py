"""Where tanks, pools, courts, turbines, chimneys and dams stand.

Each layout paints one theme onto a board, with lengths in pixels.
"""

from __future__ import annotations

import numpy as np

from pretrain.board import Board
from pretrain.layout import (
    Rng,
    direction,
    log_uniform,
    put_row,
    put_scattered,
    sides,
    some_concrete,
    some_water,
    somewhere,
    strip,
)
from pretrain.sprite_pen import grey, near
from pretrain.sprites import draw


def tank_farm(rng: Rng, painted: Board) -> None:
    """Tanks in rows, sometimes on a plot of their own."""
    size, angle = painted.size, rng.uniform(0, np.pi / 2)
    length = log_uniform(rng, 6, 0.4 * size)
    middle = somewhere(rng, size, 0.25)
    columns, rows = int(rng.integers(1, 6)), int(rng.integers(1, 4))
    gap = length * rng.uniform(1.12, 1.7)
    if rng.random() < 0.55:
        plot = strip(middle, angle, gap * (columns + 0.3), gap * (rows + 0.3))
        soil = some_concrete(rng) if rng.random() < 0.6 else near(rng, (164, 146, 120), 14)
        grassy = rng.random() < 0.2
        painted.ground(
            rng,
            "grass" if grassy else "pavement",
            plot,
            near(rng, (92, 116, 70)) if grassy else soil,
            rough=0.05,
        )
        painted.lines(rng, sides(plot), 0.07 * length, grey(rng, 170, 220))
    tanks = [
        draw(rng, "storage tank", length * rng.uniform(0.9, 1), view=painted.view)
        for _ in range(1 if rng.random() < 0.5 else 3)
    ]
    for row in range(rows):
        at = middle + direction(angle + np.pi / 2) * gap * (row - (rows - 1) / 2)
        step = direction(angle) * gap
        put_row(
            rng, painted, tanks, at - step * (columns - 1) / 2, step, columns, rng.uniform(0.7, 1)
        )


def pools(rng: Rng, painted: Board) -> None:
    """A few pools of about one size."""
    put_scattered(
        rng, painted, "swimming pool", int(rng.integers(1, 5)), 5, 0.35 * painted.size, apart=0.9
    )


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
    put_row(rng, painted, templates, middle - step * (count - 1) / 2, step, count, 1)


def sports(rng: Rng, painted: Board) -> None:
    """One or two sports fields."""
    length = log_uniform(rng, 0.2 * painted.size, 0.9 * painted.size)
    place = somewhere(rng, painted.size, 0.3)
    painted.put(draw(rng, "sports field", length, view=painted.view), *place)
    if length < 0.4 * painted.size:
        put_scattered(rng, painted, "sports field", int(rng.integers(0, 2)), length, length)


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
