"""Black margins that a mosaic leaves around its footprint and that no nodata value declares.

A margin is told from dark water or shadow at the border by four signs that natural darkness does
not show together: it is exactly black, large and solid, its neighbours are not dark, and its
inner edge is no longer than what it occupies of the image border (the footprint of an image is
nearly convex, and a convex outline inside a rectangle is shorter than the part of the rectangle
that it cuts off; a shoreline is longer).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasterio.features import shapes
from scipy import ndimage
from shapely import line_merge
from shapely.geometry import Polygon, box, shape

from dgl_rsis.types import BoolArray

_MINIMUM_SHARE = 0.002  # of the image: smaller margins do not matter
_MINIMUM_PIXELS = 64
_EXACT_SHARE = 0.8  # of a margin that must be zero in every band
_SOLID_SHARE = 0.75  # of a margin that survives an opening by 3 x 3 pixels
_EDGE_STEP = 0.25  # brightness beside a margin, relative to the scene
_EDGE_RATIO = 1.1  # inner edge over border length
_SPECK_SHARE = 0.01  # of a margin: smaller holes are noise
_RAGGED = 4.0  # pixels: half a block of the JPEG transform
_NEAR_BLACK = 2  # uint8: black after lossy compression
_RINGING = 16  # uint8: how far compression lets a margin's edge stray from black ...
_RINGING_REACH = 8  # ... and how many pixels deep: one block of the JPEG transform


@dataclass(frozen=True)
class Collar:
    """Black margins of one image.

    Attributes:
        mask: ``(H, W)`` bool, True on margins.
        notes: what was found, and what was black but left alone.
    """

    mask: BoolArray
    notes: tuple[str, ...]


def find_collar(values: NDArray[Any], valid: BoolArray) -> Collar:
    """Find black margins that touch the image border.

    Args:
        values: ``(B, H, W)`` band values as stored in the file.
        valid: ``(H, W)`` bool, False where "no data" is already known.

    Returns:
        The margins and notes for the user; an empty mask when there are none.
    """
    lossy = values.dtype == np.uint8
    darkness, black = _darkness(values, valid)
    mask = np.zeros(valid.shape, dtype=bool)
    if not _border(black).any():
        return Collar(mask, ())
    labels, _ = ndimage.label(black)
    sizes = np.bincount(labels.ravel())
    minimum = max(_MINIMUM_PIXELS, _MINIMUM_SHARE * valid.size)
    candidates = [int(k) for k in np.unique(_border(labels)) if k > 0 and sizes[k] >= minimum]
    left_alone = 0
    for label in candidates:
        part = labels == label
        if _is_margin(part, darkness, valid & ~black, lossy=lossy):
            mask |= part
        else:
            left_alone += int(sizes[label])
    if lossy and mask.any():
        mask = _with_ringing(mask, darkness, valid)
    return Collar(mask, _notes(mask, left_alone))


def find_collar_part(values: NDArray[Any], valid: BoolArray, marked: BoolArray) -> Collar:
    """Find in a part of a scene the margins that are known from a coarse view of all of it.

    A part shows too little to tell a margin from dark water, and every part must decide alike.

    Args:
        values: ``(B, h, w)`` band values of the part.
        valid: ``(h, w)`` bool, False where "no data" is already known.
        marked: ``(h, w)`` bool, margins of the scene as far as the coarse view shows them.

    Returns:
        The black areas of the part that are marked for the most part.
    """
    darkness, black = _darkness(values, valid)
    mask = np.zeros(valid.shape, dtype=bool)
    if marked.any() and black.any():
        labels, count = ndimage.label(black)
        shares = ndimage.mean(marked, labels, np.arange(count + 1))
        mask = (shares > 0.5)[labels] & black
        if values.dtype == np.uint8:
            mask = _with_ringing(mask, darkness, valid)
    return Collar(mask, _notes(mask, 0))


def _darkness(values: NDArray[Any], valid: BoolArray) -> tuple[NDArray[Any], BoolArray]:
    """Largest absolute value over the bands, and where that is black."""
    darkness = np.abs(values).max(axis=0)
    return darkness, valid & (darkness <= (_NEAR_BLACK if values.dtype == np.uint8 else 0))


def _with_ringing(mask: BoolArray, darkness: NDArray[Any], valid: BoolArray) -> BoolArray:
    """Add the near-black edge that lossy compression leaves along margins."""
    near_black = valid & ((darkness <= _RINGING) | mask)
    grown: BoolArray = ndimage.binary_dilation(mask, iterations=_RINGING_REACH, mask=near_black)
    return grown


def _notes(mask: BoolArray, left_alone: int) -> tuple[str, ...]:
    notes = []
    if mask.any():
        notes.append(
            f"black margin on {mask.mean():.1%} of the image taken as no data although the file "
            "does not declare it (--keep-collar keeps it)"
        )
    if left_alone:
        notes.append(
            f"black area at the border on {left_alone / mask.size:.1%} of the image kept as data; "
            "if it is not, pass --nodata 0"
        )
    return tuple(notes)


def _border(values: NDArray[Any]) -> NDArray[Any]:
    return np.concatenate([values[0], values[-1], values[:, 0], values[:, -1]])


def _is_margin(part: BoolArray, darkness: NDArray[Any], lit: BoolArray, *, lossy: bool) -> bool:
    if (darkness[part] == 0).mean() < _EXACT_SHARE or not lit.any():
        return False
    eroded = ndimage.binary_erosion(part, np.ones((3, 3)), border_value=1)
    opened = ndimage.binary_dilation(eroded, np.ones((3, 3))) & part
    if opened.sum() < _SOLID_SHARE * part.sum():
        return False
    skip = _RINGING_REACH if lossy else 2
    near = ndimage.binary_dilation(part, iterations=skip)
    ring = ndimage.binary_dilation(near, iterations=4) & ~near & lit
    if not ring.any():
        return False
    step = max(_EDGE_STEP * float(np.median(darkness[lit])), _NEAR_BLACK * 4 if lossy else 0)
    if float(np.median(darkness[ring])) < step:
        return False
    border, inner = _edge_lengths(part)
    return inner <= _EDGE_RATIO * border


def _edge_lengths(part: BoolArray) -> tuple[float, float]:
    """Pixels of the image border that a region occupies, and length of the rest of its outline.

    The outline is smoothed by half a per cent of the image diagonal, so that neither the steps of
    pixels nor the ragged seams of a mosaic count as length, and specks inside do not count at all.
    """
    height, width = part.shape
    image = box(0, 0, width, height).exterior
    tolerance = max(_RAGGED, 0.005 * float(np.hypot(height, width)))
    speck = _SPECK_SHARE * part.sum()
    border = inner = 0.0
    for geometry, _ in shapes(part.astype(np.uint8), mask=part, connectivity=4):
        region = shape(geometry)
        holes = [ring for ring in region.interiors if Polygon(ring).area > speck]
        edge = Polygon(region.exterior, holes).boundary.difference(image.buffer(0.25))
        border += region.exterior.intersection(image).length
        inner += line_merge(edge).simplify(tolerance).length
    return border, inner
