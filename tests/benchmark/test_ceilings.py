from __future__ import annotations

import numpy as np
import pytest

from dgl_rsis.benchmark.ceilings import Ceiling, box_iou, ceiling, joined
from dgl_rsis.benchmark.metrics import mask_iou
from dgl_rsis.errors import InputError
from dgl_rsis.proposals.combination import Combination, combine
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.proposals.tree import build_region_tree
from dgl_rsis.types import Proposals, RGBImage

SHAPE = (40, 50)


def boxes(*corners: tuple[int, int, int, int]) -> MaskSet:
    return MaskSet.from_boxes(np.array(corners).reshape(-1, 4), SHAPE)


def picture() -> RGBImage:
    image = np.full((*SHAPE, 3), 90, np.uint8)
    image[8:24, 10:30] = (190, 60, 40)
    return image


TRUTH = boxes((10, 8, 30, 24), (3, 3, 20, 35), (40, 0, 50, 10))
MASKS = boxes((10, 8, 30, 16), (3, 3, 20, 33), (3, 3, 19, 35))


def proposals(kind: str) -> Proposals:
    tree = build_region_tree(picture(), scales=(60.0,))
    return {"masks": MASKS, "tree": tree, "both": combine([tree, MASKS])}[kind]


@pytest.mark.parametrize("kind", ["masks", "tree", "both"])
def test_the_best_proposal_of_each_instance_by_brute_force(kind: str) -> None:
    chosen = proposals(kind)
    assert isinstance(chosen, Combination) == (kind == "both")
    found = ceiling(chosen, TRUTH)
    expected = [
        max(mask_iou(chosen.mask(k), TRUTH.mask(j)) for k in range(len(chosen)))
        for j in range(len(TRUTH))
    ]
    np.testing.assert_allclose(found.overlaps, expected, atol=1e-6)
    assert found.areas.tolist() == TRUTH.areas.tolist()


def test_known_overlaps() -> None:
    found = ceiling(MASKS, TRUTH)
    np.testing.assert_allclose(found.overlaps, [0.5, 16 / 17, 0])  # 30 of 32 rows are less
    assert found.mean_iou == pytest.approx((0.5 + 16 / 17) / 3)
    assert found.recall == pytest.approx(2 / 3)  # half is enough


def test_no_proposals_reach_nothing_and_no_instances_have_no_mean() -> None:
    nothing = boxes()
    assert ceiling(nothing, TRUTH).overlaps.tolist() == [0, 0, 0]
    assert ceiling(nothing, TRUTH, by_boxes=True).overlaps.tolist() == [0, 0, 0]
    empty = ceiling(MASKS, nothing)
    assert len(empty) == 0
    assert np.isnan(empty.mean_iou)
    assert np.isnan(empty.recall)


def test_boxes_are_compared_as_boxes() -> None:
    corner = np.zeros((1, *SHAPE), bool)
    corner[0, 8:24, 10] = corner[0, 8, 10:30] = True  # the box of an L is a rectangle
    masks = MaskSet.from_masks(corner)
    assert ceiling(masks, TRUTH, by_boxes=True).overlaps[0] == 1
    assert ceiling(masks, TRUTH).overlaps[0] == pytest.approx(35 / 320)


def test_box_overlaps_are_those_of_filled_boxes() -> None:
    generator = np.random.default_rng(0)
    first, second = (generator.integers(0, 20, (6, 4)) for _ in range(2))
    for each in (first, second):
        each[:, 2:] += each[:, :2] + 1
    found = box_iou(first, second)
    masks = [MaskSet.from_boxes(each, (60, 60)) for each in (first, second)]
    expected = [[mask_iou(masks[0].mask(i), masks[1].mask(j)) for j in range(6)] for i in range(6)]
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_sizes_are_those_of_coco_and_add_up() -> None:
    areas = np.array([1, 1023, 1024, 9215, 9216, 10**6])
    every = Ceiling(np.linspace(0, 1, 6, dtype=np.float32), areas)
    sizes = {size: every.of_size(size).areas.tolist() for size in ("small", "medium", "large")}
    assert sizes == {"small": [1, 1023], "medium": [1024, 9215], "large": [9216, 10**6]}
    assert every.of_size("large").mean_iou == pytest.approx(0.9)
    again = joined([every.of_size(size) for size in sizes])
    np.testing.assert_array_equal(again.overlaps, every.overlaps)
    assert len(joined([])) == 0


def test_images_of_different_sizes_are_refused() -> None:
    other = MaskSet.from_boxes(np.array([[0, 0, 2, 2]]), (5, 5))
    with pytest.raises(InputError, match="cannot be compared"):
        ceiling(MASKS, other)
