from __future__ import annotations

import numpy as np
import pytest

from dgl_rsis.errors import InputError
from dgl_rsis.proposals.combination import Combination, combine
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.proposals.objectness import colour_field, objectness, worthwhile
from dgl_rsis.proposals.region_tree import RegionTree
from dgl_rsis.proposals.tree import build_region_tree
from dgl_rsis.types import RGBImage


def picture() -> RGBImage:
    image = np.full((40, 50, 3), 90, np.uint8)
    image[8:24, 10:30] = (190, 60, 40)
    return image


def boxes(*corners: tuple[int, int, int, int]) -> MaskSet:
    return MaskSet.from_boxes(np.array(corners).reshape(-1, 4), (40, 50))


def tree() -> RegionTree:
    return build_region_tree(picture(), scales=(60.0,))


def test_a_tree_stays_whole_and_takes_masks_beside_it() -> None:
    own = tree()
    masks = boxes((10, 8, 30, 24), (3, 3, 20, 35), (3, 3, 20, 34))
    both = combine([masks, own])
    assert isinstance(both, Combination)
    assert both.tree is own
    assert both.masks is masks
    assert both.distinct.tolist() == [1, 2]  # the tree has the square itself
    first = len(own)
    assert len(both) == first + 2
    assert both.shape == (40, 50)
    field = np.random.default_rng(0).normal(size=(5, 6, 2)).astype(np.float32)
    rest = masks.take([1, 2])
    np.testing.assert_array_equal(both.pool(field), np.r_[own.pool(field), rest.pool(field)])
    np.testing.assert_array_equal(both.areas, np.r_[own.areas, rest.areas])
    np.testing.assert_array_equal(both.centroids, np.r_[own.centroids, rest.centroids])
    for index in range(len(both)):
        x0, y0, x1, y1 = both.boxes[index].tolist()
        mask = both.mask(index)
        assert mask.sum() == both.areas[index]
        assert (mask[y0:y1, x0:x1] == both.crop(index)).all()
    rows, columns = np.arange(40) // 10, np.arange(50) // 10
    cover = both.coverage(rows, columns)
    assert cover.shape == (len(both), 20)
    np.testing.assert_allclose(cover.sum(axis=1) * 100, both.areas)


def test_of_duplicates_the_earlier_part_wins() -> None:
    first = boxes((0, 0, 20, 20), (30, 5, 40, 15))
    second = boxes((0, 0, 20, 19), (0, 0, 10, 10))
    found = combine([first, second])
    assert found.boxes.tolist() == [[0, 0, 20, 20], [30, 5, 40, 15], [0, 0, 10, 10]]
    turned = combine([second, first])
    assert turned.boxes.tolist() == [[0, 0, 20, 19], [0, 0, 10, 10], [30, 5, 40, 15]]


def test_protected_masks_may_repeat_each_other() -> None:
    parts = [boxes((0, 0, 20, 20), (0, 0, 20, 20)), boxes((0, 0, 20, 20), (5, 5, 9, 9))]
    assert len(combine(parts)) == 2
    assert combine(parts, protected=2).areas.tolist() == [400, 400, 16]


def test_quality_survives_where_it_is_known() -> None:
    sure = boxes((0, 0, 20, 20), (0, 0, 5, 5))
    sure = MaskSet(sure.shape, sure.boxes, sure.crops, np.float32([0.5, 0.9]))
    found = combine([sure, boxes((30, 5, 40, 15))])
    assert isinstance(found, MaskSet)
    np.testing.assert_array_equal(found.known_quality, np.float32([0.5, 0.9, np.nan]))
    plain = combine([boxes((0, 0, 20, 20)), boxes((30, 5, 40, 15))])
    assert isinstance(plain, MaskSet)
    assert plain.quality is None
    assert np.isnan(plain.known_quality).all()


def test_one_part_is_itself_and_nothing_is_fine() -> None:
    own, none = tree(), boxes()
    assert combine([own]) is own
    assert combine([none]) is none
    both = combine([own, none])
    assert len(both) == len(own)
    assert both.pool(np.ones((2, 2), np.float32)).shape == (len(own),)
    assert len(combine([none, none])) == 0


def test_two_trees_or_two_images_are_refused() -> None:
    with pytest.raises(InputError, match="2 trees"):
        combine([tree(), tree()])
    with pytest.raises(InputError, match="2 sizes"):
        combine([boxes(), MaskSet.from_masks([], (7, 7))])


def test_objectness_is_the_same_alone_and_together() -> None:
    own, masks = tree(), boxes((3, 3, 20, 35), (5, 30, 45, 39))
    lab = colour_field(picture())
    both = combine([own, masks])
    assert isinstance(both, Combination)
    expected = np.r_[objectness(own, lab), objectness(masks, lab)]
    np.testing.assert_allclose(objectness(both, lab), expected)


def test_quality_is_one_more_term_of_objectness() -> None:
    masks = boxes((10, 8, 30, 24), (3, 3, 20, 35))
    lab = colour_field(picture())
    plain = objectness(masks, lab)
    rated = MaskSet(masks.shape, masks.boxes, masks.crops, np.float32([0.2, np.nan]))
    values = objectness(rated, lab)
    assert values[0] == pytest.approx((plain[0] ** 3 * 0.2) ** 0.25, rel=1e-5)
    assert values[1] == plain[1]  # nobody knows: left out


def test_the_quality_filter_is_the_same_for_all() -> None:
    masks = boxes((10, 8, 30, 24), (2, 2, 4, 4), (3, 3, 20, 35))
    lab = colour_field(picture())
    assert worthwhile(masks, lab).tolist() == [0, 1, 2]
    assert worthwhile(masks, lab, smallest_area=5).tolist() == [0, 2]
    values = objectness(masks, lab)
    assert worthwhile(masks, lab, least_objectness=float(values[0])).tolist() == [0]
    assert values[2] < values[0]
    assert len(worthwhile(boxes(), lab, least_objectness=0.5)) == 0
