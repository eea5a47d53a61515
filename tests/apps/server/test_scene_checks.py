"""Nothing that lies beside a scene, or that it names, leads out of its folder."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import rasterio
import rasterio.shutil
from affine import Affine
from PIL import Image

from dgl_rsis.apps.server.opening import guarded
from dgl_rsis.apps.server.placing import Placement
from dgl_rsis.apps.server.scene_checks import check_scene
from dgl_rsis.apps.server.tiles import Look, TileNumber, scene_tile
from dgl_rsis.errors import ImageError
from dgl_rsis.geo.bands import BandChoice
from dgl_rsis.geo.dataset import open_raster

VRT = (
    '<VRTDataset rasterXSize="64" rasterYSize="64"><VRTRasterBand dataType="Byte" band="1">'
    '<SimpleSource><SourceFilename relativeToVRT="0">{}</SourceFilename><SourceBand>1</SourceBand>'
    "</SimpleSource></VRTRasterBand></VRTDataset>"
)


def write(path: Path, driver: str = "GTiff", **options: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with rasterio.open(
        path, "w", driver=driver, width=64, height=64, count=1, dtype="uint8", crs="EPSG:25832",
        transform=Affine(1, 0, 500000, 0, -1, 5600000), **options,
    ) as target:  # fmt: skip
        target.write(np.full((1, 64, 64), 7, np.uint8))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of scenes, beside one with a secret."""
    write(tmp_path / "secret" / "s.tif")
    write(tmp_path / "open" / "a.tif")
    return tmp_path / "open"


@pytest.mark.parametrize("side", [".ovr", ".msk", ".aux.xml", ".OVR", ".aux"])
def test_links_beside_a_scene_may_not_leave_the_folder(folder: Path, side: str) -> None:
    scene = folder / "a.tif"
    scene.with_name(f"a.tif{side}").symlink_to(folder.parent / "secret" / "s.tif")
    with pytest.raises(ImageError, match=r"a\.tif leads out of"):
        check_scene(scene, folder)


@pytest.mark.parametrize("side", [".ovr", ".msk"])
def test_virtual_raster_beside_a_scene_is_refused(folder: Path, side: str) -> None:
    scene = folder / "a.tif"
    scene.with_name(f"a.tif{side}").write_text(VRT.format(folder.parent / "secret" / "s.tif"))
    with pytest.raises(ImageError, match="virtual raster"):
        check_scene(scene, folder)


def test_overviews_mask_and_statistics_beside_a_scene_are_taken(folder: Path) -> None:
    scene = folder / "a.tif"
    with rasterio.Env(TIFF_USE_OVR="YES"), rasterio.open(scene, "r+") as target:
        target.build_overviews([2, 4])
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK="NO"), rasterio.open(scene, "r+") as target:
        target.write_mask(np.full((64, 64), 255, np.uint8))
    (folder / "a.tif.aux.xml").write_text(
        '<PAMDataset><Metadata><MDI key="made">today</MDI></Metadata></PAMDataset>'
    )
    assert {each.name for each in folder.iterdir()} >= {"a.tif.ovr", "a.tif.msk"}
    check_scene(scene, folder)


@pytest.mark.parametrize("domain", ["OVERVIEWS", "GEOLOCATION"])
@pytest.mark.parametrize("place", ["tags", "aux.xml"])
@pytest.mark.parametrize("name", ["{secret}", "a.tif", "/vsicurl/http://127.0.0.1:1/a.tif",
                                  ":::BASE:::../secret/s.tif", "<VRTDataset/>"])  # fmt: skip
def test_metadata_that_names_other_files_are_refused(
    folder: Path, domain: str, place: str, name: str
) -> None:
    scene, item = folder / "a.tif", {"OVERVIEWS": "OVERVIEW_FILE"}.get(domain, "X_DATASET")
    value = name.format(secret=folder.parent / "secret" / "s.tif")
    if place == "tags":
        with rasterio.open(scene, "r+") as target:
            target.update_tags(ns=domain, **{item: value})
    else:
        said = value.replace("<", "&lt;").replace(">", "&gt;")
        (folder / "a.tif.aux.xml").write_text(
            f'<PAMDataset><Metadata domain="{domain}"><MDI key="{item}">{said}</MDI></Metadata>'
            "</PAMDataset>"
        )
    with pytest.raises(ImageError, match=r"plain path|leads out of"):
        check_scene(scene, folder)


def test_metadata_may_name_files_of_the_folder(folder: Path) -> None:
    other = write(folder / "b.tif")
    for value in (str(other), ":::BASE:::b.tif"):
        with rasterio.open(folder / "a.tif", "r+") as target:
            target.update_tags(ns="OVERVIEWS", OVERVIEW_FILE=value)
        check_scene(folder / "a.tif", folder)


def test_parts_of_an_image_file(folder: Path) -> None:
    scene = write(folder / "a.img", "HFA", USE_SPILL="YES")
    part = folder / "a.ige"
    check_scene(scene, folder)
    part.rename(folder.parent / "secret" / "a.ige")
    part.symlink_to(folder.parent / "secret" / "a.ige")
    with pytest.raises(ImageError, match="leads out of"):
        check_scene(scene, folder)


