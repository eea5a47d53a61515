"""The canvas: picture, class map and instance map painted together, so that truth is exact.

Shapes are polygons in the pixel frame. A shape is rasterised with supersampling inside its own
bounding box; the coverage blends the colours and, from one half on, decides class and instance.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from dgl_rsis.render.kinds import kind_index
from dgl_rsis.render.textures import Split, Surface, noise_fields, surface, texture
from dgl_rsis.types import BoolArray, FloatArray

Points = NDArray[np.float64]  # (N, 2) x, y in the pixel frame


@dataclass(frozen=True)
class Patch:
    """Coverage of a shape inside a window of the canvas.

    Attributes:
        rows, columns: the window.
        alpha: ``(h, w)`` float32 in 0..1, the covered fraction of each pixel.
    """

    rows: slice
    columns: slice
    alpha: FloatArray


@dataclass(frozen=True)
class Body:
    """An object that was placed and waits to be painted above its own shadow.

    Attributes:
        kind: name of its kind.
        outlines: polygons that cast the shadow, in the pixel frame.
        height: metres above ground.
        draw: paints it; gets the canvas and the instance number.
        attributes: facts that are true of it by construction.
    """

    kind: str
    outlines: tuple[Points, ...]
    height: float
    draw: Callable[[Canvas, int], None]
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Canvas:
    """What a scene is painted on; the arrays and lists are filled in place.

    Attributes:
        image: ``(H, W, 3)`` float32, about 0..255.
        labels: ``(H, W)`` int16, index into the kinds.
        instances: ``(H, W)`` int32, 0 where no object is visible, else 1 + index of the record.
        occupied: ``(H, W)`` bool, where no further object may be placed.
        fields: noise fields of the scene.
        gsd: metres per pixel.
        split: palette in use.
        rng: source of chance.
        sun: unit vector in the pixel frame that points towards the sun.
        shadow_length: length of a shadow per height.
        records: kind and attributes of every painted object.
        bodies: objects that wait for their shadows.
    """

    image: FloatArray
    labels: NDArray[np.int16]
    instances: NDArray[np.int32]
    occupied: BoolArray
    fields: tuple[FloatArray, ...]
    gsd: float
    split: Split
    rng: np.random.Generator
    sun: NDArray[np.float64]
    shadow_length: float
    records: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)
    bodies: list[Body] = field(default_factory=list)

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return int(self.labels.shape[0]), int(self.labels.shape[1])

    def surface(self, material: str, jitter: float = 0.06) -> Surface:
        """Draw a surface of a material from the palette in use."""
        return surface(self.rng, self.split, material, jitter)


def blank_canvas(
    height: int, width: int, gsd: float, split: Split, rng: np.random.Generator
) -> Canvas:
    """An empty canvas with its noise and its light."""
    azimuth = rng.uniform(0, 2 * np.pi)
    return Canvas(
        image=np.zeros((height, width, 3), np.float32),
        labels=np.zeros((height, width), np.int16),
        instances=np.zeros((height, width), np.int32),
        occupied=np.zeros((height, width), np.bool_),
        fields=noise_fields(rng, height, width, gsd),
        gsd=gsd,
        split=split,
        rng=rng,
        sun=np.array([np.cos(azimuth), np.sin(azimuth)]),
        shadow_length=float(rng.uniform(0.35, 0.95)),
    )


def cover(canvas: Canvas, polygons: Sequence[Points]) -> Patch | None:
    """Coverage of the union of polygons; None when it lies outside the canvas."""
    height, width = canvas.shape
    corners = np.concatenate(polygons)
    x0, y0 = np.floor(corners.min(axis=0)).astype(int)
    x1, y1 = np.ceil(corners.max(axis=0)).astype(int) + 1
    x0, y0, x1, y1 = max(x0, 0), max(y0, 0), min(x1, width), min(y1, height)
    if x0 >= x1 or y0 >= y1:
        return None
    factor = 4 if (x1 - x0) * (y1 - y0) < 16_384 else 2
    fine = Image.new("L", ((x1 - x0) * factor, (y1 - y0) * factor))
    draw = ImageDraw.Draw(fine)
    for polygon in polygons:
        # Pillow counts pixel centres as whole numbers; ours are at one half.
        points = (polygon - (x0, y0)) * factor - 0.5
        draw.polygon(points.ravel().tolist(), fill=255)
    alpha = np.asarray(fine.reduce(factor), dtype=np.float32) * np.float32(1 / 255)
    return Patch(slice(int(y0), int(y1)), slice(int(x0), int(x1)), alpha)


def cover_free(canvas: Canvas, polygons: Sequence[Points]) -> Patch | None:
    """Coverage of polygons without the ground that is occupied already."""
    patch = cover(canvas, polygons)
    if patch is None:
        return None
    free = ~canvas.occupied[patch.rows, patch.columns]
    return Patch(patch.rows, patch.columns, patch.alpha * free)


def paint(
    canvas: Canvas,
    patch: Patch | None,
    look: Surface,
    *,
    kind: str | None = None,
    instance: int = 0,
    opacity: float = 1.0,
) -> None:
    """Blend a surface over a patch.

    Args:
        canvas: what is painted on.
        patch: where; None paints nothing.
        look: the surface.
        kind: class of the pixels that are at least half covered; None leaves truth untouched
            (marks, shading and shadows belong to what they lie on).
        instance: instance number of those pixels; 0 for ground.
        opacity: factor on the coverage of the colours, not on the truth.
    """
    if patch is None:
        return
    colours = texture(look, canvas.fields, patch.rows, patch.columns)
    blend(canvas, patch, colours, opacity)
    if kind is not None:
        claim(canvas, patch, kind, instance)


def blend(canvas: Canvas, patch: Patch, colours: FloatArray, opacity: float = 1.0) -> None:
    """Blend ``(h, w, 3)`` colours over a patch; truth stays untouched."""
    view = canvas.image[patch.rows, patch.columns]
    weight = patch.alpha if opacity == 1.0 else patch.alpha * np.float32(opacity)
    view += weight[..., None] * (colours - view)


def claim(canvas: Canvas, patch: Patch, kind: str, instance: int) -> None:
    """Give the pixels that are at least half covered to a kind and an instance."""
    inside = patch.alpha >= 0.5
    canvas.labels[patch.rows, patch.columns][inside] = kind_index(kind)
    canvas.instances[patch.rows, patch.columns][inside] = instance


def shade(canvas: Canvas, patch: Patch | None, factor: float) -> None:
    """Multiply the colours under a patch: below 1 darkens, above 1 brightens."""
    if patch is None:
        return
    view = canvas.image[patch.rows, patch.columns]
    view *= (1 + patch.alpha * np.float32(factor - 1))[..., None]


def occupy(canvas: Canvas, polygons: Sequence[Points]) -> None:
    """Keep later objects off the polygons."""
    patch = cover(canvas, polygons)
    if patch is not None:
        canvas.occupied[patch.rows, patch.columns] |= patch.alpha > 0.3


def reserve(canvas: Canvas, polygon: Points, margin: float = 0.5) -> bool:
    """Claim ground for an object if it is visible and free, with a margin in metres."""
    height, width = canvas.shape
    (x0, y0), (x1, y1) = polygon.min(axis=0).tolist(), polygon.max(axis=0).tolist()
    if x1 <= 0 or y1 <= 0 or x0 >= width or y0 >= height:
        return False
    centre = polygon.mean(axis=0)
    reach = np.abs(polygon - centre).max()
    patch = cover(canvas, [centre + (polygon - centre) * (1 + margin / canvas.gsd / max(reach, 1))])
    if patch is None:
        return False
    inside = patch.alpha > 0.3
    view = canvas.occupied[patch.rows, patch.columns]
    if not inside.any() or bool((view & inside).any()):
        return False
    view |= inside
    return True


def add_record(canvas: Canvas, kind: str, attributes: Mapping[str, str]) -> int:
    """Register an object; returns its instance number."""
    canvas.records.append((kind, attributes))
    return len(canvas.records)


def degrees(angle: float) -> str:
    """An undirected angle in radians as whole degrees, 0 to 179: the attribute ``angle``."""
    return str(round(float(np.degrees(angle))) % 180)


def paint_bodies(canvas: Canvas) -> None:
    """Paint the shadows of all waiting objects, then the objects, low ones first."""
    sweeps: list[Points] = []
    for body in canvas.bodies:
        shift = -canvas.sun * (body.height * canvas.shadow_length / canvas.gsd)
        for outline in body.outlines:
            following = np.roll(outline, -1, axis=0)
            sides = np.stack([outline, following, following + shift, outline + shift], axis=1)
            sweeps.append(outline + shift)
            sweeps.extend(sides)
    if sweeps:
        shade(canvas, cover(canvas, sweeps), 0.5)
    for body in sorted(canvas.bodies, key=lambda body: body.height):
        body.draw(canvas, add_record(canvas, body.kind, body.attributes))
    canvas.bodies.clear()
