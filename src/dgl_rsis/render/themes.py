"""What is built where: uses of blocks, and themes that mix them (docs/design.md 3.2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dgl_rsis.render.buildings import random_hall, random_house
from dgl_rsis.render.canvas import Canvas, Points, occupy
from dgl_rsis.render.layout import Block, Layout, blob
from dgl_rsis.render.objects import (
    add_pool,
    add_sports_field,
    add_tank,
    add_tennis_court,
    add_tree,
    lay_car_park,
)
from dgl_rsis.render.terrain import crop_surface, fill_free, fill_water, grow_woods


@dataclass(frozen=True)
class Theme:
    """A mix of uses.

    Attributes:
        block: side of a block in metres.
        widths: street widths per depth of the partition.
        first: uses of the blocks nearest to the centre, so that they are in the picture.
        rest: uses of the others with their weights.
        feature: what crosses the scene: ``"river"``, ``"harbour"``, ``"airfield"``, ``"railway"``
            or None.
    """

    block: float
    widths: tuple[float, ...]
    first: tuple[str, ...]
    rest: tuple[tuple[str, float], ...]
    feature: str | None = None


THEMES: dict[str, Theme] = {
    "residential": Theme(
        78,
        (13, 9, 8),
        ("houses", "courts", "houses", "car park", "houses", "woods", "pool garden"),
        (("houses", 6), ("apartments", 1), ("park", 1), ("woods", 0.6), ("bare", 0.5)),
    ),
    "industrial": Theme(
        110,
        (15, 11, 9),
        ("halls", "tanks", "car park", "halls", "bare", "grass"),
        (("halls", 4), ("car park", 1), ("tanks", 1), ("grass", 1), ("bare", 1), ("woods", 0.6)),
        "railway",
    ),
    "harbour": Theme(
        95,
        (13, 10, 8),
        ("halls", "tanks", "car park", "grass", "halls", "woods"),
        (("halls", 3), ("tanks", 1), ("car park", 1), ("grass", 1), ("apartments", 0.7)),
        "harbour",
    ),
    "airfield": Theme(
        115,
        (12, 9, 8),
        ("halls", "car park", "woods", "halls", "field"),
        (("halls", 2), ("car park", 1), ("field", 1.5), ("woods", 1), ("grass", 1)),
        "airfield",
    ),
    "rural": Theme(
        105,
        (9, 6, 1.5, 1.5),
        ("farm", "field", "woods", "field", "lake", "bare", "field"),
        (("field", 7), ("grass", 1), ("woods", 1.3), ("farm", 0.8), ("bare", 0.5)),
    ),
    "river": Theme(
        85,
        (13, 9, 8),
        ("houses", "apartments", "car park", "park", "houses", "field"),
        (("houses", 4), ("apartments", 1), ("woods", 1), ("grass", 1), ("field", 1.5)),
        "river",
    ),
    "park": Theme(
        95,
        (12, 8, 7),
        ("park", "courts", "lake", "pitch", "car park", "houses", "woods"),
        (("park", 2), ("houses", 3), ("woods", 1), ("apartments", 1)),
    ),
    "mixed": Theme(
        90,
        (14, 10, 8),
        ("halls", "houses", "car park", "woods", "tanks", "courts", "pool garden"),
        (("houses", 3), ("halls", 2), ("apartments", 1), ("park", 1), ("field", 1), ("bare", 1)),
    ),
}


@dataclass(frozen=True)
class Site:
    """A block that is being built on.

    Attributes:
        canvas: what is painted on.
        layout: the map from plan metres to pixels.
        block: the block in plan metres.
        arid: whether open ground is sand instead of grass.
    """

    canvas: Canvas
    layout: Layout
    block: Block
    arid: bool

    def outline(self, margin: float = 0.0) -> Points:
        """Border of the block in pixels."""
        return self.layout.to_pixels(self.block.inset(margin).outline())

    def open_ground(self, material: str = "grass", *, planted: bool = False) -> None:
        """Cover the block with grass, or with sand where the scene is arid."""
        if self.arid and not planted:
            fill_free(self.canvas, self.outline(), "bare ground", self.canvas.surface("soil"))
        else:
            fill_free(self.canvas, self.outline(), "grass", self.canvas.surface(material))

    def scatter_trees(self, per_hectare: float) -> None:
        """Plant single trees on free ground."""
        block, rng = self.block, self.canvas.rng
        expected = per_hectare * block.width * block.height / 1e4 * (0.35 if self.arid else 1.0)
        # Far away, single trees melt into texture: keep the number of shapes bounded.
        for _ in range(min(int(rng.poisson(expected)), int(40 / max(self.canvas.gsd, 0.5)))):
            x, y = rng.uniform(block.x0, block.x1), rng.uniform(block.y0, block.y1)
            centre, _ = self.layout.place(x, y)
            add_tree(self.canvas, centre, float(rng.uniform(1.8, 4.6)))

    @property
    def lengthwise(self) -> bool:
        """Whether the long side of the block runs along plan x."""
        return self.block.width >= self.block.height


def _houses(site: Site) -> None:
    canvas, rng, block = site.canvas, site.canvas.rng, site.block
    site.open_ground("lawn" if rng.random() < 0.5 else "grass")
    quarter = np.pi / 2
    for y, inward in ((block.y0, 1), (block.y1, -1)):
        for x in np.arange(block.x0 + 11, block.x1 - 9, rng.uniform(18, 24)):
            at, turn = site.layout.place(
                x + rng.uniform(-1.5, 1.5), y + inward * rng.uniform(10, 13)
            )
            placed = random_house(canvas, at, turn + (quarter if rng.random() < 0.35 else 0.0))
            if placed and rng.random() < 0.22 and block.height > 60:
                garden, turn = site.layout.place(x, y + inward * 25)
                add_pool(canvas, garden, rng.uniform(7.5, 11), rng.uniform(4, 5.5), turn)
    for x, inward in ((block.x0, 1), (block.x1, -1)):
        for y in np.arange(block.y0 + 32, block.y1 - 30, rng.uniform(18, 24)):
            at, turn = site.layout.place(x + inward * rng.uniform(10, 13), y)
            random_house(canvas, at, turn + quarter)
    site.scatter_trees(42)


def _apartments(site: Site) -> None:
    canvas, rng, block = site.canvas, site.canvas.rng, site.block
    site.open_ground()
    lots = max(int(min(block.width, block.height) / 34), 1)
    for step in (np.arange(lots) + 0.5) / lots:
        x, y = block.centre
        if site.lengthwise:
            x, stretch = block.x0 + step * block.width, block.height
        else:
            y, stretch = block.y0 + step * block.height, block.width
        at, turn = site.layout.place(x, y)
        length = float(np.clip(stretch * rng.uniform(0.55, 0.78), 18, 75))
        angle = turn + (np.pi / 2 if site.lengthwise else 0.0)
        random_hall(canvas, at, angle, length, float(rng.uniform(12, 16)))
    site.scatter_trees(30)


def _halls(site: Site) -> None:
    canvas, rng, block = site.canvas, site.canvas.rng, site.block
    if rng.random() < 0.5:
        fill_free(canvas, site.outline(), "bare ground", canvas.surface("soil"))
    else:
        site.open_ground()
    x, y = block.centre
    length, width = max(block.width, block.height), min(block.width, block.height)
    at, turn = site.layout.place(x, y)
    angle = turn if site.lengthwise else turn + np.pi / 2
    along = np.array([np.cos(angle), np.sin(angle)]) / canvas.gsd
    if length > 90 and rng.random() < 0.5:
        for side in (-0.25, 0.25):
            hall = float(np.clip(0.42 * length * rng.uniform(0.75, 0.95), 20, 110))
            depth = float(np.clip(width * rng.uniform(0.45, 0.72), 16, 80))
            random_hall(canvas, at + along * (side * length), angle, hall, depth)
    else:
        hall = float(np.clip(length * rng.uniform(0.55, 0.8), 22, 130))
        random_hall(
            canvas, at, angle, hall, float(np.clip(width * rng.uniform(0.42, 0.66), 16, 90))
        )
    site.scatter_trees(14)


def _car_park(site: Site) -> None:
    block = site.block
    site.open_ground()
    lot = block.inset(3.5)
    if min(lot.width, lot.height) < 14:
        return
    at, turn = site.layout.place(*block.centre)
    outline = site.layout.to_pixels(lot.outline())
    if site.lengthwise:
        lay_car_park(site.canvas, outline, at, turn, (lot.width, lot.height))
    else:
        lay_car_park(site.canvas, outline, at, turn + np.pi / 2, (lot.height, lot.width))
    site.scatter_trees(16)


def _tanks(site: Site) -> None:
    canvas, rng, block = site.canvas, site.canvas.rng, site.block
    fill_free(canvas, site.outline(), "bare ground", canvas.surface("soil"))
    radius = float(rng.uniform(0.1, 0.2) * min(block.width, block.height, 110.0))
    pitch = 2.6 * radius
    for x in np.arange(block.x0 + 0.62 * pitch, block.x1 - 0.5 * pitch, pitch):
        for y in np.arange(block.y0 + 0.62 * pitch, block.y1 - 0.5 * pitch, pitch):
            if rng.random() < 0.8:
                at, _ = site.layout.place(x, y)
                add_tank(canvas, at, radius * float(rng.choice([1.0, 1.0, 0.72])))


def _park(site: Site) -> None:
    site.open_ground("lawn", planted=True)
    canvas, rng, block = site.canvas, site.canvas.rng, site.block
    radius = 0.16 * min(block.width, block.height)
    if radius > 6 and rng.random() < 0.6:
        at, _ = site.layout.place(*block.centre)
        fill_water(canvas, blob(rng, at, radius / canvas.gsd), 1.5)
    if rng.random() < 0.6:
        x = rng.uniform(block.x0 + 0.25 * block.width, block.x1 - 0.25 * block.width)
        at, _ = site.layout.place(x, block.y0 + 0.2 * block.height)
        grow_woods(canvas, blob(rng, at, 0.2 * min(block.width, block.height) / canvas.gsd))
    site.scatter_trees(50)


def _woods(site: Site) -> None:
    site.open_ground(planted=True)
    grow_woods(site.canvas, site.outline(2.0), float(site.canvas.rng.uniform(3.5, 6.5)))


def _field(site: Site) -> None:
    _, turn = site.layout.place(*site.block.centre)
    angle = turn if site.lengthwise else turn + np.pi / 2
    fill_free(site.canvas, site.outline(), "field", crop_surface(site.canvas, angle))
    occupy(site.canvas, [site.outline()])


def _bare(site: Site) -> None:
    fill_free(site.canvas, site.outline(), "bare ground", site.canvas.surface("soil"))
    site.scatter_trees(4)


def _grass(site: Site) -> None:
    site.open_ground(planted=True)
    site.scatter_trees(8)


def _lake(site: Site) -> None:
    site.open_ground(planted=True)
    at, _ = site.layout.place(*site.block.centre)
    radius = 0.36 * min(site.block.width, site.block.height)
    fill_water(site.canvas, blob(site.canvas.rng, at, radius / site.canvas.gsd), 2.0)
    site.scatter_trees(25)


def _courts(site: Site) -> None:
    site.open_ground("lawn", planted=True)
    canvas, block = site.canvas, site.block
    count = int(canvas.rng.integers(1, 4))
    for number in range(count):
        shift = (number - (count - 1) / 2) * 20.5
        x, y = block.centre
        at, turn = site.layout.place(x + shift, y - 8)
        add_tennis_court(canvas, at, turn + np.pi / 2)
    at, turn = site.layout.place(block.centre[0], block.y1 - 13)
    random_house(canvas, at, turn)
    site.scatter_trees(35)


def _pitch(site: Site) -> None:
    site.open_ground("lawn", planted=True)
    at, turn = site.layout.place(*site.block.centre)
    length = float(np.clip(0.82 * max(site.block.width, site.block.height), 30, 105))
    width = float(np.clip(0.82 * min(site.block.width, site.block.height), 20, 0.64 * length))
    add_sports_field(site.canvas, at, turn if site.lengthwise else turn + np.pi / 2, length, width)
    site.scatter_trees(25)


def _pool_garden(site: Site) -> None:
    site.open_ground("lawn", planted=True)
    rng, block = site.canvas.rng, site.block
    at, turn = site.layout.place(*block.centre)
    add_pool(site.canvas, at, float(rng.uniform(20, 26)), float(rng.uniform(10, 13)), turn)
    at, turn = site.layout.place(block.centre[0], block.y0 + 12)
    random_hall(site.canvas, at, turn, 24, 11)
    site.scatter_trees(40)


def _farm(site: Site) -> None:
    site.open_ground(planted=True)
    rng = site.canvas.rng
    x, y = site.block.centre
    for dx, dy in ((-17, -12), (19, -8), (0, 20), (30, 22), (-30, 20)):
        at, turn = site.layout.place(x + dx, y + dy)
        if rng.random() < 0.45:
            random_house(site.canvas, at, turn)
        else:
            random_hall(
                site.canvas, at, turn, float(rng.uniform(18, 34)), float(rng.uniform(11, 16))
            )
    site.scatter_trees(35)


USES: dict[str, Callable[[Site], None]] = {
    "houses": _houses,
    "apartments": _apartments,
    "halls": _halls,
    "car park": _car_park,
    "tanks": _tanks,
    "park": _park,
    "woods": _woods,
    "field": _field,
    "bare": _bare,
    "grass": _grass,
    "lake": _lake,
    "courts": _courts,
    "pitch": _pitch,
    "pool garden": _pool_garden,
    "farm": _farm,
}
