from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from dgl_rsis.errors import InputError
from dgl_rsis.proposals.masks import MaskSet


@settings(max_examples=40, deadline=None)
@given(
    masks=st.tuples(st.integers(1, 4), st.integers(1, 8), st.integers(1, 8)).flatmap(
        lambda shape: arrays(np.bool_, shape)
    )
)
def test_masks_come_back_as_they_went_in(masks: NDArray[np.bool_]) -> None:
    masks[:, -1, 0] = True
    found = MaskSet.from_masks(masks)
    assert len(found) == len(masks)
    for number, mask in enumerate(masks):
        y, x = np.nonzero(mask)
        assert np.array_equal(found.mask(number), mask)
        assert found.areas[number] == len(y)
        assert found.boxes[number].tolist() == [x.min(), y.min(), x.max() + 1, y.max() + 1]
        np.testing.assert_allclose(found.centroids[number], [x.mean() + 0.5, y.mean() + 0.5])
        np.testing.assert_allclose(found.moments[number, 0], x.var() + 1 / 12, atol=1e-9)


@pytest.mark.parametrize("field_shape", [(3, 5), (30, 44), (1, 1), (20, 30)])
def test_pool_equals_the_mean_over_each_mask(upsample, field_shape: tuple[int, int]) -> None:
    generator = np.random.default_rng(0)
    masks = generator.random((4, 20, 30)) > np.array([0.1, 0.5, 0.9, 0.99])[:, None, None]
    field = generator.standard_normal((*field_shape, 2)).astype(np.float32)
    large = upsample(field, (20, 30))
    expected = np.array([large[mask].mean(axis=0) for mask in masks])
    found = MaskSet.from_masks(list(masks))
    np.testing.assert_allclose(found.pool(field), expected, atol=1e-5)
    np.testing.assert_allclose(found.pool(field[..., 1]), expected[:, 1], atol=1e-5)


def test_boxes_are_filled() -> None:
    found = MaskSet.from_boxes(np.array([[1, 0, 3, 2], [0, 0, 4, 3]]), (3, 4))
    assert found.areas.tolist() == [4, 12]
    assert np.array_equal(found.mask(0), [[0, 1, 1, 0], [0, 1, 1, 0], [0, 0, 0, 0]])


def test_rims_of_crops_are_cut_off() -> None:
    crop = np.zeros((4, 5), dtype=bool)
    crop[1, 2:4] = True
    found = MaskSet.from_crops([crop], [(10, 20)], (30, 30))
    assert found.boxes.tolist() == [[12, 21, 14, 22]]


def test_no_masks() -> None:
    found = MaskSet.from_masks(np.zeros((0, 5, 6), dtype=bool), (5, 6))
    assert len(found) == 0
    assert found.pool(np.ones((2, 2, 7))).shape == (0, 7)
    assert found.centroids.shape == (0, 2)


def test_take_keeps_the_order() -> None:
    found = MaskSet.from_boxes(np.array([[0, 0, 1, 1], [0, 0, 2, 2], [0, 0, 3, 3]]), (3, 3))
    assert found.take([2, 0]).areas.tolist() == [9, 1]
    assert len(found.take([])) == 0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: MaskSet.from_masks([np.zeros((3, 3), dtype=bool)]), "mask 0 is empty"),
        (lambda: MaskSet.from_masks([np.ones((3, 3)), np.ones((3, 4))]), "mask 1 has shape"),
        (lambda: MaskSet.from_masks([]), "pass `shape`"),
        (lambda: MaskSet.from_boxes(np.array([[0, 0, 9, 2]]), (3, 3)), "outside"),
        (lambda: MaskSet.from_boxes(np.array([[2, 0, 1, 2]]), (3, 3)), "no pixels"),
        (lambda: MaskSet.from_boxes(np.zeros((2, 3)), (3, 3)), r"\(N, 4\)"),
    ],
)
def test_what_does_not_fit_is_refused(make: Callable[[], MaskSet], message: str) -> None:
    with pytest.raises(InputError, match=message):
        make()
