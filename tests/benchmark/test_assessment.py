from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dgl_rsis.benchmark.assessment import (
    NORMAL_95,
    allocate,
    from_full_count,
    from_sample,
    sample_size,
    to_records,
)
from dgl_rsis.errors import InputError

# Olofsson et al. (2014), section 5: deforestation, forest gain, stable forest, stable non-forest.
NAMES = ("deforestation", "forest gain", "stable forest", "stable non-forest")
COUNTS = np.array([[66, 0, 5, 4], [0, 55, 8, 12], [1, 0, 153, 11], [2, 1, 9, 313]])
PIXELS = np.array([200_000, 150_000, 3_200_000, 6_450_000])
HECTARES = 0.09  # of a pixel of 30 m


def test_the_example_of_the_paper() -> None:
    found = from_sample(COUNTS, PIXELS * HECTARES, NAMES)
    assert found.overall.margins is not None
    assert found.overall.values.round(2) == 0.95
    assert found.overall.margins.round(2) == 0.02
    assert found.users.margins is not None
    assert found.users.values.round(2).tolist() == [0.88, 0.73, 0.93, 0.96]
    assert found.users.margins.round(2).tolist() == [0.07, 0.10, 0.04, 0.02]
    assert found.producers.margins is not None
    assert found.producers.values.round(2).tolist() == [0.75, 0.85, 0.93, 0.96]
    assert found.producers.margins.round(2)[[0, 2]].tolist() == [0.21, 0.03]
    assert found.shares.margins is not None
    total = PIXELS.sum() * HECTARES
    assert (found.shares.values * total).round().tolist() == [21_158, 11_686, 285_770, 581_386]
    assert (found.shares.margins * total).round().tolist() == [6_158, 3_756, 15_510, 16_282]
    assert found.proportions.sum() == pytest.approx(1)
    assert found.proportions[0].round(4).tolist() == [0.0176, 0.0, 0.0013, 0.0011]


def test_producers_margin_by_the_formula_as_written() -> None:
    """Equation 7 in pixels and term by term, for the second class."""
    sampled = COUNTS.sum(axis=1)
    rates = COUNTS / sampled[:, None]
    j = 1
    user, area = rates[j, j], (PIXELS * rates[:, j]).sum()
    producer = PIXELS[j] * user / area
    variance = PIXELS[j] ** 2 * (1 - producer) ** 2 * user * (1 - user) / (sampled[j] - 1)
    for i in (0, 2, 3):
        rate = rates[i, j]
        variance += producer**2 * PIXELS[i] ** 2 * rate * (1 - rate) / (sampled[i] - 1)
    found = from_sample(COUNTS, PIXELS.astype(float), NAMES).producers
    assert found.values[j] == pytest.approx(producer)
    assert found.standard_errors is not None
    assert found.standard_errors[j] == pytest.approx(np.sqrt(variance) / area)


def test_sample_size_of_the_paper() -> None:
    """Section 5.1.1: 641 points for a standard error of 0.01."""
    shares = np.array([0.02, 0.015, 0.32, 0.645])
    accuracies = np.array([0.7, 0.6, 0.9, 0.95])
    assert sample_size(shares, accuracies, 0.01) == 641
    assert sample_size(shares, accuracies, 0.01, 10_000_000) == 641
    # Of a small map fewer are needed: 0.4 ** 2 / (0.01 ** 2 + 0.16 / 1000) = 615.4.
    assert sample_size(np.array([0.5, 0.5]), np.array([0.8, 0.8]), 0.01, 1_000) == 616


def test_a_simple_case_by_hand() -> None:
    found = from_sample(np.array([[8, 2], [1, 9]]), np.array([300.0, 100.0]), ("a", "b"))
    np.testing.assert_allclose(found.proportions, [[0.6, 0.15], [0.025, 0.225]])
    assert found.overall.values == pytest.approx(0.825)
    assert found.overall.standard_errors == pytest.approx(
        np.sqrt(0.75**2 * 0.8 * 0.2 / 9 + 0.25**2 * 0.9 * 0.1 / 9)
    )
    np.testing.assert_allclose(found.shares.values, [0.625, 0.375])
    np.testing.assert_allclose(found.producers.values, [0.6 / 0.625, 0.225 / 0.375])
    np.testing.assert_allclose(found.mapped, [0.75, 0.25])


def test_a_class_of_the_reference_only() -> None:
    counts = np.array([[8, 1, 1], [0, 10, 0], [0, 0, 0]])
    found = from_sample(counts, np.array([50.0, 50.0, 0.0]), ("a", "b", "new"))
    assert found.shares.values.tolist() == pytest.approx([0.4, 0.55, 0.05])
    assert np.isnan(found.users.values[2])
    assert found.producers.values[2] == 0
    assert found.shares.standard_errors is not None
    assert found.shares.standard_errors[2] == pytest.approx(0.5 * np.sqrt(0.1 * 0.9 / 9))


