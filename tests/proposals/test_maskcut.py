from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.linalg import eigh

from dgl_rsis.errors import InputError
from dgl_rsis.proposals.filters import mask_iou
from dgl_rsis.proposals.maskcut import cut_cells, maskcut, second_eigenvector
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.proposals.tree import build_region_tree
from dgl_rsis.types import FloatArray


def blobs(height: int = 20, width: int = 24) -> tuple[FloatArray, list[NDArray[np.bool_]]]:
    """Features of two blobs on a ground, with a little noise, and the blobs."""
    y, x = np.mgrid[:height, :width]
    first = (x - 7) ** 2 + (y - 7) ** 2 < 20
    second = (abs(x - 17) < 4) & (abs(y - 13) < 3)
    features = np.zeros((height, width, 6), dtype=np.float32)
    features[..., 0] = 1
    features[first] = np.eye(6)[1]
    features[second] = np.eye(6)[2]
    noise = np.random.default_rng(0).normal(0, 0.02, features.shape)
    return (features + noise).astype(np.float32), [first, second]


def test_the_eigenvector_is_that_of_the_normalised_cut() -> None:
    features, _ = blobs(8, 9)
    flat = features.reshape(-1, 6).astype(np.float64)
    unit = flat / np.linalg.norm(flat, axis=1, keepdims=True)
    affinity = np.where(unit @ unit.T > 0.2, 1.0, 1e-5)
    degrees = np.diag(affinity.sum(axis=1))
    values = eigh(degrees - affinity, degrees, subset_by_index=[1, 1], eigvals_only=True)
    vector, quality = second_eigenvector(unit, 0.2)
    assert quality == pytest.approx(1 - values[0], abs=1e-3)
    rayleigh = vector @ (degrees - affinity) @ vector / (vector @ degrees @ vector)
    assert rayleigh == pytest.approx(values[0], abs=1e-3)


def test_both_blobs_are_found_to_the_cell() -> None:
    features, truth = blobs()
    cuts = cut_cells(features, count=3)
    for blob in truth:
        assert any(np.array_equal(cut.cells, blob) for cut in cuts)


def test_masks_follow_the_image_when_there_is_a_tree() -> None:
    features, truth = blobs()
    fine = [blob.repeat(8, axis=0).repeat(8, axis=1) for blob in truth]
    y, x = np.mgrid[:160, :192]
    disc = (x - 60) ** 2 + (y - 60) ** 2 < 35**2
    image = np.full((160, 192, 3), 100, dtype=np.uint8)
    image[disc] = (30, 60, 150)
    image[fine[1]] = (200, 190, 60)
    plain = maskcut(features, (160, 192), count=2)
    fitted = maskcut(features, (160, 192), count=2, tree=build_region_tree(image))
    assert len(plain) == len(fitted) == 2
    truth_set = MaskSet.from_masks([disc])
    assert mask_iou(fitted, truth_set).max() > max(0.93, mask_iou(plain, truth_set).max())


def test_windows_find_more_than_the_whole_image() -> None:
    features = np.zeros((40, 40, 12), dtype=np.float32)
    features[..., 0] = 1
    corners = [(y, x) for y in (4, 18, 31) for x in (4, 18, 31)]
    for number, (y, x) in enumerate(corners):
        features[y : y + 5, x : x + 5] = np.eye(12)[number + 1]
    whole = maskcut(features, (80, 80), count=2)
    tiled = maskcut(features, (80, 80), count=2, tiles=3)
    assert len(whole) <= 2
    assert len(tiled) >= 7


def test_large_grids_are_reduced_and_results_repeat() -> None:
    features, truth = blobs()
    fine = features.repeat(5, axis=0).repeat(5, axis=1)
    found, again = maskcut(fine, (200, 240), count=2), maskcut(fine, (200, 240), count=2)
    assert np.array_equal(found.boxes, again.boxes)
    large = truth[0].repeat(10, axis=0).repeat(10, axis=1)
    assert (
        max(
            (found.mask(i) & large).sum() / (found.mask(i) | large).sum() for i in range(len(found))
        )
        > 0.8
    )


@pytest.mark.parametrize("shape", [(6, 7, 4), (1, 1, 4), (1, 2, 3)])
@pytest.mark.parametrize("value", [0.0, 1.0])
def test_even_features_have_no_objects(shape: tuple[int, int, int], value: float) -> None:
    features = np.full(shape, value, dtype=np.float32)
    assert len(maskcut(features, (30, 30))) == 0


def test_wrong_input_is_refused() -> None:
    with pytest.raises(InputError, match=r"\(h, w, D\)"):
        maskcut(np.zeros((4, 4), dtype=np.float32), (8, 8))
    with pytest.raises(InputError, match="tiles >= 1"):
        maskcut(np.zeros((4, 4, 2), dtype=np.float32), (8, 8), tiles=0)
