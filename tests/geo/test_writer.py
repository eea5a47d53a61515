from __future__ import annotations

import importlib.util
import json
import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import rasterio.shutil
from affine import Affine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import dgl_rsis.geo.writer as writer
from dgl_rsis.errors import MissingExtraError, OutputError
from dgl_rsis.geo.output_file import atomic, check_output
from dgl_rsis.geo.raster import read_raster
from dgl_rsis.geo.writer import (
    Blocks,
    check_blocks,
    write_classes,
    write_float_blocks,
    write_floats,
)
from dgl_rsis.types import MapFrame

FRAME = MapFrame((0.1, 0.02, 346000.1, 0.03, -0.1, 5648000.3), "EPSG:25832", (0.1, 0.1))
CLASSES = ["water", "paved road", "Gebäude & <Höfe>"]


def label_map(classes: int, shape: tuple[int, int] = (30, 40)) -> Any:
    return np.random.default_rng(5).integers(-1, classes, shape).astype(np.int16)


def test_class_map_has_grid_names_and_colours(tmp_path: Path) -> None:
    labels = label_map(3)
    path = tmp_path / "map.tif"
    write_classes(path, labels, CLASSES, frame=FRAME, tags={"SENTENCE": "x"})
    with rasterio.open(path) as dataset:
        assert (dataset.read(1) == labels + 1).all()
        assert dataset.dtypes == ("uint8",)
        assert dataset.nodata == 0
        assert tuple(dataset.transform)[:6] == FRAME.transform
        assert dataset.crs.to_epsg() == 25832
        assert json.loads(dataset.tags()["CLASS_NAMES"]) == CLASSES
        assert dataset.tags()["SENTENCE"] == "x"
        assert dataset.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert dataset.descriptions == ("class",)
        assert dataset.colormap(1)[1] == (31, 119, 220, 255)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["map.tif", "map.tif.aux.xml"]


def test_names_are_where_gdal_looks(tmp_path: Path) -> None:
    from xml.etree import ElementTree

    write_classes(tmp_path / "map.tif", label_map(3), CLASSES, frame=FRAME)
    root = ElementTree.parse(tmp_path / "map.tif.aux.xml").getroot()
    names = [item.text for item in root.iter("Category")]
    assert names == ["no data", *CLASSES]
    rows = [[cell.text for cell in row] for row in root.iter("Row")]
    assert rows[1] == ["1", "water", "31", "119", "220"]
    # GDAL's own reading of both, as it passes them on to a copy
    rasterio.shutil.copy(tmp_path / "map.tif", tmp_path / "copy.png", driver="PNG")
    seen = ElementTree.parse(tmp_path / "copy.png.aux.xml").getroot()
    assert [item.text for item in seen.iter("Category")] == names
    assert [[cell.text for cell in row] for row in seen.iter("Row")] == rows


