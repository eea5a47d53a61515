from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from rasterio.enums import ColorInterp
from scene.toy_scenes import TRANSFORM, blobs, write

from dgl_rsis.errors import ImageError, InputError
from dgl_rsis.geo.bands import choose_bands, read_bands
from dgl_rsis.geo.dataset import open_raster
from dgl_rsis.geo.mosaic import mosaic_text, scene_files


def opened(paths: list[Path], nodata: Any = None) -> tuple[Any, Any, Any]:
    """Values, validity and transform of a mosaic."""
    with open_raster(mosaic_text([str(path) for path in paths], nodata)) as dataset:
        values, valid = read_bands(dataset, choose_bands(dataset, None, nodata))
        return values, valid, dataset.transform


def pieces(folder: Path, values: Any, offset: int = 0, **options: Any) -> list[Path]:
    """Two files side by side, the right one lower by ``offset`` pixels."""
    half = values.shape[2] // 2
    moved = TRANSFORM @ Affine.translation(half, offset)
    return [
        write(folder / "left.tif", values[:, :, :half], **options),
        write(folder / "right.tif", values[:, :, half:], moved, **options),
    ]


def test_files_side_by_side_are_one_image(tmp_path: Path) -> None:
    values = blobs(30, 40)
    found, valid, transform = opened(pieces(tmp_path, values))
    assert (found == values).all()
    assert valid.all()
    assert transform == TRANSFORM


def test_what_no_file_covers_is_no_data(tmp_path: Path) -> None:
    values = blobs(30, 40)
    _, valid, _ = opened(pieces(tmp_path, values, offset=10))
    assert valid.shape == (40, 40)
    assert valid[:30, :20].all()
    assert valid[10:, 20:].all()
    assert valid.sum() == 2 * 30 * 20


def test_no_data_of_a_file_is_that_of_all_its_bands(tmp_path: Path) -> None:
    values = blobs(30, 40)
    values[:, 5, 5] = 0
    values[0, 6, 6] = 0  # a colour without red, no hole
    paths = pieces(tmp_path, values, offset=10, nodata=0)
    _, valid, _ = opened(paths)
    assert not valid[5, 5]
    assert valid[6, 6]
    assert valid.sum() == 2 * 30 * 20 - 1
    _, ignored, _ = opened(paths, "none")
    assert ignored.sum() == 2 * 30 * 20
    _, given, _ = opened(pieces(tmp_path, values, offset=10), 0.0)
    assert (given == valid).all()


def test_later_files_cover_earlier_ones_where_they_hold_data(tmp_path: Path) -> None:
    below, above = blobs(30, 40), blobs(30, 40, seed=1)
    above[:, :10] = 0
    paths = [write(tmp_path / "a.tif", below, nodata=0), write(tmp_path / "b.tif", above, nodata=0)]
    found, _, _ = opened(paths)
    assert (found[:, :10] == below[:, :10]).all()
    assert (found[:, 10:] == above[:, 10:]).all()


def test_mask_and_alpha_are_kept(tmp_path: Path) -> None:
    mask = np.full((30, 20), 255, np.uint8)
    mask[:, :7] = 0
    values = blobs(30, 40)
    _, valid, _ = opened(pieces(tmp_path, values, mask=mask))
    assert (valid == np.tile(mask > 0, 2)).all()
    alpha = np.concatenate([values, np.tile(mask, 2)[None]])
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True):
        paths = pieces(tmp_path, alpha, photometric="RGB", alpha="YES")
    found, valid, _ = opened(paths)
    assert (valid == np.tile(mask > 0, 2)).all()
    assert (found == values)[:, valid].all()


def test_finer_grid_decides(tmp_path: Path) -> None:
    fine, coarse = blobs(20, 20), blobs(10, 10, seed=1)
    paths = [
        write(tmp_path / "fine.tif", fine),
        write(
            tmp_path / "coarse.tif", coarse, TRANSFORM @ Affine.translation(20, 0) @ Affine.scale(2)
        ),
    ]
    found, valid, transform = opened(paths)
    assert found.shape == (3, 20, 40)
    assert valid.all()
    assert transform == TRANSFORM
    assert (found[:, :, :20] == fine).all()
    assert abs(found[:, 4:6, 30:32].mean() - coarse[:, 2, 5].mean()) < 80


def test_files_that_do_not_fit_are_named(tmp_path: Path) -> None:
    first = write(tmp_path / "a.tif", blobs(20, 20))
    odd = {
        "b.tif": ({"crs": "EPSG:4326"}, "differs from"),
        "c.tif": ({"transform": TRANSFORM @ Affine.rotation(5)}, "rotated"),
        "d.tif": ({"transform": Affine.identity(), "crs": None}, "no place on the map"),
    }
    for name, (options, message) in odd.items():
        path = write(tmp_path / name, blobs(20, 20), **options)
        with pytest.raises(ImageError, match=f"{name} .*{message}|{name} {message}"):
            mosaic_text([str(first), str(path)])
    grey = write(tmp_path / "e.tif", blobs(20, 20)[:1])
    with pytest.raises(ImageError, match="differs"):
        mosaic_text([str(first), str(grey)])
    with rasterio.open(tmp_path / "p.tif", "w", driver="GTiff", count=1, height=9, width=9,
                       dtype="uint8", crs="EPSG:25832", transform=TRANSFORM) as dataset:  # fmt: skip
        dataset.write(np.ones((1, 9, 9), np.uint8))
        dataset.colorinterp = [ColorInterp.palette]
        dataset.write_colormap(1, {1: (1, 2, 3, 255)})
    with pytest.raises(ImageError, match="palette"):
        mosaic_text([str(tmp_path / "p.tif")])


def test_scene_files(tmp_path: Path) -> None:
    write(tmp_path / "b.tif", blobs(9, 9))
    write(tmp_path / "a.TIF", blobs(9, 9))
    (tmp_path / "notes.md").write_text("no image")
    assert scene_files(tmp_path) == (str(tmp_path / "a.TIF"), str(tmp_path / "b.tif"))
    assert scene_files(tmp_path / "b.tif") == (str(tmp_path / "b.tif"),)
    assert scene_files(["x.tif", Path("y.tif")]) == ("x.tif", "y.tif")
    assert scene_files("https://example.org/a.tif") == ("https://example.org/a.tif",)
    listed = tmp_path / "list.txt"
    listed.write_text("# tiles\nb.tif\n\n/vsicurl/https://example.org/a.tif\n")
    assert scene_files(listed) == (
        str(tmp_path / "b.tif"),
        "/vsicurl/https://example.org/a.tif",
    )
    listed.write_text("# nothing\n")
    (tmp_path / "empty").mkdir()
    for nothing in (listed, tmp_path / "empty", []):
        with pytest.raises(InputError, match=r"no images|no rasters"):
            scene_files(nothing)


def test_mosaic_is_not_quoted_in_messages(tmp_path: Path) -> None:
    paths = pieces(tmp_path, blobs(30, 40))
    text = mosaic_text([str(path) for path in paths])
    paths[1].unlink()
    with pytest.raises(ImageError, match="the mosaic is damaged"), open_raster(text) as dataset:
        dataset.read()