@pytest.mark.parametrize("points", [0, 1])
def test_a_class_of_the_map_without_points_is_refused(points: int) -> None:
    counts = np.array([[8, 2], [0, points]])
    with pytest.raises(InputError, match=rf"class b covers 25.00% of the map, but {points} of"):
        from_sample(counts, np.array([3.0, 1.0]), ("a", "b"))


def test_points_of_a_class_that_the_map_lacks_are_refused() -> None:
    with pytest.raises(InputError, match="3 points are of class b"):
        from_sample(np.array([[8, 2], [0, 3]]), np.array([3.0, 0.0]), ("a", "b"))


def test_a_full_count_leaves_nothing_open() -> None:
    found = from_full_count(np.array([[60, 15, 0], [5, 20, 0], [0, 0, 0]]))
    assert found.overall.values == 0.8
    assert found.overall.standard_errors is None
    np.testing.assert_allclose(found.users.values, [0.8, 0.8, np.nan])
    np.testing.assert_allclose(found.producers.values, [60 / 65, 20 / 35, np.nan])
    np.testing.assert_allclose(found.shares.values, [0.65, 0.35, 0])
    assert found.shares.margins is None


def test_records_are_in_the_unit_of_the_area() -> None:
    found = from_sample(COUNTS, PIXELS.astype(float), NAMES)
    records = json.loads(json.dumps(to_records(found, NAMES, 900_000.0)))
    area = records["classes"][0]["area"]
    assert area["value"] == pytest.approx(21_157.76, abs=0.01)
    assert area["high"] - area["value"] == pytest.approx(6_157.63, abs=0.01)
    assert area["high"] - area["low"] == pytest.approx(2 * NORMAL_95 * area["standard_error"])
    assert records["classes"][1]["mapped_area"] == pytest.approx(13_500)
    assert records["counts"] == COUNTS.tolist()
    assert records["overall_accuracy"]["value"] == pytest.approx(0.9465, abs=1e-4)
    full = to_records(from_full_count(COUNTS), NAMES, 1.0)
    assert full["overall_accuracy"] == {"value": pytest.approx(587 / 640)}


def test_rare_classes_get_the_minimum() -> None:
    # 75 each for the rare ones; the others share the rest, 490, as 3,200 to 6,450.
    assert allocate(640, PIXELS, 75).tolist() == [75, 75, 162, 328]
    # In proportion the first three get 10, 7 and 160: after the minimum only one is in proportion.
    assert allocate(500, PIXELS, 170).tolist() == [170, 170, 170, 170]
    assert allocate(100, np.array([500, 300, 200]), 2).tolist() == [50, 30, 20]


def test_a_class_gives_no_more_points_than_it_has() -> None:
    assert allocate(300, np.array([10, 1000]), 50).tolist() == [10, 290]
    assert allocate(15, np.array([10, 5]), 2).tolist() == [10, 5]


@given(
    st.integers(1, 5000),
    st.lists(st.integers(1, 10**9), min_size=1, max_size=8),
    st.integers(0, 200),
)
def test_allocation_keeps_its_promises(total: int, pixels: list[int], least: int) -> None:
    areas = np.array(pixels)
    points = allocate(total, areas, least)
    floor = np.minimum(least, areas)
    assert (points >= floor).all()
    assert (points <= areas).all()
    if floor.sum() <= total <= areas.sum():
        assert total - len(pixels) <= points.sum() <= total
    order = np.argsort(areas, kind="stable")
    assert (np.diff(points[order]) >= -1).all()


def test_intervals_of_1000_simulated_maps_cover_the_truth() -> None:
    """Maps and errors at random, a stratified sample of each, as drawing pixels would give it."""
    rng = np.random.default_rng(20140412)
    tables = 1000
    covered: dict[str, list[np.ndarray]] = {"overall": [], "users": [], "producers": [], "area": []}
    for _ in range(tables):
        # pixels of the map by mapped and true class: what a full count would find
        sizes = rng.integers(200_000, 500_000, 3)
        rates = np.full((3, 3), 0.1) + np.diag(rng.uniform(0.5, 0.75, 3))
        rates /= rates.sum(axis=1, keepdims=True)
        population = np.array([rng.multinomial(*each) for each in zip(sizes, rates, strict=True)])
        truth = from_full_count(population)
        points = allocate(600, sizes, 100)
        counts = np.array(
            [
                rng.multivariate_hypergeometric(row, count)
                for row, count in zip(population, points, strict=True)
            ]
        )
        found = from_sample(counts, sizes.astype(float), ("a", "b", "c"))
        for name, estimates, true in (
            ("overall", found.overall, truth.overall),
            ("users", found.users, truth.users),
            ("producers", found.producers, truth.producers),
            ("area", found.shares, truth.shares),
        ):
            assert estimates.margins is not None
            covered[name].append(np.abs(estimates.values - true.values) <= estimates.margins)
    for name, hits in covered.items():
        assert 0.93 <= np.mean(hits) <= 0.97, name
