"""Ships, planes and runways (docs/design.md 3.2)."""

from __future__ import annotations

import numpy as np

from dgl_rsis.render.canvas import (
    Body,
    Canvas,
    Points,
    add_record,
    cover,
    degrees,
    occupy,
    paint,
    reserve,
    shade,
)
from dgl_rsis.render.layout import box_polygon, dense, ellipse
from dgl_rsis.render.terrain import dashes
from dgl_rsis.render.textures import Surface

_WHITE = Surface((232, 232, 228))


def _turned(centre: Points, angle: float, scale: float, corners: Points) -> Points:
    """Corners in units of ``scale`` pixels, x forward, turned to ``angle``."""
    cosine, sine = np.cos(angle), np.sin(angle)
    x = cosine * corners[:, 0] - sine * corners[:, 1]
    y = sine * corners[:, 0] + cosine * corners[:, 1]
    return np.asarray(np.stack([x, y], axis=1) * scale + centre, dtype=np.float64)


def on_water(canvas: Canvas, outline: Points) -> bool:
    """Whether all visible pixels of a polygon are water, and there are some."""
    patch = cover(canvas, [outline])
    if patch is None:
        return False
    inside = patch.alpha > 0.3
    labels = canvas.labels[patch.rows, patch.columns][inside]
    return labels.size > 0 and not bool(labels.any())  # water is kind 0


def add_ship(canvas: Canvas, centre: Points, angle: float, length: float, *, moving: bool) -> bool:
    """Place a ship of ``length`` metres on water; tells whether it was placed."""
    gsd, rng = canvas.gsd, canvas.rng
    scale = length / gsd
    beam = 0.22 if length < 30 else 0.16
    hull = np.array([[-0.5, -0.42], [-0.47, -0.5], [0.22, -0.5], [0.4, -0.3], [0.5, 0.0]]) * [
        1,
        beam,
    ]
    hull = np.vstack([hull, hull[::-1][1:] * [1, -1]])
    outline = _turned(centre, angle, scale, hull)
    ground = box_polygon(centre, 1.02 * scale, (beam + 0.03) * scale, angle)
    if 0.7 * beam * scale**2 < 16 or not on_water(canvas, ground):
        return False
    patch = cover(canvas, [ground])
    if patch is None or canvas.instances[patch.rows, patch.columns].any():
        return False
    for body in canvas.bodies:
        gap = np.linalg.norm(body.outlines[0].mean(axis=0) - centre)
        if body.kind == "ship" and gap < np.ptp(body.outlines[0], axis=0).max() * 0.6 + 0.5 * scale:
            return False
    colour = str(rng.choice(["white", "white", "red", "dark", "blue"]))
    side = canvas.surface(f"hull {colour}", 0.04)
    deck = canvas.surface(
        "roof white" if length < 30 else f"roof {rng.choice(['grey', 'red', 'brown'])}"
    )
    stacked = bool(length > 60 and rng.random() < 0.6)
    seed = int(rng.integers(2**31))

    def draw(target: Canvas, instance: int) -> None:
        if moving:
            _wake(target, centre, angle, scale, beam)
        paint(target, cover(target, [outline]), side, kind="ship", instance=instance)
        inner = _turned(centre, angle, scale, hull * [0.93, 0.72])
        paint(target, cover(target, [inner]), deck if colour != "white" else side)
        _superstructure(target, np.random.default_rng(seed), centre, angle, scale, beam, stacked)

    canvas.bodies.append(
        Body(
            "ship",
            (outline,),
            0.08 * length,
            draw,
            {"colour": colour, "shape": "elongated", "angle": degrees(angle)},
        )
    )
    return True


def _wake(canvas: Canvas, centre: Points, angle: float, scale: float, beam: float) -> None:
    """Foam behind a moving ship, fading with distance."""
    for reach, opacity in ((2.2, 0.14), (1.4, 0.2), (0.9, 0.3)):
        trail = np.array(
            [[-0.45, -0.3 * beam], [-0.45, 0.3 * beam], [-reach, beam], [-reach, -beam]]
        )
        polygon = _turned(centre, angle, scale, trail)
        paint(
            canvas,
            cover(canvas, [polygon]),
            Surface((214, 224, 224), (0.05, 0.08, 0.1, 0.05, 0.0)),
            opacity=opacity,
        )


