from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from dgl_rsis.errors import InputError
from dgl_rsis.proposals.overlap import (
    central_moments,
    coverage_matrix,
    field_table,
    label_runs,
    overlap_matrix,
    run_geometry,
)

LABELS = np.array([[0, 0, 1, 1], [0, 2, 2, 1], [-1, 2, 0, 0], [-1, -1, 0, 0]])


def test_runs_of_a_small_map() -> None:
    runs = label_runs(LABELS)
    assert runs.owner.tolist() == [0, 1, 0, 2, 1, 2, 0, 0]
    assert runs.row.tolist() == [0, 0, 1, 1, 1, 2, 2, 3]
    assert runs.start.tolist() == [0, 2, 0, 1, 3, 1, 2, 2]
    assert runs.stop.tolist() == [2, 4, 1, 3, 4, 2, 4, 4]


def test_geometry_of_a_small_map() -> None:
    geometry = run_geometry(label_runs(LABELS), 3)
    assert geometry.areas.tolist() == [7, 3, 3]
    assert geometry.boxes.tolist() == [[0, 0, 4, 4], [2, 0, 4, 2], [1, 1, 3, 3]]
    np.testing.assert_allclose(geometry.sums[2, :2] / 3, [11 / 6, 11 / 6])


def test_moments_of_a_filled_box() -> None:
    geometry = run_geometry(label_runs(np.zeros((4, 6), dtype=int)), 1)
    np.testing.assert_allclose(
        central_moments(geometry.sums, geometry.areas), [[36 / 12, 16 / 12, 0]]
    )


def test_one_cell_per_two_pixels_by_hand() -> None:
    runs = label_runs(np.array([[0, 0, 0, 1]]))
    matrix = overlap_matrix(runs, 2, (1, 4), (1, 2)).toarray()
    # Pixels lie at -0.25, 0.25, 0.75 and 1.25 cells, clamped at both ends.
    np.testing.assert_allclose(matrix, [[1 + 0.75 + 0.25, 0.25 + 0.75], [0, 1]])


@settings(max_examples=60, deadline=None)
@given(
    labels=st.tuples(st.integers(1, 9), st.integers(1, 9)).flatmap(
        lambda shape: arrays(np.int64, shape, elements=st.integers(-1, 3))
    ),
    field_shape=st.tuples(st.integers(1, 12), st.integers(1, 12)),
    seed=st.integers(0, 99),
)
def test_sums_equal_those_of_the_upsampled_field(
    upsample, labels: NDArray[np.int64], field_shape: tuple[int, int], seed: int
) -> None:
    field = np.random.default_rng(seed).standard_normal(field_shape)
    shape = (labels.shape[0], labels.shape[1])
    matrix = overlap_matrix(label_runs(labels), 4, shape, field_shape)
    image = upsample(field, shape)
    expected = [image[labels == label].sum() for label in range(4)]
    np.testing.assert_allclose(matrix @ field.ravel(), expected, atol=1e-9)


@pytest.mark.parametrize("field_shape", [(3, 5), (20, 9), (7, 7), (1, 1)])
def test_the_convention_is_that_of_torch(upsample, field_shape: tuple[int, int]) -> None:
    from torch import from_numpy
    from torch.nn.functional import interpolate

    field = np.random.default_rng(0).standard_normal(field_shape)
    tensor = from_numpy(field)[None, None]
    large = interpolate(tensor, size=(13, 8), mode="bilinear", align_corners=False)[0, 0].numpy()
    np.testing.assert_allclose(upsample(field, (13, 8)), large, atol=1e-12)
    pixels = np.arange(13 * 8).reshape(13, 8)
    matrix = overlap_matrix(label_runs(pixels), 13 * 8, (13, 8), field_shape)
    np.testing.assert_allclose(matrix @ field.ravel(), large.ravel(), atol=1e-12)


def test_a_field_needs_two_or_three_axes() -> None:
    with pytest.raises(InputError, match=r"\(h, w, D\)"):
        field_table(np.zeros(3))


def test_coverage_of_a_small_map_by_hand() -> None:
    rows, columns = np.array([0, 0, 1, 1]), np.array([0, 0, 0, 1])
    shares = coverage_matrix(label_runs(LABELS), 3, rows, columns)
    expected = [[3 / 6, 0, 2 / 6, 1], [1 / 6, 1, 0, 0], [2 / 6, 0, 1 / 6, 0]]
    np.testing.assert_allclose(shares.toarray(), expected)
    assert shares.nnz == 7