def test_many_classes_need_two_bytes(tmp_path: Path) -> None:
    path = tmp_path / "map.tif"
    for count, dtype in ((254, "uint8"), (255, "uint16")):
        labels = np.arange(-1, count - 1, dtype=np.int16)[None]
        colours = [(index % 256, index // 256, 7) for index in range(count)]
        names = [str(index) for index in range(count)]
        write_classes(path, labels, names, frame=None, colours=colours)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with rasterio.open(path) as dataset:
                assert dataset.dtypes == (dtype,)
                assert (dataset.read(1) == labels + 1).all()


def test_overviews_keep_classes(tmp_path: Path) -> None:
    labels = np.where(np.indices((600, 1100)).sum(axis=0) % 2, 0, 2).astype(np.int16)
    write_classes(tmp_path / "map.tif", labels, CLASSES, frame=FRAME)
    with rasterio.open(tmp_path / "map.tif") as dataset:
        assert dataset.overviews(1)
        small = dataset.read(1, out_shape=(150, 275))
    assert set(np.unique(small)) <= {1, 3}


def test_labels_without_a_class(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="labels reach"):
        write_classes(tmp_path / "a.tif", label_map(4), CLASSES, frame=None)


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.tuples(*[st.floats(-1e7, 1e7, allow_subnormal=False)] * 6).filter(
        lambda t: abs(t[0] * t[4] - t[1] * t[3]) > 1e-3
    )
)
def test_transform_survives_to_the_last_bit(tmp_path: Path, transform: tuple[float, ...]) -> None:
    frame = MapFrame(transform, "EPSG:32632")
    write_floats(tmp_path / "f.tif", np.zeros((2, 3)), frame=frame, description="score")
    with rasterio.open(tmp_path / "f.tif") as dataset:
        assert dataset.transform == Affine(*transform)


def test_floats_with_and_without_georeference(tmp_path: Path) -> None:
    values = np.random.default_rng(0).random((600, 700)).astype(np.float32)
    values[:5] = np.nan
    write_floats(tmp_path / "f.tif", values, frame=FRAME, description="probability")
    with rasterio.open(tmp_path / "f.tif") as dataset:
        np.testing.assert_array_equal(dataset.read(1), values)
        assert np.isnan(dataset.nodata)
        assert dataset.descriptions == ("probability",)
        assert np.nanmax(dataset.read(1, out_shape=(100, 100))) <= 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        write_floats(tmp_path / "g.tif", values[:1, :1] * 0, frame=None, description="x", nodata=-1)
        write_floats(tmp_path / "h.tif", values[10:], frame=None, description="x")
    assert read_raster(tmp_path / "h.tif").frame is None


def test_custom_crs_round_trip(tmp_path: Path) -> None:
    crs = rasterio.crs.CRS.from_string("+proj=laea +lat_0=52 +lon_0=10.5 +ellps=GRS80 +units=m")
    source = tmp_path / "in.tif"
    with rasterio.open(
        source, "w", driver="GTiff", width=4, height=3, count=1, dtype="uint8", crs=crs,
        transform=Affine(2, 0, 100, 0, -2, 200),
    ) as dataset:  # fmt: skip
        dataset.write(np.ones((1, 3, 4), np.uint8))
    frame = read_raster(source).frame
    write_floats(tmp_path / "out.tif", np.zeros((3, 4)), frame=frame, description="x")
    with rasterio.open(source) as first, rasterio.open(tmp_path / "out.tif") as second:
        assert first.crs == second.crs


def test_overwriting_leaves_no_stale_names(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    write_classes(path, label_map(3), CLASSES, frame=FRAME)
    write_floats(path, np.zeros((3, 4)), frame=FRAME, description="x")
    assert [file.name for file in tmp_path.iterdir()] == ["a.tif"]


def test_failure_leaves_nothing_and_keeps_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    path.write_text("old")

    def fail() -> None:
        with atomic(path) as temporary:
            temporary.write_text("half")
            raise OSError("disk full\nreally")

    with pytest.raises(OutputError, match="cannot be written: disk full really"):
        fail()
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["a.tif"]


def test_failing_driver_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise rasterio.errors.RasterioIOError("no space")

    monkeypatch.setattr(rasterio.shutil, "copy", fail)
    with pytest.raises(OutputError, match="no space"):
        write_classes(tmp_path / "a.tif", label_map(3), CLASSES, frame=FRAME)
    assert list(tmp_path.iterdir()) == []


def test_permissions_follow_the_user(tmp_path: Path) -> None:
    write_floats(tmp_path / "a.tif", np.zeros((2, 2)), frame=None, description="x")
    (tmp_path / "plain").touch()
    assert (tmp_path / "a.tif").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_check_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    suffixes = (*writer.RASTER_SUFFIXES, *writer.VECTOR_SUFFIXES)

    def check(name: str, *, overwrite: bool = False) -> Path:
        return check_output(tmp_path / name, overwrite=overwrite, suffixes=suffixes)

    assert check("A.TIF") == tmp_path / "A.TIF"
    with pytest.raises(OutputError, match=r"suffix \.shp.*use \.tif"):
        check("a.shp")
    with pytest.raises(OutputError, match="no suffix"):
        check("a")
    assert check("folder/within/a.tif") == tmp_path / "folder" / "within" / "a.tif"
    assert not (tmp_path / "folder").exists()
    (tmp_path / "old.tif").touch()
    with pytest.raises(OutputError, match="--overwrite"):
        check("old.tif")
    check("old.tif", overwrite=True)
    for name in ("old.tif/a.tif", "old.tif/folder/a.tif"):
        with pytest.raises(OutputError, match="is no folder"):
            check(name)
    (tmp_path / "d.tif").mkdir()
    with pytest.raises(OutputError, match="is a folder"):
        check("d.tif", overwrite=True)
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(OutputError, match="it is read-only; choose"):
        check("a.tif")


def test_parquet_without_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r"dgl-rsis\[parquet\]"):
        check_output(tmp_path / "a.parquet", overwrite=False, suffixes=writer.VECTOR_SUFFIXES)


def test_missing_folders_are_made(tmp_path: Path) -> None:
    target = tmp_path / "folder" / "within" / "a.tif"
    write_floats(target, np.zeros((2, 2)), frame=None, description="x")
    assert target.is_file()
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be written"):
        write_floats(tmp_path / "file" / "a.tif", np.zeros((2, 2)), frame=None, description="x")


def test_output_in_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    check_output("a.tif", overwrite=False, suffixes=(".tif",))
    write_floats("a.tif", np.zeros((2, 2)), frame=None, description="x")
    assert Path("a.tif").exists()


def test_a_raster_without_its_last_bytes_is_refused(tmp_path: Path) -> None:
    """GDAL closes a file whose last block did not fit without an error."""
    path = tmp_path / "floats.tif"
    values = np.random.default_rng(0).random((900, 700), np.float32)
    blocks = Blocks(values.shape, "float32", iter([(0, 0, values)]), 256)
    write_float_blocks(path, blocks, frame=FRAME, description="noise")
    with rasterio.open(path) as dataset:
        assert dataset.overviews(1)
    check_blocks(path)
    os.truncate(path, path.stat().st_size - 40)
    with pytest.raises(OSError, match="last bytes could not be written"):
        check_blocks(path)
