from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.ndimage import label

from dgl_rsis.proposals.leaves import grow_pixels, segment


def image_of(rows: list[str]) -> NDArray[np.float32]:
    """Grey levels 0 to 9 as digits, one channel in 0..1."""
    return (
        np.array([[int(digit) for digit in row] for row in rows], dtype=np.float32)[..., None] / 9
    )


def leaves(
    colours: NDArray[np.float32],
    *,
    scale: float,
    min_size: int,
    valid: NDArray[np.bool_] | None = None,
) -> tuple[NDArray[np.int64], int]:
    """Leaves of one scale."""
    grown = grow_pixels(colours, valid, scale=scale)
    return segment(grown, colours.shape[:2], scale=scale, min_size=min_size)


def test_grown_regions_are_connected_admitted_and_know_themselves() -> None:
    shape, scale = (30, 41), 0.5
    colours = np.random.default_rng(3).random((*shape, 3), dtype=np.float32)
    grown = grow_pixels(colours, scale=scale)
    labels = grown.labels.reshape(shape)
    assert np.array_equal(np.bincount(grown.labels), grown.size)
    assert len(grown.size) < labels.size
    for region, (size, inner) in enumerate(zip(grown.size, grown.inner, strict=True)):
        assert label(labels == region)[1] == 1
        assert inner * size <= scale
        assert (inner == 0) == (size == 1)


def test_edges_between_grown_regions_are_all_there_and_ascending() -> None:
    colours = np.random.default_rng(3).random((5, 7, 3), dtype=np.float32)
    grown = grow_pixels(colours, scale=0.5)
    labels = grown.labels.reshape(5, 7)
    steps = ((labels[:, 1:], labels[:, :-1]), (labels[1:], labels[:-1]))
    expected = sorted(
        (min(a, b), max(a, b), round(weight, 4))
        for (one, other), difference in zip(
            steps, (np.diff(colours, axis=1), np.diff(colours, axis=0)), strict=True
        )
        for a, b, weight in zip(
            one.ravel().tolist(),
            other.ravel().tolist(),
            np.linalg.norm(difference, axis=2).ravel().tolist(),
            strict=True,
        )
        if a != b
    )
    edges = grown.edges
    columns = (edges.first.tolist(), edges.second.tolist(), edges.weight.tolist())
    found = [(min(a, b), max(a, b), round(w, 4)) for a, b, w in zip(*columns, strict=True)]
    assert sorted(found) == expected
    assert (np.diff(edges.weight) >= -1e-3).all()


def test_chains_end_at_the_smallest_scale() -> None:
    colours = np.random.default_rng(0).random((20, 20, 3), dtype=np.float32)
    assert len(grow_pixels(colours, scale=1e-4).size) == 400
    counts = [len(grow_pixels(colours, scale=scale).size) for scale in (0.3, 1.0, 3.0)]
    assert counts[0] > counts[1] > counts[2]


def test_two_flat_halves_are_two_leaves() -> None:
    colours = image_of(["0099", "0099", "0099", "0999"])
    labels, count = leaves(colours, scale=1.0, min_size=1)
    assert count == 2
    assert np.array_equal(labels == labels[0, 0], colours[..., 0] == 0)


def test_leaves_do_not_join_over_corners() -> None:
    colours = image_of(["09", "90"])
    assert leaves(colours, scale=0.1, min_size=1)[1] == 4


def test_small_regions_join_their_nearest_neighbour() -> None:
    colours = image_of(["00009", "00009", "00909", "00009"])
    labels, count = leaves(colours, scale=0.1, min_size=3)
    assert count == 2
    assert labels[2, 2] == labels[0, 0]


def test_a_larger_scale_gives_larger_leaves() -> None:
    colours = np.random.default_rng(0).random((40, 40, 3), dtype=np.float32)
    counts = [leaves(colours, scale=k, min_size=1)[1] for k in (0.2, 1.0, 5.0)]
    assert counts[0] > counts[1] > counts[2]


@pytest.mark.parametrize("kind", ["flat", "ramp", "square"])
def test_even_areas_do_not_take_a_round_for_each_pixel(kind: str) -> None:
    column = np.linspace(0, 1, 300, dtype=np.float32)
    row = {"flat": column * 0, "ramp": column, "square": column**2}[kind]
    colours = np.repeat(np.tile(row, (300, 1))[..., None], 3, axis=2)
    assert leaves(colours, scale=1000.0, min_size=1)[1] == 1


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
    labels, count = leaves(colours, scale=scale, min_size=3)
    assert np.array_equal(np.unique(labels), np.arange(count))
    for leaf in range(count):
        assert label(labels == leaf)[1] == 1
    if height * width >= 3:
        assert np.bincount(labels.ravel()).min() >= 3


def test_pixels_without_data_stay_alone() -> None:
    valid = np.array([[True, False, True], [True, False, True]])
    colours = np.zeros((2, 3, 3), dtype=np.float32)
    labels, _ = leaves(colours, scale=1.0, min_size=5, valid=valid)
    assert labels[0, 0] == labels[1, 0] != labels[0, 2] == labels[1, 2]
