from __future__ import annotations

import numpy as np

from dgl_rsis.benchmark.regions import labelled_regions

LABELS = np.array(
    [
        [0, 0, 1, -1, 0],
        [0, 1, 0, -1, 0],
        [2, 2, 2, 2, 9],
    ],
    np.int16,
)


def test_regions_are_connected_by_sides_within_a_class() -> None:
    masks, classes = labelled_regions(LABELS, 3)
    assert classes.tolist() == [0, 0, 0, 1, 1, 2]
    assert masks.areas.tolist() == [3, 2, 1, 1, 1, 4]
    for index, number in enumerate(classes):
        assert set(LABELS[masks.mask(index)]) == {number}
    together = np.sum([masks.mask(index) for index in range(len(masks))], axis=0)
    np.testing.assert_array_equal(together, (LABELS >= 0) & (LABELS < 3))


def test_small_regions_are_left_out() -> None:
    masks, classes = labelled_regions(LABELS, 3, least_area=3)
    assert classes.tolist() == [0, 2]
    assert masks.areas.tolist() == [3, 4]


def test_an_image_without_labels_has_no_regions() -> None:
    masks, classes = labelled_regions(np.full((4, 5), -1), 3)
    assert len(masks) == 0
    assert masks.shape == (4, 5)
    assert classes.shape == (0,)
