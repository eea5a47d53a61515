from __future__ import annotations

import numpy as np
from toy_segmenter import ToyDetector, ToySegmenter

from dgl_rsis.proposals.prompted import instances_of, masks_in_boxes
from dgl_rsis.types import RGBImage


def scene() -> RGBImage:
    """Two roofs and a pool on grey."""
    image = np.full((60, 80, 3), 90, dtype=np.uint8)
    image[5:15, 5:25] = (200, 30, 30)
    image[40:55, 50:70] = (200, 30, 30)
    image[20:30, 60:75] = (20, 40, 210)
    image[20, 60] = 90  # no rectangle
    return image


def test_boxes_become_what_lies_in_them() -> None:
    segmenter = ToySegmenter(input_side=128)
    found = masks_in_boxes(scene(), np.array([[58, 18, 77, 32], [4, 4, 27, 16]]), segmenter)
    assert [None if each is None else each[1] for each in found] == [
        (60, 20, 75, 30),
        (5, 5, 25, 15),
    ]
    assert found[0] is not None
    assert found[0][0].sum() == 149
    assert segmenter.seen == [(60, 80)]  # the whole image, once


def test_large_images_show_a_window_around_each_box() -> None:
    image = np.full((300, 500, 3), 90, dtype=np.uint8)
    image[280:300, 470:490] = (200, 30, 30)
    segmenter = ToySegmenter(input_side=64)
    ((mask, box),) = (
        each
        for each in masks_in_boxes(image, np.array([[468, 278, 492, 300]]), segmenter)
        if each is not None
    )
    assert box == (470, 280, 490, 300)
    assert mask.all()
    assert segmenter.seen == [(96, 96)]  # four lengths of the box, shifted inside


def test_no_boxes_no_masks() -> None:
    assert masks_in_boxes(scene(), np.zeros((0, 4), int), ToySegmenter()) == []


def test_instances_belong_to_their_nouns() -> None:
    masks, owners = instances_of(scene(), ["roof", "pool", "tree", "roof"], ToyDetector())
    assert {noun: own.tolist() for noun, own in owners.items()} == {
        "roof": [0, 1],
        "pool": [2],
        "tree": [],
    }
    assert masks.boxes.tolist() == [[5, 5, 25, 15], [50, 40, 70, 55], [60, 20, 75, 30]]
    np.testing.assert_allclose(masks.known_quality, [0.9, 0.8, 0.9])


def test_what_is_unsure_or_without_data_is_no_instance() -> None:
    detector = ToyDetector()
    masks, owners = instances_of(scene(), ["roof"], detector, least_score=0.85)
    assert len(masks) == len(owners["roof"]) == 1
    valid = np.ones((60, 80), bool)
    valid[:, 10:] = False
    masks, _ = instances_of(scene(), ["roof"], detector, valid=valid)
    assert masks.areas.tolist() == [50]
    valid[:] = False
    masks, owners = instances_of(scene(), ["roof"], detector, valid=valid)
    assert len(masks) == len(owners["roof"]) == 0
    masks, owners = instances_of(scene(), [], detector)
    assert len(masks) == len(owners) == 0
