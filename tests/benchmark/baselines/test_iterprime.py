"""IteRPrimE's refinement by script, its choice by hand, its hiding against fewer tokens."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from toy_backbone import quarters

from dgl_rsis.benchmark.baselines.iterprime import (
    ITERPRIME,
    mask_scores,
    refined,
    token_activations,
    vision_tokens,
)
from dgl_rsis.config import make_settings
from dgl_rsis.errors import InputError
from dgl_rsis.models.base import ModelCard
from dgl_rsis.models.hf_blip import HfBlip
from dgl_rsis.pipeline import Model
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.types import BoolArray, FloatArray, RGBImage


class Script:
    """Looks that were written down before; keeps what was hidden."""

    def __init__(self, *looks: tuple[list[float], float]) -> None:
        self.looks = list(looks)
        self.hidden: list[list[int]] = []

    def __call__(self, seen: BoolArray | None) -> tuple[FloatArray, float]:
        self.hidden.append([] if seen is None else np.flatnonzero(~seen).tolist())
        heat, match = self.looks.pop(0)
        return np.array(heat, np.float32).reshape(2, 2), match


def test_what_was_found_is_hidden_and_maps_are_blended() -> None:
    look = Script(([4, 0, 1, 0], 0.9), ([0, 2, 1, 0], 0.8), ([0, 0, 5, 5], 1.6), ([1, 1, 1, 1], 1))
    found = refined(look)
    # hidden: the first cell, then the second and third (2 and 1 of 2 are at least half), then all
    assert look.hidden == [[], [0], [0, 1, 2]]
    first = 0.8 * np.array([1, 0, 0.25, 0]) + 0.2 * np.array([0, 1, 0.5, 0])
    # 0.8 * 3/4 before, 1.6 * 1/4 now is less: the last look does not count
    expected = (first - first.min()) / (first.max() - first.min())
    np.testing.assert_allclose(found.ravel(), expected, atol=1e-6)


def test_it_goes_on_while_the_match_grows_faster_than_the_hidden_share() -> None:
    look = Script(
        ([4, 0, 1, 0], 0.5), ([0, 4, 1, 0], 0.2), ([0, 0, 4, 1], 0.6), ([0, 0, 0, 3], 0.9)
    )
    found = refined(look)
    # worth 0.2 * 3/4 = 0.15, 0.6 * 2/4 = 0.3, 0.9 * 1/4 = 0.225: the last look is dropped
    assert look.hidden == [[], [0], [0, 1], [0, 1, 2]]
    heat = 0.8 * np.array([1, 0, 0.25, 0]) + 0.2 * np.array([0, 1, 0.25, 0])
    heat = 0.8 * heat + 0.2 * np.array([0, 0, 1, 0.25])
    expected = (heat - heat.min()) / (heat.max() - heat.min())
    np.testing.assert_allclose(found.ravel(), expected, atol=1e-6)


def test_it_looks_three_times_again_at_most() -> None:
    look = Script(*[([0, 0, 0, 0], 0.5)] * 9)  # a dark map hides nothing
    assert not refined(look).any()
    assert look.hidden == [[], [], [], []]


def test_it_stops_when_everything_is_hidden() -> None:
    look = Script(([1, 1, 1, 0.9], 0.5), ([0, 0, 0, 7], 0.5))
    found = refined(look)
    assert look.hidden == [[], [0, 1, 2]]
    np.testing.assert_allclose(found.ravel(), [1, 1, 1, 0], atol=1e-6)


HEAT = np.array(
    [
        [0.0, 0.2, 0.0, 0.0],
        [0.2, 1.0, 0.6, 0.0],
        [0.0, 0.6, 0.4, 0.0],
        [0.0, 0.0, 0.0, 0.8],
    ],
    np.float32,
)


def test_scores_of_masks_by_hand() -> None:
    boxes = [[1, 1, 2, 2], [1, 1, 3, 3], [0, 0, 4, 4], [3, 3, 4, 4]]
    masks = MaskSet.from_boxes(np.array(boxes), (4, 4))
    found = mask_scores(HEAT, masks)
    # (pixels + heat) / pixels; the last one does not hold the peak
    np.testing.assert_allclose(found, [2, (4 + 2.6) / 4, (16 + 3.8) / 16, -np.inf], rtol=1e-6)


def test_without_the_peak_all_masks_compete() -> None:
    masks = MaskSet.from_boxes(np.array([[3, 3, 4, 4], [2, 1, 3, 3]]), (4, 4))
    np.testing.assert_allclose(mask_scores(HEAT, masks), [1.8, 1.5], rtol=1e-6)


@pytest.mark.parametrize(("parts", "passes"), [(12, True), (13, False)])
def test_a_mask_has_twelve_parts_at_most(parts: int, passes: bool) -> None:
    dots = np.zeros((1, 30), bool)
    dots[0, : 2 * parts : 2] = True
    heat = np.zeros((1, 30), np.float32)
    heat[0, 0] = 1
    masks = MaskSet.from_masks([dots, np.ones((1, 30), bool)])
    assert np.isfinite(mask_scores(heat, masks)).tolist() == [passes, True]


def test_parts_join_at_corners() -> None:
    board = np.indices((6, 6)).sum(0) % 2 == 0  # 18 fields, all of them joined
    heat = np.zeros((6, 6), np.float32)
    heat[0, 0] = 1
    masks = MaskSet.from_masks([board, np.ones((6, 6), bool)])
    assert np.isfinite(mask_scores(heat, masks)).all()


@pytest.fixture(scope="module")
def blip(tiny_blip_folder: Path) -> HfBlip:
    return HfBlip.from_folder(tiny_blip_folder)


TEXT = "there is a white ship next to the pier"


def test_with_everything_seen_it_is_the_matcher(blip: HfBlip, image: RGBImage) -> None:
    (expected,) = blip.read(image)([TEXT])
    for seen in (None, np.ones((6, 6), bool)):
        found = token_activations(blip, vision_tokens(blip, image), TEXT, seen)
        np.testing.assert_allclose(found.maps, expected.maps, rtol=1e-4, atol=1e-9)
        np.testing.assert_allclose(found.logits, expected.logits, atol=1e-5)
        np.testing.assert_array_equal(found.spans, expected.spans)


def test_hidden_patches_are_as_if_they_were_not_there(blip: HfBlip, image: RGBImage) -> None:
    vision = vision_tokens(blip, image)
    seen = np.random.default_rng(0).random((6, 6)) < 0.5
    found = token_activations(blip, vision, TEXT, seen)
    assert not found.maps[:, ~seen].any()
    assert found.maps[:, seen].any()
    tokens = blip.tokenizer([TEXT], return_tensors="pt")
    patches = [1 + index for index in np.flatnonzero(seen)]
    shuffled = np.random.default_rng(1).permutation(patches)  # patches have no order here
    output = blip.model.text_encoder(
        input_ids=tokens.input_ids,
        encoder_hidden_states=vision[:, [0, *shuffled]].requires_grad_(True),
        output_attentions=True,
    )
    logits = blip.model.itm_head(output.last_hidden_state[:, 0])[0]
    np.testing.assert_allclose(found.logits, logits.detach(), atol=1e-5)
    attention = output.cross_attentions[2]
    (gradient,) = torch.autograd.grad(logits[1], attention)
    cams = (attention * gradient.relu()).mean(1)[0].detach()  # (tokens, 1 + seen)
    for column, patch in enumerate(shuffled, start=1):
        place = found.maps[:, (patch - 1) // 6, (patch - 1) % 6]
        np.testing.assert_allclose(place, cams[:, column], rtol=1e-4, atol=1e-7)
    everything = token_activations(blip, vision, TEXT, None)
    assert not np.allclose(found.logits, everything.logits, atol=1e-3)


@pytest.mark.parametrize(("sentence", "quarter"), [("the building", 0), ("the water", 2)])
def test_without_a_matcher_the_backbone_looks(
    sentence: str, quarter: int, coloured: Model, quarter_masks: MaskSet
) -> None:
    prepared = ITERPRIME.prepare(coloured, quarters(), quarter_masks)
    found = ITERPRIME.answer(prepared, sentence)
    np.testing.assert_array_equal(found, quarter_masks.mask(quarter))


def test_what_the_backbone_found_is_painted_over(coloured: Model, quarter_masks: MaskSet) -> None:
    look = ITERPRIME.prepare(coloured, quarters(), quarter_masks).looker("the water")
    heat, match = look(None)
    again, less = look(heat < 0.5 * heat.max())
    assert heat[9:, :7].min() > heat[:7].max()  # cells of four pixels
    hidden = quarter_masks.pool(again)
    assert hidden[2] < 0.5 * quarter_masks.pool(heat)[2]
    assert less < match


def test_with_a_matcher_its_words_look(
    blip: HfBlip, coloured: Model, quarter_masks: MaskSet
) -> None:
    model = Model(coloured.backbone, make_settings(), blip)
    prepared = ITERPRIME.prepare(model, quarters(), quarter_masks)
    heat = refined(prepared.looker("the white ship"))
    assert heat.shape == (6, 6)
    assert (heat.min(), heat.max()) == (0, 1)
    best = int(mask_scores(heat, quarter_masks).argmax())
    found = ITERPRIME.answer(prepared, "the white ship")
    np.testing.assert_array_equal(found, quarter_masks.mask(best))


def test_another_matcher_cannot_hide_patches(coloured: Model, quarter_masks: MaskSet) -> None:
    class Other:
        card = ModelCard("other", "0", "none", "tests")

    model = Model(coloured.backbone, make_settings(), Other())  # type: ignore[arg-type]
    with pytest.raises(InputError, match="other: iterprime hides patches of a BLIP"):
        ITERPRIME.prepare(model, quarters(), quarter_masks)
