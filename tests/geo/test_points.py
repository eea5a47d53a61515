from __future__ import annotations

from pathlib import Path

import geopandas
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from dgl_rsis.errors import InputError
from dgl_rsis.geo.crs import map_frame
from dgl_rsis.geo.points import points_frame, read_points
from dgl_rsis.geo.vector import write_vectors

ROTATED = map_frame((1.5, 2.0, 400000.0, 2.0, -1.5, 5600000.0), "EPSG:25832", (30, 40))
ROWS, COLUMNS = np.array([0, 3, 29]), np.array([0, 39, 7])


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson", ".fgb", ".parquet"])
def test_pixels_come_back(suffix: str, tmp_path: Path) -> None:
    if suffix == ".parquet":
        pytest.importorskip("pyarrow")
    table = points_frame(ROWS, COLUMNS, {"id": [1, 2, 3]}, frame=ROTATED)
    write_vectors(tmp_path / f"points{suffix}", table)
    pixels, attributes = read_points(tmp_path / f"points{suffix}", ROTATED)
    order = np.argsort(attributes["id"].to_numpy())  # FlatGeobuf sorts by place
    expected = np.stack([COLUMNS, ROWS], axis=1) + 0.5
    np.testing.assert_allclose(pixels[order], expected, atol=1e-3)


def test_another_crs_is_followed_and_none_is_pixels(tmp_path: Path) -> None:
    table = points_frame(ROWS, COLUMNS, {"id": [1, 2, 3]}, frame=ROTATED)
    table.to_crs("EPSG:3857").to_file(tmp_path / "mercator.gpkg")
    pixels, _ = read_points(tmp_path / "mercator.gpkg", ROTATED)
    np.testing.assert_allclose(pixels, np.stack([COLUMNS, ROWS], axis=1) + 0.5, atol=1e-3)
    plain = points_frame(ROWS, COLUMNS, {"id": [1, 2, 3]}, frame=None)
    assert plain.crs is None
    assert shapely.get_coordinates(plain.geometry[1]).tolist() == [[39.5, 3.5]]


@given(st.lists(st.tuples(st.integers(0, 10**5), st.integers(0, 10**5)), min_size=1, max_size=5))
def test_centres_fall_into_their_pixels(places: list[tuple[int, int]]) -> None:
    rows, columns = np.array(places).T
    table = points_frame(rows, columns, {}, frame=ROTATED)
    a, b, c, d, e, f = ROTATED.transform
    x, y = shapely.get_coordinates(table.geometry.to_numpy()).T
    found = np.linalg.solve(np.array([[a, b], [d, e]]), np.stack([x - c, y - f]))
    assert np.floor(found).astype(int).tolist() == [columns.tolist(), rows.tolist()]


def test_files_without_points_are_refused(tmp_path: Path) -> None:
    box = geopandas.GeoDataFrame({"id": [1]}, geometry=[shapely.box(0, 0, 1, 1)], crs=ROTATED.crs)
    box.to_file(tmp_path / "box.gpkg")
    with pytest.raises(InputError, match="points only, not Polygon"):
        read_points(tmp_path / "box.gpkg", ROTATED)
    with pytest.raises(InputError, match="does not exist"):
        read_points(tmp_path / "none.gpkg", ROTATED)
    (tmp_path / "text.gpkg").write_text("no geopackage")
    with pytest.raises(InputError, match=r"text.gpkg is not a vector file that can be read"):
        read_points(tmp_path / "text.gpkg", ROTATED)
