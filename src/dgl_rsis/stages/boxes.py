"""Boxes ``x0, y0, x1, y1`` in closed form: overlaps, ways between them, shapes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dgl_rsis.stages.shapes import Hulls, Shapes

Numbers = NDArray[np.number[Any]]
Floats = NDArray[np.float64]


def common_areas(first: Numbers, second: Numbers) -> Floats:
    """``(P,)`` areas that pairs of boxes ``(P, 4)`` share."""
    low = np.maximum(first[:, :2], second[:, :2])
    sides = np.clip(np.minimum(first[:, 2:], second[:, 2:]) - low, 0, None)
    areas: Floats = sides[:, 0] * sides[:, 1].astype(np.float64)
    return areas


def ways_between(first: Numbers, second: Numbers) -> tuple[Floats, Floats]:
    """Shortest ways between pairs of boxes ``(P, 4)``.

    Returns:
        ``(P, 2)`` points of the first where they begin, ``(P, 2)`` ways to the second; 0 where
        boxes touch.
    """
    low = np.maximum(first[:, :2], second[:, :2]).astype(np.float64)
    high = np.minimum(first[:, 2:], second[:, 2:]).astype(np.float64)
    gaps = np.maximum(low - high, 0)
    is_before = first[:, :2] < second[:, :2]
    ways = np.where(is_before, gaps, -gaps)
    points = np.where(gaps > 0, np.where(is_before, high, low), (low + high) / 2)
    return points, ways


def shapes_of(boxes: Numbers) -> Shapes:
    """Shapes of boxes ``(K, 4)``."""
    sides = (boxes[:, 2:] - boxes[:, :2]).astype(np.float64)
    return Shapes(
        length=sides.max(axis=1),
        width=sides.min(axis=1),
        angle=np.where(sides[:, 0] >= sides[:, 1], 0.0, 90.0),
        rectangularity=np.ones(len(boxes)),
        circularity=4 * sides.prod(axis=1) / (np.pi * (sides**2).sum(axis=1)),
    )


def hulls_of(boxes: Numbers) -> Hulls:
    """Corners of boxes ``(K, 4)``, seen from the first one."""
    sides = (boxes[:, 2:] - boxes[:, :2]).astype(np.float64)
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * sides[:, None]
    return Hulls(corners.reshape(-1, 2), np.full(len(boxes), 4))
