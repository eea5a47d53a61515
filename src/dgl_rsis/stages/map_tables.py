"""Tables of polygons and boxes of a map, for programs that need no image.

Nothing is drawn: outlines stay polygons, and a million boxes are arrays. The pixel frame of such a
table is that of an image if there is one, else of a grid that covers the candidates
(``geo.crs.frame_around``); coordinates in it are real numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray

from dgl_rsis.errors import InputError
from dgl_rsis.geo.crs import frame_around
from dgl_rsis.stages.candidates import CandidateTable
from dgl_rsis.types import FloatArray, MapFrame

Grid = tuple[MapFrame, tuple[int, int]]
"""Where a table lies: the frame, and height and width in its pixels."""


def table_of_polygons(
    polygons: Sequence[shapely.Geometry] | NDArray[np.object_],
    probabilities: Mapping[str, FloatArray],
    *,
    crs: str | None = None,
    grid: Grid | None = None,
    colours: FloatArray | None = None,
) -> CandidateTable:
    """A table of polygons.

    Args:
        polygons: ``N`` valid polygons or multipolygons in map coordinates.
        probabilities: noun -> ``(N,)`` float32 in [0, 1].
        crs: of the coordinates; not used where ``grid`` is given.
        grid: of the image they belong to; None covers them with one.
        colours: ``(N, 3)`` Lab.

    Raises:
        InputError: if something is not a polygon with an area.
    """
    shapes = np.asarray(polygons, dtype=object)
    wrong = np.flatnonzero(~(shapely.area(shapes) > 0))
    if len(wrong):
        raise InputError(f"polygon {wrong[0]} has no area; pass polygons and multipolygons")
    frame, shape = grid or _cover(shapely.bounds(shapes), crs)
    inverse = ~Affine(*frame.transform)
    placed = shapely.transform(shapes, lambda points: _moved(inverse, points))
    return CandidateTable(
        shape=shape,
        areas=shapely.area(placed),
        boxes=shapely.bounds(placed),
        centroids=shapely.get_coordinates(shapely.centroid(placed)),
        crop=None,
        probabilities=probabilities,
        colours=colours,
        frame=frame,
        are_instances=True,
        polygons=placed,
    )


def table_of_boxes(
    boxes: NDArray[np.number[Any]],
    probabilities: Mapping[str, FloatArray],
    *,
    crs: str | None = None,
    grid: Grid | None = None,
    colours: FloatArray | None = None,
) -> CandidateTable:
    """A table of boxes along the axes of a map.

    Args:
        boxes: ``(N, 4)`` ``x0, y0, x1, y1`` in map coordinates.
        probabilities: noun -> ``(N,)`` float32 in [0, 1].
        crs: of the coordinates; not used where ``grid`` is given.
        grid: of the image they belong to; None covers them with one.
        colours: ``(N, 3)`` Lab.

    Raises:
        InputError: if the shape is another, or a box is empty.
    """
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise InputError(f"boxes have shape {boxes.shape}; pass (N, 4) as x0, y0, x1, y1")
    empty = np.flatnonzero(~(boxes[:, :2] < boxes[:, 2:]).all(axis=1))
    if len(empty):
        raise InputError(f"box {empty[0]} is empty; pass x0 < x1 and y0 < y1")
    frame, shape = grid or _cover(boxes, crs)
    inverse = ~Affine(*frame.transform)
    if not inverse.is_rectilinear:
        polygons = shapely.box(*boxes.T)
        return table_of_polygons(polygons, probabilities, grid=(frame, shape), colours=colours)
    first, second = (_moved(inverse, boxes[:, part]) for part in (slice(0, 2), slice(2, 4)))
    low, high = np.minimum(first, second), np.maximum(first, second)
    return CandidateTable(
        shape=shape,
        areas=(high - low).prod(axis=1),
        boxes=np.concatenate([low, high], axis=1),
        centroids=(low + high) / 2,
        crop=None,
        probabilities=probabilities,
        colours=colours,
        frame=frame,
        are_instances=True,
    )


def _cover(bounds: NDArray[np.number[Any]], crs: str | None) -> Grid:
    if not len(bounds):
        return frame_around((0.0, 0.0, 0.0, 0.0), crs)
    low, high = bounds[:, :2].min(axis=0).tolist(), bounds[:, 2:].max(axis=0).tolist()
    return frame_around((*low, *high), crs)


def _moved(affine: Affine, points: NDArray[np.number[Any]]) -> NDArray[np.float64]:
    matrix = np.array(affine).reshape(3, 3)
    moved: NDArray[np.float64] = points @ matrix[:2, :2].T + matrix[:2, 2]
    return moved