def _superstructure(
    canvas: Canvas,
    rng: np.random.Generator,
    centre: Points,
    angle: float,
    scale: float,
    beam: float,
    stacked: bool,
) -> None:
    """Bridge house at the stern, and hatches or containers on deck."""
    along = np.array([np.cos(angle), np.sin(angle)]) * scale
    across = np.array([-np.sin(angle), np.cos(angle)]) * scale
    if stacked:
        tones = ((178, 70, 56), (70, 104, 150), (196, 190, 178), (92, 128, 92), (190, 140, 70))
        for slot in np.arange(-0.25, 0.36, 0.075):
            for lane in (-0.28, 0.0, 0.28):
                box = box_polygon(
                    centre + along * slot + across * (lane * beam),
                    0.066 * scale,
                    0.25 * beam * scale,
                    angle,
                )
                paint(canvas, cover(canvas, [box]), Surface(tones[int(rng.integers(5))]))
    else:
        hatches = [
            box_polygon(centre + along * slot, 0.1 * scale, 0.45 * beam * scale, angle)
            for slot in (-0.12, 0.03, 0.18)
        ]
        shade(canvas, cover(canvas, hatches), 0.8)
    house = box_polygon(centre - along * 0.35, 0.12 * scale, 0.62 * beam * scale, angle)
    paint(canvas, cover(canvas, [house]), _WHITE)
    shade(
        canvas,
        cover(
            canvas, [box_polygon(centre - along * 0.30, 0.025 * scale, 0.6 * beam * scale, angle)]
        ),
        0.4,
    )


def add_plane(canvas: Canvas, centre: Points, angle: float, length: float) -> bool:
    """Place a plane of ``length`` metres; tells whether it was placed."""
    gsd = canvas.gsd
    scale = length / gsd
    ground = box_polygon(centre, 1.05 * scale, 1.0 * scale, angle)
    if scale**2 * 0.16 < 16 or not reserve(canvas, ground, 1.0):
        return False
    body = np.array([[0.5, 0], [0.46, 0.035], [0.38, 0.05], [-0.3, 0.05], [-0.5, 0.012]])
    body = np.vstack([body, body[::-1] * [1, -1]])
    wing = np.array([[0.12, 0.04], [-0.1, 0.47], [-0.17, 0.47], [-0.08, 0.04]])
    tail = np.array([[-0.36, 0.03], [-0.45, 0.18], [-0.5, 0.18], [-0.46, 0.0]])
    engine = np.array([[0.06, 0.16], [0.06, 0.2], [-0.05, 0.2], [-0.05, 0.16]])
    mirror = np.array([1, -1])
    shapes = [body, wing, wing * mirror, tail, tail * mirror, engine, engine * mirror]
    outlines = tuple(_turned(centre, angle, scale, shape) for shape in shapes)
    look = canvas.surface("roof white", 0.03)

    def draw(target: Canvas, instance: int) -> None:
        paint(target, cover(target, list(outlines)), look, kind="plane", instance=instance)
        shade(target, cover(target, list(outlines[1:3])), 0.9)
        fin = _turned(
            centre,
            angle,
            scale,
            np.array([[-0.34, -0.01], [-0.34, 0.01], [-0.5, 0.012], [-0.5, -0.012]]),
        )
        shade(target, cover(target, [fin]), 0.55)
        nose = _turned(
            centre,
            angle,
            scale,
            np.array([[0.45, -0.025], [0.45, 0.025], [0.42, 0.03], [0.42, -0.03]]),
        )
        shade(target, cover(target, [nose]), 0.4)

    canvas.bodies.append(
        Body("plane", outlines, 0.11 * length, draw, {"colour": "white", "angle": degrees(angle)})
    )
    return True


def lay_runway(canvas: Canvas, start: Points, end: Points, width: float) -> None:
    """Pave a runway between two pixel positions, ``width`` in metres, with its marks."""
    gsd = canvas.gsd
    along = end - start
    length = float(np.linalg.norm(along))
    angle = float(np.arctan2(along[1], along[0]))
    along /= length
    across = np.array([-along[1], along[0]])
    outline = box_polygon((start + end) / 2, length, width / gsd, angle)
    patch = cover(canvas, [outline])
    if patch is None:
        return
    instance = add_record(canvas, "runway", {"shape": "elongated", "angle": degrees(angle)})
    paint(canvas, patch, canvas.surface("asphalt"), kind="runway", instance=instance)
    occupy(canvas, [outline])
    marks = dashes(
        dense(np.stack([start, end]), 4),
        0.7 * width / gsd,
        1.2 * width / gsd,
        max(0.02 * width / gsd, 0.6),
    )
    marks += [
        box_polygon(
            (start + end) / 2 + across * side * 0.46 * width / gsd,
            length,
            max(0.6 / gsd, 0.5),
            angle,
        )
        for side in (-1, 1)
    ]
    for origin, sign in ((start, 1), (end, -1)):
        for lane in np.linspace(-0.38, 0.38, 8):
            place = origin + along * (sign * 0.55 * width / gsd) + across * (lane * width / gsd)
            marks.append(box_polygon(place, 0.7 * width / gsd, 0.05 * width / gsd, angle))
    paint(canvas, cover(canvas, marks), _WHITE, opacity=0.85)
    shade(
        canvas, cover(canvas, [ellipse((start + end) / 2, 0.35 * length, 4.0 / gsd, angle)]), 0.88
    )
