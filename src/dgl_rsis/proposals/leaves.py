"""Superpixel leaves: Felzenszwalb & Huttenlocher (2004) in rounds of whole-array operations.

Two regions merge over the lightest edge between them if it is at most
``min(Int(a) + k/|a|, Int(b) + k/|b|)``, ``Int`` the heaviest edge inside. The sequential
algorithm visits all edges in order of weight. Here every region looks at its lightest edge at
once: if that is too heavy for the region itself, the region is finished and all its edges go;
otherwise the smaller of two regions joins the larger, and those that join the same one are
checked in order of weight against its growing size. The result
is close to that of the sequential algorithm, not equal to it. Edges are sorted once for all scales.
Neighbours are the four next to a pixel, so leaves are 4-connected.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from dgl_rsis.types import BoolArray, FloatArray, IntArray

WEIGHT_STEP = 1 / 16384  # edges are sorted in steps of 1/64 of an 8-bit grey level
MIX = 2654435761  # odd, near 2**32 over the golden ratio
UNMIX = pow(MIX, -1, 2**32)

Index32 = NDArray[np.int32]


@dataclass(frozen=True)
class PixelEdges:
    """Edges between 4-neighbours in ascending order of weight (in small steps).

    Attributes:
        first: ``(E,)`` flat index of one pixel.
        second: ``(E,)`` flat index of the other.
        weight: ``(E,)`` float32, Euclidean distance of their colours.
    """

    first: Index32
    second: Index32
    weight: FloatArray

    def renamed(self, names: Index32) -> PixelEdges:
        """Edges between regions, without those inside a region."""
        first, second = names[self.first], names[self.second]
        between = first != second
        return PixelEdges(first[between], second[between], self.weight[between])

    def lightest(self, count: int) -> Index32:
        """``(count,)`` index of each region's lightest edge, the number of edges if it has none."""
        edges = np.arange(len(self.weight), dtype=np.int32)
        found = np.full((2, count), len(edges), dtype=np.int32)
        # Of repeated indices the last assignment stays: backwards, that is the lightest edge.
        found[0, self.first[::-1]] = edges[::-1]
        found[1, self.second[::-1]] = edges[::-1]
        return np.asarray(found.min(axis=0))


def colour_steps(colours: FloatArray) -> FloatArray:
    """Distances of colours ``(H, W, C)`` to the pixel on the right, then to the one below."""
    steps = (colours[:, 1:] - colours[:, :-1], colours[1:] - colours[:-1])
    squares = [np.einsum("ijk,ijk->ij", step, step).ravel() for step in steps]
    return np.asarray(np.sqrt(np.concatenate(squares)), dtype=np.float32)


def pixel_edges(colours: FloatArray, valid: BoolArray | None = None) -> PixelEdges:
    """Sorted edges of an image.

    Args:
        colours: ``(H, W, C)`` float32.
        valid: ``(H, W)`` bool; no edge touches a pixel that is not.
    """
    height, width = colours.shape[:2]
    pixels = np.arange(height * width, dtype=np.int32).reshape(height, width)
    first = np.concatenate([pixels[:, :-1].ravel(), pixels[:-1].ravel()])
    second = np.concatenate([pixels[:, 1:].ravel(), pixels[1:].ravel()])
    weight = colour_steps(colours)
    if valid is not None and not valid.all():
        flat = valid.ravel()
        both = flat[first] & flat[second]
        first, second, weight = first[both], second[both], weight[both]
    order = _order(weight)
    return PixelEdges(first[order], second[order], weight[order])


def _order(weight: FloatArray) -> IntArray:
    """Ascending order of weights in steps of ``WEIGHT_STEP``, scrambled within a step.

    In flat or evenly shaded areas the order would else run along rows, and regions would join
    one after the other and not at once.
    """
    scramble = np.arange(len(weight), dtype=np.uint32) * np.uint32(MIX)
    scramble ^= scramble >> np.uint32(16)
    keys = (weight / np.float32(WEIGHT_STEP)).astype(np.uint64) << np.uint64(32)
    keys |= scramble * np.uint32(MIX)
    keys.sort()
    # Each step of the scrambling is a bijection; undone, the low bits are the edge again.
    unscramble = (keys & np.uint64(0xFFFFFFFF)).astype(np.uint32) * np.uint32(UNMIX)
    unscramble ^= unscramble >> np.uint32(16)
    return (unscramble * np.uint32(UNMIX)).astype(np.int64)


