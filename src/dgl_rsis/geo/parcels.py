"""The user's polygons in and out, with everything that their file says of them.

Attributes, ids, the name of the layer and the CRS go through unchanged. What is wrong with a single
polygon is told of that polygon and stops nothing.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from pyproj import Transformer

from dgl_rsis.errors import InputError
from dgl_rsis.geo.crs import earth_system
from dgl_rsis.geo.output_file import atomic, check_suffix
from dgl_rsis.geo.style import add_style
from dgl_rsis.geo.vector import repaired
from dgl_rsis.geo.writer import VECTOR_SUFFIXES
from dgl_rsis.types import MapFrame

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

_POLYGONS = ("Polygon", "MultiPolygon")
_PIECES = 64  # pieces an edge as long as the image is bent into when it is reprojected
_DRIVERS = {".gpkg": "GPKG", ".geojson": "GeoJSON", ".fgb": "FlatGeobuf"}


@dataclass(frozen=True)
class Parcels:
    """Polygons of the user.

    Attributes:
        table: attributes and geometries as they are in the file.
        ids: ``(N,)`` feature ids of the file; None where its format has none.
        layer: name of the layer; None where there is none.
    """

    table: GeoDataFrame
    ids: NDArray[np.int64] | None = None
    layer: str | None = None


def read_parcels(path: str | Path, layer: str | None = None) -> Parcels:
    """Read polygons of any vector file.

    Args:
        path: GeoPackage, GeoJSON, Shapefile, GeoParquet, or what else GDAL reads.
        layer: name of a layer; None takes the first with geometries.

    Raises:
        InputError: the file or the layer is not there, or holds no polygon at all.
        MissingExtraError: for .parquet without pyarrow.
    """
    import geopandas
    import pyogrio
    from pyogrio.errors import DataLayerError, DataSourceError

    file = Path(path)
    if not file.exists():
        raise InputError(f"{file} does not exist; check the path")
    try:
        if check_suffix(file, (file.suffix.lower(),)) == ".parquet":
            parcels = Parcels(geopandas.read_parquet(file).reset_index(drop=True))
        else:
            named = [str(name) for name, kind in pyogrio.list_layers(file) if kind is not None]
            if layer is not None and layer not in named:
                raise InputError(f"{file} has no layer {layer!r} with geometries, but {named}")
            if not named:
                raise InputError(f"{file} holds no polygons; check that it is the right file")
            name = layer or named[0]
            table = geopandas.read_file(file, layer=name, fid_as_index=True)
            ids = table.index.to_numpy().astype(np.int64)
            facts = pyogrio.read_info(file, layer=name)
            parcels = Parcels(_typed(table.reset_index(drop=True), facts), ids, name)
    except (DataSourceError, DataLayerError, ValueError) as error:
        text = " ".join(str(error).split())
        raise InputError(f"{file} is not a vector file that can be read: {text}") from error
    if not parcels.table.geom_type.isin(_POLYGONS).any():
        raise InputError(f"{file} holds no polygons; check that it is the right file")
    return parcels


def _typed(table: GeoDataFrame, facts: dict[str, Any]) -> GeoDataFrame:
    """Whole numbers as such, also in columns with gaps, which pandas reads as decimal ones."""
    for name, dtype in zip(facts["fields"], facts["dtypes"], strict=True):
        if str(dtype).startswith("int") and table[name].dtype.kind == "f":
            table[name] = table[name].astype("Int64")
    return table


def pixel_polygons(
    parcels: Parcels, frame: MapFrame | None, shape: tuple[int, int]
) -> tuple[NDArray[np.object_], list[str]]:
    """Polygons in the pixel frame of an image, and what had to be done about each.

    Args:
        parcels: ``N`` features. Where the image or their file has no CRS, their coordinates count
            as map coordinates of the image; as pixels where it has no georeference.
        frame: where the image lies.
        shape: its height and width.

    Returns:
        ``(N,)`` valid polygons and multipolygons, None for what is none and for those without a
        place in the image's CRS; and a note for each, empty where all is well.
    """
    from geopandas import GeoSeries

    geometries = parcels.table.geometry
    notes = [""] * len(geometries)
    is_polygon = (geometries.geom_type.isin(_POLYGONS) & ~geometries.is_empty).to_numpy()
    valid = geometries.where(is_polygon, None).to_numpy().copy()
    broken = is_polygon & ~shapely.is_valid(valid)
    valid[is_polygon] = repaired(valid[is_polygon])  # before edges are divided, which needs it
    usable = GeoSeries(valid, crs=geometries.crs)
    own_crs = parcels.table.crs
    if frame is not None and frame.crs is not None and own_crs is not None:
        length = _bending_length(frame, shape, own_crs)
        # edges that are straight in the user's CRS are bent in that of the image
        bent = usable if length is None else usable.segmentize(length)
        usable = bent.to_crs(frame.crs)
    moved = usable.force_2d().to_numpy().copy()
    for place in range(len(moved)):
        if not is_polygon[place]:
            notes[place] = f"no polygon but {_kind(geometries.iloc[place])}"
            moved[place] = None
        elif not np.isfinite(shapely.get_coordinates(moved[place])).all():
            notes[place] = "it has no place in the CRS of the image"
            moved[place] = None
    placed = np.flatnonzero([polygon is not None for polygon in moved])
    inverse = ~(Affine.identity() if frame is None else Affine(*frame.transform))
    matrix = [inverse.a, inverse.b, inverse.d, inverse.e, inverse.c, inverse.f]
    moved[placed] = repaired(GeoSeries(moved[placed]).affine_transform(matrix).to_numpy())
    for place in placed.tolist():
        if shapely.area(moved[place]) == 0:
            notes[place], moved[place] = "the polygon has no area", None
        elif broken[place]:
            notes[place] = "the polygon was invalid: repaired to find its pixels"
    return moved, notes


def _kind(geometry: shapely.Geometry | None) -> str:
    if geometry is None:
        return "nothing"
    return "an empty geometry" if geometry.is_empty else f"a {geometry.geom_type}"


def _bending_length(frame: MapFrame, shape: tuple[int, int], crs: Any) -> float | None:
    """Longest piece of an edge in the user's CRS; None where the image has no place in it."""
    affine, (height, width) = Affine(*frame.transform), shape
    corners = [affine @ (x, y) for x in (0, width) for y in (0, height)]
    transformer = Transformer.from_crs(frame.crs, crs, always_xy=True)
    moved = np.array([transformer.transform(*corner) for corner in corners])
    extent = np.ptp(moved, axis=0).max()
    return float(extent / _PIECES) if np.isfinite(extent) and extent > 0 else None


