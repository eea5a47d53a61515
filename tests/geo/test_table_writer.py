from __future__ import annotations

import sqlite3
import warnings
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import geopandas
import pyogrio
import pytest
import shapely
from shapely.geometry import box

from dgl_rsis.errors import OutputError
from dgl_rsis.geo.table_writer import write_tables

SUFFIXES = [".gpkg", ".geojson", ".fgb", ".parquet"]


def tables(*counts: int, crs: Any = "EPSG:25832") -> Iterator[Any]:
    """Tables with so many squares of 2 x 2 each, west to east, of the classes a and b in turn."""
    first = 0
    for count in counts:
        numbers = range(first, first + count)
        first += count
        yield geopandas.GeoDataFrame(
            {"class": geopandas.pd.Series(["ab"[k % 2] for k in numbers], dtype=str),
             "score": [0.5 + k / 100 for k in numbers]},
            geometry=[box(346000 + 3 * k, 5648000, 346002 + 3 * k, 5648002) for k in numbers],
            crs=crs,
        )  # fmt: skip


def read(path: Path) -> Any:
    if path.suffix == ".parquet":
        return geopandas.read_parquet(path)
    return geopandas.read_file(path, layer=path.stem)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("crs", ["EPSG:25832", None])
def test_tables_become_one_layer(tmp_path: Path, suffix: str, crs: str | None) -> None:
    path = tmp_path / f"map{suffix}"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert write_tables(path, tables(0, 3, 0, 4, crs=crs)) == {"a": 4, "b": 3}
    rows = read(path).sort_values("score")
    assert rows["class"].tolist() == list("abababa")
    assert rows["score"].tolist() == pytest.approx([0.5 + k / 100 for k in range(7)])
    if crs is not None:
        assert rows.crs.to_epsg() == (4326 if suffix == ".geojson" else 25832)
        rows = rows.to_crs(crs)
    elif suffix != ".geojson":
        assert rows.crs is None
    assert shapely.area(rows.geometry.to_numpy()).sum() == pytest.approx(28, rel=1e-3)
    assert rows.total_bounds == pytest.approx([346000, 5648000, 346020, 5648002], abs=1e-3)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("crs", ["EPSG:25832", None])
def test_nothing_is_a_layer_too(tmp_path: Path, suffix: str, crs: str | None) -> None:
    path = tmp_path / f"map{suffix}"
    assert write_tables(path, tables(0, 0, crs=crs)) == {}
    assert len(read(path)) == 0


def test_packages_have_one_style_for_all_tables(tmp_path: Path) -> None:
    write_tables(tmp_path / "m.gpkg", tables(1, 1))
    assert pyogrio.list_layers(tmp_path / "m.gpkg")[0].tolist() == ["m", "Polygon"]
    with closing(sqlite3.connect(tmp_path / "m.gpkg")) as connection:
        (style,) = connection.execute("SELECT styleQML FROM layer_styles").fetchone()
    assert 'value="a"' in style
    assert 'value="b"' in style


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_nothing_is_left_of_what_fails(tmp_path: Path, suffix: str) -> None:
    def broken() -> Iterator[Any]:
        yield from tables(2)
        raise OSError("no space left on device")

    old = tmp_path / f"m{suffix}"
    old.write_bytes(b"old")
    with pytest.raises(OutputError, match="no space left"):
        write_tables(old, broken())
    assert [file.read_bytes() for file in tmp_path.iterdir()] == [b"old"]


def test_parquet_has_a_group_for_each_table(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    write_tables(tmp_path / "m.parquet", tables(2, 5))
    facts = parquet.read_metadata(tmp_path / "m.parquet")
    assert [facts.row_group(group).num_rows for group in range(facts.num_row_groups)] == [2, 5]
    assert shapely.is_valid(read(tmp_path / "m.parquet").geometry).all()
