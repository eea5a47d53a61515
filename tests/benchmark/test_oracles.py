"""Perfect decisions by brute force."""

from __future__ import annotations

import numpy as np
import pytest
from toy_backbone import ToyBackbone

from dgl_rsis.benchmark.datasets.samples import ClassMap
from dgl_rsis.benchmark.metrics import mask_iou
from dgl_rsis.benchmark.oracles import (
    best_proposal,
    best_ranked,
    true_class_of_regions,
    with_true_classes,
)
from dgl_rsis.config import make_settings
from dgl_rsis.errors import InputError
from dgl_rsis.geo.raster import as_raster
from dgl_rsis.pipeline import Model
from dgl_rsis.proposals.combination import combine
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.proposals.tree import build_region_tree
from dgl_rsis.results import Match, ReferResult, union_of
from dgl_rsis.text.parse import parse
from dgl_rsis.types import BoolArray, Proposals, RGBImage

SHAPE = (40, 50)
MASKS = MaskSet.from_boxes(np.array([[10, 8, 30, 16], [3, 3, 20, 33], [44, 0, 50, 6]]), SHAPE)


def picture() -> RGBImage:
    image = np.full((*SHAPE, 3), 90, np.uint8)
    image[8:24, 10:30] = (190, 60, 40)
    image[20:40, 34:50] = (40, 60, 190)
    return image


def box(x0: int, y0: int, x1: int, y1: int) -> BoolArray:
    mask = np.zeros(SHAPE, bool)
    mask[y0:y1, x0:x1] = True
    return mask


def proposals(kind: str) -> Proposals:
    tree = build_region_tree(picture())
    return {"masks": MASKS, "tree": tree, "both": combine([tree, MASKS])}[kind]


@pytest.mark.parametrize("kind", ["masks", "tree", "both"])
@pytest.mark.parametrize("wanted", [(10, 8, 30, 24), (3, 3, 20, 35), (43, 0, 50, 6)])
def test_no_proposal_fits_better(kind: str, wanted: tuple[int, int, int, int]) -> None:
    chosen, truth = proposals(kind), box(*wanted)
    found = mask_iou(best_proposal(chosen, truth), truth)
    every = [mask_iou(chosen.mask(index), truth) for index in range(len(chosen))]
    assert found == max(every) > 0


def test_nothing_fits_nothing() -> None:
    assert not best_proposal(MASKS, np.zeros(SHAPE, bool)).any()
    assert not best_proposal(MASKS, box(0, 39, 1, 40)).any()
    assert not best_proposal(MaskSet.from_masks([], SHAPE), box(0, 0, 9, 9)).any()
    with pytest.raises(InputError, match="resize one to the other"):
        best_proposal(MASKS, np.ones((4, 4), bool))


def result(chosen: int) -> ReferResult:
    """Three ranked boxes side by side, the first ``chosen`` of them the answer."""
    places = [(0, 0, 10, 10), (10, 0, 20, 10), (20, 0, 30, 10)]
    matches = tuple(
        Match(np.ones((10, 10), bool), place, SHAPE, 1 - index / 4, {}, index < chosen, index)
        for index, place in enumerate(places)
    )
    heat = np.zeros(SHAPE, np.float32)
    answer = union_of(matches, SHAPE)
    return ReferResult(answer, matches, parse("the boxes"), heat, as_raster(picture()))


def test_the_best_of_the_ranking() -> None:
    assert (best_ranked(result(1), box(19, 0, 30, 10)) == box(20, 0, 30, 10)).all()
    assert (best_ranked(result(1), box(0, 0, 10, 9)) == box(0, 0, 10, 10)).all()


def test_the_given_answer_takes_part_as_a_whole() -> None:
    assert (best_ranked(result(2), box(0, 0, 20, 10)) == box(0, 0, 20, 10)).all()
    assert best_ranked(result(1), box(0, 0, 20, 10)).sum() == 100
    assert not best_ranked(result(2), np.zeros(SHAPE, bool)).any()
    with pytest.raises(InputError, match="resize one to the other"):
        best_ranked(result(1), np.ones((3, 3), bool))


def test_every_leaf_has_its_most_frequent_true_class() -> None:
    valid = np.ones(SHAPE, bool)
    valid[:, :2] = False
    tree = build_region_tree(picture(), valid=valid)
    labels = np.random.default_rng(0).integers(-1, 4, SHAPE).astype(np.int16)
    labels[8:24, 10:30][:, :14] = 3
    found = true_class_of_regions(tree, labels)
    leaves = tree.leaf_labels()
    assert tree.leaf_count(0) >= 3
    for leaf in range(tree.leaf_count(0)):
        votes = [int((labels[leaves == leaf] == number).sum()) for number in range(4)]
        assert set(found[leaves == leaf].tolist()) == {int(np.argmax(votes))}
    assert (found[leaves < 0] == -1).all()
    assert found[10, 12] == 3


def test_a_region_without_true_class_has_none() -> None:
    tree = build_region_tree(picture())
    labels = np.full(SHAPE, -1, np.int16)
    assert (true_class_of_regions(tree, labels) == -1).all()
    labels[8:24, 10:30] = 2
    found = true_class_of_regions(tree, labels)
    assert found[16, 20] == 2
    assert found[30, 40] == -1


def test_masks_have_their_true_class_and_nothing_else_has_one() -> None:
    labels = np.zeros(SHAPE, np.int16)
    labels[:, 12:] = 1
    found = true_class_of_regions(MASKS, labels)
    # the first box lies mostly right of 12, the second one left of it; the smaller one is on top
    assert found[12, 15] == 1
    assert found[25, 15] == 0
    assert (found[~(MASKS.mask(0) | MASKS.mask(1) | MASKS.mask(2))] == -1).all()
    with pytest.raises(InputError, match="resize one to the other"):
        true_class_of_regions(MASKS, labels[1:])


def test_with_true_classes_words_find_what_they_name() -> None:
    labels = np.full(SHAPE, -1, np.int16)
    roof, pool = box(10, 8, 30, 24), box(34, 20, 50, 40)
    labels[roof], labels[pool] = 0, 1
    truth = ClassMap(("building", "swimming pool"), labels)
    model = Model(ToyBackbone(), make_settings("default"))
    knowing = with_true_classes(model, truth)
    own = model.propose(picture())
    assert np.array_equal(knowing.propose(picture()).areas, own.areas)  # candidates stay ours
    for sentence, wanted in {"the building": roof, "the swimming pool": pool}.items():
        assert mask_iou(knowing.refer(picture(), sentence).mask, wanted) > 0.9
    swapped = with_true_classes(model, ClassMap(truth.names[::-1], labels))
    assert mask_iou(swapped.refer(picture(), "the building").mask, pool) > 0.5
