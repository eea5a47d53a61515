import numpy as np
import pytest

from dgl_rsis.config import make_settings
from dgl_rsis.proposals.filters import Overlaps
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.proposals.tree import build_region_tree
from dgl_rsis.stages.instances import cut_instances, evidence, mask_instances

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


WEST, EAST = (8, 16, 40, 48), (56, 16, 88, 48)  # the two houses
BOTH, LAWN = (8, 16, 88, 48), (0, 0, 96, 16)


def boxes(*corners):
    return MaskSet.from_boxes(np.array(corners).reshape(-1, 4), (64, 96))


@pytest.mark.parametrize(
    ("masks", "found"),
    [
        ([(8, 16, 40, 32), (8, 32, 40, 48), WEST], [2]),  # the whole, not its halves
        ([BOTH, WEST, EAST], [1, 2]),  # what lies between speaks against both together
        (
            [BOTH, WEST, (8, 16, 40, 32), (8, 24, 40, 40), (8, 32, 40, 48)],
            [0],
        ),  # no part counts twice
        ([LAWN, WEST], [1]),
        ([(8, 16, 40, 32), (56, 16, 60, 20)], [0, 1]),  # small ones are things as well
        ([], []),
    ],
)
def test_flat_masks_are_instances_by_the_evidence_in_them(masks, found):
    _, house = scene()
    own = mask_instances(Overlaps(boxes(*masks)), probabilities(house), 0, SETTINGS)
    assert sorted(own) == found


def test_the_best_mask_is_found_where_the_name_wins_nowhere():
    _, house = scene()
    faint = probabilities(house) * np.array([0.4, 0.0], np.float32) + np.array([0, 0.6], np.float32)
    overlaps = Overlaps(boxes(LAWN, (4, 16, 40, 48)))
    assert mask_instances(overlaps, faint, 0, SETTINGS).tolist() == [1]
    speck = Overlaps(boxes((0, 0, 1, 1)))  # too little evidence to pay the price of an instance
    assert mask_instances(speck, probabilities(house), 0, SETTINGS).tolist() == [0]
