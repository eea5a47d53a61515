from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from toy_segmenter import ToySegmenter

from dgl_rsis.proposals.everything import (
    EverythingOptions,
    box_suppression,
    everything,
    stability_scores,
    touches_inner_border,
    without_specks,
)
from dgl_rsis.types import RGBImage

OPTIONS = EverythingOptions(points=16, crop_layers=0)


def squares() -> RGBImage:
    """Squares of different colours on grey, one at the border."""
    image = np.full((64, 96, 3), 90, dtype=np.uint8)
    image[8:24, 8:24] = (200, 0, 0)
    image[30:60, 40:90] = (0, 200, 0)
    image[0:10, 80:96] = (0, 0, 200)
    return image


def iou_of(first: list[int], second: list[int]) -> float:
    width = max(0, min(first[2], second[2]) - max(first[0], second[0]))
    height = max(0, min(first[3], second[3]) - max(first[1], second[1]))
    areas = [(b[2] - b[0]) * (b[3] - b[1]) for b in (first, second)]
    shared = width * height
    return shared / (sum(areas) - shared)


def test_all_areas_are_found_once_with_their_quality() -> None:
    found = everything(squares(), ToySegmenter(), OPTIONS)
    boxes = sorted(map(tuple, found.boxes.tolist()))
    assert boxes == [(0, 0, 96, 64), (8, 8, 24, 24), (40, 30, 90, 60), (80, 0, 96, 10)]
    assert found.quality is not None
    np.testing.assert_allclose(found.quality, np.sqrt(0.95), rtol=1e-6)  # stability 1
    ground = found.boxes.tolist().index([0, 0, 96, 64])
    assert (found.mask(ground) == (squares() == 90).all(axis=-1)).all()


def test_uncertain_and_unstable_masks_are_not_taken() -> None:
    assert len(everything(squares(), ToySegmenter(), EverythingOptions(16, 0, 0.96))) == 0
    shaky = EverythingOptions(16, 0, predicted_iou=0.2, stability=0.0, box_iou=1.0)
    both = everything(squares(), ToySegmenter(), shaky)
    assert both.quality is not None
    assert both.quality.min() < 0.9 < both.quality.max()
    assert (np.diff(both.quality) <= 0).all()  # best first


def test_nothing_without_data_is_found_or_asked() -> None:
    valid = np.ones((64, 96), bool)
    valid[:, 30:] = False
    segmenter = ToySegmenter()
    found = everything(squares(), segmenter, OPTIONS, valid=valid)
    assert all(not found.mask(index)[:, 30:].any() for index in range(len(found)))
    assert sum(segmenter.asked) == 5 * 11  # of 16 x 11
    segmenter = ToySegmenter()
    nothing = everything(squares(), segmenter, OPTIONS, valid=np.zeros((64, 96), bool))
    assert len(nothing) == 0
    assert segmenter.seen == []


def test_small_crops_find_what_they_hold_whole() -> None:
    segmenter = ToySegmenter()
    found = everything(squares(), segmenter, EverythingOptions(16, 1))
    assert len(segmenter.seen) == 5
    assert segmenter.seen[0] == (64, 96)
    boxes = sorted(map(tuple, found.boxes.tolist()))
    # the ground touches inner borders of every crop: it comes from the whole image alone
    assert boxes == [(0, 0, 96, 64), (8, 8, 24, 24), (40, 30, 90, 60), (80, 0, 96, 10)]


@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (1, 50), (5, 5)])
def test_any_size_works(shape: tuple[int, int]) -> None:
    image = np.full((*shape, 3), 90, dtype=np.uint8)
    smallest = shape[0] * shape[1]
    whole = everything(image, ToySegmenter(), EverythingOptions(smallest_area=1))
    assert whole.areas.tolist() == [smallest]
    nothing = everything(image, ToySegmenter(), EverythingOptions(smallest_area=smallest + 1))
    assert len(nothing) == 0
    assert nothing.shape == shape
    assert nothing.pool(np.ones((2, 2), np.float32)).shape == (0,)


def test_ground_sampling_distance_decides_where_the_user_does_not() -> None:
    image = np.full((256, 256, 3), 90, dtype=np.uint8)
    fine, coarse = ToySegmenter(256), ToySegmenter(256)
    everything(image, fine, EverythingOptions(), metres_per_pixel=0.1)
    everything(image, coarse, EverythingOptions(), metres_per_pixel=5.0)
    assert len(fine.seen) == 1
    assert len(coarse.seen) == 1 + 4 + 16
    assert sum(fine.asked) == 16**2


@given(
    arrays.arrays(np.float32, (2, 4, 5), elements=st.floats(-3, 3, width=32)),
    st.sampled_from([0.5, 1.0, 2.0]),
)
def test_stability_counts_pixels(logits: np.ndarray, offset: float) -> None:
    for number, score in enumerate(stability_scores(logits, offset).tolist()):
        inner = sum(value > offset for value in logits[number].ravel().tolist())
        outer = sum(value > -offset for value in logits[number].ravel().tolist())
        assert score == (inner / outer if outer else 0.0)


corners = st.tuples(st.integers(0, 8), st.integers(0, 8), st.integers(1, 6), st.integers(1, 6))


@given(
    st.lists(st.tuples(corners, st.integers(0, 5)), max_size=12), st.sampled_from([0.0, 0.3, 0.7])
)
def test_suppression_is_the_greedy_one(
    drawn: list[tuple[tuple[int, int, int, int], int]], iou: float
) -> None:
    boxes = [[x, y, x + w, y + h] for (x, y, w, h), _ in drawn]
    scores = [score for _, score in drawn]
    expected: list[int] = []
    for index in sorted(range(len(boxes)), key=lambda i: (-scores[i], i)):
        if all(iou_of(boxes[index], boxes[kept]) <= iou for kept in expected):
            expected.append(index)
    array = np.array(boxes, dtype=np.int64).reshape(-1, 4)
    assert box_suppression(array, np.array(scores, float), iou).tolist() == expected


@pytest.mark.parametrize(
    ("box", "touches"),
    [
        ((520, 520, 600, 600), True),  # 8 px from the crop's upper left corner
        ((560, 560, 600, 600), False),
        ((560, 560, 1024, 600), False),  # the image ends there too
        ((560, 560, 1000, 600), False),
        ((512, 900, 700, 1024), True),
    ],
)
def test_inner_borders_are_those_that_the_image_does_not_have(
    box: tuple[int, int, int, int], touches: bool
) -> None:
    assert touches_inner_border(box, (512, 512, 1024, 1024), (1024, 1024)) is touches
    assert not touches_inner_border(box, (0, 0, 1024, 1024), (1024, 1024))


def test_small_holes_and_islands_go() -> None:
    mask = np.zeros((12, 12), bool)
    mask[1:8, 1:8] = True
    mask[3, 3] = False  # a hole of one pixel
    mask[10, 10] = True  # an island of one
    clean = without_specks(mask, 4)
    expected = np.zeros((12, 12), bool)
    expected[1:8, 1:8] = True
    assert (clean == expected).all()
    assert (without_specks(mask, 1) == mask).all()
    speck = np.zeros((5, 5), bool)
    speck[2, 2] = True
    assert (without_specks(speck, 4) == speck).all()  # its only part stays
