"""Vector files of any length, written table by table (docs/design.md 2).

A GeoPackage grows by appending. GeoJSON and FlatGeobuf cannot: they are made from a temporary
GeoPackage in one stream of record batches. GeoParquet gets a group of rows for each table. The file
appears under its name when it is complete, or not at all.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dgl_rsis.geo.output_file import atomic, check_room, check_suffix
from dgl_rsis.geo.style import add_style
from dgl_rsis.geo.writer import VECTOR_SUFFIXES

if TYPE_CHECKING:
    from geopandas import GeoDataFrame


def write_tables(path: str | Path, tables: Iterable[GeoDataFrame]) -> dict[str, int]:
    """Write polygons in the format of the suffix: .gpkg, .geojson, .parquet or .fgb.

    GeoJSON is WGS 84 where a CRS is known and pixels otherwise; the others keep the CRS. A
    GeoPackage carries a QGIS style.

    Args:
        path: replaced if it exists.
        tables: of polygons with a column ``class``, all with the same columns and CRS; at least
            one, which may be empty.

    Returns:
        How many rows there are of each class.

    Raises:
        OutputError: if the suffix is unknown or the file cannot be written; nothing is left then.
        MissingExtraError: for .parquet without pyarrow.
    """
    from pyogrio.errors import DataLayerError, DataSourceError, FeatureError

    target = Path(path)
    suffix = check_suffix(target, VECTOR_SUFFIXES)
    counts: dict[str, int] = {}
    with atomic(target) as temporary, warnings.catch_warnings():
        # Pixel coordinates have no CRS, on purpose.
        warnings.filterwarnings("ignore", "'crs' was not provided", UserWarning)
        rows = _counted(_filled(tables), counts)
        try:
            if suffix == ".parquet":
                _write_parquet(temporary, rows)
            elif suffix == ".gpkg":
                _write_package(temporary, rows, target.stem)
                add_style(temporary, _classes(counts))
            else:
                package = temporary.with_name("all.gpkg")
                in_degrees = suffix == ".geojson"
                _write_package(package, _placed(rows, in_degrees), target.stem)
                _convert(package, temporary, suffix, target.stem)
                check_room(package.parent)
                package.unlink()
        except (DataSourceError, DataLayerError, FeatureError) as error:
            raise OSError(str(error)) from error  # what atomic() reports
    return counts


def _filled(tables: Iterable[GeoDataFrame]) -> Iterator[GeoDataFrame]:
    """The tables that have rows; an empty one where none has."""
    empty = None
    for table in tables:
        if len(table):
            yield table
            empty = False
        elif empty is None:
            empty = table
    if empty is not None and empty is not False:
        yield empty


def _counted(tables: Iterable[GeoDataFrame], counts: dict[str, int]) -> Iterator[GeoDataFrame]:
    for table in tables:
        for name, count in table["class"].value_counts(sort=False).items():
            counts[str(name)] = counts.get(str(name), 0) + int(count)
        yield table


def _placed(tables: Iterable[GeoDataFrame], in_degrees: bool) -> Iterator[GeoDataFrame]:
    for table in tables:
        yield table.to_crs("EPSG:4326") if in_degrees and table.crs is not None else table


def _classes(counts: dict[str, int]) -> Any:
    from pandas import DataFrame

    return DataFrame({"class": list(counts)})


def _write_package(path: Path, tables: Iterable[GeoDataFrame], layer: str) -> None:
    from pyogrio import write_dataframe

    for number, table in enumerate(tables):
        write_dataframe(
            table, path, layer=layer, driver="GPKG", geometry_type="Polygon", append=number > 0
        )


def _convert(package: Path, path: Path, suffix: str, layer: str) -> None:
    from pyogrio.raw import open_arrow, write_arrow

    options: dict[str, Any] = {"driver": "FlatGeobuf"}
    with open_arrow(package, use_pyarrow=False) as (facts, stream):
        crs = facts["crs"]
        if suffix == ".geojson":
            # 0.1 mm; the default of 1 cm shows at pixels of 5 cm
            options = {"driver": "GeoJSON", "COORDINATE_PRECISION": 9}
            if crs is not None:
                options["RFC7946"] = "YES"
        write_arrow(
            stream,
            path,
            layer=layer,
            geometry_type="Polygon",
            geometry_name=facts["geometry_name"] or "wkb_geometry",
            crs=crs,
            **options,
        )


def _write_parquet(path: Path, tables: Iterable[GeoDataFrame]) -> None:
    import pyarrow
    from pyarrow.parquet import ParquetWriter

    writer = None
    try:
        for table in tables:
            arrow = pyarrow.table(table.to_arrow(index=False, geometry_encoding="WKB"))
            if writer is None:
                crs = None if table.crs is None else table.crs.to_json_dict()
                column = {"encoding": "WKB", "geometry_types": ["Polygon"], "crs": crs}
                facts = {
                    "version": "1.0.0",
                    "primary_column": "geometry",
                    "columns": {"geometry": column},
                }
                geometry = arrow.schema.field("geometry").remove_metadata()
                schema = arrow.schema.set(
                    arrow.schema.get_field_index("geometry"), geometry
                ).with_metadata({"geo": json.dumps(facts)})
                writer = ParquetWriter(path, schema)
            writer.write_table(arrow.cast(writer.schema))
    finally:
        if writer is not None:
            writer.close()
