import numpy as np
import pytest

from dgl_rsis.benchmark.pointing import pointing_score

TRUTH = np.array([[True, True, False], [False, False, False]])


@pytest.mark.parametrize(("peak", "score"), [((0, 1), 1.0), ((0, 2), 0.0), ((1, 0), 0.0)])
def test_where_the_peak_lies(peak: tuple[int, int], score: float) -> None:
    heat = np.full((2, 3), 0.1, np.float32)
    heat[peak] = 0.2
    assert pointing_score(heat, TRUTH) == score


def test_tied_peaks_count_by_their_share() -> None:
    heat = np.array([[1, 0, 1], [0, 1, 0]], np.float32)
    assert pointing_score(heat, TRUTH) == pytest.approx(1 / 3)


@pytest.mark.parametrize("value", [0.0, 0.7])
def test_a_map_of_one_value_points_nowhere(value: float) -> None:
    assert pointing_score(np.full((2, 3), value, np.float32), TRUTH) == 0


def test_shapes_must_agree() -> None:
    with pytest.raises(ValueError, match="the map is"):
        pointing_score(np.zeros((3, 2), np.float32), TRUTH)
