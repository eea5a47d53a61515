from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine

from dgl_rsis.errors import ImageError
from dgl_rsis.geo.crs import map_frame
from dgl_rsis.geo.raster import read_raster
from dgl_rsis.scene.tile_source import RasterSource, TileSource, open_source
from dgl_rsis.types import Raster

TRANSFORM = Affine(0.4, 0.3, 346000, 0.3, -0.4, 5648000)  # turned


def write(path: Path, values: Any, **profile: Any) -> Path:
    with rasterio.open(
        path, "w", driver="GTiff", count=values.shape[0], height=values.shape[1],
        width=values.shape[2], dtype=values.dtype, transform=TRANSFORM, crs="EPSG:25832", **profile,
    ) as dataset:  # fmt: skip
        dataset.write(values)
    return path


def noise(dtype: str = "uint16") -> Any:
    return np.random.default_rng(2).integers(1, 4000, (1, 60, 90)).astype(dtype)


@pytest.mark.parametrize("stretch", ["auto", "minmax", "100,3000"])
def test_parts_are_parts_of_the_whole(tmp_path: Path, stretch: str) -> None:
    values = noise()
    values[:, :, 40:] //= 8  # a dark half, which must not be stretched on its own
    values[:, 50:, :20] = 0
    path = write(tmp_path / "a.tif", values, nodata=0)
    whole = read_raster(path, stretch=stretch)
    with open_source(path, stretch=stretch) as source:
        assert isinstance(source, TileSource)
        assert source.shape == (60, 90)
        assert source.frame == whole.frame
        for top, left, bottom, right in ((0, 0, 60, 90), (0, 0, 30, 40), (30, 40, 60, 90)):
            part = source.read((top, left, bottom, right))
            assert part is not None
            assert (part.rgb == whole.rgb[top:bottom, left:right]).all()
            assert (part.valid == whole.valid[top:bottom, left:right]).all()
            assert part.frame is not None
            corner = TRANSFORM @ (left, top)
            assert (part.frame.transform[2], part.frame.transform[5]) == pytest.approx(corner)
        assert source.read((52, 2, 58, 18)) is None  # no data at all


def test_an_image_in_memory_is_read_in_parts_too() -> None:
    rgb = np.random.default_rng(1).integers(0, 255, (20, 30, 3), dtype=np.uint8)
    valid = np.ones((20, 30), bool)
    valid[:10, :10] = False
    frame = map_frame(TRANSFORM[:6], "EPSG:25832", (20, 30))
    source = RasterSource(Raster(rgb, valid, frame, facts={"notes": ["a note"]}))
    assert isinstance(source, TileSource)
    assert source.notes == ("a note",)
    part = source.read((5, 8, 15, 28))
    assert part is not None
    assert (part.rgb == rgb[5:15, 8:28]).all()
    assert (part.valid == valid[5:15, 8:28]).all()
    assert part.frame is not None
    assert (part.frame.transform[2], part.frame.transform[5]) == pytest.approx(TRANSFORM @ (8, 5))
    assert source.read((0, 0, 10, 10)) is None


def test_what_cannot_be_read_is_said_when_it_is_opened(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="does not exist"), open_source(tmp_path / "none.tif"):
        pass
    path = write(tmp_path / "a.tif", np.repeat(noise(), 5, axis=0))
    with pytest.raises(ImageError, match="red, green and blue"), open_source(path):
        pass
    with open_source(path, bands=[3, 2, 1]) as source:
        assert source.choice.indexes == (3, 2, 1)
