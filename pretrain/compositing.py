"""Sprites of one theme on a real background: an airfield, a harbour, a car park and so on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pretrain import layout_sites, layout_transport
from pretrain.board import GROUNDS, Board, Labels, Pixels, board, developed
from pretrain.concepts import CONCEPTS
from pretrain.sprites import KINDS

__all__ = ["GROUNDS", "KINDS", "THEMES", "Composite", "Theme", "compose", "composite"]

Rng = np.random.Generator
Layout = Callable[[Rng, Board], None]


@dataclass(frozen=True)
class Composite:
    """A painted image with what is known of its pixels.

    Attributes:
        image: ``(s, s, 3)`` uint8.
        objects: ``(s, s)`` int16, indices into ``KINDS``, -1 where no sprite covers a half.
        grounds: ``(s, s)`` int16, indices into ``GROUNDS``, -1 where none was painted.
    """

    image: Pixels
    objects: Labels
    grounds: Labels


@dataclass(frozen=True)
class Theme:
    """Objects that occur together.

    Attributes:
        kinds: what may be drawn.
        scenes: scene classes that suit as background.
        layout: paints them onto a board.
    """

    kinds: tuple[str, ...]
    scenes: tuple[str, ...]
    layout: Layout


def compose(rng: Rng, background: Pixels, theme: str) -> Composite:
    """Paint the objects of one theme onto a background.

    Args:
        rng: source of chance; the same state gives the same result.
        background: ``(s, s, 3)`` uint8 with s of at least 32; it is not changed.
        theme: one of ``THEMES``.

    Raises:
        ValueError: if the theme is unknown or the background not square RGB, or too small.
    """
    if theme not in THEMES:
        raise ValueError(f"unknown theme {theme!r}; themes are: {', '.join(THEMES)}")
    side = len(background)
    if background.shape != (side, side, 3) or side < 32:
        raise ValueError(f"background must be (s, s, 3), s from 32 on, got {background.shape}")
    painted = board(rng, background)
    THEMES[theme].layout(rng, painted)
    painted.grounds[painted.objects >= 0] = -1
    return Composite(developed(rng, painted, background), painted.objects, painted.grounds)


def composite(rng: Rng, background: Pixels, theme: str) -> tuple[Pixels, Labels]:
    """As ``compose``, but objects and grounds in one map of concepts, -1 unlabelled."""
    made = compose(rng, background, theme)
    concepts = list(CONCEPTS)
    names = (*KINDS, *GROUNDS)
    numbers = np.array([concepts.index(name) for name in names] + [-1], np.int16)
    both = np.where(made.grounds >= 0, made.grounds + len(KINDS), made.objects)
    return made.image, numbers[both]


_OPEN = ("BareLand", "Meadow", "Farmland")
_TOWN = (
    "DenseResidential",
    "MediumResidential",
    "Commercial",
    "Center",
    "School",
    "Church",
)

THEMES: dict[str, Theme] = {
    "airfield": Theme(("plane", "car"), ("Airport", "Square", "Industrial", "Desert", *_OPEN), layout_transport.airfield),
    "heliport": Theme(
        ("helicopter",),
        ("Airport", "Square", "Industrial", "Park", "Mountain", "Port", "Center", *_OPEN),
        layout_transport.heliport,
    ),
    "harbour": Theme(("ship",), ("Port", "River", "Beach", "Pond", "Bridge"), layout_transport.harbour),
    "marina": Theme(("ship",), ("Port", "River", "Beach", "Pond", "Resort"), layout_transport.marina),
    "car park": Theme(
        ("car",),
        ("Parking", "Industrial", "Stadium", "Square", "BareLand", "RailwayStation",
         *_TOWN),
        layout_transport.car_park,
    ),
    "traffic": Theme(
        ("car",),
        ("Viaduct", "Bridge", "Park", "SparseResidential", "Farmland", "Forest", "Meadow", "Square",
         *_TOWN),
        layout_transport.traffic,
    ),
    "tank farm": Theme(
        ("storage tank",),
        ("StorageTanks", "Industrial", "Port", "Desert", "River", *_OPEN),
        layout_sites.tank_farm,
    ),
    "pools": Theme(
        ("swimming pool",), ("Resort", "SparseResidential", "Park", *_TOWN), layout_sites.pools
    ),
    "courts": Theme(
        ("tennis court", "basketball court"),
        ("Park", "Resort", "Playground", "Stadium", "SparseResidential", "Meadow", "BareLand", *_TOWN),
        layout_sites.courts,
    ),
    "sports": Theme(
        ("sports field",),
        ("Park", "Forest", "Industrial", "SparseResidential", *_OPEN, *_TOWN),
        layout_sites.sports,
    ),
    "wind farm": Theme(
        ("windmill",), ("Mountain", "Desert", "Beach", "Forest", "Pond", *_OPEN), layout_sites.wind_farm
    ),
    "chimneys": Theme(
        ("chimney",), ("Industrial", "StorageTanks", "BareLand"), layout_sites.chimneys
    ),
    "dam": Theme(("dam",), ("Mountain", "Forest", "BareLand", "Meadow"), layout_sites.dam),
    "toll": Theme(
        ("toll station", "car"), ("Viaduct", "Forest", "Mountain", *_OPEN), layout_transport.toll
    ),
    "roundabout": Theme(
        ("roundabout",), ("SparseResidential", "Park", "Industrial", *_OPEN, *_TOWN), layout_transport.roundabout
    ),
    "bridge": Theme(
        ("bridge",), ("River", "Forest", "Farmland", "Beach", "Pond", "Mountain", "Meadow", "Viaduct"), layout_transport.bridge
    ),
}  # fmt: skip
