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

from dgl_rsis.stages import local


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


def test_mixtures_count_the_reading_of_the_image_once() -> None:
    first, second = (np.array([row], np.float32) for row in ([0.7, 0.3], [0.2, 0.8]))
    parts = {
        "dense pooling": alignment_accuracy.Outcome(first, 5.0),
        "masked pooling": alignment_accuracy.Outcome(second, 6.0),
        "mask guidance": alignment_accuracy.Outcome(second, 2.0),
    }
    reading = alignment_accuracy.Reading(local.ImageFeatures((), np.zeros(0)), first, 4.0)
    both = alignment_accuracy.mix(parts, reading, {"dense pooling": 1.0, "masked pooling": 3.0})
    assert both.seconds == 7.0
    powers = 0.7**0.25 * 0.2**0.75, 0.3**0.25 * 0.8**0.75
    np.testing.assert_allclose(both.probabilities[0], np.array(powers) / sum(powers), rtol=1e-4)
    other = alignment_accuracy.mix(parts, reading, {"dense pooling": 1.0, "mask guidance": 1.0})
    assert other.seconds == 7.0


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
