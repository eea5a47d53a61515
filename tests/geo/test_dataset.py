from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from rasterio.control import GroundControlPoint
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.windows import Window

from dgl_rsis.errors import ImageError
from dgl_rsis.geo.dataset import (
    crs_text,
    error_line,
    frame_of,
    georeference_notes,
    map_bounds,
    open_raster,
    with_sources,
)
from dgl_rsis.geo.mosaic import mosaic_text

UPRIGHT = Affine(0.5, 0.0, 346000.0, 0.0, -0.5, 5648000.0)
TURNED = Affine(0.3, 0.4, 346000.0, 0.4, -0.3, 5648000.0)
LOCAL = "+proj=tmerc +lat_0=0 +lon_0=9.5 +k=1 +x_0=0 +y_0=0 +ellps=GRS80 +units=m"  # has no code


def write(path: Path, shape: tuple[int, int] = (4, 6), **options: Any) -> Path:
    height, width = shape
    profile = {"driver": "GTiff", "count": 1, "height": height, "width": width, "dtype": "uint8"}
    profile |= options
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.open(path, "w", **profile) as dataset:
            dataset.write(np.arange(height * width, dtype=np.uint8).reshape(1, height, width))
    return path


def test_errors_inside_the_block_are_one_line(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif")
    message = r"a\.tif is damaged .*: below it$"
    with pytest.raises(ImageError, match=message), open_raster(path):
        raise RasterioError("above") from RasterioError("below\nit")
    assert error_line(ValueError("one\n  two")) == "one two"


def test_containers_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "two.gpkg"
    for name, append in (("one", "NO"), ("two", "YES")):
        write(
            path, driver="GPKG", crs="EPSG:25832", transform=UPRIGHT,
            raster_table=name, append_subdataset=append,
        )  # fmt: skip
    message = "no bands of its own; convert one of its 2 sub-datasets"
    with pytest.raises(ImageError, match=message), open_raster(path):
        pass


def test_a_raster_on_the_map(tmp_path: Path) -> None:
    with open_raster(write(tmp_path / "a.tif", transform=TURNED, crs="EPSG:25832")) as dataset:
        whole, part = frame_of(dataset), frame_of(dataset, Window(2, 1, 3, 2))
        assert whole is not None
        assert part is not None
        assert whole.transform == tuple(TURNED)[:6]
        assert whole.crs == part.crs == crs_text(dataset) == "EPSG:25832"
        assert Affine(*part.transform) @ (0, 0) == pytest.approx(TURNED @ (2, 1))
        assert frame_of(dataset, Window(0, 0, 6, 4)) == whole
        assert map_bounds(dataset) == pytest.approx((346000, 5647998.8, 346003.4, 5648002.4))
        assert georeference_notes(dataset) == []


def test_a_raster_without_georeference(tmp_path: Path) -> None:
    with open_raster(write(tmp_path / "a.tif")) as dataset:
        assert frame_of(dataset) is None
        assert crs_text(dataset) is None
        assert map_bounds(dataset) == (0, 0, 6, 4)
        assert "no georeference" in georeference_notes(dataset)[0]
        part = frame_of(dataset, Window(2, 1, 3, 2))
    assert part is not None
    assert (part.transform, part.crs) == ((1, 0, 2, 0, 1, 1), None)


def test_control_points_and_lone_transforms_are_told(tmp_path: Path) -> None:
    with open_raster(write(tmp_path / "a.tif", transform=TURNED)) as dataset:
        assert "no CRS" in georeference_notes(dataset)[0]
    points = [GroundControlPoint(r, c, 100 + c, 50 - r) for r, c in ((0, 0), (0, 6), (4, 0))]
    with open_raster(write(tmp_path / "b.tif", gcps=points, crs="EPSG:25832")) as dataset:
        assert frame_of(dataset) is None
        assert "gdalwarp" in georeference_notes(dataset)[0]


def test_a_crs_without_code_is_kept_whole(tmp_path: Path) -> None:
    with open_raster(write(tmp_path / "a.tif", transform=TURNED, crs=LOCAL)) as dataset:
        text = crs_text(dataset)
        assert text is not None
        assert not text.startswith("EPSG:")
        assert rasterio.crs.CRS.from_wkt(text) == dataset.crs


def test_a_mosaic_counts_with_the_files_that_it_is_made_of(tmp_path: Path) -> None:
    images = [write(tmp_path / f"{name}.tif", crs="EPSG:25832", transform=UPRIGHT) for name in "ab"]
    inner, outer = tmp_path / "inner.vrt", tmp_path / "outer.vrt"
    inner.write_text(mosaic_text(list(map(str, images))))
    outer.write_text(mosaic_text([str(inner)]))
    expected = [str(each) for each in (outer, inner, *images)]
    assert with_sources([str(outer)]) == expected
    assert with_sources([str(images[0]), "/vsicurl/c.vrt"]) == [str(images[0]), "/vsicurl/c.vrt"]
    inner.unlink()
    with pytest.raises(ImageError, match=r"inner\.vrt does not exist"):
        with_sources([str(outer)])
