"""Superpixel leaves: Felzenszwalb & Huttenlocher (2004) in rounds of whole-array operations.

Two regions merge over the lightest edge between them if it is at most
``min(Int(a) + k/|a|, Int(b) + k/|b|)``, ``Int`` the heaviest edge inside. The sequential
algorithm visits all edges in order of weight. Here every region looks at its lightest edge at
once: if that is too heavy for the region itself, the region is finished and all its edges go;
otherwise the smaller of two regions joins the larger, and those that join the same one are
checked in order of weight against its growing size. The result
is close to that of the sequential algorithm, not equal to it.
Neighbours are the four next to a pixel, so leaves are 4-connected.

Most of the work is in the first rounds, on single pixels, where every scale admits nearly
everything. So pixels are joined along chains of nearest neighbours first, once for all scales.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from dgl_rsis.types import BoolArray, FloatArray, IntArray

WEIGHT_STEP = 1 / 16384  # edges are sorted in steps of 1/64 of an 8-bit grey level
MIX = 2654435761  # odd, near 2**32 over the golden ratio
UNMIX = pow(MIX, -1, 2**32)
NO_EDGE = np.iinfo(np.uint64).max

Index32 = NDArray[np.int32]
Keys = NDArray[np.uint64]


@dataclass(frozen=True)
class Edges:
    """Edges between regions in ascending order of weight (in small steps).

    Attributes:
        first: ``(E,)`` one region.
        second: ``(E,)`` the other.
        weight: ``(E,)`` float32, Euclidean distance of the colours of two pixels.
    """

    first: Index32
    second: Index32
    weight: FloatArray

    def renamed(self, names: Index32) -> Edges:
        """Edges between renamed regions, without those inside one or at one named -1."""
        first, second = _taken(names, self.first), _taken(names, self.second)
        kept = np.flatnonzero((first != second) & ((first | second) >= 0))
        return Edges(_taken(first, kept), _taken(second, kept), _taken(self.weight, kept))

    def lightest(self, count: int) -> Index32:
        """``(count,)`` index of each region's lightest edge, the number of edges if it has none."""
        edges = np.arange(len(self.weight), dtype=np.int32)
        found = np.full((2, count), len(edges), dtype=np.int32)
        # Of repeated indices the last assignment stays: backwards, that is the lightest edge.
        found[0, self.first[::-1]] = edges[::-1]
        found[1, self.second[::-1]] = edges[::-1]
        return np.asarray(found.min(axis=0))


def _taken(values: NDArray[Any], places: NDArray[np.integer[Any]]) -> NDArray[Any]:
    """``values[places]``; clipping spares the check of every place, which takes half of the time."""
    return values.take(places, mode="clip")


@dataclass(frozen=True)
class Regions:
    """A partition of the pixels into small regions.

    Attributes:
        labels: ``(P,)`` region of each pixel, row by row.
        size: ``(R,)`` pixels of each region.
        inner: ``(R,)`` float32, its heaviest edge inside.
        edges: between the regions.
    """

    labels: Index32
    size: IntArray
    inner: FloatArray
    edges: Edges


def colour_steps(colours: FloatArray) -> FloatArray:
    """Distances of colours ``(H, W, C)`` to the pixel on the right, then to the one below."""
    steps = (colours[:, 1:] - colours[:, :-1], colours[1:] - colours[:-1])
    squares = [np.einsum("ijk,ijk->ij", step, step).ravel() for step in steps]
    return np.asarray(np.sqrt(np.concatenate(squares)), dtype=np.float32)


def _edge_keys(weight: FloatArray) -> Keys:
    """Distinct keys that order edges by weight in steps of ``WEIGHT_STEP``, then scrambled.

    In flat or evenly shaded areas the order would else run along rows, and regions would join
    one after the other and not at once.
    """
    scramble = np.arange(len(weight), dtype=np.uint32) * np.uint32(MIX)
    scramble ^= scramble >> np.uint32(16)
    keys = (weight / np.float32(WEIGHT_STEP)).astype(np.uint64) << np.uint64(32)
    keys |= scramble * np.uint32(MIX)
    return np.asarray(keys)


