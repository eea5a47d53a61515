from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rioxarray  # noqa: F401  # registers the accessor `rio`
import xarray
from affine import Affine
from notebook.made import CLASSES, UTM, answer, class_map

from dgl_rsis.errors import MissingExtraError
from dgl_rsis.geo.crs import map_frame

# rioxarray multiplies transforms by `*`, which affine is going to give up
pytestmark = pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")


def test_a_map_keeps_its_pixels_and_its_place() -> None:
    result = class_map()
    grid = result.to_xarray()
    np.testing.assert_array_equal(grid["labels"], result.labels)
    assert grid["labels"].dtype == np.int16
    assert np.isnan(grid["scores"].to_numpy()[:, :6]).all()
    np.testing.assert_array_equal(grid["scores"][:, 6:], result.scores[:, 6:])
    assert grid.rio.crs.to_epsg() == 25832
    assert grid.rio.transform() == Affine(*UTM.transform)
    assert float(grid["x"][0]) == 346001.0  # the centre of the first pixel
    assert float(grid["y"][0]) == 5647999.0
    assert grid["x"].attrs["standard_name"] == "projection_x_coordinate"
    assert grid["y"].attrs["units"] == "metre"
    here = grid["labels"].sel(x=346000 + 2 * 50, y=5648000 - 2 * 20, method="nearest")
    assert CLASSES[int(here)] == "<river> & co"


def test_an_answer_is_a_mask_and_a_heat_map() -> None:
    grid = answer().to_xarray()
    np.testing.assert_array_equal(grid["mask"], answer().mask)
    assert np.isnan(grid["heatmap"].to_numpy()[:, :6]).all()
    assert (grid["heatmap"][:, 6:] == 0.5).all()
    assert grid.attrs["sentence"] == "the building on the left"
    assert grid["mask"].rio.crs == "EPSG:25832"


def test_a_file_keeps_all_of_it(tmp_path: Path) -> None:
    class_map().to_xarray().to_netcdf(tmp_path / "map.nc", engine="scipy")
    with xarray.open_dataset(tmp_path / "map.nc", decode_coords="all", engine="scipy") as grid:
        assert grid["labels"].attrs["flag_meanings"] == "building <river>_&_co"
        assert list(grid["labels"].attrs["flag_values"]) == [0, 1]
        assert np.isnan(grid["labels"].to_numpy()[:, :20]).all()  # -1 is the fill value
        assert (grid["labels"][:, 40:] == 1).all()
        assert grid.rio.crs.to_epsg() == 25832
        assert grid.rio.transform() == Affine(*UTM.transform)


def test_degrees_are_longitude_and_latitude() -> None:
    frame = map_frame((1e-5, 0.0, 7.0, 0.0, -1e-5, 50.0), "EPSG:4326", (40, 60))
    grid = class_map(frame).to_xarray()
    assert grid["x"].attrs["standard_name"] == "longitude"
    assert grid["y"].attrs["units"] == "degrees_north"
    assert grid.rio.crs.to_epsg() == 4326


def test_a_turned_image_has_a_transform_only() -> None:
    turned = (1.6, -1.2, 346000.0, -1.2, -1.6, 5648000.0)
    grid = class_map(map_frame(turned, "EPSG:25832", (40, 60))).to_xarray()
    assert not {"x", "y"} & set(grid.coords)
    assert grid.rio.transform() == Affine(*turned)


def test_without_georeference_coordinates_are_pixels() -> None:
    grid = class_map(None).to_xarray()
    assert "spatial_ref" not in grid.coords
    assert (float(grid["x"][0]), float(grid["y"][-1])) == (0.5, 39.5)
    assert grid["x"].attrs["units"] == "pixel"
    placed = class_map(replace(UTM, crs=None, metres_per_pixel=None)).to_xarray()
    assert placed.rio.crs is None
    assert placed.rio.transform() == Affine(*UTM.transform)


def test_without_xarray_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xarray", None)
    with pytest.raises(
        MissingExtraError, match=r'to_xarray\(\) .* pip install "dgl-rsis\[xarray\]"'
    ):
        class_map().to_xarray()
