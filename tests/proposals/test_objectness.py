from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.proposals.objectness import (
    colour_field,
    compactness,
    objectness,
    ring_contrast,
    size_prior,
    stability,
)
from dgl_rsis.proposals.tree import build_region_tree


def scene() -> NDArray[np.uint8]:
    """A red square on grey."""
    image = np.full((80, 100, 3), 110, dtype=np.uint8)
    image[30:50, 40:60] = (200, 50, 40)
    return image


def test_contrast_of_the_square_and_of_plain_ground() -> None:
    boxes = MaskSet.from_boxes(
        np.array([[40, 30, 60, 50], [5, 5, 25, 25], [0, 0, 100, 80]]), (80, 100)
    )
    contrast = ring_contrast(boxes, colour_field(scene()))
    assert contrast[0] > 0.95
    assert contrast[1] < 1e-6
    assert contrast[2] == 0


def test_contrast_does_not_depend_on_the_size_of_the_field() -> None:
    boxes = MaskSet.from_boxes(np.array([[20, 10, 60, 50]]), (80, 100))
    lab = colour_field(scene())
    coarse = lab.reshape(40, 2, 50, 2, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(ring_contrast(boxes, lab), ring_contrast(boxes, coarse), atol=0.05)


def test_compactness_of_shapes() -> None:
    y, x = np.mgrid[:60, :60]
    disc = (x - 30) ** 2 + (y - 30) ** 2 < 400
    ring = disc & ((x - 30) ** 2 + (y - 30) ** 2 > 300)
    bar = (abs(x - y) < 5) & (x > 8) & (x < 50)
    disc_value, ring_value, bar_value = compactness(MaskSet.from_masks([disc, ring, bar]))
    assert disc_value > 0.98
    assert ring_value < 0.3
    assert bar_value > 0.9


def test_size_prior_falls_to_both_ends() -> None:
    boxes = np.array([[0, 0, 1, 1], [0, 0, 20, 20], [0, 0, 100, 80]])
    one, middle, whole = size_prior(MaskSet.from_boxes(boxes, (80, 100)))
    assert one < 0.1 < middle
    assert whole == 0


def test_the_square_is_the_most_object_like_node() -> None:
    generator = np.random.default_rng(0)
    image = (scene() + generator.integers(-9, 10, (80, 100, 1))).astype(np.uint8)
    tree = build_region_tree(image)
    scores = objectness(tree, colour_field(image))
    assert scores.dtype == np.float32
    assert scores.min() >= 0
    assert scores.max() <= 1
    truth = np.zeros((80, 100), dtype=bool)
    truth[30:50, 40:60] = True
    best = tree.mask(int(scores.argmax()))
    assert (best & truth).sum() / (best | truth).sum() > 0.9


def test_stability_is_the_gap_to_the_parent() -> None:
    tree = build_region_tree(scene())
    values = stability(tree)
    roots = tree.parents < 0
    assert (values[roots] == 0).all()
    assert ((values >= 0) & (values <= 1)).all()


def test_flat_masks_have_objectness_too() -> None:
    boxes = MaskSet.from_boxes(np.array([[40, 30, 60, 50], [5, 5, 25, 25]]), (80, 100))
    square, ground = objectness(boxes, colour_field(scene()))
    assert square > 2 * ground


def test_no_proposals() -> None:
    nothing = MaskSet.from_masks([], (80, 100))
    assert objectness(nothing, colour_field(scene())).shape == (0,)
