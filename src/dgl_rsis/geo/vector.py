"""Polygons out of masks, vector files in and out (docs/design.md 2 and 3.1).

Without a CRS coordinates are pixels, x to the right and y **down**, as everywhere in this package.

Areas are areas in map units times the ground area of a pixel at the centre of the image: true
square metres on scenes small enough for one scale, also on Mercator maps and in degrees.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from rasterio.features import rasterize, shapes

from dgl_rsis.errors import InputError
from dgl_rsis.geo.output_file import atomic, check_suffix
from dgl_rsis.geo.writer import VECTOR_SUFFIXES
from dgl_rsis.types import BoolArray, MapFrame

if TYPE_CHECKING:
    from geopandas import GeoDataFrame
    from pandas import DataFrame

_POLYGONS = ("Polygon", "MultiPolygon")
Crop = tuple[BoolArray, int, int]  # (h, w) bool and the pixel x0, y0 of its upper left corner


def _geometries(outlines: Iterable[Mapping[str, Any]]) -> NDArray[Any]:
    return np.array([shapely.geometry.shape(outline) for outline in outlines], dtype=object)


def matches_frame(
    crops: Sequence[Crop], attributes: Mapping[str, Sequence[Any]], *, frame: MapFrame | None
) -> GeoDataFrame:
    """Turn masks into rows of a table, one (multi)polygon each.

    Args:
        crops: masks as bool ``(h, w)`` crops with the pixel ``x0, y0`` of their upper left corner.
        attributes: columns with one value per mask.
        frame: where the image lies; None gives pixel coordinates.

    Returns:
        The columns, ``area_m2`` (``area_px`` where the frame gives no lengths) and ``geometry``;
        an empty mask has an empty geometry.
    """
    affine = _affine(frame)
    geometries = []
    for crop, x0, y0 in crops:
        outlines = shapes(
            crop.astype(np.uint8),
            mask=crop,
            connectivity=4,
            transform=affine @ Affine.translation(x0, y0),
        )
        parts = repaired(_geometries(outline for outline, _ in outlines))
        geometries.append(shapely.union_all(parts) if len(parts) else shapely.Polygon())
    return _table(attributes, np.array(geometries, dtype=object), frame)


def outlines_frame(
    outlines: NDArray[np.object_],
    attributes: Mapping[str, Sequence[Any]],
    *,
    frame: MapFrame | None,
) -> GeoDataFrame:
    """Turn polygons of the pixel frame into rows of a table.

    Args:
        outlines: ``(N,)`` polygons in pixels of the image.
        attributes: columns with one value per polygon.
        frame: where the image lies; None gives pixel coordinates.

    Returns:
        The columns, ``area_m2`` (``area_px`` where the frame gives no lengths) and ``geometry``.
    """
    return _table(attributes, to_map(outlines, frame), frame)


def to_map(geometries: NDArray[Any], frame: MapFrame | None) -> NDArray[Any]:
    """Geometries of the pixel frame in map coordinates; as they are without a frame."""
    a, b, c, d, e, f = tuple(_affine(frame))[:6]
    steps, origin = np.array([[a, d], [b, e]]), np.array([c, f])

    def mapped(pixels: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(pixels @ steps + origin)

    moved: NDArray[Any] = shapely.transform(geometries, mapped)
    return moved


def _table(
    attributes: Mapping[str, Sequence[Any]], geometries: NDArray[Any], frame: MapFrame | None
) -> GeoDataFrame:
    from geopandas import GeoDataFrame

    unit, column = _pixel_area(frame)
    areas = shapely.area(geometries) * (unit / abs(_affine(frame).determinant))
    return GeoDataFrame(
        {**{name: list(values) for name, values in attributes.items()}, column: areas},
        geometry=list(geometries),
        crs=None if frame is None else frame.crs,
    )


def _affine(frame: MapFrame | None) -> Affine:
    return Affine.identity() if frame is None else Affine(*frame.transform)


def _pixel_area(frame: MapFrame | None) -> tuple[float, str]:
    """Area of a pixel and the name of its column."""
    area = None if frame is None else frame.pixel_area_m2
    return (1.0, "area_px") if area is None else (area, "area_m2")


def repaired(geometries: NDArray[Any]) -> NDArray[Any]:
    """Valid polygons: outlines that touch themselves at a corner are split there."""
    broken = ~shapely.is_valid(geometries)
    if broken.any():
        geometries = geometries.copy()
        geometries[broken] = [
            _polygonal(geometry) for geometry in shapely.make_valid(geometries[broken])
        ]
    return geometries


def _polygonal(geometry: shapely.Geometry) -> shapely.Geometry:
    """The polygons of a geometry: repairing may leave lines and points beside them."""
    if geometry.geom_type in _POLYGONS:
        return geometry
    parts = shapely.get_parts(geometry)
    return shapely.union_all([part for part in parts if part.geom_type in _POLYGONS])


def read_boxes_or_polygons(
    path: str | Path, raster_frame: MapFrame | None
) -> list[shapely.Polygon | shapely.MultiPolygon]:
    """Read polygons into the pixel frame of an image; see ``read_features``."""
    return read_features(path, raster_frame)[0]


def read_features(
    path: str | Path, raster_frame: MapFrame | None
) -> tuple[list[shapely.Polygon | shapely.MultiPolygon], DataFrame]:
    """Read polygons into the pixel frame of an image, and their attributes.

    Args:
        path: any vector file with polygons, in any CRS. Where the image or the file has no CRS,
            coordinates count as map coordinates of the image; as pixels where it has no
            georeference.
        raster_frame: where the image lies.

    Returns:
        One valid polygon or multipolygon per feature, in file order, in pixels; they may reach
        beyond the image. Their attributes as rows in the same order.

    Raises:
        InputError: if the file cannot be read or holds something else than polygons.
    """
    file = Path(path)
    table = read_table(file)
    if table is None or table.empty:
        raise InputError(f"{file} holds no polygons; check that it is the right file")
    kinds = set(table.geometry.geom_type.fillna("nothing"))
    if not kinds <= set(_POLYGONS) or table.geometry.is_empty.any():
        raise InputError(
            f"{file} must hold polygons only, not {', '.join(sorted(map(str, kinds)))}"
        )
    geometries = table.geometry
    if raster_frame is not None and raster_frame.crs is not None and table.crs is not None:
        geometries = geometries.to_crs(raster_frame.crs)
    inverse = ~_affine(raster_frame)
    matrix = [inverse.a, inverse.b, inverse.d, inverse.e, inverse.c, inverse.f]
    moved = geometries.affine_transform(matrix).to_numpy()
    if not np.isfinite(shapely.get_coordinates(moved)).all():
        raise InputError(f"{file} has coordinates that have no place in the CRS of the image")
    valid = repaired(moved)
    flat = np.flatnonzero(shapely.is_empty(valid))
    if len(flat):
        raise InputError(f"{file}, feature {flat[0] + 1}: the polygon has no area; leave it out")
    return list(valid), table.drop(columns=table.geometry.name).reset_index(drop=True)


def read_table(file: Path) -> GeoDataFrame | None:
    """The first layer with geometries, None if there is no such layer.

    Raises:
        InputError: the file is not there or no vector file.
        MissingExtraError: for .parquet without pyarrow.
    """
    import geopandas
    import pyogrio
    from pyogrio.errors import DataSourceError

    if not file.is_file():
        raise InputError(f"{file} does not exist; check the path")
    try:
        if check_suffix(file, (file.suffix.lower(),)) == ".parquet":
            return geopandas.read_parquet(file)
        layers = [name for name, kind in pyogrio.list_layers(file) if kind is not None]
        return geopandas.read_file(file, layer=layers[0]) if layers else None
    except (DataSourceError, ValueError) as error:
        text = " ".join(str(error).split())
        raise InputError(f"{file} is not a vector file that can be read: {text}") from error


def rasterize_polygons(
    polygons: Sequence[shapely.Polygon | shapely.MultiPolygon], shape: tuple[int, int]
) -> list[Crop]:
    """Turn polygons into masks.

    Args:
        polygons: in pixels of the image.
        shape: height and width of the image in pixels.

    Returns:
        For each polygon a bool ``(h, w)`` crop with its ``x0, y0``: the pixels whose centre lies
        inside, or all that it touches if there is no such pixel. A polygon outside the image has
        a crop of shape (0, 0).
    """
    height, width = shape
    crops: list[Crop] = []
    for polygon in polygons:
        left, top, right, bottom = polygon.bounds
        x0, y0 = max(int(np.floor(left)), 0), max(int(np.floor(top)), 0)
        x1, y1 = min(int(np.ceil(right)), width), min(int(np.ceil(bottom)), height)
        if x0 >= x1 or y0 >= y1:
            crops.append((np.zeros((0, 0), dtype=bool), 0, 0))
            continue
        crop = polygons_mask([polygon], (y1 - y0, x1 - x0), x0, y0)
        if not crop.any():
            crop = polygons_mask([polygon], (y1 - y0, x1 - x0), x0, y0, all_touched=True)
        crops.append((crop, x0, y0))
    return crops


def polygons_mask(
    polygons: Sequence[shapely.Geometry],
    shape: tuple[int, int],
    x0: int,
    y0: int,
    *,
    all_touched: bool = False,
) -> BoolArray:
    """Pixels inside any of the polygons.

    Args:
        polygons: in pixels of the image.
        shape: height and width of the part of the image that is wanted.
        x0: first column of that part.
        y0: first row of that part.
        all_touched: count every pixel touched, not only those whose centre lies inside.

    Returns:
        ``(h, w)`` bool.
    """
    burnt = rasterize(
        [(polygon, 1) for polygon in polygons],
        out_shape=shape,
        transform=Affine.translation(x0, y0),
        all_touched=all_touched,
        dtype="uint8",
    )
    return np.asarray(burnt, dtype=bool)


def write_vectors(path: str | Path, table: GeoDataFrame) -> None:
    """Write a table in the format of the suffix: .gpkg, .geojson, .parquet or .fgb.

    GeoJSON is WGS 84 where a CRS is known (RFC 7946) and pixels otherwise; the others keep the
    CRS. A GeoPackage carries a QGIS style coloured by ``class`` or ``chosen``.

    Raises:
        OutputError: if the suffix is unknown or the file cannot be written; nothing is left then.
        MissingExtraError: for .parquet without pyarrow.
    """
    from pyogrio.errors import DataSourceError

    from dgl_rsis.geo.style import add_style

    target = Path(path)
    suffix = check_suffix(target, VECTOR_SUFFIXES)
    with atomic(target) as temporary, warnings.catch_warnings():
        # Pixel coordinates have no CRS, on purpose.
        warnings.filterwarnings("ignore", "'crs' was not provided", UserWarning)
        if suffix == ".parquet":
            table.to_parquet(temporary)
            return
        options: dict[str, Any] = {"driver": _DRIVERS[suffix]}
        if suffix == ".geojson":
            options["COORDINATE_PRECISION"] = 9  # 0.1 mm; the default of 1 cm shows at 5 cm pixels
            if table.crs is not None:
                table = table.to_crs("EPSG:4326")
                options["RFC7946"] = "YES"
        if table.empty:
            options["geometry_type"] = "Polygon"
        try:
            table.to_file(temporary, engine="pyogrio", **options)
        except DataSourceError as error:
            raise OSError(str(error)) from error  # what atomic() reports
        if suffix == ".gpkg":
            add_style(temporary, table)


_DRIVERS = {".gpkg": "GPKG", ".geojson": "GeoJSON", ".fgb": "FlatGeobuf"}
