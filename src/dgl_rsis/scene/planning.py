"""What is decided about a scene before its first tile: the tiles, and what is done with each."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from affine import Affine

from dgl_rsis.geo.windows import Box, TileGrid, make_grid
from dgl_rsis.geo.writer import stored_dtype
from dgl_rsis.mapping import classes_asked
from dgl_rsis.pipeline import Model
from dgl_rsis.scene.memory import Scene
from dgl_rsis.scene.source import SceneSource, placed
from dgl_rsis.scene.work import ALIGNMENT, Work, scene_factors
from dgl_rsis.stages import local
from dgl_rsis.types import MapFrame

TILE_SIZE = 1024
"""Least side of a tile in pixels, unless another one is asked for."""
TILE_READ = 640
"""Least side of what the model reads of a tile without its halo, likewise."""
CONTEXT = 160
"""Pixels of what the model reads at its finest factor that it sees around a tile: what rs-tiny says
of the blended cells does then not depend on where tiles end."""


def plan_work(
    source: SceneSource,
    model: Model,
    classes: Sequence[str],
    *,
    other: str | bool | None = None,
    tile_size: int | None = None,
    scores: bool = False,
) -> Work:
    """Everything that is decided before the first tile.

    Args:
        source: the scene.
        model: that will compute.
        classes: names.
        other: see ``Model.segment``.
        tile_size: wanted side of a tile in pixels; None chooses.
        scores: whether they are wanted.

    Raises:
        InputError: the classes or the size cannot be used.
    """
    settings = model.settings
    chosen = classes_asked(classes, other, settings)
    factors, grid = plan_grid(source, model, tile_size)
    return Work(
        source,
        grid,
        grid.step if settings.painter == "dense" else grid.halo,
        factors,
        chosen,
        local.encode_classes(model.backbone, chosen.prompts, chosen.competitors),
        local.whole_embedding(source.sample, model.backbone, settings.local),
        stored_dtype(chosen.names),
        scores,
    )


def plan_grid(
    source: Scene, model: Model, tile_size: int | None
) -> tuple[tuple[Fraction, ...], TileGrid]:
    """Factors of the image size at which a model reads a scene, and tiles that suit them.

    Args:
        source: the scene.
        model: that will compute.
        tile_size: wanted side of a tile in pixels; None chooses.

    Raises:
        InputError: the size cannot be used.
        ModelError: the model cannot read parts of a scene.
    """
    factors = scene_factors(ground_side(source.frame), model.backbone.cell, model.settings.local)
    cell = model.backbone.cell
    grid = make_grid(
        source.shape,
        source.extent,
        factors=factors,
        cell=cell,
        alignment=ALIGNMENT if ALIGNMENT % cell == 0 else cell,
        size=tile_size or default_tile_size(factors),
        context=CONTEXT,
        origin=source.origin,
    )
    return factors, grid


def default_tile_size(factors: tuple[Fraction, ...]) -> int:
    """Side of tiles in pixels: large enough that a halo costs no more than it must."""
    return max(TILE_SIZE, int(TILE_READ / factors[0]))


def ground_side(frame: MapFrame | None) -> float | None:
    """Side of a square with the ground area of a pixel, in metres; None where it is unknown."""
    area = None if frame is None else frame.pixel_area_m2
    return None if area is None else float(np.sqrt(area))


def map_place(source: SceneSource) -> MapFrame | None:
    """Where the part of a scene that is mapped lies."""
    extent = source.extent
    if extent == Box(0, 0, source.shape[1], source.shape[0]):
        return source.frame
    return placed(source.frame or MapFrame(Affine.identity()[:6]), extent)
