import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torchmetrics.functional.classification import binary_jaccard_index

from dgl_rsis.benchmark.datasets.samples import ReferDataset, ReferSample
from dgl_rsis.benchmark.metrics import (
    MaskRecord,
    compare_masks,
    figures_by_stratum,
    mask_differences,
    mask_figures,
    mask_intervals,
    mask_iou,
    resize_nearest,
)
from dgl_rsis.errors import InputError


def sample(truth: np.ndarray, sentence: str = "the red car") -> ReferSample:
    def read_image() -> np.ndarray:
        raise AssertionError("comparing needs no image")

    return ReferSample("1", "a.jpg", sentence, read_image, lambda: truth)


def dataset(**protocol: object) -> ReferDataset:
    return ReferDataset("drawn/test", (), **protocol)  # type: ignore[arg-type]


def rectangle(shape: tuple[int, int], x0: int, y0: int, x1: int, y1: int) -> np.ndarray:
    mask = np.zeros(shape, bool)
    mask[y0:y1, x0:x1] = True
    return mask


def record(image: str, intersection: int, union: int, **more: object) -> MaskRecord:
    name = f"{image}/{intersection}/{union}/{len(more)}"
    made = MaskRecord(name, image, intersection, union, 500, 10_000, True, True, ("object",))
    return replace(made, **more)  # type: ignore[arg-type]


def test_mask_iou_by_hand() -> None:
    first, second = np.zeros((4, 4), bool), np.zeros((4, 4), bool)
    first[:2, :2] = second[1:3, :2] = True
    assert mask_iou(first, second) == pytest.approx(2 / 6)
    assert mask_iou(first, ~first) == 0.0
    assert mask_iou(first, first) == 1.0
    assert mask_iou(np.zeros((4, 4), bool), np.zeros((4, 4), bool)) == 1.0


def taken(size: int, wanted: int) -> list[int]:
    """Which input pixel each output pixel takes: each input pixel is tried alone."""
    alone = [resize_nearest(line[None], (1, wanted))[0] for line in np.eye(size, dtype=bool)]
    return np.argmax(alone, axis=0).tolist()


def test_the_pixel_under_the_centre_is_taken() -> None:
    assert taken(800, 480)[:6] == [0, 2, 4, 5, 7, 9]  # floor((i + 0.5) * 5 / 3)
    assert taken(6, 3) == [1, 3, 5]
    assert taken(2, 4) == [0, 0, 1, 1]
    assert taken(4, 4) == [0, 1, 2, 3]


@given(st.integers(1, 60), st.integers(1, 60))
def test_resizing_follows_its_formula(size: int, wanted: int) -> None:
    for place, found in enumerate(taken(size, wanted)):
        exact = (place + 0.5) * size / wanted
        if abs(exact - round(exact)) > 1e-9:  # on the border between two pixels either will do
            assert found == int(exact)


def test_a_sentence_by_hand() -> None:
    truth, predicted = rectangle((10, 20), 2, 2, 8, 8), rectangle((10, 20), 5, 2, 11, 8)
    found = compare_masks(sample(truth, "all ships on the left"), predicted, dataset())
    assert (found.intersection, found.union) == (18, 54)
    assert found.iou == pytest.approx(1 / 3)
    assert (found.target_area, found.image_area) == (36, 200)
    assert found.strata == ("image", "group", "small", "above 10 %")
    assert found.has_target
    assert found.answered


def test_both_masks_are_brought_to_the_square() -> None:
    truth, predicted = rectangle((10, 20), 0, 0, 10, 10), rectangle((20, 40), 0, 0, 40, 10)
    found = compare_masks(sample(truth), predicted, dataset(side=6))
    # in the square the target is the left half, the answer the upper half
    assert (found.intersection, found.union) == (9, 27)
    assert (found.target_area, found.image_area) == (100, 200)


def test_the_answer_is_brought_to_the_size_of_the_truth() -> None:
    truth, predicted = rectangle((10, 20), 0, 0, 10, 10), rectangle((20, 40), 0, 0, 40, 10)
    found = compare_masks(sample(truth), predicted, dataset())
    assert (found.intersection, found.union) == (50, 150)


def test_boxes_are_compared_where_truth_is_boxes() -> None:
    truth = rectangle((20, 20), 0, 0, 10, 10)
    corners = np.zeros((20, 20), bool)
    corners[0, 4] = corners[9, 13] = True
    found = compare_masks(sample(truth), corners, dataset(boxes=True))
    assert (found.intersection, found.union) == (60, 140)
    nothing = compare_masks(sample(truth), np.zeros((20, 20), bool), dataset(boxes=True))
    assert (nothing.intersection, nothing.union) == (0, 100)


def test_an_empty_truth_is_no_target_only_where_sets_have_such() -> None:
    empty = np.zeros((8, 8), bool)
    ordinary = compare_masks(sample(empty), empty, dataset())
    assert (ordinary.has_target, ordinary.answered, ordinary.iou) == (True, False, 0.0)
    no_target = compare_masks(sample(empty), empty, dataset(no_target=True))
    assert (no_target.has_target, no_target.answered) == (False, False)
    assert no_target.strata == ("attribute",)


