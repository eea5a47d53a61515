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
from dgl_rsis.image_reader import ImageReader
from dgl_rsis.inputs import ImageLike, filled
from dgl_rsis.pipeline import CancelledError, Model, Progress
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.proposals.polygons import pixels_inside
from dgl_rsis.proposing import pixel_size
from dgl_rsis.scene.tile_source import RasterSource, TileSource, open_source
from dgl_rsis.stages import local
from dgl_rsis.stages.paint import winner_scores
from dgl_rsis.text.classes import ClassList, read_classes
from dgl_rsis.types import BoolArray, FloatArray, Raster

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

TILE = 1024
"""Pixels a side of what a tile answers for."""
HALO = 128
"""Pixels around it that it is read with, for context."""
_MANY_POINTS = 1_000  # of a polygon, above which it is cut to a tile before its pixels are found
_LARGE = 2**22  # pixels of a box that are looked at to find a pixel of a thin polygon

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
        votes = _Votes.empty(placed, len(texts.names), source.shape)
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


@dataclass
class _Votes:
    """What tiles said so far.

    Attributes:
        polygons: ``(N,)`` in pixels of the scene; None for what is none.
        points: ``(N,)`` pixel ``x, y`` of polygons between pixel centres; -1 for all others.
        sums: ``(N, K)`` probabilities times pixels.
        pixels: ``(N,)`` valid pixels.
        lost: ``(N,)`` pixels without data.
        shape: height and width of the scene.
    """

    polygons: NDArray[np.object_]
    points: NDArray[np.int64]
    sums: NDArray[np.float64]
    pixels: NDArray[np.int64]
    lost: NDArray[np.int64]
    shape: tuple[int, int]

    @classmethod
    def empty(cls, polygons: NDArray[np.object_], names: int, shape: tuple[int, int]) -> _Votes:
        count = len(polygons)
        points = np.array([_lone_pixel(each, shape) for each in polygons], np.int64)
        zeros = np.zeros(count, np.int64)
        sums = np.zeros((count, names))
        return cls(polygons, points.reshape(-1, 2), sums, zeros, zeros.copy(), shape)

    def crop(self, number: int, core: Rectangle) -> tuple[BoolArray, int, int]:
        """Pixels of a polygon in a tile: mask and its first column and row in the scene."""
        top, left, bottom, right = core
        x, y = self.points[number].tolist()
        if x >= 0:
            inside = left <= x < right and top <= y < bottom
            return np.full((1, 1) if inside else (0, 0), True), x, y
        polygon = self.polygons[number]
        if shapely.get_num_coordinates(polygon) > _MANY_POINTS:
            polygon = _cut(polygon, (left - 1, top - 1, right + 1, bottom + 1))
            if polygon is None:
                return np.zeros((0, 0), bool), left, top
        x0, y0, x1, y1 = polygon.bounds
        x0, y0 = max(left, int(np.floor(x0))), max(top, int(np.floor(y0)))
        x1, y1 = min(right, int(np.ceil(x1))), min(bottom, int(np.ceil(y1)))
        return pixels_inside(polygon, (x0, y0, x1, y1)), x0, y0

    def count_missing(self, numbers: Sequence[int], core: Rectangle) -> None:
        """Count the pixels of polygons in a tile without data."""
        for number in numbers:
            self.lost[number] += int(self.crop(number, core)[0].sum())

    def add(
        self,
        model: Model,
        texts: local.TextFeatures,
        part: Raster,
        core: Rectangle,
        outer: Rectangle,
        numbers: Sequence[int],
    ) -> None:
        """Let the pixels of a tile vote.

        Args:
            model: loaded.
            texts: classes and competitors.
            part: the image of ``outer``.
            core: what the tile answers for.
            outer: the same with the halo.
            numbers: polygons that may lie in it.
        """
        crops, corners, owners = [], [], []
        for number in numbers:
            crop, x, y = self.crop(number, core)
            x, y = x - outer[1], y - outer[0]
            seen = crop & part.valid[y : y + crop.shape[0], x : x + crop.shape[1]]
            self.lost[number] += int(crop.sum()) - int(seen.sum())
            if seen.any():
                crops.append(seen)
                corners.append((x, y))
                owners.append(number)
        if not crops:
            return
        masks = MaskSet.from_crops(crops, corners, part.shape)
        probabilities = _probabilities(model, texts, part, masks)
        self.sums[owners] += probabilities.astype(np.float64) * masks.areas[:, None]
        self.pixels[owners] += masks.areas

    def probabilities(self) -> FloatArray:
        """``(N, K)`` float32; zero where no pixel voted."""
        return np.asarray(self.sums / np.maximum(self.pixels, 1)[:, None], np.float32)

    def remarks(self, before: Sequence[str]) -> list[str]:
        """Remarks on all features, with what was found of their pixels."""
        result = []
        for number, remark in enumerate(before):
            polygon, said = self.polygons[number], [remark] if remark else []
            if polygon is not None:
                share = self._share_seen(number)
                if share == 0 and not self.lost[number]:
                    said.append("it lies outside the image")
                elif share == 0:
                    said.append("the image has no data here")
                elif share < 0.995:
                    said.append(f"only {max(0.01, share):.0%} of it lies where the image has data")
            result.append("; ".join(said))
        return result

    def _share_seen(self, number: int) -> float:
        """Share of a polygon that lies on valid pixels."""
        found = int(self.pixels[number])
        if not found:
            return 0.0
        polygon = self.polygons[number]
        x0, y0, x1, y1 = polygon.bounds
        inside = 1.0
        if x0 < 0 or y0 < 0 or x1 > self.shape[1] or y1 > self.shape[0]:
            cut = _cut(polygon, (0, 0, self.shape[1], self.shape[0]))
            inside = 0.0 if cut is None else cut.area / polygon.area
        return inside * found / (found + int(self.lost[number]))


