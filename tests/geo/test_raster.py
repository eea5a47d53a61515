from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from PIL import Image
from rasterio.enums import ColorInterp

from dgl_rsis.errors import ImageError, InputError
from dgl_rsis.geo.raster import as_raster, describe, read_raster
from dgl_rsis.types import Raster

TRANSFORM = Affine(0.5, 0.0, 346000.0, 0.0, -0.5, 5648000.0)


def scene(bands: int, shape: tuple[int, int] = (40, 60), dtype: str = "uint8") -> Any:
    generator = np.random.default_rng(7)  # any content will do, but the same every time
    return generator.integers(20, 250, (bands, *shape)).astype(dtype)


def write(path: Path, values: Any, **options: Any) -> Path:
    colours = options.pop("colours", None)
    profile = {"driver": "GTiff", "crs": "EPSG:25832", "transform": TRANSFORM} | options
    count, height, width = values.shape
    with rasterio.open(
        path, "w", count=count, height=height, width=width, dtype=values.dtype, **profile
    ) as dataset:
        if colours:
            dataset.colorinterp = colours
        dataset.write(values)
    return path


def test_three_bands_keep_values_grid_and_crs(tmp_path: Path) -> None:
    values = scene(3)
    raster = read_raster(write(tmp_path / "a.tif", values))
    assert (raster.rgb == np.moveaxis(values, 0, -1)).all()
    assert raster.valid.all()
    assert raster.frame is not None
    assert raster.frame.transform == tuple(TRANSFORM)[:6]
    assert raster.frame.crs == "EPSG:25832"
    assert raster.frame.metres_per_pixel == pytest.approx((0.5, 0.5), rel=1e-3)
    json.dumps(raster.facts, allow_nan=False)


def test_single_band_is_repeated(tmp_path: Path) -> None:
    raster = read_raster(write(tmp_path / "a.tif", scene(1)))
    assert (raster.rgb[..., 0] == raster.rgb[..., 2]).all()


def test_colour_interpretation_orders_the_bands(tmp_path: Path) -> None:
    values = scene(4)
    order = (ColorInterp.blue, ColorInterp.green, ColorInterp.red, ColorInterp.undefined)
    path = write(tmp_path / "a.tif", values, colours=order)
    assert (read_raster(path).rgb == np.moveaxis(values[[2, 1, 0]], 0, -1)).all()


@pytest.mark.parametrize("count", [2, 4, 5, 8])
def test_ambiguous_bands_name_the_fix(tmp_path: Path, count: int) -> None:
    path = write(tmp_path / "a.tif", scene(count), photometric="MINISBLACK")
    with pytest.raises(ImageError, match=r"has \d bands .* --bands"):
        read_raster(path)
    raster = read_raster(path, bands=(2, 1, 2))
    assert raster.facts["bands"] == [2, 1, 2]


@pytest.mark.parametrize("bands", [(1, 2), (), (1, 2, 9), (0, 1, 2)])
def test_impossible_bands(tmp_path: Path, bands: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="band"):
        read_raster(write(tmp_path / "a.tif", scene(3)), bands=bands)


def test_alpha_masks(tmp_path: Path) -> None:
    values = scene(4)
    values[3] = 255
    values[3, :10] = 0
    raster = read_raster(write(tmp_path / "a.tif", values, photometric="RGB", alpha="YES"))
    assert raster.facts["alpha"] == 4
    assert not raster.valid[:10].any()
    assert raster.valid[10:].all()


def test_near_infrared_marked_as_alpha_does_not_erase_water(tmp_path: Path) -> None:
    values = scene(4)
    values[3, :10] = 0
    raster = read_raster(write(tmp_path / "a.tif", values, photometric="RGB", alpha="YES"))
    assert raster.valid.all()
    assert "near infrared" in raster.facts["notes"][0]


def test_grey_with_alpha(tmp_path: Path) -> None:
    values = scene(2)
    values[1] = 255
    values[1, 0] = 0
    path = write(
        tmp_path / "a.tif", values, colours=(ColorInterp.gray, ColorInterp.alpha), alpha="YES"
    )
    raster = read_raster(path)
    assert not raster.valid[0].any()
    assert raster.valid[1:].all()


