"""What benchmark commands compute themselves, beside calling the package."""

from __future__ import annotations

import sys
import time

import alignment
import alignment_accuracy
import numpy as np
import processes
import pytest
import region_tree


def test_seconds_of_more_masks_lie_on_the_line_through_two_counts() -> None:
    def seconds(count: int) -> float:
        return 2.0 + 0.5 * count

    assert alignment.extrapolated(seconds(1), seconds(9), 9, 200) == pytest.approx(seconds(200))
    assert alignment.extrapolated(seconds(1), seconds(9), 9, 9) == seconds(9)


def test_cells_fill_the_image_once_and_are_the_same_every_time() -> None:
    masks, again = alignment.cells(30), alignment.cells(30)
    assert len(masks) == 30
    covered = sum(masks.mask(index).astype(int) for index in range(30))
    assert (covered == 1).all()
    assert (masks.boxes == again.boxes).all()


def test_n_log_n_is_that_of_the_pixels() -> None:
    growth = region_tree.n_log_n(2048) / region_tree.n_log_n(512)
    assert growth == pytest.approx(16 * 22 / 18)


def test_what_an_outlined_region_is() -> None:
    kinds = {
        "dark building left": "building", "solar hall": "building", "red roof": "building",
        "upper river": "water", "left white car": "car", "car park": "parking lot",
    }  # fmt: skip
    assert {name: alignment_accuracy.kind_of(name) for name in kinds} == kinds


def test_a_mixture_is_the_weighted_geometric_mean_and_takes_the_time_of_its_views() -> None:
    parts = {
        "dense pooling": alignment_accuracy.Outcome(np.array([[0.9, 0.1]], np.float32), 2.0),
        "mask guidance": alignment_accuracy.Outcome(np.array([[0.5, 0.5]], np.float32), 1.0),
    }
    both = alignment_accuracy.mix(parts, {"dense pooling": 1.0, "mask guidance": 1.0})
    np.testing.assert_allclose(both.probabilities, [[0.75, 0.25]], atol=1e-4)
    assert both.seconds == 3.0


@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is read from /proc")
def test_costs_of_a_job() -> None:
    def job(megabytes: int) -> int:
        time.sleep(0.05)
        return int(np.ones(megabytes << 20, np.uint8)[-1])

    processes.measure(lambda: job(300))
    before = processes.resident()
    result, cost = processes.measure(lambda: job(100))
    assert result == 1
    assert 95e6 < cost.peak - before < 150e6  # not the 300 of the job before
    assert cost.wall > 0.05
    assert 0 <= cost.cpu < cost.wall
