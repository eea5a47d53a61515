"""The proposer ``flat``: what looks most like objects in a region tree, without nesting."""

from __future__ import annotations

from dgl_rsis.proposals import tree as region_tree
from dgl_rsis.proposals.base import Features
from dgl_rsis.proposals.filters import flatten_tree
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.proposals.objectness import colour_field, objectness
from dgl_rsis.types import Raster


def propose(
    raster: Raster, features: Features = None, learned_weight: float = 0.0, most: int = 300
) -> MaskSet:
    """The best nodes of the tree by objectness, after non-maximum suppression, at most so many."""
    tree = region_tree.propose(raster, features, learned_weight)
    scores = objectness(tree, colour_field(raster.rgb, raster.valid))
    return flatten_tree(tree, scores, limit=most)