def segment(
    edges: PixelEdges, shape: tuple[int, int], *, scale: float, min_size: int
) -> tuple[IntArray, int]:
    """Leaves of one scale.

    Args:
        edges: sorted edges of the image.
        shape: height and width.
        scale: ``k`` in the units of the edges' weights; larger means larger leaves.
        min_size: regions with fewer pixels join the neighbour over their lightest edge.

    Returns:
        ``(H, W)`` labels from 0 (pixels without edges keep a label of their own) and how many.
    """
    count = shape[0] * shape[1]
    region = np.arange(count, dtype=np.int32)
    size = np.ones(count, dtype=np.int64)
    inner = np.zeros(count, dtype=np.float32)
    rest = edges
    while len(rest.weight):
        lightest = rest.lightest(len(size))
        limit = inner + scale / size
        weight = np.append(rest.weight, np.float32(np.inf))[lightest]
        finished = weight > limit
        joining, host, edge = _joins(rest, lightest, limit, size, finished)
        joining, host, joined = _admit(joining, host, rest.weight[edge], size, inner, scale)
        inner[host] = np.maximum(inner[host], joined)
        names, kept = _names(len(size), joining, host)
        size = np.bincount(names, weights=size).astype(np.int64)
        inner = inner[kept]
        region = names[region]
        if finished.any():
            open_edges = ~(finished[rest.first] | finished[rest.second])
            rest = PixelEdges(
                rest.first[open_edges], rest.second[open_edges], rest.weight[open_edges]
            )
        rest = rest.renamed(names)
    region = _absorb_small(edges.renamed(region), region, size, min_size)
    return region.reshape(shape).astype(np.int64), int(region.max()) + 1


def _joins(
    edges: PixelEdges,
    lightest: Index32,
    limit: NDArray[np.float64],
    size: IntArray,
    finished: BoolArray,
) -> tuple[IntArray, IntArray, IntArray]:
    """Which regions join which over their lightest edge, sorted by host, then weight."""
    region = np.flatnonzero(~finished)
    edge = lightest[region].astype(np.int64)
    host = (edges.first[edge].astype(np.int64) + edges.second[edge]) - region
    smaller = (size[region] < size[host]) | ((size[region] == size[host]) & (region < host))
    wants = smaller & (edges.weight[edge] <= limit[host]) & ~finished[host]
    moving = np.zeros(len(size), dtype=bool)
    moving[region[wants]] = True
    # A region that moves takes nobody in this round, so nothing joins in chains.
    wants &= ~moving[host]
    region, host, edge = region[wants], host[wants], edge[wants]
    order = np.lexsort((edge, host))
    return region[order], host[order], edge[order]


def _admit(
    joining: IntArray,
    host: IntArray,
    weight: FloatArray,
    size: IntArray,
    inner: FloatArray,
    scale: float,
) -> tuple[IntArray, IntArray, FloatArray]:
    """Check those that join one host in order of weight against its growing size."""
    if not len(joining):
        return joining, host, weight
    begins = np.append(True, host[1:] != host[:-1])
    arrived = np.cumsum(size[joining]) - size[joining]
    group = np.maximum.accumulate(np.where(begins, np.arange(len(host)), 0))
    grown = size[host] + arrived - arrived[group]
    before = np.where(begins, 0, np.append(np.float32(0), weight[:-1]))
    admitted = weight <= np.maximum(inner[host], before) + scale / grown
    return joining[admitted], host[admitted], weight[admitted]


def _names(count: int, joining: IntArray, host: IntArray) -> tuple[Index32, BoolArray]:
    """New names of ``count`` regions after some joined others, and which kept their own."""
    target = np.arange(count, dtype=np.int32)
    target[joining] = host
    kept = np.ones(count, dtype=bool)
    kept[joining] = False
    return (np.cumsum(kept, dtype=np.int32) - np.int32(1))[target], kept


def _absorb_small(edges: PixelEdges, region: Index32, size: IntArray, min_size: int) -> Index32:
    """Join every region below ``min_size`` to the neighbour over its lightest edge."""
    while len(edges.weight):
        lightest = edges.lightest(len(size))
        small = (size < min_size) & (lightest < len(edges.weight))
        if not small.any():
            break
        chosen = np.unique(lightest[small])
        links = (np.ones(len(chosen), dtype=bool), (edges.first[chosen], edges.second[chosen]))
        graph = csr_array(links, shape=(len(size), len(size)))
        names = connected_components(graph, directed=False)[1].astype(np.int32)
        size = np.bincount(names, weights=size).astype(np.int64)
        region = names[region]
        edges = edges.renamed(names)
    return region
