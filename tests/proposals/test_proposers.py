from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from dgl_rsis.errors import InputError
from dgl_rsis.proposals import flat, tree
from dgl_rsis.proposals.base import PROPOSERS, computed, proposer
from dgl_rsis.types import FloatArray, Proposals, Raster


def raster() -> Raster:
    image = np.full((48, 56, 3), 90, dtype=np.uint8)
    image[12:28, 12:32] = (190, 60, 40)
    valid = np.ones((48, 56), dtype=bool)
    valid[:, 50:] = False
    return Raster(image, valid)


@pytest.mark.parametrize("name", list(PROPOSERS))
def test_every_proposer_finds_the_square_in_the_valid_part(name: str) -> None:
    features = np.zeros((12, 14, 2), dtype=np.float32)
    features[..., 0] = 1
    features[3:7, 3:8] = (0, 1)
    found = proposer(name)(raster(), lambda: features)
    truth = (raster().rgb[..., 0] == 190) & raster().valid
    masks = [found.mask(index) for index in range(len(found))]
    assert max((m & truth).sum() / (m | truth).sum() for m in masks) > 0.7
    assert not any(mask[:, 50:].any() for mask in masks)
    assert found.shape == (48, 56)


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(InputError, match="choose one of tree, flat, maskcut"):
        proposer("magic")


def test_maskcut_needs_features() -> None:
    with pytest.raises(InputError, match="got none"):
        proposer("maskcut")(raster())


@pytest.mark.parametrize("made", [tree.propose, flat.propose])
def test_weighed_features_have_to_be_there(made: Callable[..., Proposals]) -> None:
    with pytest.raises(InputError, match="learned_weight"):
        made(raster(), None, 30.0)
    assert len(made(raster(), np.ones((4, 4, 2), dtype=np.float32), 30.0)) > 0


@pytest.mark.parametrize("made", [tree.propose, flat.propose])
def test_features_without_weight_are_not_computed(made: Callable[..., Proposals]) -> None:
    def features() -> FloatArray:
        raise AssertionError("nobody needs them")

    plain, same = made(raster()), made(raster(), features, 0.0)
    assert len(plain) == len(same)
    assert np.array_equal(plain.boxes, same.boxes)


def test_features_are_computed_only_when_asked() -> None:
    field = np.ones((2, 2, 1), dtype=np.float32)
    assert computed(None) is None
    assert computed(field) is field
    assert computed(lambda: field) is field
