"""Instances of a noun in a region tree or among flat masks: what collects the most evidence.

Pooled probabilities alone cannot tell a whole roof from a part of it: the purest fragment always
wins. Evidence adds up instead. Every leaf weighs its area times the log-odds of the noun against
its best rival; a node weighs the sum over its leaves minus a price. The best cut of the tree then
takes a whole thing rather than its parts (one price instead of many), and never two things with
something else between them (the gap counts against it). Flat masks are weighed in the same way
(docs/design.md, choice 7).
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from dgl_rsis.config import InstanceSettings
from dgl_rsis.proposals.filters import Overlaps
from dgl_rsis.proposals.region_tree import RegionTree
from dgl_rsis.stages.paint import best_cut
from dgl_rsis.stages.shapes import measure_masks
from dgl_rsis.types import BoolArray, FloatArray, IntArray

Mask = tuple[BoolArray, int, int]  # crop and the pixel x0, y0 of its upper left corner

EPSILON = 1e-6


def evidence(dense: FloatArray, column: int, limit: float) -> FloatArray:
    """Log-odds of one name against its best rival in every cell.

    Args:
        dense: ``(h, w, K)`` probabilities of names.
        column: of the name.
        limit: largest odds in nats.

    Returns:
        ``(h, w)`` float32 in [-limit, limit]; ``limit`` where there are no rivals.
    """
    rivals = np.delete(dense, column, axis=-1)
    if rivals.shape[-1] == 0:
        return np.full(dense.shape[:2], limit, np.float32)
    odds = np.log(dense[..., column] + EPSILON) - np.log(rivals.max(-1) + EPSILON)
    return np.asarray(np.clip(odds, -limit, limit), np.float32)


def cut_instances(
    tree: RegionTree, dense: FloatArray, column: int, settings: InstanceSettings
) -> IntArray:
    """Nodes of all trees that are instances of a name, by their evidence.

    Where the name wins nowhere, the threshold sinks until its best leaf does: the best candidate
    is still a candidate, and its low probability says how little is known.

    Args:
        tree: the forest.
        dense: ``(h, w, K)`` probabilities of names over the whole image.
        column: of the name.
        settings: price and thresholds.

    Returns:
        ``(n,)`` nodes that hardly overlap, most evidence first.
    """
    if len(tree) == 0:
        return np.zeros(0, np.int64)
    field = evidence(dense, column, settings.evidence_limit)
    cell = tree.shape[0] * tree.shape[1] / (dense.shape[0] * dense.shape[1])
    found: list[NDArray[np.int64]] = []
    values: list[NDArray[np.float64]] = []
    for number in range(tree.tree_count):
        leaves = tree.pool_leaves(field, number).astype(np.float64)
        leaves -= min(0.0, float(leaves.max()) - settings.least_margin)
        worth = tree.accumulate(leaves * tree.leaf_areas(number) / cell, number) - settings.price
        offset = tree.nodes(number).start
        children = tree.children[offset : tree.nodes(number).stop]
        # Leaving everything below a node out is worth 0.
        kept = best_cut(np.maximum(worth, 0), np.where(children >= 0, children - offset, -1))
        taken = np.array([node for node in kept if worth[node] > 0], np.int64)
        found.append(taken + offset)
        values.append(worth[taken])
    return _one_version(Overlaps(tree), np.concatenate(found), np.concatenate(values), settings)


def mask_instances(
    overlaps: Overlaps, dense: FloatArray, column: int, settings: InstanceSettings
) -> IntArray:
    """Flat masks that are instances of a name, by the same evidence as the nodes of a tree.

    Where the name wins in no mask, the threshold sinks until the best one does.

    Args:
        overlaps: of the masks.
        dense: ``(h, w, K)`` probabilities of names over the whole image.
        column: of the name.
        settings: price and thresholds.

    Returns:
        ``(n,)`` masks that hardly overlap, most evidence first; at least one if there is any mask.
    """
    masks = overlaps.proposals
    if len(masks) == 0:
        return np.zeros(0, np.int64)
    means = masks.pool(evidence(dense, column, settings.evidence_limit)).astype(np.float64)
    means -= min(0.0, float(means.max()) - settings.least_margin)
    cell = masks.shape[0] * masks.shape[1] / (dense.shape[0] * dense.shape[1])
    worths = means * masks.areas / cell - settings.price
    found = np.flatnonzero((worths > 0) | (worths == worths.max()))
    return _one_version(overlaps, found, worths[found], settings)


def instance_masks(
    tree: RegionTree,
    dense: FloatArray,
    column: int,
    objectness: FloatArray,
    settings: InstanceSettings,
) -> list[Mask]:
    """Masks of the instances of a name: nodes where they are whole things, else components.

    A thing of many colours (a car park with cars, a plane on a bright apron) is no node of a
    tree. The connected leaves that speak for the name are such a thing, unless nodes that look
    like objects of their own make up most of them. Where the leaves fill a rectangle or a circle
    they stay together all the same: two halves of a gabled roof look like objects, too.

    Args:
        tree: the forest.
        dense: ``(h, w, K)`` probabilities of names over the whole image.
        column: of the name.
        objectness: ``(N,)`` of the nodes, in [0, 1].
        settings: price and thresholds.

    Returns:
        crops with the pixel ``x0, y0`` of their upper left corner; they hardly overlap.
    """
    nodes = cut_instances(tree, dense, column, settings)
    if len(nodes) == 0:
        return []
    whole = nodes[objectness[nodes] >= settings.whole_objectness]
    numbers, count = ndimage.label(_speaking_leaves(tree, dense, column, settings))
    areas = np.bincount(numbers.ravel(), minlength=count + 1)
    covered = np.zeros(count + 1)
    home = np.zeros(len(whole), np.int64)
    for index, node in enumerate(whole.tolist()):
        x0, y0, x1, y1 = tree.boxes[node].tolist()
        shared = np.bincount(numbers[y0:y1, x0:x1][tree.crop(node)], minlength=count + 1)
        home[index] = shared[1:].argmax() + 1 if shared[1:].any() else 0
        covered[home[index]] += shared[home[index]]
    split = covered >= settings.split * areas
    places = ndimage.find_objects(numbers)
    for number in (np.flatnonzero(split[1:]) + 1).tolist():
        split[number] = not _is_solid(numbers[places[number - 1]] == number, settings)
    split[0] = True
    masks: list[Mask] = []
    for node, component in zip(whole.tolist(), home.tolist(), strict=True):
        if split[component]:
            masks.append((tree.crop(node), int(tree.boxes[node, 0]), int(tree.boxes[node, 1])))
    smallest = float(areas[1:].max(initial=0)) * settings.speck
    for number, place in enumerate(places, start=1):
        if not split[number] and areas[number] >= smallest:
            masks.append((numbers[place] == number, place[1].start, place[0].start))
    return masks


def _is_solid(crop: BoolArray, settings: InstanceSettings) -> bool:
    """Whether a mask fills a rectangle or a circle: one thing, whatever its parts look like."""
    shape = measure_masks([crop])
    return bool(max(shape.rectangularity[0], shape.circularity[0]) >= settings.solid)


def _speaking_leaves(
    tree: RegionTree, dense: FloatArray, column: int, settings: InstanceSettings
) -> BoolArray:
    """``(H, W)`` bool: leaves of the finest tree whose evidence is for the name."""
    leaves = tree.pool_leaves(evidence(dense, column, settings.evidence_limit)).astype(np.float64)
    leaves -= min(0.0, float(leaves.max()) - settings.least_margin)
    speaks = leaves > settings.least_strength * np.clip(leaves.max(), 0, 1)
    return np.append(speaks, False)[tree.leaf_labels()]


def _one_version(
    overlaps: Overlaps, found: IntArray, worths: NDArray[np.float64], settings: InstanceSettings
) -> IntArray:
    """One version of every thing: the whole, or its parts where they are worth more together.

    Args:
        overlaps: of all proposals.
        found: ``(n,)`` those with evidence for a name.
        worths: ``(n,)`` evidence of each less the price.
        settings: thresholds.

    Returns:
        those that hardly overlap and are not much weaker than the clearest, most evidence first.
    """
    if len(found) == 0:
        return found
    areas = overlaps.proposals.areas[found]
    density = (worths + settings.price) / areas
    is_open = density >= settings.least_strength * density[worths.argmax()]

    @cache
    def shared(place: int) -> IntArray:
        return np.asarray(overlaps.intersections(int(found[place]))[found])

    def apart(place: int) -> BoolArray:
        limit = settings.largest_overlap * np.minimum(areas, areas[place])
        return np.asarray(shared(place) <= limit)

    chosen: list[int] = []
    for place in np.argsort(-worths, kind="stable").tolist():
        if not is_open[place]:
            continue
        is_open[place] = False
        parts = is_open & (shared(place) > settings.part * areas)
        together = 0.0  # parts may be versions of each other
        while parts.any():
            best = int(np.where(parts, worths, -np.inf).argmax())
            together += worths[best]
            parts = parts & apart(best)
        if together > settings.parts_worth * max(0.0, worths[place]):
            continue
        chosen.append(int(found[place]))
        is_open &= apart(place)
    return np.array(chosen, np.int64)
