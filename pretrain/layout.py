"""What layouts share: places, strips of ground, colours, rows and scattered objects."""

from __future__ import annotations

import numpy as np

from pretrain.board import Board
from pretrain.sprite_pen import Colour, Points, band, grey, near
from pretrain.sprites import Sprite, draw

Rng = np.random.Generator
WATERS: tuple[Colour, ...] = (
    (40, 66, 78), (58, 84, 84), (30, 48, 62), (70, 92, 86), (84, 100, 84), (44, 90, 110),
    (110, 120, 110), (26, 38, 44), (64, 110, 130), (96, 88, 66),
)  # fmt: skip


def log_uniform(rng: Rng, low: float, high: float) -> float:
    """A number whose logarithm is uniform."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def direction(angle: float) -> Points:
    """Unit vector at an angle from x towards y."""
    return np.array([np.cos(angle), np.sin(angle)])


def strip(middle: Points, angle: float, length: float, width: float) -> Points:
    """A rectangle about a point along an angle."""
    along = direction(angle) * length / 2
    return band(middle - along, middle + along, width)


def sides(corners: Points) -> list[tuple[Points, Points]]:
    """The sides of a polygon."""
    return list(zip(corners, np.roll(corners, -1, 0), strict=True))


def somewhere(rng: Rng, size: int, margin: float = 0.1) -> Points:
    """A point of the image, the share ``margin`` of the side from its border."""
    return rng.uniform(margin, 1 - margin, 2) * size


def some_concrete(rng: Rng) -> Colour:
    """The colour of concrete, or of asphalt in its place."""
    return near(rng, grey(rng, 140, 205, 4), 4) if rng.random() < 0.6 else some_asphalt(rng)


def some_asphalt(rng: Rng) -> Colour:
    """The colour of asphalt, new or old."""
    return grey(rng, 62, 150, 4)


def some_water(rng: Rng) -> Colour:
    """The colour of water."""
    return near(rng, WATERS[rng.integers(len(WATERS))], 8)


def put_scattered(
    rng: Rng, painted: Board, kind: str, count: int, low: float, high: float, *, apart: float = 0.6
) -> None:
    """Single objects, where the background is smooth and no other object is."""
    length = log_uniform(rng, low, high)
    for _ in range(count):
        own = length * rng.uniform(0.8, 1.2)
        places = [place for place in rng.uniform(0.03, 0.97, (10, 2)) * painted.size
                  if painted.is_free(place[0], place[1], own * apart)]  # fmt: skip
        if not places:
            return
        place = min(places, key=lambda at: _unrest(painted, at, own / 2))
        painted.put(draw(rng, kind, own, view=painted.view), *place)


def _unrest(painted: Board, place: Points, reach: float) -> float:
    """Deviation of the pixels about a point: objects stand on open ground and water."""
    reach = max(reach, 2)
    left, top = (max(0, int(value - reach)) for value in place)
    window = painted.image[
        top : int(place[1] + reach) + 1 : 2, left : int(place[0] + reach) + 1 : 2, 1
    ]
    return float(window.std())


def put_row(
    rng: Rng,
    painted: Board,
    templates: list[Sprite],
    start: Points,
    step: Points,
    count: int,
) -> None:
    """Objects at equal steps."""
    for number in range(count):
        x, y = start + step * number + rng.normal(0, 0.25, 2)
        if -4 <= x < painted.size + 4 and -4 <= y < painted.size + 4:
            painted.put(templates[rng.integers(len(templates))], x, y)
