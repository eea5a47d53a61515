from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.ndimage import label

from dgl_rsis.proposals.leaves import pixel_edges, segment


def image_of(rows: list[str]) -> NDArray[np.float32]:
    """Grey levels 0 to 9 as digits, one channel in 0..1."""
    return (
        np.array([[int(digit) for digit in row] for row in rows], dtype=np.float32)[..., None] / 9
    )


def test_edges_are_all_there_once_and_ascending() -> None:
    colours = np.random.default_rng(3).random((5, 7, 3), dtype=np.float32)
    edges = pixel_edges(colours)
    pairs = set(zip(edges.first.tolist(), edges.second.tolist(), strict=True))
    assert len(pairs) == len(edges.weight) == 5 * 6 + 4 * 7
    assert all(b - a in (1, 7) for a, b in pairs)
    assert (np.diff(edges.weight) >= -1e-3).all()
    flat = colours.reshape(-1, 3)
    lengths = np.linalg.norm(flat[edges.first] - flat[edges.second], axis=1)
    np.testing.assert_allclose(edges.weight, lengths, rtol=1e-5)


def test_two_flat_halves_are_two_leaves() -> None:
    colours = image_of(["0099", "0099", "0099", "0999"])
    labels, count = segment(pixel_edges(colours), (4, 4), scale=1.0, min_size=1)
    assert count == 2
    assert np.array_equal(labels == labels[0, 0], colours[..., 0] == 0)


def test_leaves_do_not_join_over_corners() -> None:
    colours = image_of(["09", "90"])
    assert segment(pixel_edges(colours), (2, 2), scale=0.1, min_size=1)[1] == 4


def test_small_regions_join_their_nearest_neighbour() -> None:
    colours = image_of(["00009", "00009", "00909", "00009"])
    labels, count = segment(pixel_edges(colours), (4, 5), scale=0.1, min_size=3)
    assert count == 2
    assert labels[2, 2] == labels[0, 0]


def test_a_larger_scale_gives_larger_leaves() -> None:
    edges = pixel_edges(np.random.default_rng(0).random((40, 40, 3), dtype=np.float32))
    counts = [segment(edges, (40, 40), scale=k, min_size=1)[1] for k in (0.2, 1.0, 5.0)]
    assert counts[0] > counts[1] > counts[2]


@pytest.mark.parametrize("kind", ["flat", "ramp", "square"])
def test_even_areas_do_not_take_a_round_for_each_pixel(kind: str) -> None:
    column = np.linspace(0, 1, 300, dtype=np.float32)
    row = {"flat": column * 0, "ramp": column, "square": column**2}[kind]
    colours = np.repeat(np.tile(row, (300, 1))[..., None], 3, axis=2)
    assert segment(pixel_edges(colours), (300, 300), scale=1000.0, min_size=1)[1] == 1


@settings(max_examples=40, deadline=None)
@given(
    height=st.integers(1, 12),
    width=st.integers(1, 12),
    levels=st.integers(1, 4),
    scale=st.floats(0.01, 3),
    seed=st.integers(0, 999),
)
def test_leaves_partition_the_image_into_connected_parts(
    height: int, width: int, levels: int, scale: float, seed: int
) -> None:
    generator = np.random.default_rng(seed)
    colours = generator.integers(0, levels, (height, width, 3)).astype(np.float32) / 4
    labels, count = segment(pixel_edges(colours), (height, width), scale=scale, min_size=3)
    assert np.array_equal(np.unique(labels), np.arange(count))
    for leaf in range(count):
        assert label(labels == leaf)[1] == 1
    if height * width >= 3:
        assert np.bincount(labels.ravel()).min() >= 3


def test_pixels_without_data_stay_alone() -> None:
    valid = np.array([[True, False, True], [True, False, True]])
    edges = pixel_edges(np.zeros((2, 3, 3), dtype=np.float32), valid)
    labels, _ = segment(edges, (2, 3), scale=1.0, min_size=5)
    assert labels[0, 0] == labels[1, 0] != labels[0, 2] == labels[1, 2]
