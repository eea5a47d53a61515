"""Trees, cars, car parks, tanks, pools and courts (docs/design.md 3.2)."""

from __future__ import annotations

import numpy as np

from dgl_rsis.render.canvas import (
    Body,
    Canvas,
    Patch,
    Points,
    add_record,
    blend,
    claim,
    cover,
    cover_free,
    degrees,
    occupy,
    paint,
    reserve,
    shade,
)
from dgl_rsis.render.layout import box_polygon, ellipse
from dgl_rsis.render.textures import Surface

CAR_COLOURS = ("white", "white", "grey", "grey", "dark", "dark", "red", "blue")
_WHITE = Surface((232, 232, 228))


def add_tree(canvas: Canvas, centre: Points, radius: float, *, free: bool = True) -> None:
    """Place a single tree: a lit dome with a ragged edge; ``radius`` in metres."""
    size = radius / canvas.gsd
    outline = ellipse(centre, size, size)
    if size < 1.2:
        return
    if free and not reserve(canvas, outline, 0.0):
        return
    rng = canvas.rng
    look = canvas.surface("canopy")
    phases = rng.uniform(0, 2 * np.pi, 2)

    def draw(target: Canvas, instance: int) -> None:
        patch = cover(target, [outline])
        if patch is None:
            return
        y = np.arange(patch.rows.start, patch.rows.stop, dtype=np.float32)[:, None] + 0.5
        x = np.arange(patch.columns.start, patch.columns.stop, dtype=np.float32)[None] + 0.5
        y, x = (y - centre[1]) / size, (x - centre[0]) / size
        turn = np.arctan2(y, x)
        distance = np.sqrt(x * x + y * y)
        edge = 0.92 + 0.07 * np.sin(5 * turn + phases[0]) + 0.06 * np.sin(8 * turn + phases[1])
        alpha = np.clip((edge - distance) * size + 0.5, 0, 1).astype(np.float32)
        lit = 1.08 + 0.42 * (x * target.sun[0] + y * target.sun[1]) - 0.18 * distance
        grain = 1 + 0.12 * target.fields[2][patch.rows, patch.columns]
        tone = (lit * grain)[..., None] * np.asarray(look.colour, dtype=np.float32)
        ragged = Patch(patch.rows, patch.columns, alpha)
        blend(target, ragged, tone.astype(np.float32))
        claim(target, ragged, "tree", instance)

    canvas.bodies.append(Body("tree", (outline,), 1.6 * radius + 1, draw, {"shape": "round"}))


def add_car(canvas: Canvas, centre: Points, angle: float, colour: str | None = None) -> None:
    """Place a car, unless it would be a speck at this GSD."""
    gsd = canvas.gsd
    if 8.1 / gsd**2 < 12:
        return
    rng = canvas.rng
    name = colour or str(rng.choice(CAR_COLOURS))
    length, width = 4.5 * rng.uniform(0.92, 1.08) / gsd, 1.85 / gsd
    outline = box_polygon(centre, length, width, angle)
    look = canvas.surface(f"car {name}", 0.05)

    def draw(target: Canvas, instance: int) -> None:
        paint(target, cover(target, [outline]), look, kind="car", instance=instance)
        if gsd > 0.6:
            return
        along = np.array([np.cos(angle), np.sin(angle)])
        panes = [
            box_polygon(centre + along * (0.17 * length), 0.13 * length, 0.8 * width, angle),
            box_polygon(centre - along * (0.30 * length), 0.10 * length, 0.8 * width, angle),
        ]
        paint(target, cover(target, panes), Surface((38, 44, 50)), opacity=0.75)

    canvas.bodies.append(
        Body("car", (outline,), 1.4, draw, {"colour": name, "angle": degrees(angle)})
    )


