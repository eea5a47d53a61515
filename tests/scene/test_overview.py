from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scene.toy_scenes import TRANSFORM, blobs, read, toy_model, write

from dgl_rsis.errors import ImageError
from dgl_rsis.scene.overview import overview
from dgl_rsis.scene.scene_map import SceneMap
from dgl_rsis.scene.segmenting import segment_scene
from dgl_rsis.scene.source import SceneOptions

CLASSES = ("building", "water", "road")


def mapped(folder: Path, name: str, **options) -> SceneMap:
    path = folder / "a.tif"
    write(path, blobs(120, 160))
    return segment_scene(path, CLASSES, folder / name, model=toy_model(), **options)


@pytest.mark.parametrize("name", ["map.tif", "map.gpkg", "map.geojson"])
def test_a_small_map_is_shown_as_it_is(name: str, tmp_path: Path) -> None:
    expected = read(mapped(tmp_path, "whole.tif").path).astype(int) - 1
    shown = overview(mapped(tmp_path, name))
    assert (shown.labels != expected).mean() < 0.005  # degrees of GeoJSON are rounded
    assert shown.classes == CLASSES
    assert shown.raster.frame is not None
    assert shown.raster.frame.transform == tuple(TRANSFORM)[:6]


def test_a_part_is_shown_over_its_part_of_the_image(tmp_path: Path) -> None:
    x, y = TRANSFORM @ (40, 30)
    part = SceneOptions(bbox=(x, y - 40, x + 50, y))  # 80 rows of 100 pixels
    result = mapped(tmp_path, "map.tif", reading=part)
    shown = overview(result)
    assert shown.labels.shape == (80, 100)
    np.testing.assert_array_equal(shown.labels, read(result.path).astype(int) - 1)
    scene = np.moveaxis(blobs(120, 160), 0, -1)[30:110, 40:140]
    assert np.abs(shown.raster.rgb.astype(int) - scene).mean() < 2


def test_a_large_map_is_shown_smaller(tmp_path: Path) -> None:
    result = mapped(tmp_path, "map.tif")
    shown = overview(result, 40)
    assert shown.labels.shape == (30, 40)
    frame = shown.raster.frame
    assert frame is not None
    assert frame.transform == pytest.approx((2.0, 0, TRANSFORM.c, 0, -2.0, TRANSFORM.f))
    assert frame.metres_per_pixel == pytest.approx((2.0, 2.0), rel=1e-3)
    pixels = np.array([(shown.labels == k).mean() for k in range(3)])
    np.testing.assert_allclose(pixels, np.array(result.pixels) / (120 * 160), atol=0.1)


def test_a_scene_map_shows_itself(tmp_path: Path) -> None:
    result = mapped(tmp_path, "map.tif", tile_size=64)
    page = result._repr_html_()
    assert f"map.tif: 160 x 120 pixels in {len(result.grid)} tiles" in page
    assert f"{result.shares['water']:.1%}" in page
    assert (result._repr_png_() or b"").startswith(b"\x89PNG")


def test_a_map_that_is_gone_is_named(tmp_path: Path) -> None:
    result = mapped(tmp_path, "map.tif")
    result.path.unlink()
    with pytest.raises(ImageError, match=r"map\.tif does not exist"):
        overview(result)
