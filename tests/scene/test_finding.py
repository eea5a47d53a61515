"""Things and segments of what a tile sees."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dgl_rsis.geo.windows import Box
from dgl_rsis.proposals.tree import build_region_tree
from dgl_rsis.scene.finding import centre_in, divide, find
from dgl_rsis.types import Raster


def picture(seed: int) -> Raster:
    """Patches of ten pixels in random colours, without data in a corner."""
    rng = np.random.default_rng(seed)
    patches = rng.integers(0, 255, (8, 8, 3)).astype(np.uint8)
    valid = np.ones((80, 80), bool)
    valid[:20, :20] = False
    return Raster(np.kron(patches, np.ones((10, 10, 1), np.uint8)), valid)


@settings(max_examples=10)
@given(st.integers(0, 99), st.integers(1, 200))
def test_segments_divide_what_is_valid(seed: int, count: int) -> None:
    raster = picture(seed)
    tree = build_region_tree(raster.rgb, valid=raster.valid)
    labels = divide(tree, count)
    assert ((labels >= 0) == raster.valid).all()
    found = np.unique(labels[raster.valid])
    assert found.tolist() == list(range(len(found)))
    assert len(found) == min(count, tree.leaf_count(0))
    finer = divide(tree, count + 5)
    owners = {
        (int(fine), int(coarse)) for fine, coarse in zip(finer.flat, labels.flat, strict=True)
    }
    assert len(owners) == len(np.unique(finer))  # every segment is divided by itself


def test_things_concern_the_core() -> None:
    raster = picture(1)
    tree = build_region_tree(raster.rgb, valid=raster.valid)
    core = Box(20, 20, 60, 60)
    found = find(raster, tree, core)
    assert 0 < len(found.things) == len(found.looks)
    assert (np.diff(found.looks) <= 0).all()
    at_edge = (found.things.boxes == np.array([0, 0, 80, 80])).any(axis=1)
    assert (centre_in(found.things.centroids, core) | at_edge).all()


def test_nothing_in_nothing() -> None:
    raster = Raster(np.zeros((30, 30, 3), np.uint8), np.zeros((30, 30), bool))
    tree = build_region_tree(raster.rgb, valid=raster.valid)
    found = find(raster, tree, Box(0, 0, 30, 30))
    assert len(found.things) == len(found.looks) == 0
    assert (found.segments == -1).all()


def test_points_in_a_box() -> None:
    points = np.array([[0.0, 0.0], [1.0, 2.0], [2.0, 1.0]])
    assert centre_in(points, Box(0, 0, 2, 3)).tolist() == [True, True, False]