def ground_areas(
    parcels: Parcels, polygons: NDArray[np.object_], frame: MapFrame | None
) -> tuple[str, NDArray[np.float64]]:
    """Areas of parcels, and the name of their column.

    Args:
        parcels: ``N`` features.
        polygons: the same in pixels, None where there is none.
        frame: where the image lies.

    Returns:
        ``area_m2``, on the ellipsoid of the parcels' CRS (Karney 2013), or where they have none
        by the pixels of the image; ``area_px`` where that has no lengths either. NaN for what is
        no polygon.
    """
    crs = parcels.table.crs
    system = None if crs is None else earth_system(crs.to_wkt())
    if system is None:
        areas = np.array([np.nan if each is None else each.area for each in polygons], float)
        unit = None if frame is None else frame.pixel_area_m2
        return ("area_px", areas) if unit is None else ("area_m2", areas * unit)
    geod = system.get_geod()
    geodetic = system.geodetic_crs
    assert geod is not None  # the system is tied to an ellipsoid
    assert geodetic is not None
    geometries = parcels.table.geometry.to_numpy()
    is_polygon = np.isin(shapely.get_type_id(geometries), (3, 6))
    degrees = np.degrees(geodetic.axis_info[0].unit_conversion_factor)
    transformer = Transformer.from_crs(system, geodetic, always_xy=True)

    def to_degrees(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.stack(transformer.transform(*points.T), axis=1) * degrees)

    areas = np.full(len(geometries), np.nan)
    flat = repaired(shapely.force_2d(geometries[is_polygon]))
    placed = shapely.orient_polygons(shapely.transform(flat, to_degrees))
    areas[is_polygon] = [abs(geod.geometry_area_perimeter(each)[0]) for each in placed]
    return "area_m2", areas


