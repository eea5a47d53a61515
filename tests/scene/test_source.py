from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from affine import Affine
from scene.toy_scenes import write

from dgl_rsis.errors import ImageError
from dgl_rsis.geo.raster import read_raster
from dgl_rsis.geo.windows import Box
from dgl_rsis.scene.source import SceneOptions, SceneReader
from dgl_rsis.scene.survey import plan_source

TURNED = Affine(0.4, 0.3, 346000, 0.3, -0.4, 5648000)


def noise() -> Any:
    return np.random.default_rng(2).integers(1, 4000, (1, 60, 90)).astype(np.uint16)


@pytest.mark.parametrize("stretch", ["auto", "minmax", "100,3000"])
def test_parts_are_parts_of_the_whole(tmp_path: Path, stretch: str) -> None:
    values = noise()
    values[:, :, 40:] //= 8  # a dark half, which must not be stretched on its own
    values[:, 50:, :20] = 0
    path = write(tmp_path / "a.tif", values, TURNED, nodata=0)
    whole = read_raster(path, stretch=stretch)
    source = plan_source(path, SceneOptions(stretch=stretch))
    assert source.shape == (60, 90)
    assert source.frame == whole.frame
    with SceneReader(source) as reader:
        for box in (Box(0, 0, 90, 60), Box(0, 0, 40, 30), Box(40, 30, 90, 60)):
            part, place = reader.read(box), box.within(source.extent)
            assert (part.valid == whole.valid[place]).all()
            assert (part.rgb == whole.rgb[place])[part.valid].all()
            assert (part.rgb[~part.valid] == source.fill).all()
            assert part.frame is not None
            corner = TURNED @ (box.x0, box.y0)
            assert (part.frame.transform[2], part.frame.transform[5]) == pytest.approx(corner)
        assert not reader.read(Box(2, 52, 18, 58)).valid.any()


def test_beyond_the_scene_its_border_is_repeated_and_not_valid(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", noise())
    with SceneReader(plan_source(path)) as reader:
        part, inside = reader.read(Box(-3, -2, 90, 65)), reader.read(Box(0, 0, 90, 60))
    assert part.shape == (67, 93)
    assert part.valid.sum() == 60 * 90
    assert part.valid[2:62, 3:].all()
    assert (part.rgb[0, 3:] == inside.rgb[0]).all()
    assert (part.rgb[-1, 3:] == inside.rgb[-1]).all()
    assert (part.rgb[2:62, 0] == inside.rgb[:, 0]).all()


def test_what_cannot_be_read_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="does not exist"):
        plan_source(tmp_path / "none.tif")
    path = write(tmp_path / "a.tif", np.repeat(noise(), 5, axis=0))
    with pytest.raises(ImageError, match="red, green and blue"):
        plan_source(path)
    assert plan_source(path, SceneOptions(bands=(3, 2, 1))).choice.indexes == (3, 2, 1)
