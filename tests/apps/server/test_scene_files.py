"""Which files the command line may name: nothing leads out of their folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine

from dgl_rsis.apps.server.scene_files import find_scenes
from dgl_rsis.errors import InputError


def write_tif(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with rasterio.open(
        path, "w", driver="GTiff", width=8, height=8, count=1, dtype="uint8", crs="EPSG:32632",
        transform=Affine(1, 0, 0, 0, -1, 8),
    ) as target:  # fmt: skip
        target.write(np.full((1, 8, 8), 7, np.uint8))
    return path


def vrt(source: str, relative: int = 0, band: str = "") -> str:
    return (
        '<VRTDataset rasterXSize="8" rasterYSize="8">'
        f'<VRTRasterBand dataType="Byte" band="1"{band}><SimpleSource>'
        f'<SourceFilename relativeToVRT="{relative}">{source}</SourceFilename>'
        "<SourceBand>1</SourceBand></SimpleSource></VRTRasterBand></VRTDataset>"
    )


def test_folder_gives_its_rasters_in_order(tmp_path: Path) -> None:
    two, one = write_tif(tmp_path / "b.tif"), write_tif(tmp_path / "a.tif")
    (tmp_path / "notes.txt").write_text("no scene")
    (tmp_path / "broken.tif").write_text("no picture")
    found = find_scenes([str(tmp_path)])
    assert found.files == (one, two)
    assert len(found.refused) == 1
    assert "broken.tif" in found.refused[0]


def test_links_may_not_leave_the_folder(tmp_path: Path) -> None:
    secret = write_tif(tmp_path / "secret" / "s.tif")
    inside = write_tif(tmp_path / "open" / "a.tif")
    (tmp_path / "open" / "link.tif").symlink_to(secret)
    (tmp_path / "open" / "near.tif").symlink_to(inside)
    found = find_scenes([str(tmp_path / "open")])
    assert found.files == (inside,)
    assert "link.tif" in found.refused[0]


def test_virtual_raster_may_name_its_neighbours(tmp_path: Path) -> None:
    write_tif(tmp_path / "a.tif")
    file = tmp_path / "all.vrt"
    file.write_text(vrt("a.tif", relative=1))
    assert find_scenes([str(file)]).files == (file,)


@pytest.mark.parametrize(
    "source",
    [
        "../secret/s.tif",
        "{secret}",
        "/vsicurl/http://127.0.0.1:1/x.tif",
        "/vsizip/{secret}",
        "http://127.0.0.1:1/x.tif",
        "/etc/passwd",
        "&lt;VRTDataset/&gt;",
        "missing.tif",
        "WMS:http://127.0.0.1:1/",
    ],
)
def test_virtual_raster_that_points_elsewhere_is_refused(tmp_path: Path, source: str) -> None:
    secret = write_tif(tmp_path / "secret" / "s.tif")
    write_tif(tmp_path / "open" / "a.tif")
    file = tmp_path / "open" / "bad.vrt"
    file.write_text(vrt(source.format(secret=secret), relative=int(source.startswith(".."))))
    with pytest.raises(InputError):
        find_scenes([str(file)])
    assert find_scenes([str(tmp_path / "open")]).files == (tmp_path / "open" / "a.tif",)


def test_virtual_raster_in_one_is_followed(tmp_path: Path) -> None:
    secret = write_tif(tmp_path / "secret" / "s.tif")
    folder = tmp_path / "open"
    folder.mkdir()
    (folder / "inner.vrt").write_text(vrt(str(secret)))
    (folder / "outer.vrt").write_text(vrt("inner.vrt", relative=1))
    with pytest.raises(InputError, match="points out of"):
        find_scenes([str(folder / "outer.vrt")])


def test_virtual_raster_that_computes_is_refused(tmp_path: Path) -> None:
    write_tif(tmp_path / "a.tif")
    file = tmp_path / "code.vrt"
    file.write_text(vrt("a.tif", band=' subClass="VRTDerivedRasterBand"'))
    with pytest.raises(InputError, match="computes its pixels"):
        find_scenes([str(file)])


def test_virtual_raster_under_another_name_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.tif"
    file.write_text(vrt("/etc/passwd"))
    with pytest.raises(InputError, match="virtual raster"):
        find_scenes([str(file)])


def test_document_types_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.vrt"
    file.write_text('<!DOCTYPE a [<!ENTITY b SYSTEM "/etc/passwd">]>' + vrt("&b;"))
    with pytest.raises(InputError, match="document type"):
        find_scenes([str(file)])


@pytest.mark.parametrize("name", ["/vsicurl/http://a/b.tif", "https://a.example/b.tif"])
def test_addresses_are_refused(name: str) -> None:
    with pytest.raises(InputError, match="no local path"):
        find_scenes([name])


def test_missing_path(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        find_scenes([str(tmp_path / "none.tif")])
    with pytest.raises(InputError, match="holds no rasters"):
        find_scenes([str(tmp_path)])