def _edge_of(keys: Keys) -> IntArray:
    """The edge that each key of ``_edge_keys`` belongs to."""
    # Each step of the scrambling is a bijection; undone, the low bits are the edge again.
    unscramble = (keys & np.uint64(0xFFFFFFFF)).astype(np.uint32) * np.uint32(UNMIX)
    unscramble ^= unscramble >> np.uint32(16)
    return (unscramble * np.uint32(UNMIX)).astype(np.int64)


def grow_pixels(colours: FloatArray, valid: BoolArray | None = None, *, scale: float) -> Regions:
    """Small regions that every scale from ``scale`` on admits.

    Args:
        colours: ``(H, W, C)`` float32.
        valid: ``(H, W)`` bool; no edge touches a pixel that is not.
        scale: the smallest scale, see ``segment``.
    """
    weight = colour_steps(colours)
    keys = _edge_keys(weight)
    if valid is not None and not valid.all():
        across = (valid[:, 1:] & valid[:, :-1]).ravel(), (valid[1:] & valid[:-1]).ravel()
        keys[~np.concatenate(across)] = NO_EDGE
    lightest, neighbour = _nearest(keys, (int(colours.shape[0]), int(colours.shape[1])))
    labels, size, inner = _chains(lightest, neighbour, scale)
    edges = _edges_between(labels, keys, weight, int(colours.shape[1]))
    return Regions(labels, size, inner, edges)


def _nearest(keys: Keys, shape: tuple[int, int]) -> tuple[Keys, Index32]:
    """Lightest edge of each pixel, and the pixel beyond it (itself if it has no edge)."""
    height, width = shape
    pixels = np.arange(height * width, dtype=np.int32).reshape(shape)
    right = keys[: height * (width - 1)].reshape(height, width - 1)
    down = keys[height * (width - 1) :].reshape(height - 1, width)
    least = np.full(shape, NO_EDGE)
    beyond = pixels.copy()
    for edges, here, there in (
        (right, np.s_[:, :-1], np.s_[:, 1:]),
        (right, np.s_[:, 1:], np.s_[:, :-1]),
        (down, np.s_[:-1], np.s_[1:]),
        (down, np.s_[1:], np.s_[:-1]),
    ):
        np.copyto(beyond[here], pixels[there], where=edges < least[here])
        np.minimum(least[here], edges, out=least[here])
    return least.ravel(), beyond.ravel()


def _chains(
    lightest: Keys, neighbour: Index32, scale: float
) -> tuple[Index32, IntArray, FloatArray]:
    """Join every pixel to its nearest neighbour, along whole chains, where ``scale`` admits it.

    Returns:
        ``(P,)`` region of each pixel, the regions' sizes and their heaviest edges inside.
    """
    pixels = np.arange(len(neighbour), dtype=np.int32)
    weight = ((lightest >> np.uint64(32)) + np.uint64(1)).astype(np.float32)
    weight *= np.float32(WEIGHT_STEP)
    # Keys are distinct, so a chain ends where two pixels point at each other.
    ends = (neighbour[neighbour] == pixels) & (pixels <= neighbour)
    link = np.where(ends, pixels, neighbour)
    while True:
        root = _followed(link)
        size = np.bincount(root, minlength=len(root))
        # The final size, and without Int: stricter than the criterion is at any merge on the way.
        heavy = (link != pixels) & (weight * size[root] > scale)
        if not heavy.any():
            break
        link[heavy] = pixels[heavy]
    inner = np.zeros(len(root), dtype=np.float32)
    np.maximum.at(inner, root, np.where(link == pixels, 0, weight))
    kept = root == pixels
    labels = (np.cumsum(kept, dtype=np.int32) - np.int32(1))[root]
    return labels, size[kept], inner[kept]


