"""Where things go: a street plan in metres, and its bent, turned image in the pixel frame.

The plan is a binary partition of a square into blocks with streets between them. One smooth map
turns and bends plan metres into pixels, so that streets curve and houses follow them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from dgl_rsis.render.canvas import Points


@dataclass(frozen=True)
class Layout:
    """The map from plan metres to pixels.

    Attributes:
        centre: pixel at the origin of the plan.
        angle: turn of the plan, radians.
        gsd: metres per pixel.
        bend: amplitude of the bend in metres.
        waves: angular frequencies of the bend per metre, ``(along y, along x)``.
        phases: phases of the bend.
    """

    centre: tuple[float, float]
    angle: float
    gsd: float
    bend: float
    waves: tuple[float, float]
    phases: tuple[float, float]

    def to_pixels(self, plan: Points) -> Points:
        """Map ``(N, 2)`` plan metres to the pixel frame."""
        x = plan[:, 0] + self.bend * np.sin(self.waves[0] * plan[:, 1] + self.phases[0])
        y = plan[:, 1] + self.bend * np.sin(self.waves[1] * plan[:, 0] + self.phases[1])
        cosine, sine = np.cos(self.angle), np.sin(self.angle)
        turned = np.stack([cosine * x - sine * y, sine * x + cosine * y], axis=1)
        return np.asarray(turned / self.gsd + self.centre, dtype=np.float64)

    def place(self, x: float, y: float) -> tuple[Points, float]:
        """Pixel position of a plan point, and the turn of the plan there in radians."""
        # Plain floats: this runs for every object, where array overhead would dominate.
        phase_x = self.waves[0] * y + self.phases[0]
        phase_y = self.waves[1] * x + self.phases[1]
        bent_x, bent_y = x + self.bend * math.sin(phase_x), y + self.bend * math.sin(phase_y)
        cosine, sine = math.cos(self.angle), math.sin(self.angle)
        column = (cosine * bent_x - sine * bent_y) / self.gsd + self.centre[0]
        row = (sine * bent_x + cosine * bent_y) / self.gsd + self.centre[1]
        slope_x = self.bend * self.waves[0] * math.cos(phase_x)
        slope_y = self.bend * self.waves[1] * math.cos(phase_y)
        return np.array([column, row]), self.angle + 0.5 * (slope_y - slope_x)


@dataclass(frozen=True)
class Block:
    """A rectangle of the plan between streets, in plan metres."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def width(self) -> float:
        """Extent along plan x in metres."""
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        """Extent along plan y in metres."""
        return self.y1 - self.y0

    @property
    def centre(self) -> tuple[float, float]:
        """Middle of the block in plan metres."""
        return (self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2

    def inset(self, margin: float) -> Block:
        """The block without a border of ``margin`` metres."""
        return Block(self.x0 + margin, self.y0 + margin, self.x1 - margin, self.y1 - margin)

    def outline(self) -> Points:
        """Dense border of the block, ``(N, 2)`` plan metres."""
        corners = np.array(
            [[self.x0, self.y0], [self.x1, self.y0], [self.x1, self.y1], [self.x0, self.y1]]
        )
        return dense(np.vstack([corners, corners[:1]]), 9)[:-1]


@dataclass(frozen=True)
class Road:
    """A street: centre line ``(N, 2)`` in plan metres, width in metres, depth of its split."""

    line: Points
    width: float
    depth: int


def dense(line: Points, count: int) -> Points:
    """Insert points: ``count`` per segment, ends included."""
    steps = np.linspace(0, 1, count, endpoint=False)[:, None]
    parts = [a + steps * (b - a) for a, b in pairwise(line)]
    return np.vstack([*parts, line[-1:]])


def ribbon(line: Points, width: float | np.ndarray[tuple[int], np.dtype[np.float64]]) -> Points:
    """Polygon of a line with a width, both in the same frame."""
    along = np.gradient(line, axis=0)
    along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
    normal = np.stack([-along[:, 1], along[:, 0]], axis=1)
    half = np.broadcast_to(np.asarray(width, dtype=np.float64) / 2, (len(line),))[:, None]
    return np.vstack([line + normal * half, (line - normal * half)[::-1]])


def box_polygon(centre: Points, length: float, width: float, angle: float) -> Points:
    """Rectangle of ``length`` along ``angle`` by ``width``: ``(4, 2)``, units of ``centre``."""
    u, v = math.cos(angle) * length / 2, math.sin(angle) * length / 2
    s, t = -math.sin(angle) * width / 2, math.cos(angle) * width / 2
    x, y = float(centre[0]), float(centre[1])
    return np.array(
        [
            [x - u - s, y - v - t],
            [x + u - s, y + v - t],
            [x + u + s, y + v + t],
            [x - u + s, y - v + t],
        ]
    )


def ellipse(centre: Points, radius_x: float, radius_y: float, angle: float = 0.0) -> Points:
    """Polygon of an ellipse, in units of ``centre``."""
    count = int(np.clip(4 * max(radius_x, radius_y), 12, 64))
    turn = np.linspace(0, 2 * np.pi, count, endpoint=False)
    x, y = radius_x * np.cos(turn), radius_y * np.sin(turn)
    cosine, sine = np.cos(angle), np.sin(angle)
    return np.stack([centre[0] + cosine * x - sine * y, centre[1] + sine * x + cosine * y], axis=1)


def blob(rng: np.random.Generator, centre: Points, radius: float, wobble: float = 0.18) -> Points:
    """An irregular closed curve around a centre, like the bank of a pond."""
    turn = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    reach = np.ones_like(turn)
    for order in (2, 3, 5):
        reach += (
            wobble / order * 2 * rng.uniform(0.3, 1) * np.sin(order * turn + rng.uniform(0, 6.3))
        )
    stretch = rng.uniform(0.7, 1.0)
    curve: Points = centre + radius * reach[:, None] * np.stack(
        [np.cos(turn), stretch * np.sin(turn)], axis=1
    )
    return curve


def draw_layout(rng: np.random.Generator, height: int, width: int, gsd: float) -> Layout:
    """A random turn and bend for a scene of the given size."""
    extent = gsd * float(np.hypot(height, width))
    bend = float(rng.uniform(0, 0.03)) * extent
    waves = rng.uniform(0.6, 1.3, 2) * (2 * np.pi / max(1.6 * extent, 60.0))
    phases = rng.uniform(0, 2 * np.pi, 2)
    return Layout(
        centre=(width / 2, height / 2),
        angle=float(rng.uniform(0, np.pi)),
        gsd=gsd,
        bend=bend,
        waves=(float(waves[0]), float(waves[1])),
        phases=(float(phases[0]), float(phases[1])),
    )


def partition(
    rng: np.random.Generator, radius: float, target: float, widths: tuple[float, ...]
) -> tuple[list[Block], list[Road]]:
    """Split the square of half side ``radius`` into blocks and the streets between them.

    Args:
        rng: source of chance.
        radius: half side of the square in metres.
        target: side in metres below which a block is not split any more.
        widths: street width per depth of the split, the last for all deeper ones; a width below
            3 m is a boundary without street.
    """
    blocks: list[Block] = []
    roads: list[Road] = []
    shift = rng.uniform(-0.2, 0.2, 2) * radius  # so that the main street is not always central
    whole = Block(-radius + shift[0], -radius + shift[1], radius + shift[0], radius + shift[1])
    pending = [(whole, 0, bool(rng.random() < 0.5))]
    while pending:
        block, depth, across = pending.pop()
        limit = target * rng.uniform(0.9, 1.5)
        if max(block.width, block.height) < limit or depth > 14:
            blocks.append(block)
            continue
        if depth > 0:
            across = block.width > block.height
        gap = widths[min(depth, len(widths) - 1)]
        at = float(rng.uniform(0.38, 0.62))
        reach = min(width for width in widths if width >= 3)  # run into the street they end at
        if across:
            x = block.x0 + at * block.width
            first = Block(block.x0, block.y0, x - gap / 2, block.y1)
            second = Block(x + gap / 2, block.y0, block.x1, block.y1)
            line = np.array([[x, block.y0 - reach / 2], [x, block.y1 + reach / 2]])
        else:
            y = block.y0 + at * block.height
            first = Block(block.x0, block.y0, block.x1, y - gap / 2)
            second = Block(block.x0, y + gap / 2, block.x1, block.y1)
            line = np.array([[block.x0 - reach / 2, y], [block.x1 + reach / 2, y]])
        if gap >= 3:
            roads.append(Road(dense(line, 24), gap, depth))
        pending += [(first, depth + 1, across), (second, depth + 1, across)]
    return blocks, roads
