"""What a pixel step is on the ground, anywhere in an image (docs/design.md 3.1).

At one place, steps across and down the image are two vectors of metres to the east and to the
north on the ellipsoid. In a geographic CRS they have different lengths, in a Mercator map they
shrink towards the poles, and in a rotated geographic raster they are not even perpendicular. They
are measured at the nodes of a grid and interpolated: far nodes of a large image differ by per
cents, and between nodes the change is almost linear.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from dgl_rsis.geo.crs import earth_system
from dgl_rsis.types import MapFrame

Floats = NDArray[np.float64]
NODES = 9
"""Nodes of the grid a side."""
UNIFORM = 5e-4
"""Relative differences of steps below which one place speaks for the whole image."""


@dataclass(frozen=True)
class Ground:
    """Pixel steps on the ground.

    Attributes:
        center: ``(2, 2)`` metres ``[[east of x, east of y], [north of x, north of y]]`` of a step
            to the right (x) and down (y), at the centre of the image.
        nodes: ``(NODES, NODES, 2, 2)`` the same by rows and columns over the whole image; None
            where the centre speaks for all of it.
        shape: height and width of the image in pixels.
    """

    center: Floats
    nodes: Floats | None
    shape: tuple[int, int]

    @property
    def is_plain(self) -> bool:
        """Whether steps are the same everywhere, and perpendicular."""
        return self.nodes is None and self.is_right_angled

    @property
    def is_right_angled(self) -> bool:
        """Whether steps to the right and down are perpendicular on the ground."""
        return bool(abs(_cosines(self.center)) < UNIFORM)

    @property
    def least(self) -> tuple[float, float]:
        """Metres per pixel across and down that no way on the ground is shorter than.

        ``hypot(dx * across, dy * down)`` is at most the length of a step ``dx, dy``, anywhere;
        it is taken for the length where ``is_plain``.
        """
        steps = self.center if self.nodes is None else self.nodes
        lengths = np.hypot(steps[..., 0, :], steps[..., 1, :]).reshape(-1, 2).min(axis=0)
        slant = 1.0 if self.is_plain else np.sqrt(1 - np.abs(_cosines(steps)).max())
        return float(lengths[0] * slant), float(lengths[1] * slant)

    def steps_at(self, points: Floats) -> Floats:
        """``(K, 2, 2)`` steps at points ``(K, 2)`` of the pixel frame, as in ``center``."""
        if self.nodes is None:
            return np.broadcast_to(self.center, (len(points), 2, 2))
        height, width = self.shape
        places = np.clip(points / np.array([width, height]), 0, 1) * (NODES - 1)
        cells = np.minimum(places.astype(np.int64), NODES - 2)
        (right, down), (column, row) = (places - cells).T[:, :, None, None], cells.T
        upper = self.nodes[row, column] * (1 - right) + self.nodes[row, column + 1] * right
        lower = self.nodes[row + 1, column] * (1 - right) + self.nodes[row + 1, column + 1] * right
        steps: Floats = upper * (1 - down) + lower * down
        return steps

    def lengths(self, ways: Floats, points: Floats) -> Floats:
        """``(K,)`` metres of ways ``(K, 2)`` in pixels, each around a point."""
        metres = (self.steps_at(points) @ ways[:, :, None])[:, :, 0]
        lengths: Floats = np.hypot(metres[:, 0], metres[:, 1])
        return lengths

    def pixel_areas(self, points: Floats) -> Floats:
        """``(K,)`` square metres of a pixel at each point."""
        areas: Floats = np.abs(np.linalg.det(self.steps_at(points)))
        return areas


@lru_cache(maxsize=16)
def ground_of(frame: MapFrame, shape: tuple[int, int]) -> Ground | None:
    """Pixel steps of an image.

    What the frame says about its centre holds; how steps change from there is told by the CRS.

    Args:
        frame: where the image lies.
        shape: height and width in pixels.

    Returns:
        None where the frame gives no ground lengths.
    """
    if frame.metres_per_pixel is None:
        return None
    metres = np.array(frame.metres_per_pixel)
    nodes = _measured(frame, shape)
    if nodes is None:
        return Ground(_turned(np.diag([1.0, -1.0]) * metres, frame), None, shape)
    middle = nodes[NODES // 2, NODES // 2]
    stretch = metres / np.hypot(middle[0], middle[1])
    center = _turned(middle * stretch, frame)
    turned = center @ np.linalg.inv(middle * stretch) @ (nodes * stretch)
    squares, own = turned.swapaxes(2, 3) @ turned, center.T @ center  # where north is, is not asked
    differences = np.linalg.norm(squares - own, axis=(2, 3)) / np.linalg.norm(own)
    return Ground(center, None if differences.max() < 2 * UNIFORM else turned, shape)


def _turned(steps: Floats, frame: MapFrame) -> Floats:
    """The same steps, turned so that north is where the frame says; up if it does not."""
    east, north = steps @ np.array(frame.north or (0.0, -1.0))
    length = np.hypot(east, north)
    turn = np.array([[north, -east], [east, north]]) / length
    return np.asarray(turn @ steps)


def _measured(frame: MapFrame, shape: tuple[int, int]) -> Floats | None:
    """Steps at all nodes from the CRS; None where one of them has no place on the ellipsoid."""
    system, affine = earth_system(frame.crs), Affine(*frame.transform)
    if system is None or affine.is_degenerate:
        return None
    rows, columns = np.mgrid[:NODES, :NODES].reshape(2, -1) / (NODES - 1)
    points = np.stack([columns * shape[1], rows * shape[0]], axis=1)
    ways = []
    for half in ((0.5, 0.0), (0.0, 0.5)):
        first, second = (
            _radians(system, affine, points + sign * np.array(half)) for sign in (-1, 1)
        )
        ways.append(_metres(system, first, second))
    nodes = np.stack(ways, axis=2).reshape(NODES, NODES, 2, 2)
    return nodes if np.isfinite(nodes).all() else None


def _radians(system: CRS, affine: Affine, points: Floats) -> Floats:
    """``(K, 2)`` longitude and latitude of points of the pixel frame."""
    geodetic = system.geodetic_crs
    transformer = Transformer.from_crs(system, geodetic, always_xy=True)
    matrix = np.array(affine).reshape(3, 3)
    x, y = matrix[:2, :2] @ points.T + matrix[:2, 2:]
    unit = geodetic.axis_info[0].unit_conversion_factor if geodetic is not None else np.nan
    return np.stack(transformer.transform(x, y), axis=1) * unit


def _metres(system: CRS, first: Floats, second: Floats) -> Floats:
    """``(K, 2)`` metres to the east and north from near places to others, in radians."""
    ellipsoid = system.ellipsoid
    if ellipsoid is None:
        return np.full(first.shape, np.nan)
    latitudes = (first[:, 1] + second[:, 1]) / 2
    east, north = ((second - first) + np.pi).T % (2 * np.pi) - np.pi
    flattening = 1 / ellipsoid.inverse_flattening if ellipsoid.inverse_flattening else 0.0
    squared = flattening * (2 - flattening)  # eccentricity
    root = 1 - squared * np.sin(latitudes) ** 2
    normal = ellipsoid.semi_major_metre / np.sqrt(root)  # radius of curvature across the meridian
    meridian = normal * (1 - squared) / root
    return np.stack([east * normal * np.cos(latitudes), north * meridian], axis=1)


def _cosines(steps: Floats) -> Floats:
    """Cosines of the angles between steps to the right and down."""
    right, down = steps[..., 0], steps[..., 1]
    lengths = np.linalg.norm(right, axis=-1) * np.linalg.norm(down, axis=-1)
    return np.asarray((right * down).sum(axis=-1) / lengths)
