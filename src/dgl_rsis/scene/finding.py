"""Things and segments of the part of a scene that a tile sees."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dgl_rsis.geo.windows import Box
from dgl_rsis.proposals.filters import non_maximum_suppression, within_areas
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.proposals.objectness import colour_field, objectness
from dgl_rsis.proposals.region_tree import RegionTree
from dgl_rsis.types import BoolArray, FloatArray, IntArray, Raster

THINGS = 400
"""Most things of a tile of ``TILE`` pixels a side; more and fewer in others, by area."""
SEGMENTS = 2000
"""Segments that such a tile is divided into."""
TILE = 1024
SMALLEST_AREA = 16  # pixels of a thing
LARGEST_SHARE = 0.9  # of what the tile sees
LARGEST_OVERLAP = 0.7  # intersection over union of two things

Labels = NDArray[np.int32]


@dataclass(frozen=True)
class Found:
    """What was found in the part of a scene that a tile sees, all in the frame of that part.

    Attributes:
        things: ``N`` masks.
        looks: ``(N,)`` float32 in [0, 1], how much each is one whole thing.
        segments: ``(H, W)`` int32 from 0, -1 where there is no data.
    """

    things: MaskSet
    looks: FloatArray
    segments: Labels


def find(raster: Raster, tree: RegionTree, core: Box) -> Found:
    """Things and segments of the part of a scene that a tile sees.

    Args:
        raster: that part.
        tree: its region tree.
        core: what the tile answers for, in the frame of the part.
    """
    if not len(tree):
        empty = np.zeros((0, 4), np.int64)
        nothing = MaskSet(tree.shape, empty, ())
        return Found(nothing, np.zeros(0, np.float32), np.full(tree.shape, -1, np.int32))
    size = core.shape[0] * core.shape[1] / TILE**2
    among = within_areas(tree, minimum=SMALLEST_AREA, maximum_share=LARGEST_SHARE)
    among = among[_concerns(tree, among, core)]
    looks = objectness(tree, colour_field(raster.rgb, raster.valid))
    kept = non_maximum_suppression(
        tree, looks, LARGEST_OVERLAP, among=among, limit=max(1, round(THINGS * size))
    ).tolist()
    offsets = tree.boxes[kept, :2] if kept else np.zeros((0, 2), np.int64)
    things = MaskSet.from_crops([tree.crop(node) for node in kept], offsets, tree.shape)
    seen = tree.shape[0] * tree.shape[1] / TILE**2
    return Found(things, looks[kept], divide(tree, max(1, round(SEGMENTS * seen))))


def divide(tree: RegionTree, count: int) -> Labels:
    """Divide an image by the dearest merges of the finest tree.

    Args:
        tree: the forest.
        count: how many segments at most.

    Returns:
        ``(H, W)`` int32 from 0, -1 where there is no data.
    """
    nodes = tree.nodes(0)
    leaves = tree.leaf_count(0)
    inner = np.arange(nodes.start + leaves, nodes.stop)
    # heights do not fall towards the root: the dearest merges are the topmost ones
    order = inner[np.lexsort((inner, tree.heights[inner]))][::-1]
    undone = order[: count - 1]
    starts = tree.leaf_ranges[tree.children[undone]].reshape(-1, 2)[:, 0]
    is_start = np.zeros(leaves, bool)
    is_start[0] = True
    is_start[starts] = True
    numbers = np.append(np.cumsum(is_start) - 1, -1).astype(np.int32)
    labels: Labels = numbers[tree.leaf_labels(0)]
    return labels


def centre_in(centroids: NDArray[np.float64], box: Box) -> BoolArray:
    """``(N,)`` points that lie in a box."""
    low, high = (box.x0, box.y0), (box.x1, box.y1)
    return np.asarray(((centroids >= low) & (centroids < high)).all(axis=1))


def _concerns(tree: RegionTree, nodes: IntArray, core: Box) -> BoolArray:
    """``(N,)`` nodes whose centre lies in the core, and those that reach it from beyond."""
    boxes = tree.boxes[nodes]
    height, width = tree.shape
    reaches = (boxes[:, :2] < (core.x1, core.y1)).all(1) & (boxes[:, 2:] > (core.x0, core.y0)).all(
        1
    )
    at_edge = (boxes == np.array([0, 0, width, height])).any(axis=1)
    return np.asarray(centre_in(tree.centroids[nodes], core) | (reaches & at_edge), bool)
