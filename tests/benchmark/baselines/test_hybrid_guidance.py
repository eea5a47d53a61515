"""HybridGL's guidance by hand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast

import numpy as np
import pytest
from toy_backbone import ToyBackbone

from dgl_rsis.benchmark.baselines.dense_reading import DenseFeatures
from dgl_rsis.benchmark.baselines.hybrid_guidance import (
    HYBRIDGL,
    HybridImage,
    coherence_scores,
    holds,
    ramp,
    relation_of,
    relation_scores,
    softmax,
)
from dgl_rsis.models.hf_clip import HfClip
from dgl_rsis.proposals.masks import MaskSet

LEFT, RIGHT, BOTH = (0, 2, 4, 6), (10, 0, 12, 12), (0, 0, 14, 14)
BOXES = np.array([LEFT, RIGHT, BOTH])


@pytest.mark.parametrize(
    ("sentence", "relation"),
    [
        ("the ship left of the pier", "left"),
        ("the western ship", None),
        ("the ship on the west side", "left"),
        ("the right car north of the house", "right"),
        ("the car north of the house on the right", "up"),
        ("the ship in front of the pier", "down"),
        ("the larger ship", "big"),
        ("the smallest of the tanks", "small"),
        ("the car within the parking lot", "within"),
        ("the red car", None),
    ],
)
def test_the_relation_word_nearest_to_the_head_noun(sentence: str, relation: str | None) -> None:
    assert relation_of(sentence) == relation


@pytest.mark.parametrize(
    ("relation", "expected"),
    [
        # centres (2, 4), (11, 6), (7, 7); areas 16, 24, 196
        ("left", [[0, 1, 1], [0, 0, 0], [0, 1, 0]]),
        ("right", [[0, 0, 0], [1, 0, 1], [1, 0, 0]]),
        ("up", [[0, 1, 1], [0, 0, 1], [0, 0, 0]]),
        ("down", [[0, 0, 0], [1, 0, 0], [1, 1, 0]]),
        ("big", [[0, 0, 0], [1, 0, 0], [1, 1, 0]]),
        ("small", [[0, 1, 1], [0, 0, 1], [0, 0, 0]]),
        ("within", [[1, 0, 1], [0, 1, 1], [16 / 196, 24 / 196, 1]]),
    ],
)
def test_relations_of_boxes(relation: str, expected: list[list[float]]) -> None:
    np.testing.assert_allclose(holds(relation, BOXES, BOXES), expected)


def test_relation_scores_of_two_boxes_and_a_landmark_by_hand() -> None:
    boxes = np.array([[0, 0, 2, 2], [8, 0, 10, 2], [4, 0, 6, 2]])
    target, landmark = np.array([0.5, 0.3, 0.2]), np.array([0.1, 0.2, 0.7])
    chosen = np.array([0, 1])
    # left of the box in the middle lies the first one: 0.5 * (0.2 + 0.7); of the others none is
    # left of anything but what is right of it: the second has no other on its right
    found = relation_scores("left", boxes, target, landmark, chosen)
    np.testing.assert_allclose(found, np.exp([0.45, 0]) / np.exp([0.45, 0]).sum())
    # without a landmark the other target counts: 0.3 * 0.5 for the second
    found = relation_scores("right", boxes, target, None, chosen)
    np.testing.assert_allclose(found, np.exp([0, 0.15]) / np.exp([0, 0.15]).sum())
    # without a relation the target's own probability
    found = relation_scores(None, boxes, target, landmark, chosen)
    np.testing.assert_allclose(found, np.exp([0.5, 0.3]) / np.exp([0.5, 0.3]).sum())


def test_no_box_is_its_own_landmark() -> None:
    inner = np.array([[1, 1, 3, 3], [0, 0, 8, 8]])
    even = np.array([0.5, 0.5])
    found = relation_scores("within", inner, even, even, np.array([0, 1]))
    first, second = 0.25, 0.25 * 4 / 64  # the small one lies in the large one, 4 of 64 pixels back
    np.testing.assert_allclose(found, softmax(np.array([first, second])))


def test_only_the_best_six_landmarks_count() -> None:
    boxes = np.array([[0, 0, 2, 2], *([10, 0, 12, 2] for _ in range(8))])
    landmark = np.array([0, 0.3, 0.2, 0.15, 0.1, 0.1, 0.05, 0.05, 0.05])
    target = np.array([1.0, *np.zeros(8)])
    found = relation_scores("left", boxes, target, landmark, np.array([0, 1]))
    np.testing.assert_allclose(found, softmax(np.array([0.9, 0])))


def test_ramps() -> None:
    np.testing.assert_allclose(ramp("", "left", 4), [7 / 8, 5 / 8, 3 / 8, 1 / 8])
    np.testing.assert_allclose(ramp("", "right", 4), [1 / 8, 3 / 8, 5 / 8, 7 / 8])
    np.testing.assert_allclose(ramp("in the Middle", None, 4), [0.25, 0.75, 0.75, 0.25])
    np.testing.assert_allclose(ramp("the top middle car", "up", 4), [0.25, 0.75, 0.75, 0.25])
    np.testing.assert_allclose(ramp("the red car", None, 3), 1)


@pytest.mark.parametrize(("relation", "weight"), [(None, 1.8), ("big", 1.95), ("small", 1.5)])
def test_coherence_by_hand(relation: str | None, weight: float) -> None:
    heat = np.zeros((4, 4), np.float32)
    heat[0, :2] = 0.8  # mean 0.1: divided by it, the two hot pixels are 8
    masks = MaskSet.from_boxes(np.array([[0, 0, 2, 1], [0, 0, 1, 1], [0, 0, 4, 4]]), (4, 4))
    expected = [
        (2 - weight) * 8,  # all of the heat, nothing left outside
        (2 - weight) * 8 - weight * 8 / 15,  # half of it: 8 is left in 15 pixels
        2 - weight,  # everything
    ]
    np.testing.assert_allclose(coherence_scores(heat, masks, relation), expected, rtol=1e-5)
    assert not coherence_scores(np.zeros((4, 4), np.float32), masks, relation).any()


@dataclass(frozen=True)
class Scene:
    """Two red boxes on blue ground, one at each side, and a grey one in the middle."""

    boxes: tuple[tuple[int, int, int, int], ...] = ((2, 4, 8, 12), (24, 4, 30, 12), (14, 4, 18, 12))
    colours: tuple[tuple[float, ...], ...] = ((1, 0.05, 0.05), (1, 0.05, 0.05), (0.6, 0.6, 0.6))

    def prepared(self) -> HybridImage:
        colours = np.array(self.colours, np.float32)
        colours /= np.linalg.norm(colours, axis=1, keepdims=True)
        cells = np.tile(np.float32([0, 0, 1]), (1, 16, 32, 1))
        for (x0, y0, x1, y1), colour in zip(self.boxes, colours, strict=True):
            cells[0, y0:y1, x0:x1] = colour
        whole = np.zeros((1, 3), np.float32)
        dense = DenseFeatures((16, 32), ((0, 0),), (16, 32), cells, whole, 0.0)
        masks = MaskSet.from_boxes(np.array(self.boxes), (16, 32))
        return HybridImage(cast("HfClip", ToyBackbone()), masks, colours, dense)


@pytest.mark.parametrize(
    ("sentence", "answer"),
    [
        ("the building on the left", 0),
        ("the building on the right side of the image", 1),
        ("the building left of the road", 0),
        ("the building to the right of the road", 1),
        ("the road", 2),
    ],
)
def test_guidance_decides_between_equals(sentence: str, answer: int) -> None:
    prepared = Scene().prepared()
    found = HYBRIDGL.answer(prepared, sentence)
    np.testing.assert_array_equal(found, prepared.proposals.mask(answer))


def test_only_the_three_most_similar_masks_are_looked_at() -> None:
    # the dense map is hot in the last box alone, which is the least similar by its embedding
    seen = Scene(
        boxes=((2, 4, 8, 12), (24, 4, 30, 12), (14, 4, 18, 12), (10, 1, 12, 3)),
        colours=((0.6, 0.6, 0.6), (0.6, 0.6, 0.6), (0.6, 0.6, 0.6), (1, 0.05, 0.05)),
    ).prepared()
    similar = np.float32([[1, 0.05, 0.05], [1, 0.1, 0.1], [1, 0.2, 0.2], [0, 0, 1]])
    similar /= np.linalg.norm(similar, axis=1, keepdims=True)
    fourth = seen.proposals.mask(3)
    assert not (HYBRIDGL.answer(replace(seen, embeddings=similar), "the building") & fourth).any()
    similar[:3] = similar[3]  # as similar as the others, the last one is still the fourth
    assert not (HYBRIDGL.answer(replace(seen, embeddings=similar), "the building") & fourth).any()
    own = seen.embeddings  # by which it is the most similar one
    np.testing.assert_array_equal(
        HYBRIDGL.answer(replace(seen, embeddings=own), "the building"), fourth
    )


def test_without_masks_there_is_no_answer(worded: HfClip) -> None:
    prepared = Scene().prepared()
    nothing = MaskSet.from_masks([], (16, 32))
    empty = HybridImage(worded, nothing, np.zeros((0, 3), np.float32), prepared.dense)
    assert not HYBRIDGL.answer(empty, "the building").any()