def _followed(link: Index32) -> Index32:
    """Where the links of each pixel lead to in the end."""
    while True:
        further = link[link]
        if np.array_equal(further, link):
            return further
        link = further


def _edges_between(labels: Index32, keys: Keys, weight: FloatArray, width: int) -> Edges:
    """Sorted edges between regions of pixels, without those that are no edges."""
    grid = labels.reshape(-1, width)
    apart = np.concatenate([(grid[:, 1:] != grid[:, :-1]).ravel(), (grid[1:] != grid[:-1]).ravel()])
    chosen = keys[apart & (keys != NO_EDGE)]
    chosen.sort()
    edge = _edge_of(chosen)
    across = grid.shape[0] * (width - 1)
    beside = edge < across
    first = np.where(beside, edge + edge // max(width - 1, 1), edge - across)
    second = first + np.where(beside, 1, width)
    return Edges(labels[first], labels[second], weight[edge])


def segment(
    grown: Regions, shape: tuple[int, int], *, scale: float, min_size: int
) -> tuple[IntArray, int]:
    """Leaves of one scale.

    Args:
        grown: small regions of the image, grown with no larger scale.
        shape: height and width.
        scale: ``k`` in the units of the edges' weights; larger means larger leaves.
        min_size: regions with fewer pixels join the neighbour over their lightest edge.

    Returns:
        ``(H, W)`` labels from 0 (pixels without edges keep a label of their own) and how many.
    """
    region = np.arange(len(grown.size), dtype=np.int32)
    size, inner, rest = grown.size, grown.inner, grown.edges
    while len(rest.weight):
        names, size, inner, finished = _round(size, inner, rest, scale)
        region = names[region]
        rest = rest.renamed(np.where(finished, np.int32(-1), names))
    region = _absorb_small(grown.edges.renamed(region), region, size, min_size)
    return region[grown.labels].reshape(shape).astype(np.int64), int(region.max()) + 1


def _round(
    size: IntArray, inner: FloatArray, edges: Edges, scale: float
) -> tuple[Index32, IntArray, FloatArray, BoolArray]:
    """Every region looks at its lightest edge once.

    Returns:
        New name of each region, new sizes, new heaviest edges inside, and which of the old
        regions are finished.
    """
    lightest = edges.lightest(len(size))
    limit = inner + scale / size
    weight = np.append(edges.weight, np.float32(np.inf))[lightest]
    finished = weight > limit
    joining, host, edge = _joins(edges, lightest, limit, size, finished)
    joining, host, joined = _admit(joining, host, edges.weight[edge], size, inner, scale)
    inner[host] = np.maximum(inner[host], joined)
    names, kept = _names(len(size), joining, host)
    return names, np.bincount(names, weights=size).astype(np.int64), inner[kept], finished


def _joins(
    edges: Edges,
    lightest: Index32,
    limit: NDArray[np.float64],
    size: IntArray,
    finished: BoolArray,
) -> tuple[IntArray, IntArray, IntArray]:
    """Which regions join which over their lightest edge, sorted by host, then weight."""
    region = np.flatnonzero(~finished)
    edge = _taken(lightest, region).astype(np.int64)
    host = _taken(edges.first, edge).astype(np.int64) + _taken(edges.second, edge) - region
    own, others = _taken(size, region), _taken(size, host)
    smaller = (own < others) | ((own == others) & (region < host))
    wants = smaller & (_taken(edges.weight, edge) <= _taken(limit, host)) & ~_taken(finished, host)
    moving = np.zeros(len(size), dtype=bool)
    moving[region[wants]] = True
    # A region that moves takes nobody in this round, so nothing joins in chains.
    wants &= ~_taken(moving, host)
    order = np.sort(host[wants] << 32 | edge[wants])
    host, edge = order >> 32, order & 0xFFFFFFFF
    return edges.first[edge].astype(np.int64) + edges.second[edge] - host, host, edge


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


def _absorb_small(edges: Edges, region: Index32, size: IntArray, min_size: int) -> Index32:
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
