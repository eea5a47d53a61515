"""All baselines by name, end to end on a rendered scene."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from toy_segmenter import ToyDetector

from dgl_rsis.benchmark.baselines.mask_votes import flat_proposals
from dgl_rsis.benchmark.baselines.methods import ReferMethod
from dgl_rsis.benchmark.baselines.registry import (
    MAP_BASELINES,
    REFER_BASELINES,
    check_needs,
    map_method,
    refer_method,
    threshold_of,
)
from dgl_rsis.benchmark.datasets.registry import DATASETS
from dgl_rsis.errors import InputError
from dgl_rsis.models.hf_blip import HfBlip
from dgl_rsis.pipeline import Model, load
from dgl_rsis.proposing import Networks
from dgl_rsis.render import RenderedScene, render_scene

WORDS = ["background", "water", "building,roof", "road"]
SENTENCES = ["the largest building", "the white car left of the road", "water"]
PLAIN_BACKBONE = {"clip-argmax", "corrclip-vote", "dense-vote"}


@pytest.fixture(scope="module")
def scene() -> RenderedScene:
    return render_scene(3, size=96)


@pytest.fixture(scope="module")
def clip_model(tiny_clip_folder: Path) -> Model:
    return load(str(tiny_clip_folder), device="cpu")


@pytest.fixture(scope="module")
def rs_model(tiny_rs_folder: Path) -> Model:
    return load(str(tiny_rs_folder), device="cpu")


def with_sam3(model: Model) -> Model:
    proposals = model.settings.proposals.model_copy(update={"proposer": "sam3"})
    settings = model.settings.model_copy(update={"proposals": proposals})
    made = replace(model, settings=settings)
    vars(made)["networks"] = Networks(detector=ToyDetector())  # in place of what would be loaded
    return made


@pytest.mark.parametrize("name", MAP_BASELINES)
def test_every_map_baseline_labels_a_scene(
    name: str, clip_model: Model, scene: RenderedScene
) -> None:
    check_needs(name, clip_model)
    labels = map_method(name)(clip_model, scene.image, WORDS, 0, threshold=0.3)
    assert labels.shape == (96, 96)
    assert labels.dtype == np.int16
    least = -1 if name == "dense-vote" else 0
    assert least <= labels.min() <= labels.max() < len(WORDS)
    again = map_method(name)(clip_model, scene.image, WORDS, 0, threshold=0.3)
    np.testing.assert_array_equal(labels, again)


@pytest.mark.parametrize("name", MAP_BASELINES)
def test_a_backbone_without_class_token_has_those_on_dense_features(
    name: str, rs_model: Model, scene: RenderedScene
) -> None:
    if name in PLAIN_BACKBONE:
        check_needs(name, rs_model)
        assert map_method(name)(rs_model, scene.image, WORDS).shape == (96, 96)
        return
    with pytest.raises(InputError, match=f"baseline {name} needs a ViT with a class token") as told:
        check_needs(name, rs_model)
    assert "\n" not in str(told.value)
    with pytest.raises(InputError, match="ViT with a class token"):
        map_method(name)(rs_model, scene.image, WORDS)


def answers(name: str, model: Model, scene: RenderedScene) -> list[np.ndarray]:
    check_needs(name, model)
    proposals = flat_proposals(model, scene.image, WORDS)
    method = refer_method(name)
    prepared = method.prepare(model, scene.image, proposals)
    found = [method.answer(prepared, sentence) for sentence in SENTENCES]
    assert all(mask.shape == (96, 96) and mask.dtype == bool for mask in found)
    if name != "sam3-text":
        masks = [proposals.mask(index) for index in range(len(proposals))]
        assert all(any((mask == each).all() for each in masks) for mask in found)
    return found


@pytest.mark.parametrize("name", REFER_BASELINES)
def test_every_refer_baseline_answers(name: str, clip_model: Model, scene: RenderedScene) -> None:
    answers(name, with_sam3(clip_model) if name == "sam3-text" else clip_model, scene)


@pytest.mark.parametrize("name", REFER_BASELINES)
def test_refer_baselines_of_a_backbone_without_class_token(
    name: str, rs_model: Model, scene: RenderedScene
) -> None:
    if name == "sam3-text" or "vit" in REFER_BASELINES[name].needs:
        with pytest.raises(InputError, match=f"baseline {name} needs"):
            check_needs(name, rs_model)
    else:
        answers(name, rs_model, scene)


def test_iterprime_takes_the_matcher_of_the_model(
    clip_model: Model, tiny_blip_folder: Path, scene: RenderedScene
) -> None:
    answers("iterprime", replace(clip_model, matcher=HfBlip.from_folder(tiny_blip_folder)), scene)


def test_every_name_is_there_and_says_where_it_is_from() -> None:
    assert not set(MAP_BASELINES) & set(REFER_BASELINES)
    for name in MAP_BASELINES:
        assert callable(map_method(name))
    for name in REFER_BASELINES:
        assert isinstance(refer_method(name), ReferMethod)
    assert all(each.source for each in (*MAP_BASELINES.values(), *REFER_BASELINES.values()))


def test_unknown_names_are_told_with_those_that_there_are() -> None:
    with pytest.raises(InputError, match="no baseline is called 'hybridgl'; choose one of clip-"):
        map_method("hybridgl")
    with pytest.raises(InputError, match="no baseline is called 'sclip'; choose one of global-"):
        refer_method("sclip")


def test_the_table_itself_loads_no_torch() -> None:
    code = "import sys; import dgl_rsis.benchmark.baselines.registry; print('torch' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "False"


def test_thresholds_are_those_that_are_published() -> None:
    assert threshold_of("segearth-ov", "loveda/val") == 0.3
    assert threshold_of("segearth-ov", "isaid") == 0.4
    assert threshold_of("segearth-ov", "dubai/tile6") == 0  # none is published
    assert threshold_of("maskclip", "loveda/val") == 0
    for baseline in MAP_BASELINES.values():
        assert baseline.thresholds.keys() <= DATASETS.keys()
        assert all(0 <= each <= 1 for each in baseline.thresholds.values())
