"""Sprites of one theme on a real background: an airfield, a harbour, a car park and so on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pretrain.board import GROUNDS, Board, Labels, Pixels, board, developed
from pretrain.concepts import CONCEPTS
from pretrain.sprite_pen import Colour, Points, band, grey, near
from pretrain.sprites import KINDS, Sprite, draw

__all__ = ["GROUNDS", "KINDS", "THEMES", "Composite", "Theme", "compose", "composite", "themes_of"]

Rng = np.random.Generator
Layout = Callable[[Rng, Board], None]
WATERS: tuple[Colour, ...] = (
    (40, 66, 78), (58, 84, 84), (30, 48, 62), (70, 92, 86), (84, 100, 84), (44, 90, 110),
    (110, 120, 110), (26, 38, 44), (64, 110, 130), (96, 88, 66),
)  # fmt: skip


@dataclass(frozen=True)
class Composite:
    """A painted image with what is known of its pixels.

    Attributes:
        image: ``(s, s, 3)`` uint8.
        objects: ``(s, s)`` int16, indices into ``KINDS``, -1 where no sprite covers a half.
        grounds: ``(s, s)`` int16, indices into ``GROUNDS``, -1 where none was painted.
    """

    image: Pixels
    objects: Labels
    grounds: Labels


@dataclass(frozen=True)
class Theme:
    """Objects that occur together.

    Attributes:
        kinds: what may be drawn.
        scenes: scene classes that suit as background.
        layout: paints them onto a board.
    """

    kinds: tuple[str, ...]
    scenes: tuple[str, ...]
    layout: Layout


def compose(rng: Rng, background: Pixels, theme: str) -> Composite:
    """Paint the objects of one theme onto a background.

    Args:
        rng: source of chance; the same state gives the same result.
        background: ``(s, s, 3)`` uint8 with s of at least 32; it is not changed.
        theme: one of ``THEMES``.

    Raises:
        ValueError: if the theme is unknown or the background not square RGB, or too small.
    """
    if theme not in THEMES:
        raise ValueError(f"unknown theme {theme!r}; themes are: {', '.join(THEMES)}")
    side = len(background)
    if background.shape != (side, side, 3) or side < 32:
        raise ValueError(f"background must be (s, s, 3), s from 32 on, got {background.shape}")
    painted = board(rng, background)
    THEMES[theme].layout(rng, painted)
    painted.grounds[painted.objects >= 0] = -1
    return Composite(developed(rng, painted, background), painted.objects, painted.grounds)


def composite(rng: Rng, background: Pixels, theme: str) -> tuple[Pixels, Labels]:
    """As ``compose``, but objects and grounds in one map of concepts, -1 unlabelled."""
    made = compose(rng, background, theme)
    concepts = list(CONCEPTS)
    names = (*KINDS, *GROUNDS)
    numbers = np.array([concepts.index(name) for name in names] + [-1], np.int16)
    both = np.where(made.grounds >= 0, made.grounds + len(KINDS), made.objects)
    return made.image, numbers[both]


def themes_of(scene: str) -> tuple[str, ...]:
    """Themes that a scene class suits as background."""
    return tuple(name for name, theme in THEMES.items() if scene in theme.scenes)


def _log_uniform(rng: Rng, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _way(angle: float) -> Points:
    """Unit vector at an angle from x towards y."""
    return np.array([np.cos(angle), np.sin(angle)])


def _strip(middle: Points, angle: float, length: float, width: float) -> Points:
    """A rectangle about a point along an angle."""
    along = _way(angle) * length / 2
    return band(middle - along, middle + along, width)


def _segment(middle: Points, angle: float, length: float) -> tuple[Points, Points]:
    """The ends of a line about a point along an angle."""
    return middle - _way(angle) * length / 2, middle + _way(angle) * length / 2


def _sides(corners: Points) -> list[tuple[Points, Points]]:
    """The sides of a polygon."""
    return list(zip(corners, np.roll(corners, -1, 0), strict=True))


def _dashes(
    middle: Points, angle: float, length: float, dash: float, gap: float
) -> list[tuple[Points, Points]]:
    """Dashes about a point along an angle; ``gap`` is from start to start."""
    starts = [middle + _way(angle) * far for far in np.arange(-length / 2, length / 2, gap)]
    return [(start, start + _way(angle) * dash) for start in starts]


def _shore(rng: Rng, middle: Points, angle: float, length: float, width: float) -> Points:
    """A strip whose long sides wind, unless chance makes them straight, as of a basin."""
    if rng.random() < 0.4:
        return _strip(middle, angle, length, width)
    far = np.linspace(-0.5, 0.5, 41)
    along, across = _way(angle), _way(angle + np.pi / 2)
    sides = []
    for side in (-0.5, 0.5):
        waves = [
            np.sin(far * length / width * rng.uniform(1, 9) + rng.uniform(0, 6)) for _ in range(3)
        ]
        winding = side * width * (1 + rng.uniform(0.05, 0.2) * np.sum(waves, axis=0))
        sides.append(middle + far[:, None] * length * along + winding[:, None] * across)
    return np.concatenate([sides[0], sides[1][::-1]])


def _point(rng: Rng, size: int, margin: float = 0.1) -> Points:
    return rng.uniform(margin, 1 - margin, 2) * size


def _concrete(rng: Rng) -> Colour:
    return near(rng, grey(rng, 140, 205, 4), 4) if rng.random() < 0.6 else _asphalt(rng)


def _asphalt(rng: Rng) -> Colour:
    return grey(rng, 62, 150, 4)


def _water(rng: Rng) -> Colour:
    return near(rng, WATERS[rng.integers(len(WATERS))], 8)


def _scatter(
    rng: Rng, painted: Board, kind: str, count: int, low: float, high: float, *, apart: float = 0.6
) -> None:
    """Single objects, where the background is smooth and no other object is."""
    length = _log_uniform(rng, low, high)
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


def _row(
    rng: Rng,
    painted: Board,
    templates: list[Sprite],
    start: Points,
    step: Points,
    count: int,
    filled: float,
) -> None:
    """Objects at equal steps, some places empty."""
    for number in range(count):
        x, y = start + step * number + rng.normal(0, 0.25, 2)
        if -4 <= x < painted.size + 4 and -4 <= y < painted.size + 4 and rng.random() < filled:
            painted.put(templates[rng.integers(len(templates))], x, y)


def _airfield(rng: Rng, painted: Board) -> None:
    size, angle = painted.size, rng.uniform(0, 2 * np.pi)
    length = _log_uniform(rng, 7, 0.45 * size)
    middle = _point(rng, size, 0.3)
    draw_ground = rng.random()
    if draw_ground < 0.55:  # an apron
        across = rng.uniform(1.6, 5) * length
        painted.ground(
            rng,
            "pavement",
            _strip(middle, angle, 3 * size, across),
            _concrete(rng),
            rough=0.035,
            soft=0.5,
        )
        side = _way(angle + np.pi / 2) * across
        shifts = rng.uniform(-0.45, 0.45, rng.integers(0, 4))
        ends = [_segment(middle + side * shift, angle, 3 * size) for shift in shifts]
        paint: Colour = (214, 190, 90) if rng.random() < 0.6 else (225, 225, 220)
        painted.lines(rng, ends, 0.03 * length, paint)
    elif draw_ground < 0.75:  # a runway
        width = rng.uniform(1.1, 2.2) * length
        painted.ground(
            rng,
            "runway",
            _strip(middle, angle, 3 * size, width),
            _asphalt(rng),
            rough=0.035,
            soft=0.5,
        )
        dash, gap = max(3.0, 0.4 * length), max(6.0, 0.7 * length)
        ends = _dashes(middle, angle, 2 * size, dash, gap)
        for border in (-0.46, 0.46):
            at = middle + _way(angle + np.pi / 2) * border * width
            ends.append(_segment(at, angle, 3 * size))
        painted.lines(rng, ends, 0.04 * length, (224, 224, 220))
    if rng.random() < 0.5:  # parked side by side
        heading = angle + np.pi / 2 * rng.choice([-1, 1]) + rng.normal(0, 0.1)
        planes = [draw(rng, "plane", length * rng.uniform(0.92, 1.05), angle=heading + rng.normal(0, 0.03), view=painted.view)
                  for _ in range(3)]  # fmt: skip
        step = _way(angle) * length * rng.uniform(1.08, 1.6)
        count = int(2 * size / float(np.hypot(*step)))
        _row(rng, painted, planes, middle - step * (count // 2), step, count, rng.uniform(0.5, 1))
    else:
        heading = angle + rng.choice([0, np.pi]) + rng.normal(0, 0.3)
        painted.put(draw(rng, "plane", length, angle=heading, view=painted.view), *middle)
        _scatter(rng, painted, "plane", int(rng.integers(0, 4)), 0.8 * length, 1.1 * length)
    if length > 22:
        _scatter(rng, painted, "car", int(rng.integers(0, 5)), 0.1 * length, 0.18 * length)


def _heliport(rng: Rng, painted: Board) -> None:
    size, middle, angle = painted.size, _point(rng, painted.size, 0.25), rng.uniform(0, 2 * np.pi)
    length = _log_uniform(rng, 8, 0.45 * size)
    if rng.random() < 0.75:
        side = length * rng.uniform(1.3, 2.6)
        painted.ground(
            rng,
            "pavement",
            _strip(middle, angle, side, side),
            _concrete(rng),
            rough=0.035,
            soft=0.5,
        )
        corners = _strip(middle, angle, side * 0.85, side * 0.85)
        colour: Colour = (228, 226, 220) if rng.random() < 0.6 else (216, 190, 80)
        painted.lines(rng, _sides(corners), 0.05 * length, colour)
    painted.put(draw(rng, "helicopter", length, view=painted.view), *middle)
    _scatter(
        rng, painted, "helicopter", int(rng.integers(0, 4)), 0.9 * length, 1.1 * length, apart=0.8
    )


def _harbour(rng: Rng, painted: Board) -> None:
    size, angle = painted.size, rng.uniform(0, 2 * np.pi)
    length = _log_uniform(rng, 6, 0.55 * size)
    across = _way(angle + np.pi / 2)
    middle = _point(rng, size, 0.3)
    if rng.random() < 0.65:  # a basin; otherwise the background's water, if it has any
        width = rng.uniform(1.0, 3.0) * max(length, 0.3 * size)
        painted.ground(
            rng,
            "water",
            _shore(rng, middle, angle, 3 * size, width),
            _water(rng),
            rough=0.03,
            soft=0.8,
        )
        if rng.random() < 0.55:  # a quay and ships moored at it
            edge = middle + across * width / 2
            quay = edge + across * 0.2 * length
            painted.ground(
                rng, "pavement", _strip(quay, angle, 3 * size, 0.4 * length), _concrete(rng)
            )
            ships = [draw(rng, "ship", length * rng.uniform(0.7, 1), angle=angle + rng.choice([0, np.pi]), view=painted.view)
                     for _ in range(2)]  # fmt: skip
            step = _way(angle) * length * 1.15
            start = edge - across * length * 0.14 - step * 4 + _way(angle) * rng.uniform(0, length)
            _row(rng, painted, ships, start, step, 9, 0.5)
        for _ in range(rng.integers(1, 4)):
            place = (
                middle
                + _way(angle) * rng.uniform(-0.4, 0.4) * size
                + across * rng.uniform(-0.3, 0.3) * width
            )
            if painted.is_free(place[0], place[1], 0.5 * length):
                painted.put(
                    draw(rng, "ship", length * rng.uniform(0.6, 1.1), view=painted.view), *place
                )
    else:
        _scatter(rng, painted, "ship", int(rng.integers(1, 6)), 0.8 * length, length)


def _marina(rng: Rng, painted: Board) -> None:
    size, angle = painted.size, rng.uniform(0, np.pi)
    length = _log_uniform(rng, 5, 18)
    along, across = _way(angle), _way(angle + np.pi / 2)
    middle = _point(rng, size, 0.3)
    reach = rng.uniform(0.5, 1.3) * size
    gap = length * rng.uniform(2.8, 3.6)
    piers = int(rng.integers(1, max(2, int(size / gap)) + 1))
    if rng.random() < 0.8:
        water = _strip(middle, angle, 2 * reach, gap * (piers + 0.6))
        painted.ground(rng, "water", water, _water(rng), rough=0.03, soft=0.8)
    boats = [draw(rng, "ship", length * rng.uniform(0.7, 1.0), angle=angle + side * np.pi / 2, view=painted.view)
             for side in (-1, 1, -1)]  # fmt: skip
    step = along * length * rng.uniform(0.38, 0.6)
    count = int(reach / float(np.hypot(*step)))
    wood = near(rng, (190, 180, 165), 16)
    for pier in range(piers):
        at = middle + across * gap * (pier - (piers - 1) / 2)
        for side in (-1, 1):
            start = at + across * side * length * 0.62 - step * (count / 2)
            _row(rng, painted, boats, start, step, count, rng.uniform(0.4, 0.95))
        pier_line = _strip(at, angle, reach, max(1.2, 0.16 * length))
        painted.ground(rng, None, pier_line, wood, rough=0.02)


def _car_park(rng: Rng, painted: Board) -> None:
    size, angle = painted.size, rng.uniform(0, np.pi)
    length = _log_uniform(rng, 4, 22)
    along, across = _way(angle), _way(angle + np.pi / 2)
    middle = _point(rng, size, 0.3)
    rows = int(rng.integers(1, 7))
    reach, gap = rng.uniform(0.5, 1.6) * size, 2.35 * length
    asphalt = _asphalt(rng) if rng.random() < 0.8 else _concrete(rng)
    painted.ground(
        rng, "car park", _strip(middle, angle, reach, gap * rows + length), asphalt, rough=0.04
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
            _row(rng, painted, cars, start, step, slots, filled)


def _traffic(rng: Rng, painted: Board) -> None:
    size, angle = painted.size, rng.uniform(0, np.pi)
    length = _log_uniform(rng, 4, 28)
    lane = length * rng.uniform(0.68, 0.85)
    lanes = int(rng.integers(2, 9))
    middle, along, across = _point(rng, size, 0.3), _way(angle), _way(angle + np.pi / 2)
    width = lane * (lanes + 0.7)
    painted.ground(
        rng, "road", _strip(middle, angle, 3 * size, width), _asphalt(rng), rough=0.035, soft=0.5
    )
    if length > 6:
        solid, dashed = [], []
        for number in range(lanes + 1):
            at = middle + across * lane * (number - lanes / 2)
            if number in (0, lanes) or number * 2 == lanes:
                solid.append(_segment(at, angle, 3 * size))
            else:
                dashed += _dashes(at, angle, 2 * size, 0.9 * length, 2.2 * length)
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
        _row(rng, painted, cars, start, step, count, rng.uniform(0.2, 0.9))


def _tank_farm(rng: Rng, painted: Board) -> None:
    size, angle = painted.size, rng.uniform(0, np.pi / 2)
    length = _log_uniform(rng, 6, 0.4 * size)
    middle = _point(rng, size, 0.25)
    columns, rows = int(rng.integers(1, 6)), int(rng.integers(1, 4))
    gap = length * rng.uniform(1.12, 1.7)
    if rng.random() < 0.55:
        plot = _strip(middle, angle, gap * (columns + 0.3), gap * (rows + 0.3))
        soil = _concrete(rng) if rng.random() < 0.6 else near(rng, (164, 146, 120), 14)
        grassy = rng.random() < 0.2
        painted.ground(
            rng,
            "grass" if grassy else "pavement",
            plot,
            near(rng, (92, 116, 70)) if grassy else soil,
            rough=0.05,
        )
        painted.lines(rng, _sides(plot), 0.07 * length, grey(rng, 170, 220))
    tanks = [
        draw(rng, "storage tank", length * rng.uniform(0.9, 1), view=painted.view)
        for _ in range(1 if rng.random() < 0.5 else 3)
    ]
    for row in range(rows):
        at = middle + _way(angle + np.pi / 2) * gap * (row - (rows - 1) / 2)
        step = _way(angle) * gap
        _row(rng, painted, tanks, at - step * (columns - 1) / 2, step, columns, rng.uniform(0.7, 1))


def _pools(rng: Rng, painted: Board) -> None:
    _scatter(
        rng, painted, "swimming pool", int(rng.integers(1, 5)), 5, 0.35 * painted.size, apart=0.9
    )


def _courts(rng: Rng, painted: Board) -> None:
    size, angle = painted.size, rng.uniform(0, np.pi)
    kind = "tennis court" if rng.random() < 0.6 else "basketball court"
    length = _log_uniform(rng, 10, 0.5 * size)
    middle = _point(rng, size, 0.25)
    count = int(rng.integers(1, 6))
    step = _way(angle) * length * rng.uniform(0.5, 0.72)
    if rng.random() < 0.5:
        plot = _strip(middle, angle, float(np.hypot(*step)) * count + 0.15 * length, 1.15 * length)
        painted.ground(rng, "pavement", plot, _concrete(rng), rough=0.03, soft=0.8)
    court = draw(rng, kind, length, angle=angle + np.pi / 2, view=painted.view)
    other = draw(rng, kind, length, angle=angle + np.pi / 2, view=painted.view)
    templates = [court] if rng.random() < 0.7 else [court, other]
    _row(rng, painted, templates, middle - step * (count - 1) / 2, step, count, 1)


def _sports(rng: Rng, painted: Board) -> None:
    length = _log_uniform(rng, 0.2 * painted.size, 0.9 * painted.size)
    place = _point(rng, painted.size, 0.3)
    painted.put(draw(rng, "sports field", length, view=painted.view), *place)
    if length < 0.4 * painted.size:
        _scatter(rng, painted, "sports field", int(rng.integers(0, 2)), length, length)


def _wind_farm(rng: Rng, painted: Board) -> None:
    _scatter(rng, painted, "windmill", int(rng.integers(1, 5)), 12, 0.55 * painted.size)


def _chimneys(rng: Rng, painted: Board) -> None:
    _scatter(rng, painted, "chimney", int(rng.integers(1, 3)), 5, 0.24 * painted.size, apart=1.0)


def _dam(rng: Rng, painted: Board) -> None:
    """A wall between water and the background, which is the valley."""
    size, angle = painted.size, rng.uniform(0, 2 * np.pi)
    middle, length = _point(rng, size, 0.35), rng.uniform(0.6, 1.5) * size
    up = -_way(angle + np.pi / 2)
    turns = np.linspace(-1, 1, 15)
    wide = 0.5 * length * (1 + 0.25 * rng.random() * np.sin(turns * 5 + rng.uniform(0, 6)))
    depth = size * (1 - 0.75 * turns**4) * rng.uniform(0.7, 1.4)
    shore = [middle + _way(angle) * turns[i] * wide[i] + up * depth[i] for i in range(len(turns))]
    ends = [middle + _way(angle) * side * length * 0.5 for side in (1, -1)]
    painted.ground(rng, "water", np.array([*shore, *ends]), _water(rng), rough=0.03, soft=0.8)
    painted.put(draw(rng, "dam", length, angle=angle, view=painted.view), *middle)


def _toll(rng: Rng, painted: Board) -> None:
    size, angle = painted.size, rng.uniform(0, np.pi)
    length = _log_uniform(rng, 16, 0.8 * size)
    middle, along, across = _point(rng, size, 0.3), _way(angle), _way(angle + np.pi / 2)
    narrow, far = length * rng.uniform(0.35, 0.6), length * rng.uniform(0.7, 1.2)
    asphalt = _asphalt(rng)
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


def _roundabout(rng: Rng, painted: Board) -> None:
    size, middle = painted.size, _point(rng, painted.size, 0.25)
    length = _log_uniform(rng, 12, 0.6 * size)
    start, asphalt = rng.uniform(0, 2 * np.pi), _asphalt(rng)
    arms, width = int(rng.integers(3, 6)), length * rng.uniform(0.16, 0.3)
    ends = []
    for number in range(arms):
        way = _way(start + 2 * np.pi * number / arms + rng.normal(0, 0.12))
        arm = band(middle, middle + way * 2 * size, width)
        painted.ground(rng, "road", arm, asphalt, rough=0.03, soft=0.4)
        ends.append((middle + way * length * 0.5, middle + way * 2 * size))
    if length > 25:
        painted.lines(rng, ends, 0.02 * length, (222, 222, 216))
    painted.put(draw(rng, "roundabout", length, view=painted.view), *middle)


def _bridge(rng: Rng, painted: Board) -> None:
    """A deck over a river, a road or whatever the background shows."""
    size, angle = painted.size, rng.uniform(0, np.pi)
    length, middle = rng.uniform(0.5, 1.8) * size, _point(rng, size, 0.3)
    below = rng.random()
    flow = angle + np.pi / 2 + rng.normal(0, 0.25)
    if below < 0.6:
        painted.ground(
            rng,
            "water",
            _strip(middle, flow, 3 * size, rng.uniform(0.6, 0.95) * length),
            _water(rng),
            rough=0.03,
        )
    elif below < 0.8:
        painted.ground(
            rng,
            "road",
            _strip(middle, flow, 3 * size, rng.uniform(0.15, 0.4) * size),
            _asphalt(rng),
            rough=0.03,
        )
    bridge = draw(rng, "bridge", length, angle=angle, view=painted.view)
    painted.put(bridge, *middle)


_OPEN = ("BareLand", "Meadow", "Farmland")
_TOWN = (
    "DenseResidential",
    "MediumResidential",
    "Commercial",
    "Center",
    "School",
    "Church",
)

THEMES: dict[str, Theme] = {
    "airfield": Theme(("plane", "car"), ("Airport", "Square", "Industrial", "Desert", *_OPEN), _airfield),
    "heliport": Theme(
        ("helicopter",),
        ("Airport", "Square", "Industrial", "Park", "Mountain", "Port", "Center", *_OPEN),
        _heliport,
    ),
    "harbour": Theme(("ship",), ("Port", "River", "Beach", "Pond", "Bridge"), _harbour),
    "marina": Theme(("ship",), ("Port", "River", "Beach", "Pond", "Resort"), _marina),
    "car park": Theme(
        ("car",),
        ("Parking", "Industrial", "Stadium", "Square", "BareLand", "RailwayStation",
         *_TOWN),
        _car_park,
    ),
    "traffic": Theme(
        ("car",),
        ("Viaduct", "Bridge", "Park", "SparseResidential", "Farmland", "Forest", "Meadow", "Square",
         *_TOWN),
        _traffic,
    ),
    "tank farm": Theme(
        ("storage tank",),
        ("StorageTanks", "Industrial", "Port", "Desert", "River", *_OPEN),
        _tank_farm,
    ),
    "pools": Theme(
        ("swimming pool",), ("Resort", "SparseResidential", "Park", "Beach", *_TOWN), _pools
    ),
    "courts": Theme(
        ("tennis court", "basketball court"),
        ("Park", "Resort", "Playground", "Stadium", "SparseResidential", "Meadow", "BareLand", *_TOWN),
        _courts,
    ),
    "sports": Theme(
        ("sports field",),
        ("Park", "Forest", "Industrial", "SparseResidential", *_OPEN, *_TOWN),
        _sports,
    ),
    "wind farm": Theme(
        ("windmill",), ("Mountain", "Desert", "Beach", "Forest", "Pond", *_OPEN), _wind_farm
    ),
    "chimneys": Theme(
        ("chimney",), ("Industrial", "StorageTanks", "Port", "BareLand"), _chimneys
    ),
    "dam": Theme(("dam",), ("Mountain", "Forest", "BareLand", "Meadow"), _dam),
    "toll": Theme(
        ("toll station", "car"), ("Viaduct", "Forest", "Mountain", *_OPEN), _toll
    ),
    "roundabout": Theme(
        ("roundabout",), ("SparseResidential", "Park", "Industrial", *_OPEN, *_TOWN), _roundabout
    ),
    "bridge": Theme(
        ("bridge",), ("River", "Forest", "Farmland", "Beach", "Pond", "Mountain", "Meadow", "Viaduct"), _bridge
    ),
}  # fmt: skip
