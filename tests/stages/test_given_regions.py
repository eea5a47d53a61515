from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from toy_backbone import ToyBackbone, quarters

from dgl_rsis.config import make_settings
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.stages import local
from dgl_rsis.stages.given_regions import (
    OwnScales,
    halving_factors,
    region_probabilities,
    suits_own_scale,
)
from dgl_rsis.text.classes import read_classes

NAMES = ("building", "vegetation", "water", "road")
UNGUIDED = {"mask_guidance": False}


class Recorder(ToyBackbone):
    """Remembers the sizes of what was read."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[int] = []

    def dense(self, image: Any) -> Any:
        self.read.append(image.shape[0])
        return super().dense(image)


class Guided(ToyBackbone):
    """Its mask-guided features say water of everything."""

    def regions(self, image: Any, proposals: Any) -> Any:
        super().regions(image, proposals)
        return np.tile(self.encode_texts(["water"]), (len(proposals), 1))


def classify(
    backbone: Any, image: Any, masks: Any, *, names: tuple[str, ...] = NAMES, areas: Any = None,
    reading: dict[str, Any] | None = None, seen: tuple[int, int] | None = None, **regions: Any,
) -> Any:  # fmt: skip
    made = make_settings(overrides={"regions": regions, "local": reading or {}})
    texts = local.encode_classes(backbone, read_classes(names, other=False).prompts)
    scales = OwnScales.of(texts.names, seen or image.shape[:2], made)
    return region_probabilities(
        image, masks, masks.areas if areas is None else areas, backbone, texts, scales,
        made.regions, made.local,
    )  # fmt: skip


def boxes(*found: tuple[int, int, int, int], side: int = 256) -> MaskSet:
    return MaskSet.from_boxes(np.array(found), (side, side))


def test_every_region_gets_the_name_of_its_colour() -> None:
    masks = boxes((10, 10, 100, 90), (150, 20, 170, 40), (20, 150, 26, 156), (130, 130, 250, 250))
    found = classify(ToyBackbone(), quarters(256), masks)
    assert found.dtype == np.float32
    assert found.argmax(1).tolist() == [0, 1, 2, 3]
    np.testing.assert_allclose(found.sum(1), 1, atol=1e-5)


def test_factors_halve_from_the_enlarged_image_to_a_small_one() -> None:
    assert halving_factors((256, 400), 2.0, 2048) == (2.0, 1.0, 0.5, 0.25)
    assert halving_factors((60, 90), 2.0, 2048) == (2.0, 1.0)
    assert halving_factors((20, 20), 2.0, 2048) == (2.0, 1.0)
    assert halving_factors((1024, 1024), 2.0, 2048)[0] == 2
    assert halving_factors((1024, 1025), 2.0, 2048)[0] == 1


@given(st.integers(1, 6000), st.integers(1, 6000), st.sampled_from([1.0, 1.5, 2.0, 4.0]))
def test_images_of_all_shapes_share_one_grid_of_factors(
    height: int, width: int, enlarge: float
) -> None:
    found = halving_factors((height, width), enlarge, 2048)
    assert found[0] * np.sqrt(height * width) <= 2048
    assert found[-1] <= 1
    octaves = np.log2(enlarge / np.array(found))
    assert np.array_equal(octaves, np.round(octaves))
    assert np.array_equal(np.diff(octaves), np.ones(len(found) - 1))


@pytest.mark.parametrize("side", [32, 256])
def test_things_are_never_enlarged(side: int) -> None:
    backbone, masks = Recorder(), boxes((10, 10, 14, 14), side=side)
    classify(backbone, quarters(side), masks, names=("building", "tree"))
    assert max(backbone.read) == side


def test_small_land_cover_is_enlarged_and_large_one_is_not() -> None:
    small, large = Recorder(), Recorder()
    sizes = {"cover_cells": 32.0, "cover_spread": 0.2, "reading": UNGUIDED}
    cover = ("water", "road")
    classify(small, quarters(256), boxes((10, 10, 60, 60)), names=cover, **sizes)
    assert set(small.read) == {512}
    classify(large, quarters(256), boxes((0, 0, 256, 256)), names=cover, **sizes)
    assert set(large.read) == {128}


def test_a_part_is_read_at_the_scale_of_the_whole_up_to_what_is_read_at_once() -> None:
    part, sizes = boxes((240, 240, 256, 256)), {"cover_cells": 32.0, "cover_spread": 0.2}
    for whole in (256 * 256, 4096 * 4096):
        backbone = Recorder()
        classify(
            backbone, quarters(256), part, names=("water", "road"), areas=np.array([whole]),
            reading=UNGUIDED, **sizes,
        )  # fmt: skip
        assert set(backbone.read) == {128}


def test_each_name_is_taken_from_its_own_readings() -> None:
    """A small image of green where enlarged ones are blue: cover is water, the thing stays a tree."""

    class Changing(ToyBackbone):
        def dense(self, image: Any) -> Any:
            blue = np.zeros_like(image)
            blue[..., 2] = 255
            return super().dense(blue if image.shape[0] > 256 else image)

    masks, sizes = boxes((150, 20, 158, 28)), {"cover_spread": 0.2, "reading": UNGUIDED}
    found = classify(
        Changing(), quarters(256), masks, names=("water", "grass", "tree", "car"), **sizes
    )[0]
    assert found[0] > found[1]  # grass is gone where land cover is looked for
    assert found[2] > found[3]  # trees are there where things are
    only_things = classify(Changing(), quarters(256), masks, names=("tree", "car"), **sizes)[0]
    assert found[2] / found[3] == pytest.approx(only_things[0] / only_things[1], rel=0.5)


def test_mask_guidance_joins_for_land_cover_alone() -> None:
    backbone, masks = Guided(), boxes((150, 20, 230, 100))
    found = classify(backbone, quarters(256), masks)
    assert backbone.calls["regions"] > 0
    assert 0.3 < found[0, 2] < 0.7  # half of the voices say water
    things = Guided()
    assert classify(things, quarters(256), masks, names=("building", "tree")).argmax() == 1
    assert things.calls["regions"] == 0
    off = Guided()
    assert classify(off, quarters(256), masks, reading=UNGUIDED).argmax() == 1
    assert off.calls["regions"] == 0


def test_nothing_to_classify_reads_nothing() -> None:
    backbone = Recorder()
    assert classify(backbone, quarters(256), MaskSet.from_crops([], [], (256, 256))).shape == (0, 4)
    assert backbone.read == []


def test_coarse_cells_known_scales_and_the_other_presets_read_as_for_maps() -> None:
    backbone, coarse = ToyBackbone(), ToyBackbone()
    coarse.cell = 16
    own_off = make_settings(overrides={"regions": {"own_scale": False}})
    no_distance = make_settings(overrides={"local": {"ground_sampling": []}})
    assert suits_own_scale(backbone, make_settings(), None)
    assert suits_own_scale(backbone, no_distance, 0.5)
    assert not suits_own_scale(backbone, make_settings(), 0.5)
    assert not suits_own_scale(coarse, make_settings(), None)
    for other in (own_off, make_settings("fast"), make_settings("paper")):
        assert not suits_own_scale(backbone, other, None)