def lay_car_park(
    canvas: Canvas, polygon: Points, centre: Points, angle: float, size: tuple[float, float]
) -> None:
    """Pave a car park with rows of marked bays, about half of them taken.

    Args:
        canvas: what is painted on.
        polygon: outline in the pixel frame.
        centre: middle in pixels.
        angle: direction of the rows.
        size: extent along and across the rows in metres.
    """
    gsd, rng = canvas.gsd, canvas.rng
    patch = cover_free(canvas, [polygon])
    if patch is None or not (patch.alpha >= 0.5).any():
        return
    instance = add_record(canvas, "car park", {})
    paint(canvas, patch, canvas.surface("asphalt", 0.12), kind="car park", instance=instance)
    occupy(canvas, [polygon])
    along = np.array([np.cos(angle), np.sin(angle)]) / gsd
    across = np.array([-np.sin(angle), np.cos(angle)]) / gsd
    bay, depth, aisle = 2.6, 5.0, 6.5
    lines: list[Points] = []
    places: list[Points] = []
    columns = np.arange(-size[0] / 2 + 2, size[0] / 2 - 2, bay)
    row, number = -size[1] / 2 + 1 + depth / 2, 0
    while row + depth / 2 < size[1] / 2 - 0.5:
        middle = centre + across * row
        for column in columns:
            place = middle + along * column
            lines.append(box_polygon(place, 0.13 / gsd, depth / gsd, angle))
        places += [middle + along * (column + bay / 2) for column in columns[:-1]]
        row += depth + (aisle if number % 2 == 0 else 0.2)  # then two rows back to back
        number += 1
    if gsd <= 0.7 and lines:
        _mark_bays(canvas, lines, instance)
    taken = rng.uniform(0.3, 0.85)
    height, width = canvas.shape
    for place in places:
        x, y = int(place[0]), int(place[1])
        inside = 0 <= x < width and 0 <= y < height and canvas.instances[y, x] == instance
        if inside and rng.random() < taken:
            add_car(canvas, place, angle + np.pi / 2 + np.pi * int(rng.integers(2)))


def _mark_bays(canvas: Canvas, lines: list[Points], instance: int) -> None:
    """Paint bay lines where the car park is, not on what cuts into it."""
    patch = cover(canvas, lines)
    if patch is not None:
        lot = canvas.instances[patch.rows, patch.columns] == instance
        paint(canvas, Patch(patch.rows, patch.columns, patch.alpha * lot), _WHITE, opacity=0.75)


def add_tank(canvas: Canvas, centre: Points, radius: float) -> None:
    """Place a round storage tank with a lit shell and a stair; ``radius`` in metres."""
    gsd, size = canvas.gsd, radius / canvas.gsd
    outline = ellipse(centre, size, size)
    if size < 2.2 or not reserve(canvas, outline, 1.5):
        return
    rng = canvas.rng
    colour = str(rng.choice(["white", "white", "white", "grey"]))
    look = canvas.surface(f"roof {colour}", 0.04)
    stair = float(rng.uniform(0, 2 * np.pi))

    def draw(target: Canvas, instance: int) -> None:
        paint(target, cover(target, [outline]), look, kind="storage tank", instance=instance)
        shade(target, cover(target, [ellipse(centre, 0.9 * size, 0.9 * size)]), 0.9)
        lit = centre + target.sun * (0.12 * size)
        shade(target, cover(target, [ellipse(lit, 0.72 * size, 0.72 * size)]), 1.13)
        spoke = np.array([np.cos(stair), np.sin(stair)])
        walk = box_polygon(centre + spoke * 0.45 * size, 0.9 * size, max(0.7 / gsd, 0.5), stair)
        shade(target, cover(target, [walk]), 0.72)
        shade(target, cover(target, [ellipse(centre, 0.1 * size + 0.4, 0.1 * size + 0.4)]), 0.75)

    attributes = {"colour": colour, "shape": "round"}
    canvas.bodies.append(Body("storage tank", (outline,), 0.75 * radius + 3, draw, attributes))


def add_pool(canvas: Canvas, centre: Points, length: float, width: float, angle: float) -> bool:
    """Place a swimming pool with a light rim, sizes in metres; tells whether it was placed."""
    gsd, rng = canvas.gsd, canvas.rng
    rim = box_polygon(centre, (length + 2.4) / gsd, (width + 2.4) / gsd, angle)
    if length * width / gsd**2 < 14 or not reserve(canvas, rim, 0.5):
        return False
    round_shape = bool(rng.random() < 0.3)
    shape = "round" if round_shape else "rectangular"
    if round_shape:
        outline = ellipse(centre, length / 2 / gsd, width / 2 / gsd, angle)
    else:
        outline = box_polygon(centre, length / gsd, width / gsd, angle)
    look, deck = canvas.surface("pool", 0.04), canvas.surface("concrete")

    def draw(target: Canvas, instance: int) -> None:
        paint(target, cover(target, [rim]), deck, opacity=0.9)
        paint(target, cover(target, [outline]), look, kind="swimming pool", instance=instance)
        shift = -target.sun * (0.5 / gsd)
        shade(target, cover(target, [outline * 0.8 + 0.2 * centre + shift]), 1.06)

    attributes = {"colour": "blue", "shape": shape}
    canvas.bodies.append(Body("swimming pool", (outline,), 0.0, draw, attributes))
    return True