def add_columns(
    table: GeoDataFrame, columns: dict[str, Any]
) -> tuple[GeoDataFrame, dict[str, str]]:
    """Add columns in front of the geometry; none of the user's is replaced.

    Args:
        table: of the user.
        columns: what is added, by name.

    Returns:
        The table, and under which name each column is in it: its own, or all with the prefix
        ``label_`` (``label2_`` ...) where the table has one of their names, in capitals or not.
    """
    taken = {str(name).lower() for name in table.columns}
    prefixes = ("", "label_", *(f"label{number}_" for number in range(2, len(taken) + 3)))
    prefix = next(
        each for each in prefixes if not taken & {(each + name).lower() for name in columns}
    )
    names = {name: prefix + name for name in columns}
    result = table.copy()
    place = result.columns.get_loc(result.geometry.name)
    for name, values in columns.items():
        result.insert(place, names[name], values)
        place += 1
    return result, names


def write_parcels(path: str | Path, parcels: Parcels, *, coloured: bool = False) -> None:
    """Write polygons with their attributes: .gpkg, .geojson, .parquet or .fgb, in their own CRS.

    A GeoPackage keeps their ids and the name of their layer; in other formats ids are a column
    ``fid``, unless there is one of that name. GeoJSON in another CRS than WGS 84 says so in its
    member ``crs``, as GDAL and QGIS read it.

    Args:
        path: replaced if it exists.
        parcels: what is written.
        coloured: whether a GeoPackage gets a QGIS style by its column ``class``.

    Raises:
        OutputError: if the suffix is unknown or the file cannot be written; nothing is left then.
        MissingExtraError: for .parquet without pyarrow.
    """
    from pyogrio import write_dataframe
    from pyogrio.errors import DataLayerError, DataSourceError, FeatureError

    target = Path(path)
    suffix = check_suffix(target, VECTOR_SUFFIXES)
    table = _storable(parcels.table)
    own_ids = [name for name in table.columns if str(name).lower() == "fid"]
    options: dict[str, Any] = {}
    if parcels.ids is not None and not own_ids:
        table.insert(0, "fid", parcels.ids)
    elif suffix == ".gpkg" and own_ids and not _are_ids(table[own_ids[0]]):
        options["FID"] = _free("ogc_fid", table.columns)
    if suffix == ".geojson":
        options["COORDINATE_PRECISION"] = 9 if _is_degrees(table) else 5
    with atomic(target) as temporary, warnings.catch_warnings():
        # Pixel coordinates have no CRS, on purpose.
        warnings.filterwarnings("ignore", "'crs' was not provided", UserWarning)
        if suffix == ".parquet":
            table.to_parquet(temporary)
            return
        try:
            layer = parcels.layer or target.stem
            write_dataframe(table, temporary, layer=layer, driver=_DRIVERS[suffix], **options)
        except (DataSourceError, DataLayerError, FeatureError) as error:
            raise OSError(str(error)) from error  # what atomic() reports
        if suffix == ".gpkg" and coloured:
            add_style(temporary, table[["class"]].dropna())


def _storable(table: GeoDataFrame) -> GeoDataFrame:
    """Lists and objects of GeoJSON as JSON text, which every format can hold."""
    result = table.copy()
    for name in result.columns.drop(result.geometry.name):
        values = result[name]
        if values.dtype == object and any(
            isinstance(each, list | dict | np.ndarray) for each in values
        ):
            result[name] = [_as_text(each) for each in values]
    return result


def _as_text(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        value = value.tolist()
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value


def _are_ids(values: Any) -> bool:
    """Whether a column can hold the ids of a GeoPackage."""
    return bool(values.dtype.kind == "i" and values.is_unique and not values.isna().any())


def _free(name: str, taken: Sequence[Any]) -> str:
    lower = {str(each).lower() for each in taken}
    while name.lower() in lower:
        name += "_"
    return name


def _is_degrees(table: GeoDataFrame) -> bool:
    return table.crs is None or bool(table.crs.is_geographic)
