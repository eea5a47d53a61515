"""Proposers by name: from Python, with toy networks and with small checkpoints on disk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from toy_backbone import ToyBackbone
from toy_segmenter import ToyDetector, ToySegmenter

import dgl_rsis
from dgl_rsis.config import PROPOSERS as NAMES
from dgl_rsis.config import make_settings
from dgl_rsis.errors import InputError, ModelError
from dgl_rsis.models.checkpoints import FAMILIES
from dgl_rsis.pipeline import Model
from dgl_rsis.proposals import tree
from dgl_rsis.proposals.base import PROPOSERS
from dgl_rsis.proposals.combination import Combination
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.proposals.region_tree import RegionTree
from dgl_rsis.proposing import (
    DETECTOR,
    SEGMENTERS,
    Networks,
    find_proposals,
    needs_features,
    painted_parts,
)
from dgl_rsis.types import Raster, RGBImage


def scene() -> RGBImage:
    """Two red roofs and a blue pool on green."""
    image = np.full((96, 96, 3), (10, 180, 10), np.uint8)
    image[10:30, 8:30] = (200, 30, 30)
    image[60:80, 50:90] = (200, 30, 30)
    image[20:40, 60:80] = (20, 40, 210)
    return image


def model(proposer: str, preset: str = "default", **overrides: dict[str, Any]) -> Model:
    """A toy backbone with toy networks where real ones would be loaded."""
    proposals = {"proposer": proposer, **overrides.pop("proposals", {})}
    made = Model(ToyBackbone(), make_settings(preset, {**overrides, "proposals": proposals}))
    parts = made.settings.proposals.parts
    networks = Networks(
        {part: ToySegmenter(96) for part in parts if part in SEGMENTERS},
        ToyDetector() if DETECTOR in parts else None,
    )
    vars(made)["networks"] = networks  # in place of what would be loaded
    return made


def test_every_name_has_one_place() -> None:
    assert set(NAMES) == set(PROPOSERS) | set(SEGMENTERS) | {DETECTOR}
    assert {*SEGMENTERS, DETECTOR} < set(FAMILIES)


@pytest.mark.parametrize("proposer", ["tree", "flat", "flat+sam2"])
def test_learned_weight_asks_for_features(proposer: str) -> None:
    plain = model(proposer, proposals={"learned_weight": 0})
    guided = model(proposer, proposals={"learned_weight": 60.0})
    assert not needs_features(plain.settings.proposals)
    assert needs_features(guided.settings.proposals)
    for made, calls in ((plain, 0), (guided, 3)):  # the image is read at three scales, once
        assert isinstance(made.backbone, ToyBackbone)
        made.propose(scene())
        assert made.backbone.calls["dense"] == calls


def test_learned_weight_changes_the_merging() -> None:
    noise = np.random.default_rng(0).integers(0, 90, (96, 96, 3)).astype(np.uint8)
    plain, guided = (
        model("tree", proposals={"learned_weight": weight}).propose(scene() // 2 + noise)
        for weight in (0, 60.0)
    )
    assert isinstance(plain, RegionTree)
    assert isinstance(guided, RegionTree)
    assert not np.array_equal(plain.heights, guided.heights)


def test_trees_of_painters_are_merged_by_colour_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    weights = []
    original = tree.propose

    def spy(raster: Raster, features: Any, learned_weight: float) -> Any:
        weights.append(learned_weight)
        return original(raster, features, learned_weight)

    monkeypatch.setattr(tree, "propose", spy)
    made = model("tree", proposals={"learned_weight": 60.0}, paint={"painter": "cut"})
    made.segment(scene(), ["building", "water"])
    made.refer(scene(), "the building")
    assert weights == [0, 60]


@pytest.mark.parametrize("weight", [-1.0, float("nan"), float("inf")])
def test_a_learned_weight_is_a_number_from_0(weight: float) -> None:
    with pytest.raises(InputError, match="learned_weight"):
        make_settings(overrides={"proposals": {"learned_weight": weight}})


@pytest.mark.parametrize(
    "proposer", ["tree", "flat", "hierarchy", "sam2", "flat+maskcut", "tree+sam2"]
)
@pytest.mark.parametrize("shape", [(1, 1), (3, 2), (20, 300)])
def test_any_size_works_for_both_tasks(proposer: str, shape: tuple[int, int]) -> None:
    image = np.full((*shape, 3), (10, 10, 200), np.uint8)
    made = model(proposer, paint={"painter": "mask"})
    assert made.propose(image).shape == shape
    assert made.segment(image, ["water", "building"]).labels.shape == shape
    assert made.refer(image, "the building in the centre").mask.shape == shape


def test_combinations_hold_what_their_parts_find() -> None:
    both = model("tree+sam2").propose(scene())
    tree, masks = model("tree").propose(scene()), model("sam2").propose(scene())
    assert isinstance(both, Combination)
    assert isinstance(tree, RegionTree)
    assert isinstance(masks, MaskSet)
    assert len(both.tree) == len(tree)
    assert both.masks.boxes.tolist() == masks.boxes.tolist()
    assert len(both) < len(tree) + len(masks)  # the squares are nodes of the tree too
    flat = model("sam+sam2").propose(scene())
    assert len(flat) == len(masks)


@pytest.mark.parametrize("proposer", ["sam2", "tree+sam2", "flat+sam", "samhq+maskcut"])
@pytest.mark.parametrize("preset", ["default", "paper"])
def test_sentences_are_answered_by_masks_of_a_segmenter(proposer: str, preset: str) -> None:
    result = model(proposer, preset).refer(scene(), "the building")
    assert result.chosen
    truth = (scene() == (200, 30, 30)).all(axis=-1)
    assert (result.mask & truth).sum() > 0.9 * result.mask.sum()


def test_the_largest_of_two_is_told_by_the_program() -> None:
    for proposer in ("sam2", "tree+sam2"):
        result = model(proposer).refer(scene(), "the largest building")
        assert result.matches[0].box == (50, 60, 90, 80)


@pytest.mark.parametrize("proposer", ["tree", "flat", "tree+flat"])
def test_a_superlative_ranks_whole_things_whatever_proposes(proposer: str) -> None:
    image = scene()
    image[66:90, 50:90] = (160, 24, 24)  # the shaded side of the larger roof, most of it
    result = model(proposer).refer(image, "the largest building")
    truth = np.zeros((96, 96), bool)
    truth[60:90, 50:90] = True
    assert (result.mask & truth).sum() > 0.9 * (result.mask | truth).sum()


def test_a_detector_answers_for_its_nouns() -> None:
    made = model("sam3")
    result = made.refer(scene(), "the roof left of the pool")
    assert [match.box for match in result.matches if match.chosen] == [(8, 10, 30, 30)]
    assert result.matches[0].terms["probability"] == pytest.approx(0.9)
    assert isinstance(made.networks.detector, ToyDetector)
    assert made.networks.detector.nouns == ["roof", "pool"]


def test_a_detector_that_finds_nothing_means_nothing() -> None:
    result = model("sam3").refer(scene(), "the tree")
    assert not result.chosen
    assert not result.mask.any()
    assert result.matches == ()


def test_where_a_detector_finds_nothing_the_others_answer() -> None:
    made = model("tree+sam3")
    roofs = made.refer(scene(), "the largest roof")
    assert roofs.matches[0].box == (50, 60, 90, 80)
    assert roofs.matches[0].terms["probability"] == pytest.approx(0.8)
    other = made.refer(scene(), "the building")  # a word that the toy detector does not know
    assert other.chosen
    assert other.matches[0].terms["probability"] != pytest.approx(0.8)


@pytest.mark.parametrize("proposer", ["sam3", "sam3+flat"])
def test_instances_pass_the_filter_of_all_masks(proposer: str) -> None:
    image = scene()
    image[2:92, 2:4] = image[2:4, 2:92] = (200, 30, 30)  # thin and bent: hardly one thing
    image[50, 30] = (200, 30, 30)  # a single pixel
    made = model(proposer, proposals={"smallest_area": 2, "least_objectness": 0.6})
    found = find_proposals(
        Raster(image, np.ones((96, 96), bool), None),
        image,
        made.settings.proposals,
        made.networks,
        by_colour=True,
        nouns=("roof", "pool"),
    )
    masks = found.proposals
    assert isinstance(masks, MaskSet)
    own = {noun: masks.boxes[list(own)].tolist() for noun, own in found.instances.items()}
    assert own == {"roof": [[8, 10, 30, 30], [50, 60, 90, 80]], "pool": [[60, 20, 80, 40]]}
    np.testing.assert_allclose(masks.known_quality[:3], [0.8, 0.6, 0.9])  # what went had 0.9, 0.7


def test_a_noun_whose_instances_are_all_poor_has_none() -> None:
    made = model("sam3", proposals={"smallest_area": 420})
    result = made.refer(scene(), "the pool")  # of 400 pixels
    assert not result.chosen
    assert made.refer(scene(), "the roof").chosen


def test_several_sentences_ask_for_each_noun_once() -> None:
    made = model("sam3")
    results = made.refer_many(scene(), ["the roof", "the pool", "the roof left of the pool"])
    assert [bool(result.chosen) for result in results] == [True, True, True]
    assert isinstance(made.networks.detector, ToyDetector)
    assert made.networks.detector.nouns == ["roof", "pool"]


def test_a_detector_needs_words() -> None:
    for proposer in ("sam3", "flat+sam3"):
        with pytest.raises(InputError, match="sam3 looks for nouns and got none"):
            model(proposer).propose(scene())
    made = model("sam3", paint={"painter": "mask"})
    made.segment(scene(), ["roof", "pool", "background"])
    assert isinstance(made.networks.detector, ToyDetector)
    assert made.networks.detector.nouns == ["roof", "pool"]


@pytest.mark.parametrize(
    ("painter", "proposer", "parts", "notes"),
    [
        ("leaf", "tree", ("tree",), 0),
        ("cut", "tree+sam2", ("tree",), 1),
        ("dense", "tree", (), 0),
        ("dense", "tree+sam2", (), 1),
        ("auto", "tree", ("tree",), 0),
        ("auto", "sam2", ("sam2",), 0),
        ("auto", "tree+sam2", ("flat", "sam2"), 0),
        ("mask", "tree", ("flat",), 0),
        ("mask", "tree+sam2", ("flat", "sam2"), 0),
        ("mask", "tree+flat", ("flat",), 0),
    ],
)
def test_painters_take_the_parts_that_they_can_use(
    painter: str, proposer: str, parts: tuple[str, ...], notes: int
) -> None:
    settings = make_settings(
        overrides={"proposals": {"proposer": proposer}, "paint": {"painter": painter}}
    )
    found, said = painted_parts(settings.painter, settings.proposals)
    assert found == parts
    assert len(said) == notes
    assert all("proposer sam2" in each for each in said)


def test_masks_of_the_proposer_that_was_asked_for_are_painted() -> None:
    by_name = model("sam2").segment(scene(), ["building", "water"])
    by_masks = model("sam2", paint={"painter": "mask"}).segment(scene(), ["building", "water"])
    by_tree = model("tree").segment(scene(), ["building", "water"])
    assert (by_name.painter, by_tree.painter) == ("mask", "cut")
    np.testing.assert_array_equal(by_name.labels, by_masks.labels)
    assert (by_name.labels != by_tree.labels).any()
    with pytest.raises(InputError, match="painter leaf needs the region tree, and the proposer is"):
        model("sam2", paint={"painter": "leaf"})


def test_small_masks_and_poor_ones_can_be_left_out() -> None:
    some = model("sam2", proposals={"smallest_area": 500}).propose(scene())
    assert sorted(some.areas.tolist())[0] == 800
    none = model("sam2", proposals={"least_objectness": 1.0}).propose(scene())
    assert len(none) == 0


def test_the_best_flat_masks_stay_where_fewer_are_asked_for() -> None:
    many = model("flat").propose(scene())
    few = model("flat", proposals={"most_flat": 2}).propose(scene())
    assert len(many) > len(few) == 2
    np.testing.assert_array_equal(few.boxes, many.boxes[:2])


def test_boxes_are_refined_by_the_segmenter() -> None:
    boxes = np.array([[6, 8, 33, 31], [49, 55, 92, 82], [0, 84, 96, 96]])
    names = ["roof", "roof", "lawn"]
    made = model("sam2")
    rough = made.refer(scene(), "the largest roof", candidates=boxes, names=names)
    fine = made.refer(scene(), "the largest roof", candidates=boxes, names=names, refine=True)
    assert rough.matches[0].box == (49, 55, 92, 82)
    assert fine.matches[0].box == (50, 60, 90, 80)
    assert (fine.mask == (rough.mask & (scene() == (200, 30, 30)).all(axis=-1))).all()
    assert not any("no region fits" in note for note in fine.notes)
    # what lies in the box of the lawn fills most of the image: the box stays as it is
    lawn = made.refer(scene(), "the lawn", candidates=boxes, names=names, refine=True)
    assert lawn.matches[0].box == (0, 84, 96, 96)
    assert any("no region fits 1 of the boxes" in note for note in lawn.notes)
    segmenter = made.networks.segmenter
    assert isinstance(segmenter, ToySegmenter)
    assert set(segmenter.seen) == {(96, 96)}


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"proposer": "tree+tree"}, "tree is named 2 times; name it once"),
        ({"proposer": "tree+"}, "several joined by"),
        ({"proposer": "tree", "checkpoint": "a/b"}, "proposer tree has no use for the checkpoint"),
        ({"proposer": "sam2+maskcut", "checkpoint": "a/b"}, "say which proposer the checkpoint"),
        ({"proposer": "sam2", "checkpoint": {"sam": "a/b"}}, "no use for the checkpoint"),
        ({"proposer": "sam2", "points": 0}, "points"),
    ],
)
def test_wrong_settings_are_told(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        make_settings(overrides={"proposals": settings})


def test_a_missing_checkpoint_is_told_before_anything_is_loaded() -> None:
    settings = {"proposals": {"checkpoint": "dir:/nowhere/at/all"}}
    with pytest.raises(ModelError, match="/nowhere/at/all does not exist"):
        dgl_rsis.load("dir:/no/backbone/either", proposer="sam2", settings=settings)


@pytest.mark.parametrize("part", ["maskcut", "hierarchy"])
def test_features_of_backbones_are_centred_and_keys_of_a_dino_are_not(
    part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def spy(raster: Raster, features: Any) -> MaskSet:
        seen.append(features)
        return MaskSet.from_masks([], raster.shape)

    monkeypatch.setattr(f"dgl_rsis.proposals.{part}.propose", spy)
    cone = np.ones((3, 4, 2), np.float32)
    cone[:, 2:, 0] = 0.9
    raster = Raster(scene(), np.ones((96, 96), bool), None)
    settings = model(part).settings.proposals
    for networks in (Networks(), Networks(features={part: lambda picture: cone})):
        find_proposals(raster, scene(), settings, networks, features=lambda: cone)
    of_backbone, of_dino = seen
    np.testing.assert_allclose(of_backbone[:, :2], -of_backbone[:, 2:], atol=1e-4)
    np.testing.assert_array_equal(of_dino, cone)


LENIENT = {"predicted_iou": 0.0, "stability": 0.0, "points": 3, "crop_layers": 0}


@pytest.mark.parametrize("kind", ["sam", "sam2", "samhq"])
def test_checkpoints_on_disk_propose_by_name(
    kind: str,
    tiny_rs_folder: Path,
    segmenter_folder: Callable[[str], Path],
) -> None:
    checkpoint = f"dir:{segmenter_folder(kind)}"
    loaded = dgl_rsis.load(
        f"dir:{tiny_rs_folder}",
        proposer=kind,
        device="cpu",
        settings={"proposals": {**LENIENT, "checkpoint": checkpoint}},
    )
    found = loaded.propose(scene()[:50, :70])
    assert isinstance(found, MaskSet)
    assert found.shape == (50, 70)
    assert len(found) >= 1
    assert found.quality is not None
    assert ((found.quality >= 0) & (found.quality <= 1)).all()


def test_sam3_and_dino_on_disk_by_name(
    tiny_rs_folder: Path, segmenter_folder: Callable[[str], Path]
) -> None:
    settings = {"checkpoint": {"sam3": f"dir:{segmenter_folder('sam3')}"}, "least_score": 0.0}
    loaded = dgl_rsis.load(
        f"dir:{tiny_rs_folder}", proposer="sam3", device="cpu", settings={"proposals": settings}
    )
    result = loaded.refer(scene()[:50, :70], "the building")
    assert all(0 <= match.terms["probability"] <= 1 for match in result.matches)
    for proposer in ("hierarchy", "maskcut"):
        own = {"checkpoint": f"dir:{segmenter_folder('dinov2')}"}
        loaded = dgl_rsis.load(
            f"dir:{tiny_rs_folder}", proposer=proposer, device="cpu", settings={"proposals": own}
        )
        assert proposer in loaded.networks.features
        assert loaded.propose(scene()[:50, :70]).shape == (50, 70)
