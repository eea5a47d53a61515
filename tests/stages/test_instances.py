import numpy as np
import pytest

from dgl_rsis.config import make_settings
from dgl_rsis.proposals.tree import build_region_tree
from dgl_rsis.stages.instances import cut_instances, evidence

SETTINGS = make_settings().instances
LIMIT = SETTINGS.evidence_limit


def scene():
    """Two houses with roofs of two shades on a lawn: image, and which pixels are house."""
    image = np.full((64, 96, 3), (40, 150, 40), np.uint8)
    house = np.zeros((64, 96), bool)
    for x in (8, 56):
        image[16:32, x : x + 32] = (230, 230, 230)
        image[32:48, x : x + 32] = (150, 150, 160)
        house[16:48, x : x + 32] = True
    return image, house


def probabilities(house, sure=0.8):
    cells = house.reshape(32, 2, 48, 2).mean((1, 3))
    p = sure * cells + (1 - sure) * (1 - cells)
    return np.stack([p, 1 - p], axis=-1).astype(np.float32)


def test_evidence_is_the_log_odds_against_the_best_rival():
    dense = np.array([[[0.5, 0.25, 0.25], [0.1, 0.8, 0.1]]], np.float32)
    np.testing.assert_allclose(evidence(dense, 0, LIMIT), [[np.log(2), -np.log(8)]], atol=1e-4)
    assert evidence(dense[..., :1], 0, LIMIT).tolist() == [[LIMIT, LIMIT]]


def test_whole_houses_are_found_not_their_shades():
    image, house = scene()
    tree = build_region_tree(image)
    found = cut_instances(tree, probabilities(house), 0, SETTINGS)
    assert len(found) == 2
    for node, x in zip(sorted(found, key=lambda n: tree.boxes[n, 0]), (8, 56), strict=True):
        truth = np.zeros_like(house)
        truth[16:48, x : x + 32] = True
        mask = tree.mask(int(node))
        assert (mask & truth).sum() / (mask | truth).sum() > 0.9


def test_the_best_guess_is_found_where_the_name_wins_nowhere():
    image, house = scene()
    tree = build_region_tree(image)
    found = cut_instances(tree, probabilities(house, sure=0.4)[..., ::1], 1, SETTINGS)
    assert len(found) >= 1


@pytest.mark.parametrize("valid", [True, False])
def test_no_data_everywhere_has_no_instances(valid):
    image = np.zeros((8, 8, 3), np.uint8)
    tree = build_region_tree(image, valid=np.full((8, 8), valid))
    assert len(cut_instances(tree, np.ones((4, 4, 1), np.float32), 0, SETTINGS)) == int(valid)
