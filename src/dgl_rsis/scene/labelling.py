"""The user's polygons get classes: their pixels vote, tile by tile (docs/design.md 1.2).

Each tile of the scene that a polygon touches is read with a halo. The part of the polygon in the tile
gets probabilities: at the scales that suit the size of the whole polygon (``stages/given_regions.py``)
where the scene does not say how large its pixels are, else as proposals do (dense cells pooled over
its pixels, mask-guided and cropped views where they are on). Over tiles they are averaged, weighted by
pixels: pooling is a mean over pixels, so that the tiles together give what the whole image would
give; mask guidance and crops see each part for itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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
from dgl_rsis.geo.windows import Box, Tile
from dgl_rsis.inputs import ImageLike
from dgl_rsis.mapping import classes_asked
from dgl_rsis.pipeline import Model
from dgl_rsis.progress import Progress
from dgl_rsis.scene.crew import Crew
from dgl_rsis.scene.memory import RasterScene, Scene
from dgl_rsis.scene.planning import ground_side, plan_grid
from dgl_rsis.scene.source import SceneOptions, SceneReader, SceneSource
from dgl_rsis.scene.survey import plan_source
from dgl_rsis.scene.votes import Reading, Votes
from dgl_rsis.scene.voting import Place, Recording, VoteWork, vote, vote_facts, vote_here
from dgl_rsis.scene.work import scene_factors
from dgl_rsis.stages import local
from dgl_rsis.stages.given_regions import OwnScales, suits_own_scale
from dgl_rsis.stages.paint import winner_scores
from dgl_rsis.text.classes import ClassList

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

PolygonsLike: TypeAlias = "str | Path | GeoDataFrame | Parcels"


@dataclass(frozen=True)
class LabelResult:
    """The user's polygons with their classes.

    Attributes:
        parcels: with their own columns and ours.
        names: name of each of our columns in the table: ``class``, ``score``, ``runner_up``,
            ``runner_up_score``, the area and ``note``.
        classes: class names, as they were asked.
        scene: the image.
        failed: parts of it that could not be read, as ``x0,y0,x1,y1`` in pixels -> why.
        notes: what was decided on the way.
    """

    parcels: Parcels
    names: dict[str, str]
    classes: tuple[str, ...]
    scene: Scene
    failed: Mapping[str, str]
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
    image: ImageLike,
    polygons: PolygonsLike,
    classes: Sequence[str],
    *,
    other: str | bool | None = None,
    reading: SceneOptions = SceneOptions(),
    progress: Progress | None = None,
    tile_size: int | None = None,
    halo: int | None = None,
    crew: Crew = Crew(),
    recording: Recording | None = None,
) -> LabelResult:
    """Give polygons classes.

    Args:
        model: loaded.
        image: path (also of a folder or a list of files, as one mosaic), PIL image, ``(H, W, 3)``
            uint8 or a raster.
        polygons: a vector file or a table, in any CRS.
        classes: names in any words.
        other: what background words win: None leaves it without class, a name makes it a class,
            False forces every polygon into a class.
        reading: how a path is read: bands, stretch, no data, part and working resolution.
        progress: ``(done, total, message) -> go on?``.
        tile_size: side in pixels of what a tile answers for; None for that of maps.
        halo: pixels around a tile that are read with it, for context; None for that of maps.
        crew: who computes the tiles of a path, where what is finished is recorded.
        recording: where the tiles of a path are recorded, if there are several; None records
            nothing.

    Returns:
        Every feature of the user with the columns ``class`` (empty where background words win, and
        where no pixel lies), ``score`` (its probability), ``runner_up`` (the next class) and
        ``runner_up_score``, ``area_m2`` and ``note``: what was wrong with it.

    Raises:
        InputError: the image, the polygons or the classes cannot be used.
        CancelledError: the progress callback asked to stop.
    """
    settings = model.settings
    chosen = classes_asked(classes, other, settings)
    parcels = _parcels(polygons)
    with ExitStack() as stack:
        scene: Scene
        if isinstance(image, str | Path):
            reader = stack.enter_context(SceneReader(plan_source(image, reading)))
            scene, read = reader.source, reader.read
        else:
            memory = RasterScene.of(as_raster(image))
            scene, read = memory, memory.read
        placed, remarks = pixel_polygons(parcels, scene.frame, scene.shape)
        texts = local.encode_classes(model.backbone, chosen.prompts, chosen.competitors)
        votes = Votes.empty(placed, len(texts.names), scene.extent)
        tiling = _tiling(model, scene, tile_size, halo)
        whole = local.whole_embedding(scene.sample, model.backbone, settings.local)
        scales = OwnScales.of(texts.names, tiling.seen, settings) if tiling.is_own else None
        how = Reading(texts, scales, tiling.factors, whole)
        places = dict(_touched(votes, scene, tiling))
        if recording is not None and isinstance(scene, SceneSource) and len(places) > 1:
            work = VoteWork(scene, places, votes, how)
            facts = vote_facts(work, model, reading, placed)
            lost = vote(work, model, crew, recording, facts, progress)
        else:
            lost = vote_here(places, read, votes, model, how, progress)
        failed = {",".join(map(str, vars(places[tile].core).values())): lost[tile] for tile in lost}
        area_name, areas = ground_areas(parcels, placed, scene.frame)
        notes = list(scene.notes)
    remarks = votes.remarks(remarks)
    columns = {**_answers(votes, chosen), area_name: areas, "note": _texts(remarks)}
    table, names = add_columns(parcels.table, columns)
    if names["class"] != "class":
        notes.append(
            f"the polygons have columns of our names: ours are {', '.join(names.values())}"
        )
    if failed:
        notes.append(f"{len(failed)} of {len(places)} tiles cannot be read and count as no data")
    troubled = sum(bool(remark) for remark in remarks)
    if troubled:
        notes.append(f"{troubled} of {len(remarks)} features have a remark in {names['note']!r}")
    return LabelResult(
        Parcels(table, parcels.ids, parcels.layer),
        names,
        chosen.names,
        scene,
        failed,
        tuple(notes),
    )


def _parcels(polygons: PolygonsLike) -> Parcels:
    if isinstance(polygons, Parcels):
        return polygons
    if isinstance(polygons, str | Path):
        return read_parcels(polygons)
    if not len(polygons):
        raise InputError("the table of polygons is empty; pass at least one polygon")
    return Parcels(polygons)


@dataclass(frozen=True)
class _Tiling:
    """Tiles of a scene, in pixels, and how they are read.

    Attributes:
        size: side of what a tile answers for.
        halo: pixels around it that are read with it.
        seen: height and width of the largest part of the scene that is read at once.
        factors: of the size of a tile at which maps are read.
        is_own: whether polygons are read at the scales that suit their sizes.
    """

    size: int
    halo: int
    seen: tuple[int, int]
    factors: tuple[float, ...]
    is_own: bool


def _tiling(model: Model, scene: Scene, size: int | None, halo: int | None) -> _Tiling:
    """Tiles as for a map, or such as can be enlarged; an image that needs none is read as a whole."""
    settings, metres = model.settings.local, ground_side(scene.frame)
    is_own = suits_own_scale(model.backbone, model.settings, metres)
    factors = scene_factors(metres, model.backbone.cell, settings)
    if size is None or halo is None:
        _, grid = plan_grid(scene, model, size)
        halo = grid.halo if halo is None else halo
        enlargeable = int(settings.max_side / model.settings.regions.enlarge) - 2 * halo
        size = size or (max(halo, enlargeable) if is_own else grid.size)
    plain = tuple(float(factor) for factor in factors)
    side = size + 2 * halo
    if max(scene.shape) <= side:
        plain = local.reading_factors(scene.shape, metres, model.backbone.cell, settings)
    seen = min(scene.shape[0], side), min(scene.shape[1], side)
    return _Tiling(size, halo, seen, plain, is_own)


def _touched(votes: Votes, scene: Scene, tiling: _Tiling) -> Iterator[tuple[Tile, Place]]:
    """Tiles that polygons touch."""
    tree = shapely.STRtree([each or shapely.Polygon() for each in votes.polygons])
    extent, everything = scene.extent, Box(0, 0, *scene.shape[::-1])
    for row, (y0, y1) in enumerate(_spans(extent.y0, extent.y1, tiling)):
        for column, (x0, x1) in enumerate(_spans(extent.x0, extent.x1, tiling)):
            numbers = sorted(tree.query(shapely.box(x0, y0, x1, y1)).tolist())
            if numbers:
                core = Box(x0, y0, x1, y1)
                yield Tile(row, column), Place(core, core.grown(tiling.halo) & everything, numbers)


def _spans(start: int, stop: int, tiling: _Tiling) -> list[tuple[int, int]]:
    """Tiles along one side; one where a tile with its halo would read nearly all anyway."""
    if stop - start <= tiling.size + 2 * tiling.halo:
        return [(start, stop)]
    return [(first, min(stop, first + tiling.size)) for first in range(start, stop, tiling.size)]


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
