import time

import numpy as np
import pytest

from dgl_rsis.benchmark.metrics.intervals import (
    Floats,
    bootstrap_differences,
    bootstrap_intervals,
    ratio,
    totals_by_image,
)


def mean(sums: Floats) -> dict[str, Floats]:
    return {"mean": ratio(sums[..., 0], sums[..., 1])}


def table(values: np.ndarray) -> np.ndarray:
    """One value an image: its sum and its count."""
    return np.stack([values, np.ones_like(values)], axis=1)


def test_rows_of_one_image_are_summed() -> None:
    rows = np.array([[1, 2], [10, 20], [100, 200]])
    assert totals_by_image(["b", "a", "b"], rows).tolist() == [[10, 20], [101, 202]]
    with pytest.raises(ValueError, match="2 names"):
        totals_by_image(["a", "b"], rows)


def test_two_images_give_the_three_means_that_they_can() -> None:
    # Of 0 and 1 the mean of a resample is 0, 1/2 or 1, with chances 1/4, 1/2, 1/4.
    found = bootstrap_intervals(table(np.array([0.0, 1.0])), mean, resamples=4000)["mean"]
    assert (found.value, found.low, found.high) == (0.5, 0.0, 1.0)
    inner = bootstrap_intervals(table(np.array([0.0, 1.0])), mean, resamples=4000, level=0.4)
    assert (inner["mean"].low, inner["mean"].high) == (0.5, 0.5)


def test_interval_of_a_mean_is_that_of_the_normal_law() -> None:
    values = np.random.default_rng(1).normal(10, 2, 400)
    found = bootstrap_intervals(table(values), mean, resamples=4000)["mean"]
    margin = 1.96 * values.std() / 20
    assert found.value == pytest.approx(values.mean())
    assert found.low == pytest.approx(values.mean() - margin, abs=0.1 * margin)
    assert found.high == pytest.approx(values.mean() + margin, abs=0.1 * margin)


def test_whole_images_are_drawn() -> None:
    """Ten equal sentences about each image tell no more than one."""
    values = np.random.default_rng(2).normal(0, 1, 50)
    names = np.repeat([f"{index:02}" for index in range(50)], 10).tolist()
    grouped = totals_by_image(names, table(np.repeat(values, 10)))
    once = bootstrap_intervals(table(values), mean)["mean"]
    tenfold = bootstrap_intervals(grouped, mean)["mean"]
    assert tenfold.low == pytest.approx(once.low)
    assert tenfold.high == pytest.approx(once.high)
    alone = bootstrap_intervals(table(np.repeat(values, 10)), mean)["mean"]
    assert alone.high - alone.low < 0.5 * (once.high - once.low)


def test_a_seed_repeats_and_chunks_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    totals = table(np.random.default_rng(3).random(30))
    first = bootstrap_intervals(totals, mean, seed=5)
    assert bootstrap_intervals(totals, mean, seed=5) == first
    assert bootstrap_intervals(totals, mean, seed=6) != first
    monkeypatch.setattr("dgl_rsis.benchmark.metrics.intervals._CHUNK", 100)
    assert bootstrap_intervals(totals, mean, seed=5) == first


def test_pairs_see_the_same_resamples() -> None:
    rng = np.random.default_rng(4)
    hard = rng.normal(0, 5, 200)
    second, first = table(hard), table(hard + 1)
    found = bootstrap_differences(first, second, mean)["mean"]
    assert (found.value, found.low, found.high) == pytest.approx((1, 1, 1))
    noisy = bootstrap_differences(table(hard + 1 + rng.normal(0, 0.5, 200)), second, mean)["mean"]
    assert 0.8 < noisy.low < noisy.value < noisy.high < 1.2
    opposite = bootstrap_differences(second, first, mean)["mean"]
    assert opposite.value == pytest.approx(-1)
    with pytest.raises(ValueError, match="differ in shape"):
        bootstrap_differences(first, second[:-1], mean)


def test_what_is_not_defined_has_no_interval() -> None:
    nothing = bootstrap_intervals(np.zeros((3, 2)), mean)["mean"]
    assert np.isnan([nothing.value, nothing.low, nothing.high]).all()
    # resamples without the only image that counts are left out
    rare = bootstrap_intervals(np.array([[2.0, 4.0], [0, 0], [0, 0]]), mean)["mean"]
    assert (rare.value, rare.low, rare.high) == (0.5, 0.5, 0.5)
    with pytest.raises(ValueError, match="no images"):
        bootstrap_intervals(np.zeros((0, 2)), mean)


def test_many_images_take_seconds() -> None:
    totals = np.random.default_rng(0).random((5000, 2))
    began = time.process_time()
    bootstrap_intervals(totals, mean)
    assert time.process_time() - began < 5
