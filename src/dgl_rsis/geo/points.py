"""Points in and out: pixels as points on the map, and points as pixels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray

from dgl_rsis.errors import InputError
from dgl_rsis.geo.vector import read_table
from dgl_rsis.types import IntArray, MapFrame

if TYPE_CHECKING:
    from geopandas import GeoDataFrame
    from pandas import DataFrame


def points_frame(
    rows: IntArray,
    columns: IntArray,
    attributes: Mapping[str, Sequence[Any]],
    *,
    frame: MapFrame | None,
) -> GeoDataFrame:
    """Turn pixels into points at their centres.

    Args:
        rows: ``(N,)`` of the pixels.
        columns: likewise.
        attributes: columns with one value per point.
        frame: where the image lies; None gives pixel coordinates.

    Returns:
        The columns and ``geometry``.
    """
    from geopandas import GeoDataFrame

    affine = Affine.identity() if frame is None else Affine(*frame.transform)
    x, y = (
        affine.a * (columns + 0.5) + affine.b * (rows + 0.5) + affine.c,
        affine.d * (columns + 0.5) + affine.e * (rows + 0.5) + affine.f,
    )
    crs = None if frame is None else frame.crs
    return GeoDataFrame(dict(attributes), geometry=list(shapely.points(x, y)), crs=crs)


def read_points(path: str | Path, frame: MapFrame | None) -> tuple[NDArray[np.float64], DataFrame]:
    """Read points into the pixel frame of an image, and their attributes.

    Args:
        path: any vector file with points, in any CRS. Where the image or the file has no CRS,
            coordinates count as map coordinates of the image.
        frame: where the image lies.

    Returns:
        ``(N, 2)`` ``x, y`` in pixels, which may lie beyond the image, and the attributes as rows.

    Raises:
        InputError: the file cannot be read or holds something else than points.
    """
    file = Path(path)
    table = read_table(file)
    if table is None or table.empty:
        raise InputError(f"{file} holds no points; check that it is the right file")
    kinds = set(table.geometry.geom_type.fillna("nothing"))
    if kinds != {"Point"} or table.geometry.is_empty.any():
        raise InputError(f"{file} must hold points only, not {', '.join(sorted(map(str, kinds)))}")
    geometries = table.geometry
    if frame is not None and frame.crs is not None and table.crs is not None:
        geometries = geometries.to_crs(frame.crs)
    inverse = ~(Affine.identity() if frame is None else Affine(*frame.transform))
    x, y = shapely.get_coordinates(geometries.to_numpy()).T
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise InputError(f"{file} has coordinates that have no place in the CRS of the image")
    pixels = np.stack(
        [
            inverse.a * x + inverse.b * y + inverse.c,
            inverse.d * x + inverse.e * y + inverse.f,
        ],
        axis=1,
    )
    return pixels, table.drop(columns=table.geometry.name).reset_index(drop=True)
