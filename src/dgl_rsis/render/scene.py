"""One call draws a scene with its exact truth (docs/design.md 3.2).

Order: ground of the blocks, streets, what crosses the scene, objects with their shadows, sensor.
Training and testing draw from disjoint random streams and from different palettes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from dgl_rsis.errors import InputError
from dgl_rsis.render.canvas import Canvas, blank_canvas, paint_bodies
from dgl_rsis.render.features import carve_river, dig_harbour, lay_airfield
from dgl_rsis.render.instances import Instance, collect_instances
from dgl_rsis.render.kinds import CLASSES
from dgl_rsis.render.layout import Block, Layout, Road, draw_layout, partition
from dgl_rsis.render.objects import add_car
from dgl_rsis.render.sentences import ReferringSentence, sentences_for
from dgl_rsis.render.terrain import fill_all, lay_railway, lay_roads
from dgl_rsis.render.textures import Split
from dgl_rsis.render.themes import THEMES, USES, Site, Theme
from dgl_rsis.types import MapFrame, RGBImage

_STREAM = {"train": 7919, "test": 104729}  # keeps the random streams of the splits apart
_ATTEMPTS = 12
_ROAD = CLASSES.index("road")


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
        seed: not negative; the same arguments give the same scene. Test scenes of at least
            384 pixels at 0.3 to 1 m are drawn anew (up to 12 times) until they show five kinds
            of one percent each and five sentences of three kinds.
        size: side, or height and width, in pixels.
        gsd: metres per pixel, 0.05 to 10.
        split: whose random stream, palette and textures are used.
        theme: one of ``THEMES``; chosen by the seed if None.

    Raises:
        InputError: an argument is out of its range.
    """
    height, width = (size, size) if isinstance(size, int) else size
    _check(seed, height, width, gsd, split, theme)
    best = _attempt(seed, 0, height, width, gsd, split, theme)
    for attempt in range(1, _ATTEMPTS if _should_be_rich(best) else 1):
        if all(_richness(best)):
            break
        other = _attempt(seed, attempt, height, width, gsd, split, theme)
        if sum(_richness(other)) > sum(_richness(best)):
            best = other
    return best


def _attempt(
    seed: int, attempt: int, height: int, width: int, gsd: float, split: Split, theme: str | None
) -> RenderedScene:
    """Draw one candidate for a scene."""
    rng = np.random.default_rng([seed, _STREAM[split], attempt])
    name = theme or str(rng.choice(list(THEMES)))
    canvas = _draw(rng, height, width, gsd, split, THEMES[name])
    image = _expose(canvas, rng)
    instances = collect_instances(canvas)
    water_word = {"river": "river", "harbour": "water"}.get(name, "lake")
    return RenderedScene(
        image=image,
        class_map=canvas.labels,
        classes=CLASSES,
        instances=instances,
        frame=_frame(rng, gsd),
        sentences=sentences_for(instances, canvas.labels, rng, water_word=water_word),
        seed=seed,
        gsd=gsd,
        split=split,
        theme=name,
    )


def _should_be_rich(scene: RenderedScene) -> bool:
    """Whether a scene shows enough ground in enough pixels to serve as a sample of its kind.

    Large ones are no samples, and take minutes to draw again.
    """
    height, width = scene.class_map.shape
    has_size = min(height, width) >= 384 and max(height, width) <= 2048
    return scene.split == "test" and has_size and 0.3 <= scene.gsd <= 1.0


def _richness(scene: RenderedScene) -> tuple[bool, bool, bool]:
    """What a sample needs: five classes of one percent, five sentences, three kinds of them."""
    shares = np.bincount(scene.class_map.ravel()) / scene.class_map.size
    kinds = {sentence.kind_of_sentence for sentence in scene.sentences}
    return int((shares >= 0.01).sum()) >= 5, len(scene.sentences) >= 5, len(kinds) >= 3


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
    cast = 1 + rng.normal(0, 0.016, 3) + (0.01 if canvas.split == "train" else -0.01)
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
    noisy: RGBImage = np.clip(soft + noise, 0, 255).astype(np.uint8)
    return noisy


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
