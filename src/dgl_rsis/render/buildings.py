"""Buildings: houses and halls with flat, gabled, hipped and L-shaped roofs (docs/design.md 3.2)."""

from __future__ import annotations

import numpy as np

from dgl_rsis.render.canvas import Body, Canvas, Points, cover, degrees, paint, reserve, shade
from dgl_rsis.render.layout import box_polygon
from dgl_rsis.render.textures import Surface

HOUSE_ROOFS = ("red", "red", "brown", "brown", "grey", "dark", "white")
HALL_ROOFS = ("grey", "grey", "white", "white", "dark", "blue", "brown", "red")


def add_building(
    canvas: Canvas,
    centre: Points,
    length: float,
    width: float,
    angle: float,
    *,
    colour: str,
    roof: str,
    height: float,
    margin: float = 1.0,
) -> bool:
    """Place a building if the ground is free.

    Args:
        canvas: what is painted on.
        centre: middle of the footprint in pixels.
        length: metres along ``angle``.
        width: metres across it.
        angle: direction of the long side in radians, pixel frame.
        colour: red, brown, grey, dark, white or blue.
        roof: ``"flat"``, ``"gabled"``, ``"hipped"`` or ``"L-shaped"``.
        height: metres.
        margin: free ground around it in metres.

    Returns:
        Whether it was placed.
    """
    gsd = canvas.gsd
    outer = box_polygon(centre, length / gsd, width / gsd, angle)
    if length * width / gsd**2 < 14 or not reserve(canvas, outer, margin):
        return False
    angled = _local(centre, angle, gsd, _angled(length, width))
    outline = angled if roof == "L-shaped" else outer
    seed = int(canvas.rng.integers(2**31))
    look = canvas.surface(f"roof {colour}", 0.05)

    def draw(target: Canvas, instance: int) -> None:
        paint(target, cover(target, [outline]), look, kind="building", instance=instance)
        rng = np.random.default_rng(seed)
        if roof == "flat":
            _finish_flat(target, rng, centre, length, width, angle, look)
        elif roof == "L-shaped":
            _finish_angled(target, centre, length, width, angle)
        else:
            inset = 0.0 if roof == "gabled" else min(width / 2, length / 2)
            _finish_ridged(target, centre, length, width, angle, inset)

    long_side = angle if length >= width else angle + np.pi / 2
    shape = "L-shaped" if roof == "L-shaped" else "rectangular"
    attributes = {"colour": colour, "shape": shape, "roof": roof, "angle": degrees(long_side)}
    canvas.bodies.append(Body("building", (outline,), height, draw, attributes))
    return True


def _local(centre: Points, angle: float, gsd: float, corners: Points) -> Points:
    """Turn ``(N, 2)`` metres along and across a building into pixels."""
    cosine, sine = np.cos(angle), np.sin(angle)
    x = cosine * corners[:, 0] - sine * corners[:, 1]
    y = sine * corners[:, 0] + cosine * corners[:, 1]
    return np.asarray(np.stack([x, y], axis=1) / gsd + centre, dtype=np.float64)


def _angled(length: float, width: float) -> Points:
    """Corners of an L that leaves one quarter of its box free."""
    u, v = length / 2, width / 2
    return np.array([[-u, -v], [u, -v], [u, 0.0], [-0.1 * u, 0.0], [-0.1 * u, v], [-u, v]])


def _tone(canvas: Canvas, direction: float) -> float:
    """Brightness of a roof plane that falls towards ``direction`` (radians, pixel frame)."""
    facing = np.cos(direction) * canvas.sun[0] + np.sin(direction) * canvas.sun[1]
    return float(1.0 + 0.24 * facing)


def _finish_ridged(
    canvas: Canvas, centre: Points, length: float, width: float, angle: float, inset: float
) -> None:
    """Shade the planes of a gabled roof, or of a hipped one where ``inset`` is positive."""
    u, v, gsd = length / 2, width / 2, canvas.gsd
    ridge = u - inset
    upper = np.array([[-u, -v], [u, -v], [ridge, 0.0], [-ridge, 0.0]])
    lower = np.array([[-u, v], [u, v], [ridge, 0.0], [-ridge, 0.0]])
    shade(
        canvas, cover(canvas, [_local(centre, angle, gsd, upper)]), _tone(canvas, angle - np.pi / 2)
    )
    shade(
        canvas, cover(canvas, [_local(centre, angle, gsd, lower)]), _tone(canvas, angle + np.pi / 2)
    )
    if inset > 0:
        left = np.array([[-u, -v], [-ridge, 0.0], [-u, v]])
        right = -left
        shade(
            canvas, cover(canvas, [_local(centre, angle, gsd, left)]), _tone(canvas, angle + np.pi)
        )
        shade(canvas, cover(canvas, [_local(centre, angle, gsd, right)]), _tone(canvas, angle))
    if ridge > 0 and gsd <= 0.6:
        along = np.array([np.cos(angle), np.sin(angle)])
        line = box_polygon(centre, 2 * ridge / gsd, max(0.3 / gsd, 0.6), angle)
        shade(canvas, cover(canvas, [line]), 1.15)
        chimney = centre + along * (0.4 * ridge / gsd)
        shade(canvas, cover(canvas, [box_polygon(chimney, 1.0 / gsd, 0.8 / gsd, angle)]), 0.55)


