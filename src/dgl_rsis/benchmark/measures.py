"""Measures of the things of an image by brute force, each from all of their pixels.

Slow and plain on purpose: they are what faster measures are compared with.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import ConvexHull, cKDTree

from dgl_rsis.benchmark.truth import Truth

RING = 3  # pixels around a thing that tell what it stands in
LEAST_GROUND = 0.2  # part of the ring that has to be ground, or the anchor
Points = NDArray[np.float64]


@dataclass(frozen=True)
class Measures:
    """Measures of the things of one image, each computed when first asked for; pixel frame."""

    truth: Truth
    _outlines: dict[int, Points] = field(default_factory=dict, repr=False)
    _sides: dict[int, tuple[float, float, float]] = field(default_factory=dict, repr=False)
    _around: dict[int, NDArray[np.int64]] = field(default_factory=dict, repr=False)

    @cached_property
    def owner(self) -> NDArray[np.int64]:
        """``(H, W)`` index of the thing at each pixel, -1 where there is none."""
        owner = np.full(self.truth.shape, -1, dtype=np.int64)
        for index, thing in enumerate(self.truth.things):
            x0, y0, x1, y1 = thing.box
            owner[y0:y1, x0:x1][thing.mask] = index
        return owner

    @cached_property
    def centroids(self) -> Points:
        """``(N, 2)`` mean ``x, y`` of the pixel centres."""
        found = [thing.pixels.mean(axis=0) + 0.5 for thing in self.truth.things]
        return np.array(found, dtype=np.float64).reshape(-1, 2)

    @cached_property
    def areas(self) -> NDArray[np.float64]:
        """``(N,)`` visible pixels."""
        return np.array([thing.area for thing in self.truth.things], dtype=np.float64)

    @cached_property
    def colours(self) -> Points:
        """``(N, 3)`` median RGB in 0..255."""
        found = []
        for thing in self.truth.things:
            columns, rows = thing.pixels.T
            found.append(np.median(self.truth.image[rows, columns], axis=0))
        return np.array(found, dtype=np.float64).reshape(-1, 3)

    def outline(self, index: int) -> Points:
        """``(n, 2)`` centres of the pixels at the border of a thing."""
        if index not in self._outlines:
            thing = self.truth.things[index]
            border = thing.mask & ~ndimage.binary_erosion(thing.mask)
            rows, columns = np.nonzero(border)
            self._outlines[index] = np.stack([columns, rows], axis=1) + thing.box[:2] + 0.5
        return self._outlines[index]

    def sides(self, index: int) -> tuple[float, float, float]:
        """Longer and shorter side of the smallest rectangle around a thing, and its direction.

        Sides are in pixels, the direction of the longer one is in degrees from the x axis
        towards y, 0 to 180. A side of the smallest rectangle lies on a side of the convex hull.
        """
        if index not in self._sides:
            self._sides[index] = _smallest_rectangle(self.outline(index))
        return self._sides[index]

    def gaps(self, indices: list[int], anchor: list[int]) -> NDArray[np.float64]:
        """``(K,)`` shortest distance in pixels from each thing to any pixel of the anchor.

        0 where they touch. ``indices`` and ``anchor`` must not share a thing.
        """
        tree = cKDTree(np.concatenate([self.outline(index) for index in anchor]))
        outlines = [self.outline(index) for index in indices]
        starts = np.cumsum([0, *map(len, outlines[:-1])])
        nearest = np.minimum.reduceat(tree.query(np.concatenate(outlines))[0], starts)
        return np.array(np.maximum(nearest - 1, 0))

    def share_around(self, index: int, anchor: list[int]) -> float | None:
        """Part of the ground around a thing that belongs to the anchor, in [0, 1].

        Pixels of what stands there, too, tell nothing; None where hardly any other pixel is left.
        """
        around = self._owners_around(index)
        in_anchor = np.isin(around, anchor)
        counted = in_anchor | self._is_ground[around]
        if counted.sum() < LEAST_GROUND * len(around):
            return None
        return float(in_anchor.sum() / counted.sum())

    @cached_property
    def _is_ground(self) -> NDArray[np.bool_]:
        """``(N + 1,)`` whether other things may stand on a thing.

        What is no thing at all is ground, too: -1 picks the last entry.
        """
        return np.array([*(thing.is_ground for thing in self.truth.things), True])

    def _owners_around(self, index: int) -> NDArray[np.int64]:
        """Things at the pixels around a thing, -1 where there is none."""
        if index not in self._around:
            x0, y0, x1, y1 = self.truth.things[index].box
            top, left = max(0, y0 - RING), max(0, x0 - RING)
            window = self.owner[top : y1 + RING, left : x1 + RING]
            own = window == index
            ring = ndimage.binary_dilation(own, iterations=RING) & ~own
            self._around[index] = window[ring]
        return self._around[index]


def _smallest_rectangle(centres: Points) -> tuple[float, float, float]:
    """Longer side, shorter side and direction of the longer one, of pixels by their centres."""
    if np.linalg.matrix_rank(centres - centres[0]) < 2:  # one row, one column, one pixel
        extent = centres[-1] - centres[0]
        turn = float(np.degrees(np.arctan2(extent[1], extent[0])))
        return float(np.hypot(*extent)) + 1, 1.0, turn % 180
    hull = centres[ConvexHull(centres).vertices]
    edges = np.roll(hull, -1, axis=0) - hull
    along = edges / np.hypot(edges[:, 0], edges[:, 1])[:, None]
    across = np.stack([-along[:, 1], along[:, 0]], axis=1)
    firsts, seconds = np.ptp(hull @ along.T, axis=0) + 1, np.ptp(hull @ across.T, axis=0) + 1
    best = int(np.argmin(firsts * seconds))
    turn = float(np.degrees(np.arctan2(along[best, 1], along[best, 0])))
    if firsts[best] >= seconds[best]:
        return float(firsts[best]), float(seconds[best]), turn % 180
    return float(seconds[best]), float(firsts[best]), (turn + 90) % 180