def _probabilities(
    model: Model, texts: local.TextFeatures, part: Raster, masks: MaskSet
) -> FloatArray:
    """``(n, K)`` class probabilities of masks of one image, as proposals of an image get them."""
    settings = model.settings
    reader = ImageReader.of(
        filled(part), model.backbone, settings, metres_per_pixel=pixel_size(part)
    )
    features = reader.features()
    scale = model.backbone.dense_logit_scale
    dense = local.dense_probabilities(features, texts, scale, settings.local)
    return local.align(
        reader.crops, model.backbone, masks, features, texts, dense, settings.local,
        rank_by=range(texts.class_count),
    )  # fmt: skip


def _touched(
    votes: _Votes, shape: tuple[int, int], tile: int, halo: int
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


def _lone_pixel(polygon: shapely.Geometry | None, shape: tuple[int, int]) -> tuple[int, int]:
    """The pixel that a polygon between pixel centres lies in; -1, -1 for all others."""
    if polygon is None:
        return -1, -1
    x0, y0 = np.floor(polygon.bounds[:2]).astype(int).tolist()
    x1, y1 = np.ceil(polygon.bounds[2:]).astype(int).tolist()
    if (x1 - x0) * (y1 - y0) > _LARGE or pixels_inside(polygon, (x0, y0, x1, y1)).any():
        return -1, -1
    point = polygon.representative_point()
    x, y = int(np.floor(point.x)), int(np.floor(point.y))
    return (x, y) if 0 <= x < shape[1] and 0 <= y < shape[0] else (-1, -1)


def _cut(polygon: shapely.Geometry, box: tuple[int, int, int, int]) -> shapely.Geometry | None:
    """The part of a polygon in a box; None if there is none."""
    parts = shapely.get_parts(shapely.clip_by_rect(polygon, *box))
    areas = [each for each in parts if each.geom_type == "Polygon"]
    return shapely.MultiPolygon(areas) if areas else None


def _answers(votes: _Votes, chosen: ClassList) -> dict[str, Any]:
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
