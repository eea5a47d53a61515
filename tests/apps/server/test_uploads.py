"""What becomes of an uploaded file: its pixels, its place and its colours, and nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from fastapi.testclient import TestClient
from PIL import Image
from rasterio.control import GroundControlPoint
from rasterio.enums import ColorInterp

from dgl_rsis.apps.server.plain_copy import copy_plainly

SIDE = 1100  # two levels of overviews


def write(path: Path, value: int = 1, **tags: str) -> Path:
    with rasterio.open(
        path, "w", driver="GTiff", width=SIDE, height=SIDE, count=1, dtype="uint8",
        crs="EPSG:25832", transform=Affine(1, 0, 500000, 0, -1, 5600000),
    ) as target:  # fmt: skip
        target.write(np.full((1, SIDE, SIDE), value, np.uint8))
        for domain, text in tags.items():
            item, _, name = text.partition("=")
            target.update_tags(ns=domain, **{item: name})
    return path


@pytest.mark.parametrize(
    ("domain", "item"),
    [("OVERVIEWS", "OVERVIEW_FILE"), ("GEOLOCATION", "X_DATASET"), ("OVERVIEWS", "overview_file")],
)
def test_file_that_names_others_is_refused(
    idle: TestClient, tmp_path: Path, domain: str, item: str
) -> None:
    secret = write(tmp_path / "secret.tif", 200)
    file = write(tmp_path / "a.tif", **{domain: f"{item}={secret}"})
    answer = idle.post("/scenes", files={"file": ("a.tif", file.read_bytes())})
    assert (answer.status_code, answer.json()["code"]) == (422, "names-files")


def test_overviews_are_made_of_the_pixels(tmp_path: Path) -> None:
    secret = write(tmp_path / "secret.tif", 200)
    file = write(tmp_path / "a.tif", OVERVIEWS=f"OVERVIEW_FILE={secret}")
    with rasterio.open(file) as dataset:
        copy_plainly(dataset, tmp_path / "copy.tif")
    with rasterio.open(tmp_path / "copy.tif") as copy:
        assert copy.overviews(1) == [2, 4]
        assert (copy.read(1, out_shape=(SIDE // 4, SIDE // 4)) == 1).all()
        assert not copy.tags(ns="OVERVIEWS")
        assert copy.files == [str(tmp_path / "copy.tif")]


def made(path: Path, **profile: object) -> Path:
    """A GeoTIFF of noise."""
    values = {"driver": "GTiff", "width": 40, "height": 30, "count": 1, "dtype": "uint8", **profile}
    colours = values.pop("colours", None)
    shape = (int(str(values["count"])), 30, 40)
    noise = np.random.default_rng(0).integers(0, 100, shape)
    with rasterio.open(path, "w", **values) as target:
        if colours is not None:
            target.colorinterp = colours
        target.write(noise.astype(str(values["dtype"])))
    return path


GREY, BLUE, GREEN, RED = (
    ColorInterp.gray, ColorInterp.blue, ColorInterp.green, ColorInterp.red,
)  # fmt: skip
PROFILES: dict[str, dict[str, object]] = {
    "grey": {"nodata": 3},
    "unspoken": {
        "count": 4,
        "photometric": "MINISBLACK",
        "colours": [GREY, *[ColorInterp.undefined] * 3],
    },
    "reversed": {"count": 3, "photometric": "MINISBLACK", "colours": [BLUE, GREEN, RED]},
    "many": {"count": 5, "dtype": "uint16"},
    "real": {"dtype": "float32", "nodata": float("nan")},
    "signed": {"dtype": "int16", "nodata": -9999},
    "placed": {"crs": "EPSG:25832", "transform": Affine(0.5, 0, 500000, 0, -0.5, 5600000)},
    "turned": {"crs": "EPSG:25832", "transform": Affine(0.5, 0.1, 500000, 0.1, -0.5, 5600000)},
    "points": {
        "crs": "EPSG:4326",
        "gcps": [GroundControlPoint(0, 0, 7, 51), GroundControlPoint(9, 9, 8, 50),
                 GroundControlPoint(0, 9, 8, 51)],
    },
}  # fmt: skip


@pytest.mark.parametrize("name", PROFILES)
def test_copy_has_pixels_place_and_colours(tmp_path: Path, name: str) -> None:
    check_copy(made(tmp_path / "a.tif", **PROFILES[name]), tmp_path / "copy.tif")


def test_value_of_no_data_that_no_pixel_can_have(tmp_path: Path) -> None:
    made(tmp_path / "a.tif")
    text = (
        '<VRTDataset rasterXSize="40" rasterYSize="30"><VRTRasterBand dataType="Byte" band="1">'
        '<NoDataValue>-9999</NoDataValue><SimpleSource><SourceFilename relativeToVRT="1">a.tif'
        "</SourceFilename><SourceBand>1</SourceBand></SimpleSource></VRTRasterBand></VRTDataset>"
    )
    (tmp_path / "b.vrt").write_text(text)
    with rasterio.open(tmp_path / "b.vrt") as dataset:
        copy_plainly(dataset, tmp_path / "copy.tif")
        with rasterio.open(tmp_path / "copy.tif") as copy:
            assert copy.nodata is None
            assert (copy.read() == dataset.read()).all()


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "L", "LA", "RGB key", "L key"])
def test_copy_of_a_picture(tmp_path: Path, mode: str) -> None:
    kind, _, key = mode.partition(" ")
    values = np.random.default_rng(0).integers(0, 4, (30, 40, 4)).astype(np.uint8) * 60
    picture = Image.fromarray(values[..., :3] if kind == "P" else values).convert(kind)
    options = {"transparency": (60, 60, 60) if kind == "RGB" else 60} if key else {}
    picture.save(tmp_path / "a.png", **options)
    check_copy(tmp_path / "a.png", tmp_path / "copy.tif")


def check_copy(file: Path, target: Path) -> None:
    with rasterio.open(file) as dataset:
        copy_plainly(dataset, target)
        with rasterio.open(target) as copy:
            assert copy.dtypes == dataset.dtypes
            assert np.array_equal(copy.read(), dataset.read(), equal_nan=copy.dtypes[0][0] == "f")
            assert np.array_equal(copy.dataset_mask(), dataset.dataset_mask())
            assert (copy.crs, copy.transform) == (dataset.crs, dataset.transform)
            assert len(copy.gcps[0]) == len(dataset.gcps[0])
            assert copy.gcps[1] == dataset.gcps[1]
            assert copy.colorinterp == dataset.colorinterp
            if dataset.colorinterp[0] == ColorInterp.palette:
                assert copy.colormap(1).items() >= dataset.colormap(1).items()
