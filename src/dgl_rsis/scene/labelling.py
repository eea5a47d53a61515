"""The user's polygons get classes: their pixels vote, tile by tile (docs/design.md 1.2).

Each tile of the scene that a polygon touches is read with a halo. The probabilities of the part of
the polygon in the tile are those that every proposal gets (dense cells pooled over its pixels,
mask-guided and cropped views where they are on); over tiles they are averaged, weighted by pixels.
Pooling is a mean over pixels, so that the tiles together give what the whole image would give.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray

from dgl_rsis.errors import InputError
from dgl_rsis.geo.parcels import (
    Parcels,
    add_columns,
    ground_areas,
    pixel_polygons,
    read_parcels,
    write_parcels,
)
from dgl_rsis.geo.raster import as_raster
from dgl_rsis.geo.regions import Rectangle
from dgl_rsis.inputs import ImageLike
from dgl_rsis.pipeline import CancelledError, Model, Progress
from dgl_rsis.scene.tile_source import RasterSource, TileSource, open_source
from dgl_rsis.scene.votes import Votes
from dgl_rsis.stages import local
from dgl_rsis.stages.paint import winner_scores
from dgl_rsis.text.classes import ClassList, read_classes

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

TILE = 1024
"""Pixels a side of what a tile answers for."""
HALO = 128
"""Pixels around it that it is read with, for context."""

PolygonsLike: TypeAlias = "str | Path | GeoDataFrame | Parcels"


@dataclass(frozen=True)
class LabelResult:
    """The user's polygons with their classes.

    Attributes:
        parcels: with their own columns and ours.
        names: name of each of our columns in the table: ``class``, ``score``, ``runner_up``,
            ``runner_up_score``, the area and ``note``.
        classes: class names, as they were asked.
        notes: what was decided on the way.
    """

    parcels: Parcels
    names: dict[str, str]
    classes: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def table(self) -> GeoDataFrame:
        """A row for each feature of the user, in their order."""
        return self.parcels.table

    @property
    def counts(self) -> dict[str, int]:
        """How many polygons each class has."""
        column = self.table[self.names["class"]]
        return {name: int((column == name).sum()) for name in self.classes}

    def save(self, path: str | Path) -> None:
        """Write the table: .gpkg, .geojson, .parquet or .fgb, in the CRS of the polygons.

        Raises:
            OutputError: the suffix is unknown or writing fails.
        """
        write_parcels(path, self.parcels, coloured=self.names["class"] == "class")


def label(
    model: Model,
    image: ImageLike | TileSource,
    polygons: PolygonsLike,
    classes: Sequence[str],
    *,
    other: str | bool | None = None,
    progress: Progress | None = None,
    tile: int = TILE,
    halo: int = HALO,
) -> LabelResult:
    """Give polygons classes.

    Args:
        model: loaded.
        image: path, PIL image, ``(H, W, 3)`` uint8, a raster, or a scene that is open.
        polygons: a vector file or a table, in any CRS.
        classes: names in any words.
        other: what background words win: None leaves it without class, a name makes it a class,
            False forces every polygon into a class.
        progress: ``(done, total, message) -> go on?``.
        tile: pixels a side of a tile.
        halo: pixels around a tile that are read with it.

    Returns:
        Every feature of the user with the columns ``class`` (empty where background words win, and
        where no pixel lies), ``score`` (its probability), ``runner_up`` (the next class) and
        ``runner_up_score``, ``area_m2`` and ``note``: what was wrong with it.

    Raises:
        InputError: the image, the polygons or the classes cannot be used.
        CancelledError: the progress callback asked to stop.
    """
    settings = model.settings
    chosen = read_classes(
        classes,
        other=other,
        knowledge=settings.knowledge.enabled,
        background=settings.knowledge.background,
    )
    parcels = _parcels(polygons)
    with ExitStack() as stack:
        source: TileSource
        if isinstance(image, TileSource):
            source = image
        elif isinstance(image, str | Path):
            source = stack.enter_context(open_source(image))
        else:
            source = RasterSource(as_raster(image))
        placed, remarks = pixel_polygons(parcels, source.frame, source.shape)
        texts = local.encode_classes(model.backbone, chosen.prompts, chosen.competitors)
        votes = Votes.empty(placed, len(texts.names), source.shape)
        tiles = list(_touched(votes, source.shape, tile, halo))
        for done, (core, outer, numbers) in enumerate(tiles):
            _go_on(progress, done, len(tiles), f"tile {done + 1} of {len(tiles)}")
            part = source.read(outer)
            if part is None:
                votes.count_missing(numbers, core)
            else:
                votes.add(model, texts, part, core, outer, numbers)
        _go_on(progress, len(tiles), len(tiles), "done")
        area_name, areas = ground_areas(parcels, placed, source.frame)
        notes = list(source.notes)
    remarks = votes.remarks(remarks)
    columns = {**_answers(votes, chosen), area_name: areas, "note": _texts(remarks)}
    table, names = add_columns(parcels.table, columns)
    if names["class"] != "class":
        notes.append(
            f"the polygons have columns of our names: ours are {', '.join(names.values())}"
        )
    troubled = sum(bool(remark) for remark in remarks)
    if troubled:
        notes.append(f"{troubled} of {len(remarks)} features have a remark in {names['note']!r}")
    return LabelResult(
        Parcels(table, parcels.ids, parcels.layer), names, chosen.names, tuple(notes)
    )


def _parcels(polygons: PolygonsLike) -> Parcels:
    if isinstance(polygons, Parcels):
        return polygons
    if isinstance(polygons, str | Path):
        return read_parcels(polygons)
    if not len(polygons):
        raise InputError("the table of polygons is empty; pass at least one polygon")
    return Parcels(polygons)


def _go_on(progress: Progress | None, done: int, total: int, message: str) -> None:
    if progress is not None and not progress(done, total, message):
        raise CancelledError("cancelled")


def _touched(
    votes: Votes, shape: tuple[int, int], tile: int, halo: int
) -> Iterator[tuple[Rectangle, Rectangle, list[int]]]:
    """Tiles that polygons touch: the tile, the same with its halo, and the polygons."""
    tree = shapely.STRtree([each or shapely.Polygon() for each in votes.polygons])
    for top, bottom in _spans(shape[0], tile, halo):
        for left, right in _spans(shape[1], tile, halo):
            numbers = sorted(tree.query(shapely.box(left, top, right, bottom)).tolist())
            if numbers:
                outer = (
                    max(0, top - halo),
                    max(0, left - halo),
                    min(shape[0], bottom + halo),
                    min(shape[1], right + halo),
                )
                yield (top, left, bottom, right), outer, numbers


def _spans(side: int, tile: int, halo: int) -> list[tuple[int, int]]:
    """Tiles along one side; one where a tile with its halo would read nearly all anyway."""
    if side <= tile + 2 * halo:
        return [(0, side)]
    return [(start, min(side, start + tile)) for start in range(0, side, tile)]


def _answers(votes: Votes, chosen: ClassList) -> dict[str, Any]:
    """Class, score and runner-up of all features."""
    probabilities, seen = votes.probabilities(), votes.pixels > 0
    class_of = np.array(chosen.class_of_name)
    best = probabilities.argmax(1)
    winner = np.where(seen, class_of[best], -1)
    scores = winner_scores(probabilities, best, chosen.rest)
    by_class = np.full((len(best), len(chosen.names)), -1.0, np.float32)
    for number in range(len(chosen.names)):
        columns = np.flatnonzero(class_of == number)
        strongest = columns[probabilities[:, columns].argmax(1)]
        by_class[:, number] = winner_scores(probabilities, strongest, chosen.rest)
    has_class = np.flatnonzero(winner >= 0)
    by_class[has_class, winner[has_class]] = -1
    next_best = by_class.argmax(1)
    next_score = by_class.max(1)
    has_next = seen & (next_score >= 0)
    names = np.array([*chosen.names, None], object)
    return {
        "class": _texts(names[winner]),
        "score": np.where(winner >= 0, scores, np.nan).astype(np.float64),
        "runner_up": _texts(names[np.where(has_next, next_best, -1)]),
        "runner_up_score": np.where(has_next, next_score, np.nan).astype(np.float64),
    }


def _texts(values: Sequence[Any] | NDArray[np.object_]) -> Any:
    """A column of text, empty where there is none."""
    from pandas import array

    return array([value or None for value in values], dtype="str")
