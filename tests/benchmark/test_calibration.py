import numpy as np
import pytest

from dgl_rsis.benchmark.calibration import expected_calibration_error


def test_gaps_of_bins_by_hand() -> None:
    confidence = np.array([0.62, 0.68, 0.9, 1.0], np.float32)
    is_right = np.array([True, False, True, True])
    # 0.6 to 0.7: says 0.65, right 0.5; 0.9 to 1: says 0.95, right 1
    expected = (2 * 0.15 + 2 * 0.05) / 4
    assert expected_calibration_error(confidence, is_right) == pytest.approx(expected)


def test_gaps_of_opposite_sign_cancel_inside_a_bin_only() -> None:
    confidence = np.array([0.25, 0.75], np.float32)
    is_right = np.array([True, False])
    assert expected_calibration_error(confidence, is_right, bins=1) == 0
    assert expected_calibration_error(confidence, is_right, bins=2) == 0.75


@pytest.mark.parametrize("said", [0.0, 0.25, 0.5, 1.0])
def test_right_as_often_as_said(said: float) -> None:
    is_right = np.arange(100) < 100 * said
    assert expected_calibration_error(np.full(100, said, np.float32), is_right) == 0


@pytest.mark.parametrize(
    ("confidence", "is_right"),
    [([], []), ([0.5], [True, False]), ([1.5], [True]), ([-0.1], [True])],
)
def test_what_is_no_probability_is_refused(confidence: list[float], is_right: list[bool]) -> None:
    with pytest.raises(ValueError, match=r"confidence is \(|outside"):
        expected_calibration_error(np.array(confidence, np.float32), np.array(is_right, bool))
