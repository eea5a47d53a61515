from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from toy_backbone import ToyBackbone, quarters

from dgl_rsis.config import make_settings
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.stages import local
from dgl_rsis.stages.given_regions import (
    is_read_at_own_scale,
    reading_factors,
    region_probabilities,
)
from dgl_rsis.text.classes import read_classes

NAMES = ("building", "vegetation", "water", "road")
IS_COVER = np.array([False, True, True, True])


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


def settings(**regions: Any) -> Any:
    return make_settings(overrides={"regions": regions})


def classify(
    backbone: Any, image: Any, masks: Any, is_cover: Any = IS_COVER, areas: Any = None,
    reading: dict[str, Any] | None = None, **regions: Any,
) -> Any:  # fmt: skip
    made = make_settings(overrides={"regions": regions, "local": reading or {}})
    texts = local.encode_classes(backbone, read_classes(NAMES, other=False).prompts)
    return region_probabilities(
        image, masks, masks.areas if areas is None else areas, backbone, texts, is_cover,
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
    made = settings(enlarge=2.0)
    assert reading_factors((256, 400), made.regions, made.local) == (2.0, 1.0, 0.5, 0.25)
    assert reading_factors((60, 90), made.regions, made.local) == (2.0, 1.0)
    assert reading_factors((20, 20), made.regions, made.local) == (2.0,)


def test_what_is_read_at_once_is_bounded() -> None:
    made = make_settings(overrides={"local": {"max_side": 512}})
    finest = reading_factors((1024, 1024), made.regions, made.local)[0]
    assert finest == pytest.approx(0.5)


def test_things_are_never_enlarged() -> None:
    backbone, masks = Recorder(), boxes((10, 10, 14, 14))
    classify(backbone, quarters(256), masks, is_cover=np.zeros(4, bool))
    assert max(backbone.read) == 256


def test_small_land_cover_is_enlarged_and_large_one_is_not() -> None:
    small, large = Recorder(), Recorder()
    sizes = {"cover_cells": 32.0, "cover_spread": 0.2, "reading": {"mask_guidance": False}}
    every = np.ones(4, bool)
    classify(small, quarters(256), boxes((10, 10, 60, 60)), is_cover=every, **sizes)
    assert set(small.read) == {512}
    classify(large, quarters(256), boxes((0, 0, 256, 256)), is_cover=every, **sizes)
    assert set(large.read) == {128}


def test_a_part_is_read_at_the_scale_of_the_whole() -> None:
    backbone = Recorder()
    part, whole = boxes((240, 240, 256, 256)), np.array([256 * 256])
    sizes = {"cover_cells": 32.0, "cover_spread": 0.2, "reading": {"mask_guidance": False}}
    classify(backbone, quarters(256), part, is_cover=np.ones(4, bool), areas=whole, **sizes)
    assert set(backbone.read) == {128}


def test_mask_guidance_joins_for_land_cover_alone() -> None:
    backbone, masks = Guided(), boxes((150, 20, 230, 100))
    found = classify(backbone, quarters(256), masks)
    assert backbone.calls["regions"] > 0
    assert 0.3 < found[0, 2] < 0.7  # half of the voices say water
    things = Guided()
    assert classify(things, quarters(256), masks, is_cover=np.zeros(4, bool)).argmax() == 1
    assert things.calls["regions"] == 0
    off = Guided()
    assert classify(off, quarters(256), masks, reading={"mask_guidance": False}).argmax() == 1
    assert off.calls["regions"] == 0


def test_nothing_to_classify_reads_nothing() -> None:
    backbone = Recorder()
    assert classify(backbone, quarters(256), MaskSet.from_crops([], [], (256, 256))).shape == (0, 4)
    assert backbone.read == []


def test_coarse_cells_and_the_other_presets_read_as_for_maps() -> None:
    def is_own(made: Any, backbone: Any = ToyBackbone(), metres: float | None = None) -> bool:
        return is_read_at_own_scale(metres, backbone, made.regions, made.local)

    assert is_own(settings())
    assert not is_own(settings(own_scale=False))
    for preset in ("fast", "paper"):
        assert not is_own(make_settings(preset))
    coarse = ToyBackbone()
    coarse.cell = 16
    assert not is_own(settings(), coarse)
    assert not is_own(settings(), metres=0.5)  # the ground tells the scale
    assert is_own(make_settings(overrides={"local": {"ground_sampling": []}}), metres=0.5)
