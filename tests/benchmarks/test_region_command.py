"""Regions of a label image, and what each view says about them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import regions
from benchmarks.toy_data import BLUE, GREEN, GREY, RED, quarters, write_part
from PIL import Image
from toy_backbone import ToyBackbone

from dgl_rsis.config import make_settings
from dgl_rsis.pipeline import Model
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.proposals.polygons import from_polygons
from dgl_rsis.stages import local
from dgl_rsis.text.classes import read_classes
from dgl_rsis.types import MapFrame

COLOURS = (RED, GREEN, BLUE, GREY)
LABELS = (4, 5, 1, 3)  # building, vegetation, water, road, as they are stored
NAMED = [3, 4, 0, 2]
VIEWS = {
    name: make_settings(overrides={"local": view}).local for name, view in regions.VIEWS.items()
}


def test_four_regions_of_a_label_image(tmp_path: Path) -> None:
    labels = np.zeros((20, 30), np.uint8)
    labels[2:6, 2:7] = 4  # building of 20 pixels
    labels[6:10, 7:12] = 4  # another that touches it at a corner only
    labels[12:18, 2:12] = 1
    labels[0:4, 20:30] = 5
    labels[10:13, 20:23] = 1  # 9 pixels are too few
    labels[15:20, 15:30] = 255
    image = quarters(COLOURS)[22:42, 17:47]
    for kind, pixels in (("images/tile6_1.jpg", image), ("labels/tile6_1.png", labels)):
        (tmp_path / kind).parent.mkdir()
        Image.fromarray(pixels).save(tmp_path / kind)
    (found,) = regions.read_regions(tmp_path, 6, 10)
    assert found.picture.shape == (20, 30, 3)
    assert found.truth.tolist() == [0, 3, 3, 4]
    assert found.masks.areas.tolist() == [60, 20, 20, 40]
    assert found.masks.boxes.tolist() == [
        [2, 12, 12, 18], [2, 2, 7, 6], [7, 6, 12, 10], [20, 0, 30, 4],
    ]  # fmt: skip
    assert found.metres_per_pixel is None
    (more,) = regions.read_regions(tmp_path, 6, 9)
    assert more.truth.tolist() == [0, 0, 3, 3, 4]


def test_images_come_with_their_own_labels(tmp_path: Path) -> None:
    write_part(tmp_path, "tile6_2", COLOURS, (1, 1, 1, 1))
    write_part(tmp_path, "tile6_1", COLOURS, LABELS)
    write_part(tmp_path, "tile4_1", COLOURS, LABELS)
    found = [each.truth.tolist() for each in regions.read_regions(tmp_path, 6, 100)]
    assert found == [sorted(NAMED), [0]]


@pytest.fixture
def four() -> regions.Regions:
    masks = np.stack([quarters([(k == n, 0, 0) for n in range(4)])[..., 0] > 0 for k in range(4)])
    return regions.Regions(quarters(COLOURS), MaskSet.from_masks(masks), np.array(NAMED))


def classified(
    four: regions.Regions, backbone: ToyBackbone
) -> dict[str, tuple[list[int], float, dict[str, int]]]:
    """By view: the names, the seconds, and how often the backbone was asked for what."""
    texts = local.encode_classes(backbone, read_classes(regions.CLASSES, other=False).prompts)
    reading = regions.read_image(four, backbone, texts, make_settings().local)
    assert reading.seconds > 0
    slow = replace(reading, seconds=1000.0)
    found, before = {}, {**backbone.calls}
    for name, probabilities, seconds in regions.classify(four, slow, backbone, texts, VIEWS):
        np.testing.assert_allclose(probabilities.sum(-1), 1, atol=1e-5)
        asked = {key: backbone.calls[key] - before[key] for key in ("images", "dense", "regions")}
        found[name] = probabilities.argmax(-1).tolist(), seconds, asked
        before = {**backbone.calls}
    return found


def test_views_name_the_quarters(four: regions.Regions) -> None:
    found = classified(four, ToyBackbone())
    assert list(found) == list(regions.VIEWS)
    for view in ("dense pooling", "mask guidance", "tight crop"):
        assert found[view][0] == NAMED
    assert found["context crop"][0] == [2, 2, 2, 2]  # each sees all colours: grey


def test_every_view_asks_for_its_own_features_only(four: regions.Regions) -> None:
    found = classified(four, ToyBackbone())
    nothing = {"images": 0, "dense": 0, "regions": 0}
    asked = {name: each[2] for name, each in found.items()}
    assert asked["dense pooling"] == nothing
    assert asked["mask guidance"] == {**nothing, "regions": 1, "dense": 1}  # the toy's own
    assert asked["tight crop"] == {**nothing, "images": 4}
    assert asked["context crop"] == {**nothing, "images": 4}


def test_dense_features_cost_those_views_that_use_them(four: regions.Regions) -> None:
    found = classified(four, ToyBackbone())
    assert [name for name, (_, seconds, _) in found.items() if seconds > 999] == ["dense pooling"]


def test_the_default_is_what_label_says(four: regions.Regions) -> None:
    model = Model(ToyBackbone(), make_settings())
    found, seconds = regions.as_labelled(four, model, regions.CLASSES)
    assert found.argmax(-1).tolist() == NAMED
    assert seconds > 0
    frame = MapFrame((0.5, 0, 400, 0, -0.5, 900), None, (0.5, 0.5))
    placed, _ = regions.as_labelled(replace(four, frame=frame), model, regions.CLASSES)
    assert placed.argmax(-1).tolist() == NAMED
    assert (placed.max(-1) != found.max(-1)).any()  # where the ground is known, as maps are read


def test_polygons_have_the_pixels_of_their_regions() -> None:
    crop = np.array([[1, 1, 1, 0], [1, 0, 1, 1], [1, 1, 1, 0], [0, 0, 0, 1]], bool)
    masks = MaskSet.from_crops([crop, ~crop], [(3, 2), (3, 2)], (20, 30))
    one = regions.Regions(np.zeros((20, 30, 3), np.uint8), masks, np.array([0, 1]))
    again = from_polygons(list(regions.polygons_of(one).geometry), (20, 30))
    for number in range(2):
        assert (again.mask(number) == masks.mask(number)).all()
    frame = MapFrame((2, 0, 100, 0, -2, 500))
    moved = regions.polygons_of(replace(one, frame=frame)).geometry
    assert moved.total_bounds.tolist() == [106, 488, 114, 496]


def test_a_tight_crop_shows_nothing_around_the_region() -> None:
    image = np.full((64, 64, 3), GREEN, np.uint8)
    image[24:40, 24:40] = BLUE
    seen = []

    class Watching(ToyBackbone):
        def encode_images(self, images):
            seen.extend(images)
            return super().encode_images(images)

    masks = MaskSet.from_boxes(np.array([[24, 24, 40, 40]]), (64, 64))
    pool = regions.Regions(image, masks, np.array([0]))
    found = classified(pool, Watching())
    assert found["tight crop"][0] == [0]
    assert (np.abs(seen[0].astype(int) - BLUE) <= 1).all()
    assert (np.abs(seen[1].astype(int) - GREEN) <= 1).all(axis=-1).any()  # with context


@pytest.mark.parametrize(
    ("labels", "shares", "status"),
    [
        (LABELS, ["1.000", "1.000", "nan", "1.000", "1.000", "1.000"], 0),
        ((4, 5, 1, 2), ["0.750", "1.000", "0.000", "nan", "1.000", "1.000"], 0),
        ((4, 1, 1, 2), ["0.500", "0.500", "0.000", "nan", "1.000", "nan"], 1),
    ],
)
def test_the_floor_is_that_of_the_mean_over_classes(typed, tmp_path, labels, shares, status):
    write_part(tmp_path / "dubai", "tile6_1", COLOURS, labels)
    assert typed(regions, "--data", tmp_path) == status
    for view in ("dense pooling", "mask guidance", "tight crop", "default"):
        assert typed.row(view)[:-2] == shares


def test_regions_are_counted_by_class(typed, tmp_path: Path) -> None:
    write_part(tmp_path / "dubai", "tile6_1", COLOURS, LABELS)
    write_part(tmp_path / "dubai", "tile6_2", COLOURS, (1, 0, 0, 1))  # touching at a corner
    typed(regions, "--data", tmp_path)
    assert "6 components of Dubai tile 6 with at least 100 pixels" in typed.printed
    counts = ["water (3)", "sand (0)", "road (1)", "building (1)", "vegetation (1)"]
    assert typed.row("View")[1:6] == counts


def test_a_tile_that_is_not_there_is_named(typed, tmp_path: Path) -> None:
    write_part(tmp_path / "dubai", "tile6_1", COLOURS, LABELS)
    assert "no images of tile 9" in str(typed(regions, "--data", tmp_path, "--tile", 9))