def add_tennis_court(canvas: Canvas, centre: Points, angle: float) -> bool:
    """Place a tennis court of 36 by 18 m with its lines; tells whether it was placed."""
    gsd = canvas.gsd
    outline = box_polygon(centre, 35 / gsd, 17.5 / gsd, angle)
    if 610 / gsd**2 < 30 or not reserve(canvas, outline, 0.6):
        return False
    ground, inner = canvas.surface("court"), canvas.surface("court")
    across = np.array([-np.sin(angle), np.cos(angle)]) / gsd
    along = np.array([np.cos(angle), np.sin(angle)]) / gsd

    def draw(target: Canvas, instance: int) -> None:
        paint(target, cover(target, [outline]), ground, kind="tennis court", instance=instance)
        play = box_polygon(centre, 23.8 / gsd, 11 / gsd, angle)
        paint(target, cover(target, [play]), inner)
        line = max(0.12, 0.5 * gsd)
        marks = [
            box_polygon(centre + across * side, 23.8 / gsd, line / gsd, angle)
            for side in (-5.5, -4.1, 4.1, 5.5)
        ]
        marks += [
            box_polygon(centre + along * end, line / gsd, reach / gsd, angle)
            for end, reach in ((-11.9, 11), (-6.4, 8.2), (0.0, 12.6), (6.4, 8.2), (11.9, 11))
        ]
        marks.append(box_polygon(centre, 12.8 / gsd, line / gsd, angle))
        if gsd <= 1.2:
            paint(target, cover(target, marks), _WHITE, opacity=0.85)

    attributes = {"shape": "rectangular", "angle": degrees(angle)}
    canvas.bodies.append(Body("tennis court", (outline,), 0.0, draw, attributes))
    return True


def add_sports_field(
    canvas: Canvas, centre: Points, angle: float, length: float, width: float
) -> bool:
    """Place a football pitch with mowing stripes and lines, sizes in metres."""
    gsd = canvas.gsd
    outline = box_polygon(centre, length / gsd, width / gsd, angle)
    if length * width / gsd**2 < 60 or not reserve(canvas, outline, 1.0):
        return False
    plain = canvas.surface("turf")
    look = Surface(plain.colour, plain.roughness, plain.tint, (angle, 11.0 / gsd, 0.09))
    across = np.array([-np.sin(angle), np.cos(angle)]) / gsd
    along = np.array([np.cos(angle), np.sin(angle)]) / gsd

    def draw(target: Canvas, instance: int) -> None:
        paint(target, cover(target, [outline]), look, kind="sports field", instance=instance)
        line, u, v = max(0.25, 0.7 * gsd), 0.94 * length, 0.9 * width
        marks = [
            box_polygon(centre + across * s * v / 2, u / gsd, line / gsd, angle) for s in (-1, 1)
        ]
        marks += [
            box_polygon(centre + along * s * u / 2, line / gsd, v / gsd, angle) for s in (-1, 0, 1)
        ]
        for end in (-1, 1):
            goal = centre + along * (end * (u / 2 - 0.16 * u))
            marks.append(box_polygon(goal, line / gsd, 0.58 * v / gsd, angle))
            for side in (-1, 1):
                corner = centre + along * (end * 0.42 * u) + across * (side * 0.29 * v)
                marks.append(box_polygon(corner, 0.16 * u / gsd, line / gsd, angle))
        paint(target, cover(target, marks), _WHITE, opacity=0.85)
        ring = ellipse(centre, 0.13 * v / gsd, 0.13 * v / gsd)
        dots = [box_polygon(point, line / gsd, line / gsd, 0.0) for point in ring]
        paint(target, cover(target, dots), _WHITE, opacity=0.7)

    attributes = {"shape": "rectangular", "angle": degrees(angle)}
    canvas.bodies.append(Body("sports field", (outline,), 0.0, draw, attributes))
    return True
