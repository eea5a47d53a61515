from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dgl_rsis.proposals.fitting import centred
from dgl_rsis.proposals.hierarchy import merged_regions
from dgl_rsis.types import FloatArray


def cone(angle: float) -> FloatArray:
    """Two halves as far apart from a common axis as the angle in radians says."""
    features = np.zeros((4, 6, 3), np.float32)
    features[..., 2] = np.cos(angle)
    features[:, :3, 0] = np.sin(angle)
    features[:, 3:, 0] = -np.sin(angle)
    return features


@given(st.floats(1e-3, 1.5), st.floats(0.01, 100))
def test_halves_of_a_narrow_cone_become_opposite(angle: float, length: float) -> None:
    apart = centred(length * cone(angle))
    np.testing.assert_allclose(apart[:, :3], np.broadcast_to([1, 0, 0], (4, 3, 3)), atol=1e-3)
    np.testing.assert_allclose(apart[:, 3:], np.broadcast_to([-1, 0, 0], (4, 3, 3)), atol=1e-3)
    assert apart.dtype == np.float32


def test_regions_of_a_narrow_cone_are_found_only_when_it_is_centred() -> None:
    assert [region.sum() for region in merged_regions(cone(0.1))] == [24]  # all alike
    assert [region.sum() for region in merged_regions(centred(cone(0.1)))] == [12, 12]


@pytest.mark.parametrize("noise", [0.0, 1e-7])
def test_where_all_is_the_same_nothing_is_apart(noise: float) -> None:
    plain = np.full((5, 5, 8), 1 / np.sqrt(8), np.float32)
    plain += noise * np.random.default_rng(0).standard_normal(plain.shape).astype(np.float32)
    assert not centred(plain).any()
    assert not centred(np.zeros((1, 1, 3), np.float32)).any()
