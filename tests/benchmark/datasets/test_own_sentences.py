"""A folder of one's own: pictures, masks or polygons, and a table of sentences."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas
import numpy as np
import pytest
import rasterio
from affine import Affine
from benchmark.datasets.written import filled, plain, save, save_mask
from numpy.typing import NDArray
from shapely import box

from dgl_rsis.benchmark.datasets import own_sentences
from dgl_rsis.errors import InputError

SHAPE = (20, 30)
TANK, ROOF = (2, 3, 8, 9), (12, 10, 20, 18)
GRID = Affine(0.5, 0, 500_000, 0, -0.5, 5_500_000)  # half a metre
HEAD = "image,sentence,mask\n"


def save_tiff(path: Path, bands: NDArray[np.generic], nodata: float | None = None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=bands.shape[1],
        width=bands.shape[2],
        count=len(bands),
        dtype=bands.dtype,
        crs="EPSG:32632",
        transform=GRID,
        nodata=nodata,
    ) as dataset:
        dataset.write(bands)


def on_map(pixels: tuple[int, int, int, int]) -> object:
    x0, y0, x1, y1 = pixels
    (left, top), (right, bottom) = GRID @ (x0, y0), GRID @ (x1, y1)
    return box(left, bottom, right, top)


def write(folder: Path, table: str) -> Path:
    save(folder / "images" / "a.png", plain(SHAPE))
    save_tiff(folder / "images" / "b.tif", np.moveaxis(plain(SHAPE), 2, 0))
    save_mask(folder / "masks" / "tank.png", filled(TANK, SHAPE), 1)
    save_mask(folder / "masks" / "nothing.png", np.zeros(SHAPE, bool))
    values = filled(ROOF, SHAPE).astype(np.float32)[None]
    values[0, 0] = np.nan
    save_tiff(folder / "masks" / "sub" / "roof.tif", values)
    outlines = geopandas.GeoDataFrame(
        {"id": [12, 15, 7], "kind": ["tank", "roof", "tank"]},
        geometry=[on_map(TANK), on_map(ROOF), on_map((25, 0, 40, 2))],
        crs="EPSG:32632",
    )
    outlines.to_file(folder / "masks" / "parcels.gpkg")
    outlines.to_crs("EPSG:4326").to_file(folder / "masks" / "degrees.geojson")
    (folder / own_sentences.TABLE).write_text(table, encoding="utf-8")
    return folder


def masks_of(folder: Path, split: str = "all") -> dict[str, NDArray[np.bool_]]:
    samples = own_sentences.read(folder, split).samples
    return {sample.name: sample.read_mask() for sample in samples}


def test_pictures_as_masks(tmp_path: Path) -> None:
    table = (
        "\ufeffimage,sentence,mask\r\n"
        'a.png,"the round, white tank",tank.png\r\n'
        "b.tif,the roof,sub/roof.tif\r\n"
        "a.png,the ship,\r\n"
        "\r\n"
        "a.png,the plane, nothing.png \r\n"
    )
    dataset = own_sentences.read(write(tmp_path / "mine", table), "all")
    assert dataset.name == "mine/all"
    assert dataset.no_target
    assert not dataset.boxes
    assert dataset.side is None
    found = [(sample.name, sample.image, sample.sentence) for sample in dataset.samples]
    assert found == [
        ("a.png#0", "a.png", "the round, white tank"),
        ("a.png#1", "a.png", "the ship"),
        ("a.png#2", "a.png", "the plane"),
        ("b.tif#0", "b.tif", "the roof"),
    ]
    tank, ship, plane, roof = (sample.read_mask() for sample in dataset.samples)
    np.testing.assert_array_equal(tank, filled(TANK, SHAPE))
    np.testing.assert_array_equal(roof, filled(ROOF, SHAPE))
    assert not ship.any()
    assert not plane.any()
    assert ship.shape == plane.shape == SHAPE
    for sample in dataset.samples:
        np.testing.assert_array_equal(sample.read_image(), plain(SHAPE))


@pytest.mark.parametrize("file", ["parcels.gpkg", "degrees.geojson"])
def test_polygons_by_their_ids(tmp_path: Path, file: str) -> None:
    table = (
        f"{HEAD}b.tif,the tanks,{file}#12 7\nb.tif,the roof,{file}#15\nb.tif,all,{file}#15 7 12\n"
    )
    tanks, roof, everything = masks_of(write(tmp_path, table)).values()
    np.testing.assert_array_equal(tanks, filled(TANK, SHAPE) | filled((25, 0, 30, 2), SHAPE))
    np.testing.assert_array_equal(roof, filled(ROOF, SHAPE))
    np.testing.assert_array_equal(everything, tanks | roof)


def test_polygons_in_pixels_where_an_image_has_no_place(tmp_path: Path) -> None:
    folder = write(tmp_path, f"{HEAD}a.png,the tank,drawn.geojson#left 3.0\n")
    x0, y0, x1, y1 = TANK
    ring = [[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]]
    features = [
        {
            "type": "Feature",
            "properties": {"id": name},
            "geometry": {"type": "Polygon", "coordinates": [ring]},
        }
        for name in ("left", "3.0")
    ]
    content = {"type": "FeatureCollection", "features": features}
    (folder / "masks" / "drawn.geojson").write_text(json.dumps(content))
    (mask,) = masks_of(folder).values()
    np.testing.assert_array_equal(mask, filled(TANK, SHAPE))


def test_ids_in_a_column_with_gaps(tmp_path: Path) -> None:
    folder = write(tmp_path, f"{HEAD}b.tif,the tank,gaps.gpkg#3\n")
    geopandas.GeoDataFrame(
        {"id": [np.nan, 3.0, np.nan]},
        geometry=[on_map(ROOF), on_map(TANK), on_map(ROOF)],
        crs="EPSG:32632",
    ).to_file(folder / "masks" / "gaps.gpkg")
    (mask,) = masks_of(folder).values()
    np.testing.assert_array_equal(mask, filled(TANK, SHAPE))


def test_names_and_splits(tmp_path: Path) -> None:
    table = (
        "split,name,image,mask,sentence\n"
        "test,first,a.png,tank.png,the tank\n"
        "val,,a.png,tank.png,a tank\n"
        "test,,a.png,,a ship\n"
    )
    folder = write(tmp_path, table)
    assert list(masks_of(folder)) == ["first", "a.png#1", "a.png#2"]
    assert list(masks_of(folder, "test")) == ["first", "a.png#1"]
    assert list(masks_of(folder, "val")) == ["a.png#0"]
    with pytest.raises(InputError, match=r"sentences\.csv: no sentence of the split 'train'"):
        own_sentences.read(folder, "train")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("c.png,the tank,tank.png", r"csv:2: no image .*c\.png"),
        (",the tank,tank.png", r"csv:2: no image"),
        ("a.png, ,tank.png", r"csv:2: the sentence is empty"),
        ("a.png,the tank,ship.png", r"csv:2: no mask .*ship\.png"),
        ("a.png,the tank,tank.jpg", r"csv:2: tank\.jpg is no mask; pass \.png, \.tif"),
        ("a.png,the tank,parcels.gpkg", r"csv:2: parcels\.gpkg; polygons need ids"),
        ("a.png,the tank,tank.png#3", r"csv:2: tank\.png#3; polygons need ids"),
        ("a.png,the tank", r"csv:2: another number of cells"),
        ("a.png,the round, white tank,tank.png", r"csv:2: another number of cells"),
        ('a.png,"the tank,tank.png', r"csv:\d: no line of a table"),
        ("", "no sentence of the split 'all'"),
    ],
)
def test_a_line_that_cannot_be_used(tmp_path: Path, line: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        own_sentences.read(write(tmp_path, HEAD + line + "\n"), "all")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("b.tif,the tank,parcels.gpkg#13", r"parcels\.gpkg: no polygon has the id 13"),
        ("a.png,the tank,parcels.gpkg#12", "the polygons 12 lie outside of a.png; check ids"),
        ("a.png,the tank,small.png", r"small\.png: a mask of 5 x 4 pixels for a\.png of 30 x 20"),
        ("b.tif,the tank,nameless.gpkg#1", r"nameless\.gpkg: no column `id`, only kind"),
        ("b.tif,the tank,twice.gpkg#4", r"twice\.gpkg: two polygons have the id 3"),
        ("b.tif,the tank,damaged.tif", r"damaged\.tif is not an image"),
        ("b.tif,the tank,damaged.gpkg#1", r"damaged\.gpkg is not a vector file"),
    ],
)
def test_a_mask_that_cannot_be_used_is_met_when_it_is_read(
    tmp_path: Path, line: str, message: str
) -> None:
    folder = write(tmp_path, f"{HEAD}{line}\n")
    save_mask(folder / "masks" / "small.png", filled((0, 0, 1, 1), (4, 5)))
    geopandas.GeoDataFrame({"kind": ["tank"]}, geometry=[on_map(TANK)], crs="EPSG:32632").to_file(
        folder / "masks" / "nameless.gpkg"
    )
    geopandas.GeoDataFrame(
        {"id": [4, 3, 3]}, geometry=[on_map(TANK)] * 3, crs="EPSG:32632"
    ).to_file(folder / "masks" / "twice.gpkg")
    for name in ("damaged.tif", "damaged.gpkg"):
        (folder / "masks" / name).write_bytes(b"nothing of use")
    (sample,) = own_sentences.read(folder, "all").samples
    with pytest.raises(InputError, match=message):
        sample.read_mask()


@pytest.mark.parametrize("table", ["", "image,sentence\na.png,the tank\n", "a.png,the tank,\n"])
def test_a_table_without_its_columns(tmp_path: Path, table: str) -> None:
    with pytest.raises(InputError, match=r"sentences\.csv: no column .*mask in its first line"):
        own_sentences.read(write(tmp_path, table), "all")


def test_a_split_without_a_column_of_splits(tmp_path: Path) -> None:
    folder = write(tmp_path, f"{HEAD}a.png,the tank,tank.png\n")
    with pytest.raises(InputError, match="no column `split`, so the only split is all, not 'test'"):
        own_sentences.read(folder, "test")


def test_two_sentences_of_one_name(tmp_path: Path) -> None:
    table = "name,image,sentence,mask\nx,a.png,the tank,\nx,a.png,a tank,\n"
    with pytest.raises(InputError, match="two sentences are called 'x'"):
        own_sentences.read(write(tmp_path, table), "all")


def test_a_folder_without_a_table(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"sentences\.csv, images/ is missing; own-sentences is FOLDER/images/"
    ):
        own_sentences.read(tmp_path, "all")
