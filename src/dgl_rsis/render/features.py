"""What crosses a whole scene: river with bridges, harbour basin, airfield (docs/design.md 3.2)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dgl_rsis.render.buildings import random_hall
from dgl_rsis.render.canvas import Canvas, Points, cover, occupy
from dgl_rsis.render.kinds import kind_index
from dgl_rsis.render.layout import Block, Layout, Road
from dgl_rsis.render.terrain import build_bridge, fill, fill_water, flow_river, river_line
from dgl_rsis.render.transport import add_plane, add_ship, lay_runway


def carve_river(canvas: Canvas, layout: Layout, roads: Sequence[Road], extent: float) -> None:
    """A river through the scene, bridges where wide streets meet it, and ships."""
    rng = canvas.rng
    width = float(rng.uniform(0.10, 0.17) * min(extent, 600))
    offset = float(rng.uniform(-0.14, 0.14) * extent)
    line = river_line(rng, 0.8 * extent, offset, 0.06 * extent, rng.uniform(0.7, 1.3) * extent)
    flow_river(canvas, layout, line, width)
    bridges = 0
    for road in sorted(roads, key=lambda road: road.depth):
        if bridges < 3 and _span(canvas, layout, road, line, width):
            bridges += 1
    for _ in range(14):
        at = int(rng.integers(3, len(line) - 3))
        x, y = line[at]
        slope = line[at + 1] - line[at - 1]
        place, turn = layout.place(float(x), float(y + rng.uniform(-0.2, 0.2) * width))
        angle = turn + float(np.arctan2(slope[1], slope[0])) + np.pi * int(rng.integers(2))
        length = float(np.clip(rng.uniform(0.5, 1.3) * width, 9, 75))
        if not _near_bridge(canvas, place, 0.7 * length / canvas.gsd):
            add_ship(canvas, place, angle, length, moving=bool(rng.random() < 0.6))


def _near_bridge(canvas: Canvas, place: Points, reach: float) -> bool:
    """Whether a bridge lies within ``reach`` pixels of a place."""
    height, width = canvas.shape
    y0, y1 = (int(np.clip(place[1] + d, 0, height)) for d in (-reach, reach + 1))
    x0, x1 = (int(np.clip(place[0] + d, 0, width)) for d in (-reach, reach + 1))
    return bool((canvas.labels[y0:y1, x0:x1] == kind_index("bridge")).any())


def _span(canvas: Canvas, layout: Layout, road: Road, line: Points, width: float) -> bool:
    """Bridge the river where a street crosses it steeply; tells whether it did."""
    level = np.interp(road.line[:, 0], line[:, 0], line[:, 1])
    above = road.line[:, 1] - level
    crossing = np.flatnonzero(np.sign(above[:-1]) != np.sign(above[1:]))
    if road.width < 7 or len(crossing) == 0 or min(-above.min(), above.max()) < 0.7 * width:
        return False
    at = int(crossing[0])
    step = road.line[at + 1] - road.line[at]
    if abs(step[1]) < 2 * abs(step[0]):
        return False
    share = above[at] / (above[at] - above[at + 1])
    pixels = layout.to_pixels(
        np.stack([road.line[at] + share * step, road.line[at], road.line[at + 1]])
    )
    along = pixels[2] - pixels[1]
    angle = float(np.arctan2(along[1], along[0]))
    height, width_pixels = canvas.shape
    if not (0 <= pixels[0][0] < width_pixels and 0 <= pixels[0][1] < height):
        return False
    build_bridge(canvas, pixels[0], angle, 1.15 * width + 18, 1.25 * road.width)
    return True


def dig_harbour(canvas: Canvas, layout: Layout, extent: float) -> None:
    """A basin along one side with a concrete quay, ships at the quay and under way."""
    rng = canvas.rng
    edge = float(rng.uniform(0.02, 0.1) * extent)
    quay = float(np.clip(0.05 * extent, 6, 24))
    far = 1.2 * extent
    pavement = Block(-far, edge - quay, far, edge).outline()
    fill(canvas, layout.to_pixels(pavement), "pavement", canvas.surface("concrete"))
    occupy(canvas, [layout.to_pixels(pavement)])
    fill_water(canvas, layout.to_pixels(Block(-far, edge, far, far).outline()), 0.0)
    pier_x = float(rng.uniform(-0.2, 0.2) * extent)
    pier = Block(pier_x - quay / 2, edge - 1, pier_x + quay / 2, edge + 0.2 * extent).outline()
    fill(canvas, layout.to_pixels(pier), "pavement", canvas.surface("concrete"))
    scale = float(np.clip(extent / 360, 0.12, 2.0))
    x = -0.6 * extent
    while x < 0.6 * extent:
        length = float(rng.uniform(34, 95) * scale)
        place, turn = layout.place(x + length / 2, edge + 0.12 * length + 1.5)
        if rng.random() < 0.75:
            add_ship(canvas, place, turn + np.pi * int(rng.integers(2)), length, moving=False)
        x += length * 1.15 + 4
    for _ in range(12):
        x, y = rng.uniform(-0.6, 0.6) * extent, rng.uniform(edge + 0.08 * extent, 0.6 * extent)
        place, turn = layout.place(float(x), float(y))
        angle = turn + float(rng.normal(0, 0.35)) + np.pi * int(rng.integers(2))
        add_ship(
            canvas,
            place,
            angle,
            float(rng.uniform(14, 60) * scale),
            moving=bool(rng.random() < 0.7),
        )


def lay_airfield(canvas: Canvas, layout: Layout, extent: float) -> None:
    """A runway, a taxiway and an apron with planes and hangars, on grass."""
    rng, gsd = canvas.rng, canvas.gsd
    depth = 0.34 * extent
    ground = Block(-1.2 * extent, -0.52 * depth, 1.2 * extent, 0.75 * depth)
    kind, material = ("bare ground", "soil") if rng.random() < 0.15 else ("grass", "grass")
    fill(canvas, layout.to_pixels(ground.outline()), kind, canvas.surface(material))
    occupy(canvas, [layout.to_pixels(ground.outline())])
    width = float(np.clip(0.09 * extent, 12, 45))
    y = ground.y0 + 0.22 * depth
    reach = 0.9 * extent
    first, turn = layout.place(0.0, y)
    along = np.array([np.cos(turn), np.sin(turn)]) * (reach / gsd)
    short = float(rng.uniform(0.3, 1.0))
    lay_runway(canvas, first - along * short, first + along, width)
    apron = Block(-0.34 * extent, 0.02 * depth, 0.34 * extent, 0.5 * depth)
    fill(canvas, layout.to_pixels(apron.outline()), "pavement", canvas.surface("concrete"))
    for x in (apron.x0 + 0.1 * extent, apron.x1 - 0.1 * extent):
        link = Block(x - width / 4, y, x + width / 4, apron.y0 + 1)
        fill(
            canvas,
            layout.to_pixels(Block(link.x0, y + width / 2, link.x1, link.y1).outline()),
            "pavement",
            canvas.surface("concrete"),
        )
    canvas.occupied[:] &= ~_inside(canvas, layout, apron)
    length = float(np.clip(rng.uniform(0.075, 0.12) * extent, 11, 60))
    hall = float(np.clip(0.2 * extent, 16, 90))
    for x in np.arange(apron.x0 + 0.6 * length, apron.x1 - 0.5 * length, 1.25 * length):
        if rng.random() < 0.8:
            place, turn = layout.place(float(x), apron.y0 + 0.62 * length)
            add_plane(
                canvas,
                place,
                turn + np.pi / 2 + float(rng.normal(0, 0.06)),
                length * float(rng.choice([1.0, 1.0, 0.7])),
            )
    for x in (-0.22, 0.02, 0.24):
        place, turn = layout.place(x * extent, apron.y1 - 0.12 * depth)
        random_hall(canvas, place, turn, hall * float(rng.uniform(0.7, 1)), 0.2 * depth)
    occupy(canvas, [layout.to_pixels(ground.outline())])


def _inside(
    canvas: Canvas, layout: Layout, block: Block
) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    """Pixels of a block: ``(H, W)`` bool."""
    inside = np.zeros(canvas.shape, dtype=np.bool_)
    patch = cover(canvas, [layout.to_pixels(block.outline())])
    if patch is not None:
        inside[patch.rows, patch.columns] = patch.alpha >= 0.5
    return inside