def test_palette_is_expanded(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    picture = Image.new("P", (4, 2), 1)
    picture.putpalette([0, 0, 0, 10, 20, 30])
    picture.save(path)
    raster = read_raster(path)
    assert raster.rgb[0, 0].tolist() == [10, 20, 30]
    assert raster.frame is None


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp"])
@pytest.mark.parametrize("shape", [(1, 1), (20, 3000)])
def test_pictures_of_any_size(tmp_path: Path, suffix: str, shape: tuple[int, int]) -> None:
    path = tmp_path / f"a{suffix}"
    Image.new("RGB", shape[::-1], (0, 0, 0)).save(path)
    raster = read_raster(path)
    assert raster.shape == shape
    assert raster.valid.all()  # a black picture is a picture
    assert raster.frame is None


def test_stretch_uses_valid_pixels_of_the_whole_scene(tmp_path: Path) -> None:
    values = np.zeros((3, 100, 100), dtype="uint16")
    values[:, 20:] = np.linspace(1000, 3000, 8000).reshape(80, 100)
    path = write(tmp_path / "a.tif", values, nodata=0)
    whole = read_raster(path)
    assert not whole.valid[:20].any()
    assert whole.valid[20:].all()
    low, high = whole.facts["stretch_limits"][0]
    assert (low, high) == pytest.approx((1040, 2960), abs=2)
    x0, y0 = 346000.0, 5648000.0
    part = read_raster(path, bbox=(x0 + 5, y0 - 40, x0 + 20, y0 - 20))
    assert (part.rgb == whole.rgb[40:80, 10:40]).all()


def test_stretch_rules(tmp_path: Path) -> None:
    values = np.array([[[0.0, 0.25, 0.5, 1.0, np.nan]]], dtype="float32")
    path = write(tmp_path / "a.tif", values)
    assert read_raster(path, stretch="minmax").rgb[0, :, 0].tolist() == [0, 64, 128, 255, 0]
    assert read_raster(path, stretch="0,2").rgb[0, :, 0].tolist() == [0, 32, 64, 128, 0]
    assert read_raster(path, stretch="-1,1").rgb[0, 0, 0] == 128
    assert read_raster(path).valid[0].tolist() == [True] * 4 + [False]
    bytes_path = write(tmp_path / "b.tif", scene(3))
    assert read_raster(bytes_path, stretch="p5-95").facts["stretch_limits"] is not None
    assert read_raster(bytes_path, stretch="none").facts["stretch_limits"] is None


@pytest.mark.parametrize("stretch", ["2-98", "p98-2", "p2-200", "5,1", "", "p-98", "nan,1"])
def test_unknown_stretch(tmp_path: Path, stretch: str) -> None:
    with pytest.raises(InputError, match="stretch"):
        read_raster(write(tmp_path / "a.tif", scene(3)), stretch=stretch)


def test_constant_scene_stays_readable(tmp_path: Path) -> None:
    raster = read_raster(write(tmp_path / "a.tif", np.full((3, 5, 5), 700, dtype="uint16")))
    assert raster.valid.all()


def test_nodata_needs_all_bands_and_can_be_overridden(tmp_path: Path) -> None:
    values = scene(3)
    values[:, 0, 0] = 255
    values[0, 0, 1] = 255
    path = write(tmp_path / "a.tif", values, nodata=255)
    valid = read_raster(path).valid
    assert not valid[0, 0]
    assert valid[0, 1]
    assert read_raster(path, nodata="none").valid.all()
    number = int(values[0, 5, 5])
    values[:, 5, 5] = number
    assert not read_raster(write(path, values), nodata=number).valid[5, 5]
    assert read_raster(path, nodata=-9999).valid.all()
    with pytest.raises(InputError, match="nodata"):
        read_raster(path, nodata="black")


def test_all_nodata(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", np.zeros((3, 8, 8), dtype="uint8"), nodata=0)
    with pytest.raises(ImageError, match="no valid pixel"):
        read_raster(path)
    path = write(tmp_path / "b.tif", np.full((1, 8, 8), np.nan, dtype="float32"))
    with pytest.raises(ImageError, match="no valid pixel"):
        read_raster(path)


@pytest.mark.parametrize("shear", [0.0, 0.3])
def test_bbox_reads_the_pixels_it_touches(tmp_path: Path, shear: float) -> None:
    values = scene(3)
    transform = TRANSFORM @ Affine.rotation(shear * 100)
    path = write(tmp_path / "a.tif", values, transform=transform)
    x, y = transform @ (20.5, 10.5)
    raster = read_raster(path, bbox=(x - 0.05, y - 0.05, x + 0.05, y + 0.05))
    assert raster.shape == (1, 1)
    assert (raster.rgb[0, 0] == values[:, 10, 20]).all()
    assert raster.frame is not None
    assert Affine(*raster.frame.transform) @ (0.5, 0.5) == pytest.approx((x, y), abs=1e-6)


def test_bbox_on_pixel_edges_is_exact(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", scene(3), transform=Affine(0.1, 0, 3.3, 0, -0.1, 7.7))
    raster = read_raster(path, bbox=(3.6, 7.0, 3.9, 7.4))
    assert raster.facts["window"] == [3, 3, 3, 4]


def test_bbox_in_pixels_without_georeference(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.fromarray(np.moveaxis(scene(3), 0, -1)).save(path)
    raster = read_raster(path, bbox=(10, 5, 20, 12))
    assert raster.shape == (7, 10)
    assert raster.frame is not None
    assert raster.frame.transform == (1, 0, 10, 0, 1, 5)
    assert raster.frame.crs is None


@pytest.mark.parametrize(
    "bbox", [(0, 0, 1, 1), (346010, 5647990, 346000, 5648000), (1, 2, 3), (float("nan"), 0, 1, 1)]
)
def test_bad_bbox(tmp_path: Path, bbox: tuple[float, ...]) -> None:
    with pytest.raises(InputError, match="bbox"):
        read_raster(write(tmp_path / "a.tif", scene(3)), bbox=bbox)


def test_aoi_is_reprojected_and_masks(tmp_path: Path) -> None:
    import geopandas
    from shapely.geometry import Polygon

    path = write(tmp_path / "a.tif", scene(3))
    corner = (346005.0, 5647995.0)
    triangle = Polygon([corner, (346015.0, 5647995.0), (346005.0, 5647985.0)])
    area = geopandas.GeoSeries([triangle], crs="EPSG:25832").to_crs("EPSG:4326")
    area.to_file(tmp_path / "area.geojson")
    raster = read_raster(path, aoi=tmp_path / "area.geojson")
    assert raster.facts["window"] == [10, 10, 20, 20]
    assert raster.valid[0, 0]
    assert not raster.valid[-1, -1]
    assert raster.valid.mean() == pytest.approx(0.5, abs=0.05)
    area.translate(1.0).to_file(tmp_path / "far.geojson")
    with pytest.raises(InputError, match="aoi does not meet"):
        read_raster(path, aoi=tmp_path / "far.geojson")


def test_missing_folder_and_no_image(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="does not exist"):
        read_raster(tmp_path / "nothing.tif")
    with pytest.raises(ImageError, match="is a folder"):
        read_raster(tmp_path)
    text = tmp_path / "a.tif"
    text.write_text("this is not an image")
    with pytest.raises(ImageError, match="not an image") as caught:
        read_raster(text)
    assert "\n" not in str(caught.value)
    text.write_bytes(b"")
    with pytest.raises(ImageError, match="not an image"):
        read_raster(text)


@pytest.mark.parametrize("name", ["a.tif", "tiled.tif", "a.png", "a.jpg"])
@pytest.mark.parametrize("share", [0.3, 0.9])
def test_truncated_file(tmp_path: Path, name: str, share: float) -> None:
    path = tmp_path / name
    values = scene(3, (256, 256))
    if path.suffix == ".tif":
        options = {"tiled": True, "blockxsize": 64, "blockysize": 64} if "tiled" in name else {}
        write(path, values, compress="deflate", **options)
    else:
        Image.fromarray(np.moveaxis(values, 0, -1)).save(path)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(ImageError, match=r"damaged|not an image") as caught:
        read_raster(path)
    assert "\n" not in str(caught.value)


def test_uncompressed_truncated_tiff(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", scene(3, (256, 256)))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(ImageError, match="damaged"):
        read_raster(path)


def test_no_crs_but_a_transform(tmp_path: Path) -> None:
    raster = read_raster(write(tmp_path / "a.tif", scene(3), crs=None))
    assert raster.frame is not None
    assert raster.frame.crs is None
    assert raster.frame.metres_per_pixel is None
    assert "no CRS" in raster.facts["notes"][0]


def test_as_raster_takes_arrays_pictures_and_rasters(tmp_path: Path) -> None:
    array = np.moveaxis(scene(3), 0, -1)
    raster = as_raster(array)
    assert (raster.rgb == array).all()
    assert as_raster(raster) is raster
    assert (as_raster(Image.fromarray(array)).rgb == array).all()
    alpha = np.full(array.shape[:2], 255, dtype=np.uint8)
    alpha[0] = 0
    see_through = as_raster(Image.fromarray(np.dstack([array, alpha])))
    assert not see_through.valid[0].any()
    assert see_through.rgb.shape[2] == 3
    for mode in ("L", "P", "1", "CMYK", "LA"):
        assert as_raster(Image.fromarray(array).convert(mode)).shape == (40, 60)
    path = tmp_path / "a.png"
    Image.fromarray(array).save(path)
    assert isinstance(as_raster(str(path)), Raster)


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((4, 4), dtype=np.uint8),
        np.zeros((4, 4, 3), dtype=np.float32),
        np.zeros((0, 4, 3), dtype=np.uint8),
        Image.new("F", (3, 3)),
        Image.new("RGBA", (3, 3), (0, 0, 0, 0)),
        None,
        3,
    ],
)
def test_as_raster_refuses_others(image: Any) -> None:
    with pytest.raises(ImageError):
        as_raster(image)


def test_describe(tmp_path: Path) -> None:
    facts = describe(write(tmp_path / "a.tif", scene(5), photometric="MINISBLACK", nodata=0))
    json.dumps(facts, allow_nan=False)
    assert facts["bands"] == 5
    assert facts["crs"] == "EPSG:25832"
    assert facts["bounds"] == [346000.0, 5647980.0, 346030.0, 5648000.0]
    assert facts["bands_to_read"] is None
    assert "--bands" in facts["notes"][0]
    assert facts["north_degrees"] == pytest.approx(1.7, abs=0.05)


def test_geo_never_imports_torch() -> None:
    code = (
        "import sys, dgl_rsis.geo.raster, dgl_rsis.geo.writer; "
        "sys.exit(bool({'torch', 'geopandas', 'skimage'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def shared_data() -> Path:
    folder = Path(os.environ.get("DGL_RSIS_DATA", Path(__file__).parents[3] / "shared" / "data"))
    if not (folder / "geotiff").is_dir():
        pytest.skip(f"real images are not at {folder}; set DGL_RSIS_DATA")
    return folder / "geotiff"


def test_real_black_corner_is_no_data() -> None:
    raster = read_raster(shared_data() / "oam_bridge_parking_10cm.tif")
    assert raster.facts["collar_share"] == pytest.approx(0.185, abs=0.01)
    assert not raster.valid[:100, :100].any()
    assert raster.valid[1200:].all()


@pytest.mark.parametrize("name", ["koeln_industrial_50cm.tif", "colorado_parking_15cm.tif"])
def test_real_images_without_margin_stay_whole(name: str) -> None:
    assert read_raster(shared_data() / name).valid.all()
