"""The pen that sprites are drawn with: polygons with a height, turned, cast and reduced.

Shapes draw in their own frame: x along the object, y across, any unit of length. The pen keeps
the polygons, and only when all are known are they scaled, so that a sprite has its asked length.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Points = NDArray[np.float64]  # (N, 2) x, y
Floats = NDArray[np.float32]
Colour = Sequence[float]  # red, green, blue in 0..255
Point = Sequence[float] | NDArray[np.float64]  # x, y

# A circle is drawn as this polygon.
_TURN = np.linspace(0, 2 * np.pi, 24, endpoint=False)
CIRCLE: Points = np.stack([np.cos(_TURN), np.sin(_TURN)], axis=1)


@dataclass(frozen=True)
class View:
    """Sun and camera, common to all objects of an image; x points right and y down.

    Attributes:
        cast: where the shadow of a point falls that is one unit of length above ground.
        lean: where a point appears that is one unit of length above ground.
    """

    cast: tuple[float, float]
    lean: tuple[float, float]

    @classmethod
    def random(cls, rng: np.random.Generator) -> Self:
        """Sun 35 to 70 degrees above the horizon, camera at most 15 degrees off the nadir."""
        sun, camera = rng.uniform(0, 2 * np.pi, 2)
        far = 1 / np.tan(np.deg2rad(rng.uniform(35, 70)))
        off = np.tan(np.deg2rad(rng.uniform(0, 15)))
        return cls(
            (float(far * np.cos(sun)), float(far * np.sin(sun))),
            (float(off * np.cos(camera)), float(off * np.sin(camera))),
        )


@dataclass(frozen=True)
class Pen:
    """What a shape is drawn with.

    Attributes:
        cast, lean: as of the view, turned into the frame of the object.
        fine: about one pixel in the unit of the shape; thinner lines would vanish.
        marks: polygons with their colour and opacity (0..1), the later above the earlier.
        shades: polygons in shadow.
    """

    cast: Points
    lean: Points
    fine: float
    marks: list[tuple[Points, Colour, float]] = field(default_factory=list)
    shades: list[Points] = field(default_factory=list)

    def polygon(
        self,
        points: Points | Sequence[Point],
        colour: Colour,
        *,
        low: float | None = None,
        high: float = 0.0,
        opacity: float = 1.0,
    ) -> None:
        """A polygon at the height ``high``; from ``low`` up to there the body casts a shadow."""
        corners = np.asarray(points, float)
        self.marks.append((corners, colour, opacity))
        if high > 0:
            self.shade(corners, high if low is None else low, high)

    def shade(self, corners: Points, low: float, high: float) -> None:
        """The shadow of an upright prism between two heights."""
        near, far = corners + self.cast * low, corners + self.cast * high
        self.shades.append(far)
        if high > low:
            self.shades.append(near)
            behind = (np.roll(near, -1, 0), np.roll(far, -1, 0))
            self.shades.extend(np.stack([near, far, behind[1], behind[0]], axis=1))

    def box(
        self,
        x: float,
        y: float,
        length: float,
        width: float,
        colour: Colour,
        *,
        low: float | None = None,
        high: float = 0.0,
    ) -> None:
        """A rectangle about a centre."""
        a, b = length / 2, width / 2
        corners = [(x - a, y - b), (x + a, y - b), (x + a, y + b), (x - a, y + b)]
        self.polygon(corners, colour, low=low, high=high)

    def ellipse(
        self,
        x: float,
        y: float,
        a: float,
        b: float,
        colour: Colour,
        *,
        low: float | None = None,
        high: float = 0.0,
    ) -> None:
        """An ellipse about a centre, with its half axes."""
        self.polygon(CIRCLE * (a, b) + (x, y), colour, low=low, high=high)

    def line(self, start: Point, end: Point, width: float, colour: Colour) -> None:
        """A straight band between two points."""
        self.polygon(band(start, end, width), colour)

    def frame(
        self, x: float, y: float, length: float, width: float, thick: float, colour: Colour
    ) -> None:
        """The outline of a rectangle."""
        a, b = length / 2, width / 2
        for side in (-1, 1):
            self.line((x - a, y + side * b), (x + a, y + side * b), thick, colour)
            self.line((x + side * a, y - b), (x + side * a, y + b), thick, colour)

    def ring(self, x: float, y: float, a: float, b: float, thick: float, colour: Colour) -> None:
        """The outline of an ellipse."""
        outer, inner = (
            CIRCLE * (a + thick / 2, b + thick / 2),
            CIRCLE * (a - thick / 2, b - thick / 2),
        )
        closed = [*outer, outer[0], inner[0], *inner[:0:-1], inner[0]]
        self.polygon(np.asarray(closed) + np.array([x, y]), colour)

    def render(
        self, length_px: float, angle: float, offset: tuple[float, float]
    ) -> tuple[Floats, Floats, Floats]:
        """Scale, turn, rasterise with supersampling and reduce.

        Args:
            length_px: longest side of the opaque marks in the frame of the object, in pixels.
            angle: radians by which the x axis is turned towards the y axis of the image.
            offset: x, y of the object's centre off the centre of the arrays, in pixels.

        Returns:
            colour ``(h, w, 3)`` in 0..255, alpha and shadow ``(h, w)`` in 0..1; h = w, odd.
        """
        solid = np.concatenate([points for points, _, opacity in self.marks if opacity >= 1])
        least, most = solid.min(0), solid.max(0)
        scale = length_px / float((most - least).max())
        cos, sin = np.cos(angle) * scale, np.sin(angle) * scale
        turn = np.array([[cos, sin], [-sin, cos]])
        count = len(self.marks)
        shapes = [points for points, _, _ in self.marks] + self.shades
        placed = (np.concatenate(shapes) - (least + most) / 2) @ turn + offset
        side = 2 * int(np.abs(placed).max() + 1.5) + 1
        fold = max(2, min(8 if length_px < 12 else 4, 320 // side))
        flat = (placed + side / 2) * fold - 0.5
        parts = np.split(flat, np.cumsum([len(points) for points in shapes])[:-1])
        picture = Image.new("RGBA", (side * fold, side * fold))
        pencil = ImageDraw.Draw(picture)
        for corners, (_, colour, opacity) in zip(parts[:count], self.marks, strict=True):
            red, green, blue = (min(max(int(value), 0), 255) for value in colour)
            pencil.polygon(corners.ravel().tolist(), (red, green, blue, int(255 * opacity)))
        dark = Image.new("L", picture.size)
        pencil = ImageDraw.Draw(dark)
        for corners in parts[count:]:
            pencil.polygon(corners.ravel().tolist(), 255)
        values = np.asarray(picture.reduce(fold), np.float32)
        shadow = np.asarray(dark.reduce(fold), np.float32) / np.float32(255)
        return values[..., :3], values[..., 3] / np.float32(255), shadow


def band(start: Point, end: Point, width: float, end_width: float | None = None) -> Points:
    """The corners of a band between two points, which may taper."""
    first, last = np.asarray(start, float), np.asarray(end, float)
    along = last - first
    across = np.array([-along[1], along[0]]) / max(float(np.hypot(*along)), 1e-9) / 2
    far = width if end_width is None else end_width
    return np.stack(
        [first - across * width, last - across * far, last + across * far, first + across * width]
    )


def grey(rng: np.random.Generator, low: float, high: float, tint: float = 4) -> Colour:
    """A grey with a slight cast."""
    return tuple(rng.uniform(low, high) + rng.normal(0, tint, 3))


def one_of(rng: np.random.Generator, colours: tuple[Colour, ...]) -> Colour:
    """One of the colours, varied."""
    return near(rng, colours[rng.integers(len(colours))], 8)


def near(rng: np.random.Generator, colour: Colour, spread: float = 10) -> Colour:
    """A colour about another one, in brightness and less in hue."""
    return tuple(np.asarray(colour) + rng.normal(0, spread) + rng.normal(0, spread / 2, 3))


def shaded(colour: Colour, factor: float) -> Colour:
    """A colour in more or less light."""
    return tuple(np.asarray(colour, float) * factor)
