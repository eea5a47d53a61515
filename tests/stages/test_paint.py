import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.proposals.tree import build_region_tree
from dgl_rsis.stages import paint

BLOCKS = np.kron(np.array([[0, 1], [2, 3]]), np.ones((16, 16), int))


def image_of(labels):
    colours = np.array([[250, 20, 20], [20, 250, 20], [20, 20, 250], [240, 240, 240]], np.uint8)
    return colours[labels]


def probabilities_of(labels, noise=0.0, classes=4):
    rng = np.random.default_rng(1)
    p = np.eye(classes, dtype=np.float32)[labels] * 0.6 + 0.1
    p += noise * rng.random(p.shape).astype(np.float32)
    return p / p.sum(-1, keepdims=True)


def test_dense_is_argmax_of_the_upsampled_field():
    p = np.array([[[0.9, 0.1], [0.2, 0.8]]], np.float32)
    painting = paint.paint_dense(p, (2, 4))
    assert painting.labels.tolist() == [[0, 0, 1, 1]] * 2
    np.testing.assert_allclose(painting.scores[0, [0, 3]], [0.9, 0.8], atol=1e-6)


def test_words_of_the_rest_score_together_and_win_alone():
    p = np.array([[[0.4, 0.3, 0.3], [0.3, 0.4, 0.3]]], np.float32)
    painting = paint.paint_dense(p, (1, 2), rest=1)
    assert painting.labels.tolist() == [[0, 1]]
    np.testing.assert_allclose(painting.scores, [[0.4, 0.7]], atol=1e-6)
    masks = MaskSet.from_boxes(np.array([[0, 0, 1, 1]]), (1, 2))
    painting = paint.paint_masks(p, masks, np.array([[0.2, 0.4, 0.4]], np.float32), rest=1)
    np.testing.assert_allclose(painting.scores, [[0.8, 0.7]], atol=1e-6)


def test_leaves_follow_image_edges_where_the_field_is_noisy():
    tree = build_region_tree(image_of(BLOCKS))
    painting = paint.paint_leaves(probabilities_of(BLOCKS, noise=0.8), tree)
    assert (painting.labels == BLOCKS).mean() > 0.99
    assert ((painting.scores > 0) & (painting.scores <= 1)).all()


def test_cut_follows_edges_and_a_high_price_merges_everything():
    tree = build_region_tree(image_of(BLOCKS))
    p = probabilities_of(BLOCKS, noise=0.5)
    assert (paint.paint_cut(p, tree, price=0.5).labels == BLOCKS).mean() > 0.99
    assert len(np.unique(paint.paint_cut(p, tree, price=1e9).labels)) == 1


def test_invalid_pixels_have_no_label():
    valid = np.ones(BLOCKS.shape, bool)
    valid[:5] = False
    tree = build_region_tree(image_of(BLOCKS), valid=valid)
    for painting in (
        paint.paint_leaves(probabilities_of(BLOCKS), tree),
        paint.paint_cut(probabilities_of(BLOCKS), tree, price=0.1),
    ):
        assert (painting.labels[:5] == -1).all()
        assert (painting.scores[:5] == 0).all()
        assert (painting.labels[5:] >= 0).all()


def test_masks_are_painted_with_the_surest_on_top():
    masks = MaskSet.from_boxes(np.array([[0, 0, 3, 3], [1, 1, 4, 4]]), (4, 4))
    dense = np.tile(np.array([0.2, 0.3, 0.5], np.float32), (4, 4, 1))
    scores = np.array([[0.9, 0.1, 0.0], [0.2, 0.8, 0.0]], np.float32)
    painting = paint.paint_masks(dense, masks, scores)
    assert painting.labels.tolist() == [[0, 0, 0, 2], [0, 0, 0, 1], [0, 0, 0, 1], [2, 1, 1, 1]]


@st.composite
def trees(draw):
    leaves = draw(st.integers(1, 6))
    open_nodes, children = list(range(leaves)), [(-1, -1)] * leaves
    while len(open_nodes) > 1:
        pair = draw(st.permutations(open_nodes))[:2]
        open_nodes = [n for n in open_nodes if n not in pair] + [len(children)]
        children.append(tuple(pair))
    values = draw(st.lists(st.floats(-10, 10), min_size=len(children), max_size=len(children)))
    return np.array(children), np.array(values)


def leaves_below(children, node):
    if children[node, 0] < 0:
        return {node}
    return leaves_below(children, children[node, 0]) | leaves_below(children, children[node, 1])


@given(trees())
def test_best_cut_is_the_best_of_all_cuts(tree):
    children, values = tree
    leaves = leaves_below(children, len(values) - 1)
    kept = paint.best_cut(values, children)
    below = [leaves_below(children, n) for n in kept]
    assert sum(map(len, below)) == len(leaves)
    assert set().union(*below) == leaves
    best = max(
        sum(values[list(nodes)])
        for count in range(1, len(leaves) + 1)
        for nodes in itertools.combinations(range(len(values)), count)
        if sum(len(leaves_below(children, n)) for n in nodes) == len(leaves)
        and set().union(*(leaves_below(children, n) for n in nodes)) == leaves
    )
    assert np.isclose(sum(values[kept]), best, atol=1e-6)
