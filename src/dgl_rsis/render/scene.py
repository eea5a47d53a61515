"""One call draws a scene with its exact truth (DESIGN.md section 5).

Order: ground of the blocks, streets, what crosses the scene, objects with their shadows, sensor.
Training and testing draw from disjoint random streams and from different palettes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from scipy import ndimage

from dgl_rsis.errors import InputError
from dgl_rsis.render.canvas import Canvas, blank_canvas, paint_bodies
from dgl_rsis.render.features import carve_river, dig_harbour, lay_airfield
from dgl_rsis.render.kinds import CLASSES
from dgl_rsis.render.layout import Block, Layout, Road, draw_layout, partition
from dgl_rsis.render.objects import add_car
from dgl_rsis.render.terrain import fill_all, lay_railway, lay_roads
from dgl_rsis.render.textures import Split
from dgl_rsis.render.themes import THEMES, USES, Site, Theme
from dgl_rsis.types import BoolArray, MapFrame, RGBImage

_STREAM = {"train": 7919, "test": 104729}  # keeps the random streams of the splits apart
_VISIBLE_PIXELS = 8
_ROAD = CLASSES.index("road")


@dataclass(frozen=True)
class Instance:
    """One object of a scene, as far as it is visible.

    Attributes:
        id: number of the object, from 1, unique in the scene; its value in no raster.
        kind: name of its kind.
        box: half-open ``x0, y0, x1, y1`` in the pixel frame.
        mask: ``(y1 - y0, x1 - x0)`` bool, the visible pixels inside the box.
        area: visible pixels.
        centroid: mean ``x, y`` of the visible pixel centres.
        attributes: facts that are true by construction: ``colour``, ``shape``, ``roof``, ``size``.
    """

    id: int
    kind: str
    box: tuple[int, int, int, int]
    mask: BoolArray
    area: int
    centroid: tuple[float, float]
    attributes: Mapping[str, str]


@dataclass(frozen=True)
class ReferringSentence:
    """A sentence and the objects it refers to.

    Attributes:
        text: the sentence, lower case, without final stop.
        instance_ids: ids of the instances that are the answer.
        kind_of_sentence: attribute, position, superlative, relation, ordinal or group.
    """

    text: str
    instance_ids: tuple[int, ...]
    kind_of_sentence: str


@dataclass(frozen=True)
class RenderedScene:
    """A rendered overhead image with its truth.

    Attributes:
        image: ``(H, W, 3)`` uint8.
        class_map: ``(H, W)`` int16, index into ``classes``; every pixel has one.
        classes: names of all kinds.
        instances: visible objects.
        frame: where the scene lies on the map.
        sentences: referring sentences with answers.
        seed, gsd, split, theme: what it was drawn from; ``gsd`` in metres per pixel.
    """

    image: RGBImage
    class_map: NDArray[np.int16]
    classes: tuple[str, ...]
    instances: tuple[Instance, ...]
    frame: MapFrame
    sentences: tuple[ReferringSentence, ...]
    seed: int
    gsd: float
    split: Split
    theme: str


def render_scene(
    seed: int,
    *,
    size: int | tuple[int, int] = 512,
    gsd: float = 0.5,
    split: Split = "test",
    theme: str | None = None,
) -> RenderedScene:
    """Draw a scene.

    Args:
        seed: not negative; the same arguments give the same scene.
        size: side, or height and width, in pixels.
        gsd: metres per pixel, 0.05 to 10.
        split: whose random stream, palette and textures are used.
        theme: one of ``THEMES``; chosen by the seed if None.

    Raises:
        InputError: an argument is out of its range.
    """
    height, width = (size, size) if isinstance(size, int) else size
    _check(seed, height, width, gsd, split, theme)
    rng = np.random.default_rng([seed, _STREAM[split]])
    name = theme or str(rng.choice(list(THEMES)))
    canvas = _draw(rng, height, width, gsd, split, THEMES[name])
    image = _expose(canvas, rng)
    instances = collect_instances(canvas)
    return RenderedScene(
        image=image,
        class_map=canvas.labels,
        classes=CLASSES,
        instances=instances,
        frame=_frame(rng, gsd),
        sentences=(),
        seed=seed,
        gsd=gsd,
        split=split,
        theme=name,
    )


def _check(seed: int, height: int, width: int, gsd: float, split: str, theme: str | None) -> None:
    """Refuse arguments outside their ranges."""
    if seed < 0:
        raise InputError(f"seed {seed} of a rendered scene is negative; pass 0 or more")
    if min(height, width) < 1:
        raise InputError(f"size {height} x {width} of a rendered scene is empty; pass 1 or more")
    if not 0.05 <= gsd <= 10:
        raise InputError(f"gsd {gsd} of a rendered scene is out of range; pass 0.05 to 10 metres")
    if split not in _STREAM:
        raise InputError(f'split "{split}" is unknown; pass "train" or "test"')
    if theme is not None and theme not in THEMES:
        raise InputError(f'theme "{theme}" is unknown; pass one of {", ".join(THEMES)}')


def _draw(
    rng: np.random.Generator, height: int, width: int, gsd: float, split: Split, theme: Theme
) -> Canvas:
    """Paint ground, streets, features and objects."""
    canvas = blank_canvas(height, width, gsd, split, rng)
    extent = gsd * float(np.hypot(height, width)) / np.sqrt(2)
    arid = bool(rng.random() < (0.25 if split == "train" else 0.15))
    fill_all(
        canvas,
        *(("bare ground", canvas.surface("soil")) if arid else ("grass", canvas.surface("grass"))),
    )
    layout = draw_layout(rng, height, width, gsd)
    target = float(np.clip(0.5 * extent, 50, theme.block))
    target = max(target, 60 * gsd)  # blocks stay a few dozen pixels wide on coarse images
    blocks, roads = partition(rng, max(0.95 * extent, 75), target, theme.widths)
    if theme.feature == "railway" and roads:
        track = roads.pop(int(rng.integers(min(3, len(roads)))))
    else:
        track = None
    sites = [Site(canvas, layout, block, arid) for block in _visible(layout, blocks, height, width)]
    lines = lay_roads(canvas, layout, roads)
    if track is not None:
        lay_railway(canvas, layout, track)
    if theme.feature == "river":
        carve_river(canvas, layout, roads, extent)
    elif theme.feature == "harbour":
        dig_harbour(canvas, layout, extent)
    elif theme.feature == "airfield":
        lay_airfield(canvas, layout, extent)
    _build(rng, sites, theme)
    _drive(canvas, lines, roads)
    paint_bodies(canvas)
    return canvas


def _visible(layout: Layout, blocks: list[Block], height: int, width: int) -> list[Block]:
    """Blocks that touch the canvas, from its centre outwards."""
    seen = []
    for block in blocks:
        outline = layout.to_pixels(block.outline())
        low, high = outline.min(axis=0), outline.max(axis=0)
        if high[0] > 0 and high[1] > 0 and low[0] < width and low[1] < height:
            middle = outline.mean(axis=0) - (width / 2, height / 2)
            seen.append((float(np.hypot(*middle)), block))
    return [block for _, block in sorted(seen, key=lambda pair: pair[0])]


def _build(rng: np.random.Generator, sites: list[Site], theme: Theme) -> None:
    """Give every block a use: the listed ones near the centre in random order, then the mix."""
    first = [theme.first[index] for index in rng.permutation(len(theme.first))]
    names = [name for name, _ in theme.rest]
    weights = np.array([weight for _, weight in theme.rest])
    for number, site in enumerate(sites):
        use = (
            first[number]
            if number < len(first)
            else str(rng.choice(names, p=weights / weights.sum()))
        )
        if use == "houses" and site.canvas.gsd > 1.4:
            use = "apartments"  # single houses would be specks
        USES[use](site)


def _drive(canvas: Canvas, lines: list[NDArray[np.float64]], roads: list[Road]) -> None:
    """Put cars on the right-hand lanes of the streets."""
    rng, gsd = canvas.rng, canvas.gsd
    height, width = canvas.shape
    if gsd > 0.8:
        return
    for line, road in zip(lines, roads, strict=True):
        steps = np.linalg.norm(np.diff(line, axis=0), axis=1)
        travelled = np.concatenate([[0.0], np.cumsum(steps)])
        for at in np.arange(rng.uniform(5, 30) / gsd, travelled[-1], 16 / gsd):
            if rng.random() > 0.35:
                continue
            x = float(np.interp(at, travelled, line[:, 0]))
            y = float(np.interp(at, travelled, line[:, 1]))
            if not (0 <= x < width and 0 <= y < height) or canvas.labels[int(y), int(x)] != _ROAD:
                continue
            segment = min(int(np.searchsorted(travelled, at)), len(line) - 1)
            angle = float(np.arctan2(*(line[segment] - line[segment - 1])[::-1]))
            side = 1.0 if rng.random() < 0.5 else -1.0
            offset = np.array([-np.sin(angle), np.cos(angle)]) * (side * 0.19 * road.width / gsd)
            add_car(canvas, np.array([x, y]) + offset, angle)


def _expose(canvas: Canvas, rng: np.random.Generator) -> RGBImage:
    """What the sensor makes of it: haze, colour cast, contrast, blur, noise."""
    cast = 1 + rng.normal(0, 0.025, 3) + (0.01 if canvas.split == "train" else -0.01)
    haze = float(rng.uniform(0, 0.14))
    contrast, level = float(rng.uniform(0.92, 1.12)), float(rng.uniform(-8, 8))
    gain = (cast * contrast * (1 - haze)).astype(np.float32)
    offset = 118 * (1 - contrast) + level + haze * np.array([176, 186, 200])
    vivid = np.float32(rng.uniform(0.6, 0.95))
    grey = canvas.image.mean(axis=2, keepdims=True)
    colours = grey + vivid * (canvas.image - grey)
    exposed = np.clip(colours * gain + offset.astype(np.float32), 0, 255).astype(np.uint8)
    blur = ImageFilter.GaussianBlur(float(rng.uniform(0.25, 0.65)))
    soft = np.asarray(Image.fromarray(exposed).filter(blur))
    strength = float(rng.uniform(0.8, 3.0))
    # One noise field for the brightness; the eye and the network see little of chromatic noise.
    noise = rng.standard_normal(canvas.shape, dtype=np.float32)[..., None] * np.float32(strength)
    return np.clip(soft + noise, 0, 255).astype(np.uint8)


def collect_instances(canvas: Canvas) -> tuple[Instance, ...]:
    """The visible part of every painted object; specks are dropped."""
    areas = np.bincount(canvas.instances.ravel(), minlength=len(canvas.records) + 1)
    boxes = ndimage.find_objects(canvas.instances, max_label=len(canvas.records))
    found = []
    for number, (kind, attributes) in enumerate(canvas.records, start=1):
        window = boxes[number - 1]
        if window is None or areas[number] < _VISIBLE_PIXELS:
            continue
        rows, columns = window
        mask = canvas.instances[rows, columns] == number
        y, x = np.nonzero(mask)
        found.append(
            Instance(
                id=number,
                kind=kind,
                box=(columns.start, rows.start, columns.stop, rows.stop),
                mask=mask,
                area=int(areas[number]),
                centroid=(
                    float(x.mean()) + columns.start + 0.5,
                    float(y.mean()) + rows.start + 0.5,
                ),
                attributes=dict(attributes),
            )
        )
    return tuple(found)


def _frame(rng: np.random.Generator, gsd: float) -> MapFrame:
    """A place near the central meridian of UTM zone 32, where grid north is true north."""
    x = round(float(rng.uniform(496_000, 504_000)))
    y = round(float(rng.uniform(5_250_000, 5_950_000)))
    return MapFrame(
        transform=(gsd, 0.0, float(x), 0.0, -gsd, float(y)),
        crs="EPSG:32632",
        metres_per_pixel=(gsd, gsd),
        north=(0.0, -1.0),
    )
