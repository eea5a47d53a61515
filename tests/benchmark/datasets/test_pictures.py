"""Pictures as they are in their files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
from benchmark.datasets.make_sets import picture, save
from PIL import Image

from dgl_rsis.benchmark.datasets.pictures import read_rgb, shape_of
from dgl_rsis.errors import ImageError


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.bmp"])
def test_colours_come_as_they_are(tmp_path: Path, name: str) -> None:
    pixels = picture(5, 7)
    save(tmp_path / name, pixels)
    found = read_rgb(tmp_path / name)
    np.testing.assert_array_equal(found, pixels)
    assert found.flags.c_contiguous
    assert shape_of(tmp_path / name) == (5, 7)


def test_grey_alpha_and_palettes_become_colours(tmp_path: Path) -> None:
    pixels = picture(5, 7)
    save(tmp_path / "alpha.png", pixels, "RGBA")
    np.testing.assert_array_equal(read_rgb(tmp_path / "alpha.png"), pixels)
    grey = pixels[..., 0]
    save(tmp_path / "grey.png", grey)
    np.testing.assert_array_equal(read_rgb(tmp_path / "grey.png"), np.stack([grey] * 3, 2))
    save(tmp_path / "both.png", grey, "LA")
    np.testing.assert_array_equal(read_rgb(tmp_path / "both.png"), np.stack([grey] * 3, 2))
    image = Image.fromarray(np.array([[1, 0]], np.uint8))
    image.putpalette([9, 8, 7, 1, 2, 3])
    image.save(tmp_path / "palette.png")
    assert read_rgb(tmp_path / "palette.png").tolist() == [[[1, 2, 3], [9, 8, 7]]]


def test_other_bands_and_depths_are_refused(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((2, 2), np.uint16)).save(tmp_path / "deep.png")
    with pytest.raises(ImageError, match=r"deep\.png has 1 bands of uint16; convert it"):
        read_rgb(tmp_path / "deep.png")
    sizes = {"count": 6, "height": 2, "width": 2, "dtype": "uint8"}
    with rasterio.open(tmp_path / "many.tif", "w", driver="GTiff", **sizes) as dataset:
        dataset.write(np.zeros((6, 2, 2), np.uint8))
    with pytest.raises(ImageError, match="has 6 bands of uint8"):
        read_rgb(tmp_path / "many.tif")
