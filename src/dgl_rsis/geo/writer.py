"""Rasters out: cloud-optimised GeoTIFFs on the very grid of the input (docs/design.md 2).

Nothing is ever half written (:mod:`.output_file`).
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import rasterio.shutil
from affine import Affine
from numpy.typing import NDArray
from rasterio.errors import NotGeoreferencedWarning
from rasterio.windows import Window as RasterWindow

from dgl_rsis.geo.output_file import atomic, check_room, check_suffix
from dgl_rsis.geo.palette import Colour, class_colours
from dgl_rsis.geo.side_file import side_file, write_side_file
from dgl_rsis.types import MapFrame

RASTER_SUFFIXES = (".tif", ".tiff")
VECTOR_SUFFIXES = (".gpkg", ".geojson", ".parquet", ".fgb")
_PALETTE_CLASSES = 254  # uint8 less "no data"; 255 is left free for other programs' "no data"
_SMALL = 2**26  # bytes up to which what is written on the way is not worth compressing


@dataclass(frozen=True)
class Blocks:
    """A raster in parts, so that it never exists as a whole.

    Attributes:
        shape: height and width.
        dtype: of the values.
        parts: column and row of the upper left corner of each part, and its values ``(h, w)``;
            what no part covers is "no data".
        side: pixels of the blocks on disk; parts that begin at multiples of it are written once.
    """

    shape: tuple[int, int]
    dtype: str
    parts: Iterable[tuple[int, int, NDArray[Any]]]
    side: int = 512


def stored_dtype(classes: Sequence[str]) -> str:
    """Type of a class map: uint8 as long as there are codes and colours for all classes."""
    return "uint8" if len(classes) <= _PALETTE_CLASSES else "uint16"


def write_classes(
    path: str | Path,
    labels: NDArray[np.integer[Any]],
    classes: Sequence[str],
    *,
    frame: MapFrame | None,
    colours: Sequence[Colour] | None = None,
    tags: Mapping[str, str] | None = None,
) -> None:
    """Write a class map: 0 is "no data", class k is stored as k + 1.

    The names are in the file (tag ``CLASS_NAMES``, a JSON list in which item k is class k) and in
    a side file ``.aux.xml`` as category names and a raster attribute table, where QGIS and GDAL
    look for them.

    Args:
        path: a .tif file; replaced if it exists.
        labels: ``(H, W)`` index into ``classes``, -1 where there is none.
        classes: names.
        frame: where the map lies; None for pixels only.
        colours: one per class; None chooses by name.
        tags: further text to store in the file.

    Raises:
        OutputError: if the file cannot be written; nothing is left then.
    """
    lowest, highest = int(labels.min(initial=-1)), int(labels.max(initial=-1))
    if lowest < -1 or highest >= len(classes):
        raise ValueError(f"labels reach from {lowest} to {highest} with {len(classes)} classes")
    stored = (labels.astype(np.int32) + 1).astype(stored_dtype(classes))
    write_class_blocks(path, _whole(stored), classes, frame=frame, colours=colours, tags=tags)


def write_class_blocks(
    path: str | Path,
    blocks: Blocks,
    classes: Sequence[str],
    *,
    frame: MapFrame | None,
    colours: Sequence[Colour] | None = None,
    tags: Mapping[str, str] | None = None,
) -> None:
    """Write a class map that comes in parts, as they are stored: see ``write_classes``.

    Raises:
        OutputError: if the file cannot be written; nothing is left then.
    """
    table: dict[int, tuple[int, int, int, int]] = {0: (0, 0, 0, 0)}
    for index, colour in enumerate(colours or class_colours(classes)):
        table[index + 1] = (*colour, 255)
    target = Path(path)
    check_suffix(target, RASTER_SUFFIXES)
    with atomic(target) as temporary:
        _write_cog(
            temporary,
            blocks,
            frame,
            nodata=0,
            description="class",
            tags={**(tags or {}), "CLASS_NAMES": json.dumps(list(classes), ensure_ascii=False)},
            colour_table=table if blocks.dtype == "uint8" else None,
            overviews="NEAREST",
        )
        write_side_file(side_file(temporary), ["no data", *classes], table)


def write_floats(
    path: str | Path,
    values: NDArray[np.floating[Any]],
    *,
    frame: MapFrame | None,
    nodata: float = float("nan"),
    description: str,
) -> None:
    """Write scores or a heat map as float32.

    Args:
        path: a .tif file; replaced if it exists.
        values: ``(H, W)``, ``nodata`` where there are none.
        frame: where the map lies; None for pixels only.
        nodata: value of "no data".
        description: what the values are; becomes the name of the band.

    Raises:
        OutputError: if the file cannot be written; nothing is left then.
    """
    blocks = _whole(values.astype(np.float32))
    write_float_blocks(path, blocks, frame=frame, nodata=nodata, description=description)


def write_float_blocks(
    path: str | Path,
    blocks: Blocks,
    *,
    frame: MapFrame | None,
    nodata: float = float("nan"),
    description: str,
) -> None:
    """Write float32 values that come in parts: see ``write_floats``.

    Raises:
        OutputError: if the file cannot be written; nothing is left then.
    """
    target = Path(path)
    check_suffix(target, RASTER_SUFFIXES)
    with atomic(target) as temporary:
        _write_cog(
            temporary,
            blocks,
            frame,
            nodata=nodata,
            description=description,
            tags={},
            colour_table=None,
            overviews="AVERAGE",
        )


def _whole(values: NDArray[Any]) -> Blocks:
    height, width = values.shape
    return Blocks((height, width), values.dtype.name, [(0, 0, values)])


def _write_cog(
    path: Path,
    blocks: Blocks,
    frame: MapFrame | None,
    *,
    nodata: float,
    description: str,
    tags: Mapping[str, str],
    colour_table: Mapping[int, tuple[int, int, int, int]] | None,
    overviews: str,
) -> None:
    """Through a tiled file on disk, since a COG can only be made of a whole raster."""
    height, width = blocks.shape
    is_float = np.dtype(blocks.dtype).kind == "f"
    profile: dict[str, Any] = {
        "driver": "GTiff",
        "height": height,
        "width": width,
        "count": 1,
        "dtype": blocks.dtype,
        "nodata": nodata,
        "tiled": True,
        "blockxsize": blocks.side,
        "blockysize": blocks.side,
        "bigtiff": "IF_SAFER",
        "sparse_ok": True,
    }
    if height * width * np.dtype(blocks.dtype).itemsize > _SMALL:
        profile |= {"compress": "DEFLATE", "zlevel": 1}
    if frame is not None:
        profile |= {"transform": Affine(*frame.transform), "crs": frame.crs}
    parts = path.with_name(f"parts-of-{path.name}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.open(parts, "w", **profile) as dataset:
            dataset.set_band_description(1, description)
            dataset.update_tags(**tags)
            if colour_table is not None:
                dataset.write_colormap(1, dict(colour_table))
            for column, row, values in blocks.parts:
                window = RasterWindow(column, row, values.shape[1], values.shape[0])
                dataset.write(values, 1, window=window)
        check_room(path.parent)  # a block that did not fit would read as no data
        with rasterio.open(parts) as dataset:
            rasterio.shutil.copy(
                dataset,
                path,
                driver="COG",
                COMPRESS="DEFLATE",
                PREDICTOR="YES" if is_float else "NO",
                OVERVIEW_RESAMPLING=overviews,
                BIGTIFF="IF_SAFER",
            )
        check_blocks(path)
    check_room(path.parent)
    parts.unlink()


def check_blocks(path: Path) -> None:
    """Refuse a GeoTIFF that ends before its blocks do.

    GDAL tells nobody when the last bytes of a file do not fit on a disk.

    Raises:
        OSError: it does.
    """
    size = path.stat().st_size
    with rasterio.open(path) as dataset:
        count = len(dataset.overviews(1))
    for level in [None, *range(count)]:
        options = {} if level is None else {"overview_level": level}
        with rasterio.open(path, **options) as dataset:
            rows, columns = dataset.block_shapes[0]
            height, width = dataset.shape
        with rasterio.open(path) as dataset:
            for row, column in np.ndindex(-(-height // rows), -(-width // columns)):
                place, length = (
                    dataset.get_tag_item(f"{name}_{column}_{row}", "TIFF", bidx=1, ovr=level)
                    for name in ("BLOCK_OFFSET", "BLOCK_SIZE")
                )
                if place is not None and int(place) + int(length) > size:
                    raise OSError("its last bytes could not be written; is the disk full?")
