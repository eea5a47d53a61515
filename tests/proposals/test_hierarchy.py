from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.ndimage import label

from dgl_rsis.errors import InputError
from dgl_rsis.proposals.hierarchy import hierarchy, merged_regions, propose
from dgl_rsis.types import FloatArray, Raster


def nested() -> FloatArray:
    """Two halves of an object 45 degrees apart, on ground at a right angle to the first."""
    features = np.zeros((6, 8, 3), np.float32)
    features[..., 2] = 1
    features[1:5, 1:4] = (1, 0, 0)
    features[1:5, 4:7] = (1, 1, 0)
    return features


def by_definition(
    features: FloatArray, thresholds: tuple[float, ...], smallest: int
) -> list[frozenset[int]]:
    """All pairs of neighbours looked at before every merge."""
    height, width, _ = features.shape
    flat = features.reshape(height * width, -1).astype(np.float64)
    unit = flat / np.linalg.norm(flat, axis=1, keepdims=True)
    regions = [{cell} for cell in range(height * width)]

    def are_neighbours(first: set[int], second: set[int]) -> bool:
        return any(
            abs(a // width - b // width) + abs(a % width - b % width) == 1
            for a in first
            for b in second
        )

    def direction(region: set[int]) -> NDArray[np.float64]:
        total = unit[sorted(region)].sum(axis=0)
        return np.asarray(total / max(float(np.linalg.norm(total)), 1e-300))

    told: list[frozenset[int]] = []
    for threshold in thresholds:
        while True:
            pairs = [
                (float(direction(first) @ direction(second)), i, j)
                for i, first in enumerate(regions)
                for j, second in enumerate(regions[:i])
                if are_neighbours(first, second)
            ]
            best = max(pairs, default=(-2.0, 0, 0))
            if best[0] <= threshold:
                break
            regions[best[2]] |= regions.pop(best[1])
        told += [
            frozenset(region)
            for region in regions
            if len(region) >= smallest and frozenset(region) not in told
        ]
    return told


def test_parts_come_before_wholes() -> None:
    found = merged_regions(nested(), (0.9, 0.5, 0.1), 4)
    sums = [int(each.sum()) for each in found]
    assert sorted(sums[:3]) == [12, 12, 24]  # both halves and the ground at 0.9
    assert sums[3:] == [24]  # the object at 0.5; nothing new at 0.1
    assert found[3][1:5, 1:7].all()


def test_small_regions_are_not_told() -> None:
    assert [int(each.sum()) for each in merged_regions(nested(), (0.9,), 13)] == [24]
    assert merged_regions(nested()[:1, :1], (0.9,), 4) == []


@given(st.integers(0, 10_000), st.integers(1, 4), st.integers(1, 4))
def test_merging_is_that_of_the_definition(seed: int, height: int, width: int) -> None:
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(height, width, 3)).astype(np.float32)
    thresholds = (0.6, 0.3, 0.1)
    ours = [
        frozenset(np.flatnonzero(each).tolist()) for each in merged_regions(features, thresholds, 2)
    ]
    assert sorted(map(sorted, ours)) == sorted(map(sorted, by_definition(features, thresholds, 2)))


@given(st.integers(0, 10_000))
def test_regions_are_connected_and_nested_or_apart(seed: int) -> None:
    features = np.random.default_rng(seed).normal(size=(7, 9, 4)).astype(np.float32)
    found = merged_regions(features)
    for index, region in enumerate(found):
        assert region.sum() >= 4
        assert label(region)[1] == 1
        for later in found[index + 1 :]:
            shared = (region & later).sum()
            assert shared in (0, region.sum(), later.sum())
            assert not (region == later).all()


def test_masks_follow_the_cells_at_full_size() -> None:
    found = hierarchy(nested(), (60, 80), thresholds=(0.9, 0.5))
    assert len(found) == 4
    whole = found.mask(3)
    assert whole[12:48, 12:68].all()
    assert not whole[:8].any()


def test_proposer_fits_them_to_the_pixels_with_data() -> None:
    image = np.full((60, 80, 3), 90, np.uint8)
    image[11:51, 9:69] = (190, 60, 40)
    valid = np.ones((60, 80), bool)
    valid[:, 75:] = False
    found = propose(Raster(image, valid), nested)
    masks = [found.mask(index) for index in range(len(found))]
    square = image[..., 0] == 190
    assert max((mask & square).sum() / (mask | square).sum() for mask in masks) > 0.9
    assert min((mask & square).sum() for mask in masks) < 100  # the ground keeps its hole
    assert not any(mask[:, 75:].any() for mask in masks)


def test_bad_features_are_refused() -> None:
    with pytest.raises(InputError, match="got none"):
        propose(Raster(np.zeros((4, 4, 3), np.uint8), np.ones((4, 4), bool)))
    with pytest.raises(InputError, match=r"shape \(3, 4\)"):
        hierarchy(np.ones((3, 4), np.float32), (8, 8))
    empty = hierarchy(np.ones((1, 1, 2), np.float32), (1, 1))
    assert len(empty) == 0
    assert empty.shape == (1, 1)