def test_a_target_that_vanishes_in_the_square_stays_a_target() -> None:
    truth = rectangle((100, 100), 0, 0, 1, 1)
    found = compare_masks(sample(truth), truth, dataset(side=10, no_target=True))
    assert (found.intersection, found.union, found.iou) == (0, 0, 0.0)
    assert found.has_target
    assert found.answered


RECORDS = [
    record("a", 50, 100),
    record("a", 90, 100),
    record("b", 0, 0),
    record("c", 7, 10, strata=("image", "small")),
]


def test_figures_by_hand() -> None:
    figures = mask_figures(RECORDS)
    assert (figures.sentences, figures.images) == (4, 3)
    assert figures.overall_iou == pytest.approx(147 / 210)
    assert figures.mean_iou == pytest.approx((0.5 + 0.9 + 0 + 0.7) / 4)
    assert figures.generalised_iou == pytest.approx(figures.mean_iou)
    shares = [getattr(figures, f"precision_at_{each}") for each in (50, 60, 70, 80, 90)]
    assert shares == [0.75, 0.5, 0.5, 0.25, 0.25]
    assert figures.target_accuracy == 1
    assert np.isnan(figures.no_target_accuracy)


def test_sentences_without_a_target_by_hand() -> None:
    none = {"has_target": False, "target_area": 0}
    records = [
        record("a", 80, 100),
        record("a", 0, 100, answered=False),
        record("b", 0, 0, answered=False, **none),
        record("b", 0, 300, **none),
        record("c", 0, 0, answered=False, **none),
    ]
    figures = mask_figures(records)
    assert figures.generalised_iou == pytest.approx((0.8 + 0 + 1 + 0 + 1) / 5)
    assert figures.no_target_accuracy == pytest.approx(2 / 3)
    assert figures.target_accuracy == pytest.approx(1 / 2)
    assert figures.mean_iou == pytest.approx((0.8 + 0) / 2)
    assert figures.precision_at_80 == pytest.approx(1 / 2)
    assert figures.overall_iou == pytest.approx(80 / 500)


def test_strata_are_sets_of_records() -> None:
    strata = figures_by_stratum(RECORDS)
    assert list(strata) == ["image", "object", "small"]
    np.testing.assert_equal(strata["object"].to_dict(), mask_figures(RECORDS[:3]).to_dict())
    assert strata["small"].mean_iou == pytest.approx(0.7)


def test_figures_go_into_json() -> None:
    read = json.loads(json.dumps(mask_figures(RECORDS[:2]).to_dict()))
    assert read["overall_iou"] == pytest.approx(0.7)
    assert read["precision_at_90"] == 0.5


@pytest.mark.parametrize("seed", range(3))
def test_as_torchmetrics(seed: int) -> None:
    rng = np.random.default_rng(seed)
    pairs = [(rng.random((30, 30)) < 0.4, rng.random((30, 30)) < 0.5) for _ in range(8)]
    records = [compare_masks(sample(truth), answer, dataset()) for truth, answer in pairs]
    theirs = [binary_jaccard_index(torch.tensor(p), torch.tensor(t)).item() for t, p in pairs]
    figures = mask_figures(records)
    assert figures.mean_iou == pytest.approx(np.mean(theirs), rel=1e-5)
    truths, answers = (torch.tensor(np.array(each)) for each in zip(*pairs, strict=True))
    overall = binary_jaccard_index(answers, truths).item()
    assert figures.overall_iou == pytest.approx(overall, rel=1e-5)


def many(seed: int, gain: int = 0) -> list[MaskRecord]:
    """Three sentences about each of 80 images; images differ in how hard they are."""
    rng = np.random.default_rng(seed)
    found = []
    for image in range(80):
        level = rng.integers(0, 80)
        for number in range(3):
            hit = int(level + rng.integers(0, 15) + gain)
            found.append(record(f"{image:03}", hit, 100, name=f"{image}-{number}"))
    return found


def test_intervals_are_those_of_resampled_images() -> None:
    records = many(0)
    intervals = mask_intervals(records, resamples=300, seed=2)
    by_image = [records[start : start + 3] for start in range(0, len(records), 3)]
    rng = np.random.default_rng(2)
    drawn = [
        mask_figures(
            [each for index in rng.integers(0, 80, (1, 80))[0] for each in by_image[index]]
        )
        for _ in range(300)
    ]
    for name in ("overall_iou", "mean_iou", "precision_at_50"):
        low, high = np.quantile([getattr(each, name) for each in drawn], [0.025, 0.975])
        assert intervals[name].value == pytest.approx(getattr(mask_figures(records), name))
        assert (intervals[name].low, intervals[name].high) == pytest.approx((low, high))
    assert np.isnan(intervals["no_target_accuracy"].low)


def test_differences_are_paired_by_image_and_name() -> None:
    first, second = many(0, gain=2), many(0)
    found = mask_differences(first, second[::-1])["mean_iou"]
    assert (found.value, found.low, found.high) == pytest.approx((0.02, 0.02, 0.02))
    alone = mask_intervals(first)["mean_iou"]
    assert alone.high - alone.low > 0.05


def test_runs_of_other_sentences_are_refused() -> None:
    with pytest.raises(InputError, match=r"240 and 239 .*79-2"):
        mask_differences(many(0), many(0)[:-1])
    doubled = [*many(0), many(0)[0]]
    with pytest.raises(InputError, match="as often"):
        mask_differences(doubled, many(0))
