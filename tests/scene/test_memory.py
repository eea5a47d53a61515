from __future__ import annotations

import numpy as np
import pytest
from scene.toy_scenes import TRANSFORM

from dgl_rsis.errors import ImageError
from dgl_rsis.geo.crs import map_frame
from dgl_rsis.geo.windows import Box
from dgl_rsis.scene.memory import RasterScene
from dgl_rsis.types import Raster


def test_an_image_in_memory_is_read_in_parts() -> None:
    rgb = np.random.default_rng(1).integers(0, 255, (20, 30, 3), dtype=np.uint8)
    valid = np.ones((20, 30), bool)
    valid[:10, :10] = False
    frame = map_frame(TRANSFORM[:6], "EPSG:25832", (20, 30))
    scene = RasterScene.of(Raster(rgb, valid, frame, facts={"notes": ["a note"]}))
    assert scene.notes == ("a note",)
    assert scene.extent == Box(0, 0, 30, 20)
    part = scene.read(Box(8, 5, 28, 15))
    assert (part.valid == valid[5:15, 8:28]).all()
    assert (part.rgb == rgb[5:15, 8:28])[part.valid].all()
    assert part.frame is not None
    assert (part.frame.transform[2], part.frame.transform[5]) == pytest.approx(TRANSFORM @ (8, 5))
    mean = np.round(rgb[valid].mean(0))
    assert (scene.read(Box(0, 0, 10, 10)).rgb == mean).all()
    with pytest.raises(ImageError, match="no valid pixels"):
        RasterScene.of(Raster(rgb, np.zeros((20, 30), bool)))
