"""Ground: surfaces of blocks, streets, rivers, lakes, the sea, woods (docs/design.md 3.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from scipy import ndimage

from dgl_rsis.render.canvas import (
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
    shade,
)
from dgl_rsis.render.kinds import kind_index
from dgl_rsis.render.layout import Layout, Road, box_polygon, dense, ribbon
from dgl_rsis.render.textures import Surface, texture
from dgl_rsis.types import FloatArray


def fill(canvas: Canvas, polygon: Points, kind: str, look: Surface) -> None:
    """Paint ground of one kind over a polygon in the pixel frame."""
    paint(canvas, cover(canvas, [polygon]), look, kind=kind)


def fill_free(canvas: Canvas, polygon: Points, kind: str, look: Surface) -> None:
    """Paint ground of one kind over the free part of a polygon in the pixel frame."""
    paint(canvas, cover_free(canvas, [polygon]), look, kind=kind)


def fill_all(canvas: Canvas, kind: str, look: Surface) -> None:
    """Paint ground of one kind over the whole canvas."""
    height, width = canvas.shape
    canvas.image[:] = texture(look, canvas.fields, slice(0, height), slice(0, width))
    canvas.labels[:] = kind_index(kind)


def crop_surface(canvas: Canvas, angle: float) -> Surface:
    """A crop with its rows along ``angle``."""
    look = canvas.surface("crop", 0.09)
    across = angle + (np.pi / 2 if canvas.rng.random() < 0.7 else 0.0)
    period = float(canvas.rng.choice([1.6, 3.0, 6.0, 12.0])) / canvas.gsd
    return replace(look, stripes=(across, period, float(canvas.rng.uniform(0.02, 0.09))))


def grow_woods(canvas: Canvas, polygon: Points, crown: float = 4.0) -> None:
    """A closed canopy over a polygon: a dome per tree, lit by the sun.

    Args:
        canvas: what is painted on.
        polygon: outline in the pixel frame.
        crown: mean distance of the tree tops in metres.
    """
    patch = cover_free(canvas, [polygon])
    if patch is None:
        return
    paint_canopy(canvas, patch, crown)
    claim(canvas, patch, "tree", 0)
    canvas.occupied[patch.rows, patch.columns] |= patch.alpha > 0.3


def paint_canopy(canvas: Canvas, patch: Patch, crown: float) -> None:
    """Blend the colours of a canopy over a patch."""
    look = canvas.surface("canopy")
    colours = texture(look, canvas.fields, patch.rows, patch.columns)
    spacing = crown / canvas.gsd
    if spacing >= 2.5:
        colours *= canopy_light(canvas, patch.alpha.shape[0], patch.alpha.shape[1], spacing)[
            ..., None
        ]
    blend(canvas, patch, colours)


def canopy_light(canvas: Canvas, height: int, width: int, spacing: float) -> FloatArray:
    """Brightness of tree tops about ``spacing`` pixels apart: ``(h, w)`` around 1."""
    rng = canvas.rng
    step = max(round(spacing / 14), 1)  # a coarser grid is enough for wide crowns
    rows, columns = height // step + 2, width // step + 2
    cell = spacing / step
    tops = np.ones((rows, columns), dtype=np.bool_)
    y, x = np.meshgrid(
        np.arange(0, rows + cell, cell), np.arange(0, columns + cell, cell), indexing="ij"
    )
    y = (y + rng.uniform(-0.45, 0.45, y.shape) * cell).astype(int).clip(0, rows - 1)
    x = (x + rng.uniform(-0.45, 0.45, x.shape) * cell).astype(int).clip(0, columns - 1)
    tops[y, x] = False
    distance, (near_y, near_x) = ndimage.distance_transform_edt(tops, return_indices=True)
    offset_y = np.arange(rows)[:, None] - near_y
    offset_x = np.arange(columns)[None] - near_x
    toward_sun = (offset_x * canvas.sun[0] + offset_y * canvas.sun[1]) / cell
    crown_tone = rng.uniform(0.84, 1.16, tops.shape).astype(np.float32)[near_y, near_x]
    light = crown_tone * (1.12 + 0.55 * toward_sun - 0.5 * (distance / cell) ** 2)
    light = np.clip(light, 0.45, 1.5)
    if step > 1:
        light = ndimage.zoom(light, step, order=1)
    return np.asarray(light[:height, :width], dtype=np.float32)


def lay_roads(canvas: Canvas, layout: Layout, roads: Sequence[Road]) -> list[Points]:
    """Paint streets with sidewalks and lane marks; returns their centre lines in pixels."""
    gsd = canvas.gsd
    lines = [layout.to_pixels(road.line) for road in roads]
    if not roads:
        return lines
    outer = [ribbon(line, r.width / gsd) for line, r in zip(lines, roads, strict=True)]
    inner = [ribbon(line, 0.74 * r.width / gsd) for line, r in zip(lines, roads, strict=True)]
    paint(canvas, cover(canvas, outer), canvas.surface("sidewalk"), kind="road")
    paint(canvas, cover(canvas, inner), canvas.surface("asphalt", 0.1))
    occupy(canvas, outer)
    marks: list[Points] = []
    for line, road in zip(lines, roads, strict=True):
        if road.width >= 7 and gsd <= 0.8:
            marks += dashes(line, 3.0 / gsd, 9.0 / gsd, max(0.16 / gsd, 0.5))
    if marks:
        paint(canvas, cover(canvas, marks), Surface((225, 225, 218)), opacity=0.8)
    return lines


def lay_railway(canvas: Canvas, layout: Layout, road: Road) -> None:
    """Paint a double track on ballast along a line of the plan."""
    line = layout.to_pixels(road.line)
    bed = [ribbon(line, road.width / canvas.gsd)]
    paint(canvas, cover(canvas, bed), canvas.surface("ballast"), kind="railway")
    occupy(canvas, bed)
    if canvas.gsd > 1.2:
        return
    along = np.gradient(line, axis=0)
    normal = np.stack([-along[:, 1], along[:, 0]], axis=1)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    rails, sleepers = [], []
    for track in (-2.2, 2.2):
        sleepers.append(ribbon(line + normal * (track / canvas.gsd), 2.6 / canvas.gsd))
        for side in (-0.72, 0.72):
            middle = line + normal * ((track + side) / canvas.gsd)
            rails.append(ribbon(middle, max(0.15 / canvas.gsd, 0.45)))
    shade(canvas, cover(canvas, sleepers), 0.82)
    paint(canvas, cover(canvas, rails), Surface((190, 182, 176)), opacity=0.85)


def dashes(line: Points, length: float, period: float, width: float) -> list[Points]:
    """Dashes along a line in pixels, as thin rectangles."""
    steps = np.linalg.norm(np.diff(line, axis=0), axis=1)
    travelled = np.concatenate([[0.0], np.cumsum(steps)])
    starts = np.arange(period / 2, travelled[-1] - length, period)
    ends = starts + length
    x0, y0 = np.interp(starts, travelled, line[:, 0]), np.interp(starts, travelled, line[:, 1])
    x1, y1 = np.interp(ends, travelled, line[:, 0]), np.interp(ends, travelled, line[:, 1])
    marks = []
    for a, b, c, d in zip(x0, y0, x1, y1, strict=True):
        angle = float(np.arctan2(d - b, c - a))
        centre = np.array([(a + c) / 2, (b + d) / 2])
        marks.append(box_polygon(centre, float(np.hypot(c - a, d - b)), width, angle))
    return marks


def fill_water(canvas: Canvas, polygon: Points, shore: float) -> None:
    """Paint water with a darker shore line over a polygon in pixels.

    Args:
        canvas: what is painted on.
        polygon: outline in the pixel frame.
        shore: width of the bank in metres; 0 for a quay.
    """
    patch = cover_free(canvas, [polygon]) if shore > 0 else cover(canvas, [polygon])
    if shore > 0:
        centre = polygon.mean(axis=0)
        reach = np.linalg.norm(polygon - centre, axis=1, keepdims=True)
        bank = polygon + (polygon - centre) / np.maximum(reach, 1e-6) * (shore / canvas.gsd)
        shade(canvas, cover_free(canvas, [bank]), 0.85)
        occupy(canvas, [bank])
    paint(canvas, patch, canvas.surface("water", 0.1), kind="water")
    occupy(canvas, [polygon])


def river_line(
    rng: np.random.Generator, radius: float, offset: float, wander: float, wave: float
) -> Points:
    """A meandering line through the plan along x: ``(N, 2)`` plan metres."""
    x = np.linspace(-radius, radius, 90)
    y = offset + wander * np.sin(2 * np.pi * x / wave + rng.uniform(0, 6.3))
    y += 0.4 * wander * np.sin(2 * np.pi * x / (0.43 * wave) + rng.uniform(0, 6.3))
    return np.stack([x, y], axis=1)


def flow_river(canvas: Canvas, layout: Layout, line: Points, width: float) -> Patch | None:
    """Paint a river along a line of the plan, with grassy banks; returns its patch."""
    rng, gsd = canvas.rng, canvas.gsd
    pixels = layout.to_pixels(line)
    turn = np.linspace(0, 9, len(line))
    widths = width / gsd * (1 + 0.13 * np.sin(turn + rng.uniform(0, 6.3)))
    bank = ribbon(pixels, widths + 12.0 / gsd)
    fill(canvas, bank, "grass", canvas.surface("grass"))
    occupy(canvas, [bank])
    shade(canvas, cover(canvas, [ribbon(pixels, widths + 2.5 / gsd)]), 0.75)
    patch = cover(canvas, [ribbon(pixels, widths)])
    paint(canvas, patch, canvas.surface("water", 0.1), kind="water")
    return patch


def build_bridge(canvas: Canvas, centre: Points, angle: float, length: float, width: float) -> None:
    """Build a road bridge: deck, rails, marks and its shadow on the water.

    Args:
        canvas: what is painted on.
        centre: middle of the deck in pixels.
        angle: direction of the road in radians, pixel frame.
        length: metres along the road.
        width: metres across it.
    """
    gsd = canvas.gsd
    deck = box_polygon(centre, length / gsd, width / gsd, angle)
    shift = -canvas.sun * (5.0 * canvas.shadow_length / gsd)
    shade(canvas, cover(canvas, [deck + shift]), 0.6)
    patch = cover(canvas, [deck])
    if patch is None:
        return
    instance = add_record(canvas, "bridge", {"shape": "elongated", "angle": degrees(angle)})
    paint(canvas, patch, canvas.surface("concrete"), kind="bridge", instance=instance)
    occupy(canvas, [deck])
    lane = box_polygon(centre, length / gsd, 0.72 * width / gsd, angle)
    paint(canvas, cover(canvas, [lane]), canvas.surface("asphalt"), opacity=0.85)
    along = np.array([np.cos(angle), np.sin(angle)]) * (length / gsd / 2)
    line = dense(np.stack([centre - along, centre + along]), 8)
    if gsd <= 0.8:
        marks = dashes(line, 3.0 / gsd, 9.0 / gsd, max(0.16 / gsd, 0.5))
        if marks:
            paint(canvas, cover(canvas, marks), Surface((230, 230, 222)), opacity=0.8)
    # Chance of its own: whether a bridge is a truss changes nothing else in the scene.
    own = np.random.default_rng([round(abs(float(centre[0]))), round(length)])
    if gsd <= 1.2 and own.random() < 0.35:
        _truss(canvas, centre, angle, length, width)


def _truss(canvas: Canvas, centre: Points, angle: float, length: float, width: float) -> None:
    """Light girders along both sides of a deck, and crosses over it."""
    gsd, beam = canvas.gsd, max(0.55 / canvas.gsd, 0.7)
    along = np.array([np.cos(angle), np.sin(angle)]) / gsd
    across = np.array([-np.sin(angle), np.cos(angle)]) / gsd
    bays = max(int(length / width), 2)
    stops = np.linspace(-0.46, 0.46, bays + 1) * length
    left, right = -0.42 * width, 0.42 * width
    lines = [((stops[0], side), (stops[-1], side)) for side in (left, right)]
    for first, last in pairwise(stops):
        lines += [((first, left), (last, right)), ((first, right), (last, left))]
        lines.append(((first, left), (first, right)))
    beams = []
    for start, end in lines:
        a, b = (centre + along * x + across * y for x, y in (start, end))
        step = b - a
        beams.append(
            box_polygon(
                (a + b) / 2, float(np.hypot(*step)), beam, float(np.arctan2(step[1], step[0]))
            )
        )
    paint(canvas, cover(canvas, beams), Surface((206, 204, 198)), opacity=0.9)
