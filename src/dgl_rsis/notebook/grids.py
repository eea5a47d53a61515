"""Results as labelled grids for xarray, with their place on the map by the CF conventions.

Coordinates are pixel centres. ``spatial_ref`` holds the CRS as CF attributes and as WKT, and the
transform as ``GeoTransform``: what rioxarray, GDAL and others read from NetCDF files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from affine import Affine
from pyproj import CRS

from dgl_rsis.errors import MissingExtraError
from dgl_rsis.results import ReferResult, SegmentResult
from dgl_rsis.types import MapFrame

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from xarray import Dataset

PLACE = "spatial_ref"


def segment_grid(result: SegmentResult) -> Dataset:
    """``labels`` and ``scores`` of a class map; see ``SegmentResult.to_xarray``."""
    flags = {
        "long_name": "class",
        "flag_values": np.arange(len(result.classes), dtype=np.int16),
        "flag_meanings": " ".join("_".join(name.split()) for name in result.classes),
        "_FillValue": np.int16(-1),
    }
    scores = np.where(result.raster.valid, result.scores, np.float32("nan"))
    return _dataset(
        {
            "labels": (result.labels, flags),
            "scores": (scores, {"long_name": "probability of the class", "units": "1"}),
        },
        result.raster.frame,
        {"painter": result.painter},
    )


def answer_grid(result: ReferResult) -> Dataset:
    """``mask`` and ``heatmap`` of an answer; see ``ReferResult.to_xarray``."""
    heat = np.where(result.raster.valid, result.heatmap, np.float32("nan"))
    return _dataset(
        {
            "mask": (result.mask, {"long_name": "part of the answer"}),
            "heatmap": (heat, {"long_name": "activation of the sentence", "units": "1"}),
        },
        result.raster.frame,
        {"sentence": result.query.text},
    )


def _dataset(
    layers: dict[str, tuple[NDArray[Any], dict[str, Any]]],
    frame: MapFrame | None,
    attributes: dict[str, Any],
) -> Dataset:
    """Layers of one grid.

    Args:
        layers: name -> ``(H, W)`` values and their attributes.
        frame: where the grid lies.
        attributes: of the whole.

    Raises:
        MissingExtraError: xarray is not installed.
    """
    try:
        import xarray
    except ImportError as error:
        raise MissingExtraError("to_xarray()", "xarray") from error
    shape = next(iter(layers.values()))[0].shape
    grid = xarray.Dataset(coords=_coordinates(frame, shape), attrs=attributes)
    for name, (values, facts) in layers.items():
        encoding = {key: facts.pop(key) for key in ("_FillValue",) if key in facts}
        if frame is not None:
            encoding["grid_mapping"] = PLACE
        grid[name] = xarray.Variable(("y", "x"), values, facts, encoding)
    return grid


def _coordinates(frame: MapFrame | None, shape: tuple[int, ...]) -> dict[str, Any]:
    """Pixel centres along both axes, and the place on the map.

    A turned grid has no coordinates along its axes: only ``GeoTransform`` says where it lies.
    """
    rows, columns = np.arange(shape[0]) + 0.5, np.arange(shape[1]) + 0.5
    if frame is None:
        return {"y": ("y", rows, {"units": "pixel"}), "x": ("x", columns, {"units": "pixel"})}
    a, b, c, d, e, f = frame.transform
    crs = None if frame.crs is None else CRS.from_user_input(frame.crs)
    place: dict[str, Any] = {} if crs is None else dict(crs.to_cf())
    if crs is not None:
        place["spatial_ref"] = place["crs_wkt"]
    place["GeoTransform"] = " ".join(
        f"{value:.17g}" for value in Affine(*frame.transform).to_gdal()
    )
    coordinates: dict[str, Any] = {PLACE: ((), np.int64(0), place)}
    if b == d == 0:
        axes = {} if crs is None else {each["axis"]: each for each in crs.cs_to_cf()}
        coordinates["y"] = ("y", e * rows + f, axes.get("Y", {}))
        coordinates["x"] = ("x", a * columns + c, axes.get("X", {}))
    return coordinates