@pytest.mark.parametrize("name", ["b.rrd", "../.b", "s/b.r"])
def test_overviews_of_later_bands(folder: Path, name: str) -> None:
    """GDAL lists the file that the first band names, and reads that of another where it is gone."""
    scene = folder / "a.img"
    options = {"driver": "HFA", "width": 600, "height": 600, "count": 2, "dtype": "uint8"}
    with rasterio.open(scene, "w", **options) as target:
        target.write(np.full((2, 600, 600), 7, np.uint8))
    with rasterio.Env(HFA_USE_RRD="YES"), rasterio.open(scene, "r+") as target:
        target.build_overviews([2])
    check_scene(scene, folder)
    (folder / "a.rrd").rename(folder.parent / "secret" / "b.rrd")
    (folder / "b.rrd").symlink_to(folder.parent / "secret" / "b.rrd")
    first, second, rest = scene.read_bytes().split(b"a.rrd", 2)
    scene.write_bytes(first + b"a.rrd" + second + name.encode() + rest)
    with rasterio.open(scene) as dataset:
        assert dataset.files == [str(scene)]
        assert dataset.overviews(2) == ([2] if name == "b.rrd" else [])
    with pytest.raises(ImageError, match=r"leads out of|other folders"):
        check_scene(scene, folder)


def test_overviews_of_an_image_file(folder: Path) -> None:
    scene = write(folder / "a.img", "HFA")
    with rasterio.open(scene, "r+") as target:
        target.build_overviews([2])
    check_scene(scene, folder)


def test_virtual_raster_as_gdal_writes_it_is_taken(folder: Path) -> None:
    with rasterio.open(folder / "a.tif", "r+") as target:
        target.update_tags(made="today")
        target.nodata = 0
    with rasterio.open(folder / "a.tif") as dataset:
        rasterio.shutil.copy(dataset, folder / "a.vrt", driver="VRT")
    check_scene(folder / "a.vrt", folder)
    text = (folder / "a.vrt").read_text()
    (folder / "b.vrt").write_text('<?xml version="1.0" encoding="UTF-8"?>\n' + text)
    check_scene(folder / "b.vrt", folder)


NAME = '<SourceFilename relativeToVRT="0">'
TRICKS = {
    "lower case": lambda text: text.replace("SourceFilename", "sourcefilename"),
    "namespace": lambda text: text.replace(NAME, '<SourceFilename xmlns="x" relativeToVRT="0">'),
    "attribute": lambda text: text.replace(
        "<SimpleSource>", '<SimpleSource SourceFilename="{}">'
    ).replace(NAME, '<SourceFilename relativeToVRT="1">'),
    "class": lambda text: text.replace('band="1"', 'band="1" SUBCLASS="VRTRawRasterBand"'),
    "class as element": lambda text: text.replace(
        "<SimpleSource>", "<subClass>VRTRawRasterBand</subClass><SimpleSource>"
    ),
    "instruction": lambda text: (
        text.replace("<SimpleSource>", '<?x a="?><!--" ?><SimpleSource>') + '<?y b="-->"?>'
    ),
    "comment": lambda text: text.replace(NAME, f"{NAME}<!-- -->"),
    "unknown": lambda text: text.replace("<SimpleSource>", "<Secret/><SimpleSource>"),
    "none": lambda text: text,
}


@pytest.mark.parametrize("trick", TRICKS)
@pytest.mark.parametrize(
    "source", ["{secret}", "a.tif", "GTIFF_DIR:1:{secret}", "GTIFF_DIR:1:a.tif"]
)
def test_tricks_with_xml(
    folder: Path, trick: str, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No trick, and no name that counts from the folder in which the server was started."""
    monkeypatch.chdir(folder.parent / "secret")
    name = source.format(secret=folder.parent / "secret" / "s.tif")
    text = TRICKS[trick](VRT).replace("{}", name)
    (folder / "x.vrt").write_text(text)
    with pytest.raises(ImageError):
        check_scene(folder / "x.vrt", folder)


def test_other_encodings_are_refused(folder: Path) -> None:
    text = VRT.format(folder.parent / "secret" / "s.tif")
    (folder / "x.vrt").write_bytes(text.encode("utf-16"))
    with pytest.raises(ImageError, match="UTF-8"):
        check_scene(folder / "x.vrt", folder)


def test_few_formats_are_opened_again(tmp_path: Path) -> None:
    file = tmp_path / "a.tif"  # checked once, and another file by now
    stream = io.BytesIO()
    Image.new("L", (64, 64)).save(stream, format="BMP")
    file.write_bytes(stream.getvalue())
    with open_raster(file) as dataset:
        assert dataset.driver == "BMP"
    with pytest.raises(ImageError), guarded(), open_raster(file):
        pass
    placement = Placement.of(None, (64, 64))
    with pytest.raises(ImageError):
        scene_tile(file, TileNumber(0, 0, 0), placement, Look(BandChoice((1,), "grey"), None))
    with open_raster(file) as dataset:
        assert dataset.driver == "BMP"