def _finish_angled(
    canvas: Canvas, centre: Points, length: float, width: float, angle: float
) -> None:
    """Shade the two wings of an L-shaped gabled roof."""
    u, v, gsd = length / 2, width / 2, canvas.gsd
    long_wing = np.array([[-u, -v / 2], [u, -v / 2], [u, 0.0], [-u, 0.0]])
    long_back = np.array([[-u, -v], [u, -v], [u, -v / 2], [-u, -v / 2]])
    short_left = np.array([[-u, -v / 2], [-0.55 * u, 0.0], [-0.55 * u, v], [-u, v]])
    short_right = np.array([[-0.1 * u, 0.0], [-0.55 * u, 0.0], [-0.55 * u, v], [-0.1 * u, v]])
    for corners, turn in (
        (long_back, -np.pi / 2),
        (long_wing, np.pi / 2),
        (short_left, np.pi),
        (short_right, 0.0),
    ):
        polygon = _local(centre, angle, gsd, corners)
        shade(canvas, cover(canvas, [polygon]), _tone(canvas, angle + turn))


def _finish_flat(
    canvas: Canvas,
    rng: np.random.Generator,
    centre: Points,
    length: float,
    width: float,
    angle: float,
    look: Surface,
) -> None:
    """Parapet, skylight rows or boxes with their shadows on a flat roof."""
    gsd = canvas.gsd
    if gsd > 1.5:
        return
    rim = 0.5 if width < 25 else 0.9
    inner = box_polygon(centre, (length - 2 * rim) / gsd, (width - 2 * rim) / gsd, angle)
    shade(canvas, cover(canvas, [box_polygon(centre, length / gsd, width / gsd, angle)]), 1.12)
    shade(canvas, cover(canvas, [inner]), 0.9)
    along = np.array([np.cos(angle), np.sin(angle)]) / gsd
    across = np.array([-np.sin(angle), np.cos(angle)]) / gsd
    style = rng.random() if min(length, width) > 22 else 1.0
    if style < 0.3:
        count = int(length / rng.uniform(9, 14))
        for position in np.linspace(-0.42, 0.42, max(count, 2)) * length:
            strip = box_polygon(centre + along * position, 1.8 / gsd, 0.72 * width / gsd, angle)
            paint(canvas, cover(canvas, [strip]), Surface((205, 212, 214)), opacity=0.75)
        return
    if style < 0.6:
        lights = _grid(rng, centre, along, across, length, width, (2.6, 1.3), angle, gsd)
        paint(canvas, cover(canvas, lights), Surface((212, 216, 218)), opacity=0.85)
        return
    if style < 0.75:
        panels = _grid(rng, centre, along, across, length, width, (8.0, 2.2), angle, gsd)
        paint(canvas, cover(canvas, panels), Surface((66, 80, 112)), opacity=0.9)
        return
    boxes, shadows = [], []
    shift = -canvas.sun * (1.6 * canvas.shadow_length / gsd)
    for _ in range(int(np.clip(length * width / 150, 1, 9))):
        place = (
            centre
            + along * rng.uniform(-0.4, 0.4) * length
            + across * rng.uniform(-0.36, 0.36) * width
        )
        size = rng.uniform(1.2, 3.2, 2)
        boxes.append(box_polygon(place, size[0] / gsd, size[1] / gsd, angle))
        shadows.append(boxes[-1] + shift)
    shade(canvas, cover(canvas, shadows), 0.62)
    red, green, blue = (float(np.clip(value * 0.75 + 50, 0, 250)) for value in look.colour)
    paint(canvas, cover(canvas, boxes), Surface((red, green, blue)))


def _grid(
    rng: np.random.Generator,
    centre: Points,
    along: Points,
    across: Points,
    length: float,
    width: float,
    size: tuple[float, float],
    angle: float,
    gsd: float,
) -> list[Points]:
    """Equal rectangles of ``size`` metres in rows and columns over a roof, a few left out."""
    pitch = size[0] * rng.uniform(1.15, 4.0), size[1] * rng.uniform(1.6, 7.0)
    columns = np.arange(-0.45 * length + size[0], 0.45 * length - size[0] / 2, pitch[0])
    rows = np.arange(-0.45 * width + size[1], 0.45 * width - size[1] / 2, pitch[1])
    cells = [
        box_polygon(centre + along * x + across * y, size[0] / gsd, size[1] / gsd, angle)
        for x in columns
        for y in rows
        if rng.random() < 0.92
    ]
    return cells or [box_polygon(centre, size[0] / gsd, size[1] / gsd, angle)]


def random_house(canvas: Canvas, centre: Points, angle: float) -> bool:
    """Place a house of 8 to 15 m."""
    rng = canvas.rng
    if 120 / canvas.gsd**2 < 14:
        return False
    roof = str(rng.choice(["gabled", "hipped", "hipped", "L-shaped", "flat"]))
    length, width = float(rng.uniform(10, 15)), float(rng.uniform(8, 11))
    if roof == "L-shaped":
        length, width = length * 1.1, width * 1.4
    colour = str(rng.choice(HOUSE_ROOFS))
    return add_building(
        canvas,
        centre,
        length,
        width,
        angle,
        colour=colour,
        roof=roof,
        height=float(rng.uniform(5, 8)),
    )


def random_hall(canvas: Canvas, centre: Points, angle: float, length: float, width: float) -> bool:
    """Place a hall or a slab of the given size with a flat or shallow gabled roof."""
    rng = canvas.rng
    roof = str(rng.choice(["flat", "flat", "flat", "gabled"]))
    colour = str(rng.choice(HALL_ROOFS))
    return add_building(
        canvas,
        centre,
        length,
        width,
        angle,
        colour=colour,
        roof=roof,
        height=float(rng.uniform(7, 14)),
        margin=2.0,
    )
