"""The textbook's region trees, on pictures whose best nodes are known."""

from __future__ import annotations

from pathlib import Path

import felzenszwalb_trees
import numpy as np
import pytest
from benchmarks.toy_data import BLUE, GREEN, GREY, RED, write_part
from felzenszwalb_trees import Tree, best_nodes, merged, neighbours, reference_trees

from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.proposals.tree import build_region_tree

ROWS = np.array([[0, 0, 1, 2], [0, 0, 1, 3]])


def test_neighbours_touch_at_sides_and_corners() -> None:
    assert neighbours(ROWS).tolist() == [[0, 1], [1, 2], [1, 3], [2, 3]]
    assert neighbours(np.array([[0, 1], [2, 0]])).tolist() == [[0, 1], [0, 2], [1, 2]]
    assert neighbours(np.zeros((1, 1), int)).shape == (0, 2)


def test_the_cheapest_pair_by_wards_cost_merges_first() -> None:
    # 2 and 3: 1 * sqrt(1/2); 0 and 1: 3 * sqrt(8/6) = 3.46; 1 and {2, 3}: 10 * sqrt(4/4) = 10
    means = np.array([[0.0], [3.0], [12.5], [13.5]])
    areas = np.array([4, 2, 1, 1])
    assert merged(means, areas, neighbours(ROWS)) == [(2, 3), (0, 1), (4, 5)]
    # large regions are dear: 4 * sqrt(50 * 50 / 100) = 20 against 5 * sqrt(1 * 50 / 51) = 4.95
    pairs = np.array([[0, 1], [1, 2]])
    assert merged(np.array([[0.0], [4], [9]]), np.array([50, 50, 1]), pairs)[0] == (1, 2)


def test_the_best_node_of_every_instance() -> None:
    tree = Tree(ROWS, [(2, 3), (0, 1), (4, 5)])
    assert len(tree) == 7
    assert tree.sums(np.array([4, 2, 1, 1])).tolist() == [4, 2, 1, 1, 2, 6, 8]
    truth = np.array(
        [
            [[0, 0, 0, 1], [0, 0, 0, 1]],  # 2 and 3: a node
            [[1, 1, 1, 1], [1, 1, 1, 0]],  # everything but one pixel
            [[0, 0, 1, 1], [0, 0, 0, 0]],  # half of 1 and all of 2: 2 alone has 1 of 2 pixels
        ],
        bool,
    )
    best = best_nodes([tree], MaskSet.from_masks(truth))
    np.testing.assert_allclose(best.overlaps, [1, 7 / 8, 1 / 2])
    assert best.areas.tolist() == [2, 7, 2]


def test_trees_of_a_picture_hold_its_parts_and_their_union() -> None:
    picture = np.full((40, 60, 3), GREEN, np.uint8)
    picture[10:30, 10:25] = RED
    picture[10:30, 25:40] = (170, 10, 10)
    trees = reference_trees(picture)
    assert [len(tree) for tree in trees] == [2 * tree.labels.max() + 1 for tree in trees]
    left, both = np.zeros((2, 40, 60), bool)
    left[10:30, 10:25] = both[10:30, 10:40] = True
    best = best_nodes(trees, MaskSet.from_masks([left, both]))
    assert best.overlaps[0] > 0.8  # smoothing moves the border inside by a pixel or two
    assert best.overlaps[1] == 1


@pytest.mark.parametrize(("is_blind", "status"), [(False, 0), (True, 1)])
def test_worse_trees_than_the_reference_fail(
    typed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_blind: bool, status: int
) -> None:
    write_part(tmp_path / "dubai", "tile6_1", (RED, GREEN, BLUE, GREY), (4, 5, 1, 3))
    if is_blind:
        monkeypatch.setattr(
            felzenszwalb_trees, "build_region_tree", lambda picture: build_region_tree(picture * 0)
        )
    done = typed(felzenszwalb_trees, "--data", tmp_path, "--set-name", "dubai")
    assert done == status
    assert "dubai, 4 instances in 1 images" in typed.printed
    assert float(typed.row("reference")[2]) > 0.9
    assert (float(typed.row("ours by colour")[2]) < 0.5) == is_blind
