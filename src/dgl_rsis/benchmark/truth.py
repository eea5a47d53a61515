"""The truth of a rendered scene as things that questions are asked about.

Objects are taken as they were recorded. Land cover that spreads (water, roads) is not recorded:
its connected regions of the class map stand for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from dgl_rsis.geo.crs import map_frame
from dgl_rsis.render import RenderedScene
from dgl_rsis.types import BoolArray, MapFrame, RGBImage

LAND_COVER = ("water", "road", "railway", "field")
SPREADING = (*LAND_COVER, "river")
"""Kinds that sentences name, but that have no instances of their own."""
SURFACES = ("car park", "bridge", "runway", "tennis court", "sports field", "swimming pool")
"""Objects that other things may stand on."""
SMALLEST_REGION = 8  # pixels; what is smaller is the rim of something else


@dataclass(frozen=True)
class Thing:
    """One object, or one region of land cover.

    Attributes:
        kind: name of its kind.
        box: half-open ``x0, y0, x1, y1`` in the pixel frame.
        mask: ``(y1 - y0, x1 - x0)`` bool, the visible pixels inside the box.
        colour, shape: facts that are true by construction; empty where nothing is known.
        is_spread: a region of land cover.
    """

    kind: str
    box: tuple[int, int, int, int]
    mask: BoolArray
    colour: str = ""
    shape: str = ""
    is_spread: bool = False

    @property
    def is_ground(self) -> bool:
        """Whether other things may stand on it."""
        return self.is_spread or self.kind in SURFACES

    @property
    def pixels(self) -> NDArray[np.int64]:
        """``(n, 2)`` column and row of every visible pixel in the image."""
        rows, columns = np.nonzero(self.mask)
        return np.stack([columns + self.box[0], rows + self.box[1]], axis=1)

    @cached_property
    def area(self) -> int:
        """Visible pixels."""
        return int(np.count_nonzero(self.mask))


@dataclass(frozen=True)
class Truth:
    """What is known of one image.

    Attributes:
        image: ``(H, W, 3)`` uint8.
        things: everything that a sentence may name.
        frame: where the image lies on the map.
    """

    image: RGBImage
    things: tuple[Thing, ...]
    frame: MapFrame

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return int(self.image.shape[0]), int(self.image.shape[1])

    @cached_property
    def kinds(self) -> dict[str, list[int]]:
        """Kind -> indices of its things."""
        found: dict[str, list[int]] = {}
        for index, thing in enumerate(self.things):
            found.setdefault(thing.kind, []).append(index)
        return found

    def of_kind(self, kind: str) -> list[int]:
        """Indices of the things of a kind."""
        return self.kinds.get(kind, [])


def truth_of(scene: RenderedScene, frame: MapFrame | None = None) -> Truth:
    """The things of a rendered scene.

    Args:
        scene: with its instances and class map.
        frame: instead of the scene's own, for example one that is turned on the map.
    """
    objects = [
        Thing(
            each.kind,
            each.box,
            each.mask,
            each.attributes.get("colour", ""),
            each.attributes.get("shape", ""),
        )
        for each in scene.instances
    ]
    regions = [
        region for kind in LAND_COVER if kind in scene.classes for region in _regions(scene, kind)
    ]
    return Truth(scene.image, (*objects, *regions), frame or scene.frame)


def turned_frame(scene: RenderedScene, rng: np.random.Generator) -> MapFrame:
    """A frame with the same pixels on the ground, but whose rows run in any direction."""
    angle = float(rng.uniform(0, 2 * np.pi))
    cosine, sine = scene.gsd * float(np.cos(angle)), scene.gsd * float(np.sin(angle))
    x, y = scene.frame.transform[2], scene.frame.transform[5]
    transform = (cosine, sine, x, sine, -cosine, y)
    return map_frame(transform, scene.frame.crs, scene.class_map.shape)


def _regions(scene: RenderedScene, kind: str) -> list[Thing]:
    """Connected regions of one kind of land cover, diagonal neighbours included."""
    labels, _ = ndimage.label(
        scene.class_map == scene.classes.index(kind), structure=np.ones((3, 3))
    )
    name = "river" if kind == "water" and scene.theme == "river" else kind
    found = []
    for number, (rows, columns) in enumerate(ndimage.find_objects(labels), start=1):
        mask = labels[rows, columns] == number
        if np.count_nonzero(mask) >= SMALLEST_REGION:
            box = (columns.start, rows.start, columns.stop, rows.stop)
            found.append(Thing(name, box, mask, is_spread=True))
    return found
