"""What the page draws: polygons in longitude and latitude, with colours."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from dgl_rsis.apps.server.placing import Placement
from dgl_rsis.geo.output_file import atomic
from dgl_rsis.manifest import to_json

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

MOST_SHAPES = 20_000
_DECIMALS = 8  # of degrees: a millimetre
CHOSEN, OTHER = "#e4572e", "#3f7fbf"


def hex_colour(colour: tuple[int, int, int]) -> str:
    """A colour as pages write it."""
    return "#{:02x}{:02x}{:02x}".format(*colour)


def write_features(
    path: Path,
    table: GeoDataFrame,
    placement: Placement,
    properties: Sequence[Mapping[str, Any]],
    ids: Sequence[int] | None = None,
) -> None:
    """Write rows of a table as GeoJSON for the page.

    Args:
        path: of the file.
        table: ``N`` rows of polygons in the coordinates of files of results.
        placement: of the scene.
        properties: of the features, one per row.
        ids: of the features; None numbers them.
    """
    shapes = placement.lonlat_of_table(table) if len(table) else np.zeros(0, object)
    shapes = shapely.set_precision(shapes, 10.0**-_DECIMALS, mode="pointwise")
    numbers = range(len(table)) if ids is None else ids
    features = [
        {
            "type": "Feature",
            "id": number,
            "geometry": json.loads(shapely.to_geojson(shape)),
            "properties": dict(values),
        }
        for number, shape, values in zip(numbers, shapes, properties, strict=True)
    ]
    with atomic(path) as temporary:
        text = json.dumps({"type": "FeatureCollection", "features": features}, allow_nan=False)
        temporary.write_text(text, encoding="utf-8")


def write_class_shapes(
    path: Path, table: GeoDataFrame, placement: Placement, colours: Mapping[str, str]
) -> int:
    """Write the polygons of a map, the largest where there are many.

    Returns:
        how many were left out.
    """
    area = "area_m2" if "area_m2" in table.columns else "area_px"
    kept = table if len(table) <= MOST_SHAPES else table.nlargest(MOST_SHAPES, area)
    properties = [
        {
            "class": str(row["class"]),
            "colour": colours[str(row["class"])],
            "area_m2": _number(row[area]) if area == "area_m2" else None,
            "pixels": _number(row[area]) if area == "area_px" else None,
            "score": _number(row.get("score")),
        }
        for row in kept.to_dict("records")
    ]
    write_features(path, kept, placement, properties)
    return len(table) - len(kept)


def _number(value: Any) -> float | None:
    return None if value is None or not np.isfinite(value) else float(value)


def write_result(path: Path, result: Mapping[str, Any]) -> None:
    """Write the result of a job as JSON."""
    with atomic(path) as temporary:
        temporary.write_text(to_json(result), encoding="utf-8")
