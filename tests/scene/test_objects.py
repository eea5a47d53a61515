"""Objects that cross borders of tiles, seen by a model that knows the truth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pytest
import shapely
from affine import Affine
from rasterio.features import rasterize
from scene.toy_scenes import TRANSFORM, toy_model, write
from scipy import ndimage
from toy_backbone import ToyBackbone

from dgl_rsis.geo.windows import Box
from dgl_rsis.render import render_scene
from dgl_rsis.scene.segmenting import segment_scene

SIDE = 640
TILE = 160


class KnowingBackbone(ToyBackbone):
    """Says of every cell which kinds its pixels are: their numbers are the first band.

    Args:
        names: of the kinds.
        cell: pixels a side of a cell.
    """

    dense_logit_scale = 60.0

    def __init__(self, names: tuple[str, ...], cell: int) -> None:
        super().__init__()
        self.names = names
        self.cell = cell

    def encode_texts(self, texts: Any) -> Any:
        kinds = [max((n for n in self.names if n in text), key=len) for text in texts]
        return np.eye(len(self.names), dtype=np.float32)[[self.names.index(k) for k in kinds]]

    def dense(self, image: Any) -> Any:
        height, width = (side // self.cell for side in image.shape[:2])
        kinds = np.eye(len(self.names), dtype=np.float32)[
            np.minimum(image[: height * self.cell, : width * self.cell, 0], len(self.names) - 1)
        ]
        means = kinds.reshape(height, self.cell, width, self.cell, -1).mean((1, 3))
        return means / np.linalg.norm(means, axis=-1, keepdims=True)


def objects_across_borders(scene: Any, grid: Any) -> list[tuple[str, Any]]:
    """Kind and mask of things that lie in several tiles; what touches its like is one thing."""
    cores = [grid.core(tile) for tile in grid]
    found = []
    for kind, name in enumerate(scene.classes):
        labels, _ = ndimage.label(scene.class_map == kind)  # 4-connected, like regions of a map
        for number, place in enumerate(ndimage.find_objects(labels), start=1):
            rows, columns = place
            box = Box(columns.start, rows.start, columns.stop, rows.stop)
            if sum(not (core & box).is_empty for core in cores) > 1:
                found.append((name, labels == number))
    return found


@pytest.mark.parametrize(("cell", "least"), [(1, 1), (4, 4000)])  # pixels
def test_objects_that_cross_borders_are_one_feature_with_the_right_area(
    tmp_path: Path, cell: int, least: int
) -> None:
    scene = render_scene(11, size=SIDE, gsd=0.5)
    kinds = np.repeat(scene.class_map[None].astype(np.uint8), 3, axis=0)
    path = write(tmp_path / "a.tif", kinds, nodata=255)
    model = toy_model(
        KnowingBackbone(scene.classes, cell),
        knowledge={"enabled": False},
    )
    result = segment_scene(
        path, scene.classes, tmp_path / "map.gpkg", model=model, tile_size=TILE, other=False
    )
    assert len(result.grid) >= 9
    table = geopandas.read_file(tmp_path / "map.gpkg", layer="map")
    to_pixels = ~Affine(*TRANSFORM[:6])
    table.geometry = table.geometry.affine_transform(to_pixels.to_shapely())
    objects = [
        each for each in objects_across_borders(scene, result.grid) if each[1].sum() >= least
    ]
    assert len(objects) >= 5
    for name, mask in objects:
        of_kind = table[table["class"] == name]
        numbers = rasterize(
            zip(of_kind.geometry, range(1, len(of_kind) + 1), strict=True), mask.shape
        )
        shares = np.bincount(numbers[mask], minlength=len(of_kind) + 1)[1:] / mask.sum()
        feature = int(shares.argmax())
        assert shares[feature] > 0.94  # the rest is its blurred edge
        assert np.delete(shares, feature).max(initial=0) < 0.01
        area = shapely.area(of_kind.geometry.iloc[feature])
        assert area == pytest.approx(mask.sum(), rel=0.02 if cell > 1 else 1e-9)
