"""How band values become a picture of 0..255.

Limits are those of the whole scene, not of the part that is read, so that every part of a scene
gets the same colours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dgl_rsis.errors import InputError
from dgl_rsis.types import BoolArray, RGBImage

Limits = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Stretch:
    """The values, or the percentiles of the scene, that become 0 and 255."""

    low: float
    high: float
    is_percentile: bool


def parse_stretch(stretch: str, dtype: np.dtype[Any]) -> Stretch | None:
    """Understand a stretch before anything is read.

    Args:
        stretch: ``auto`` (uint8 as it is, else ``p2-98``), ``pLOW-HIGH`` (percentiles),
            ``minmax``, ``none`` or ``LOW,HIGH``.
        dtype: of the values as they will be stretched.

    Returns:
        The stretch; None to take the values as they are.

    Raises:
        InputError: if ``stretch`` cannot be understood.
    """
    rule = stretch.strip().lower()
    if rule == "auto":
        rule = "none" if dtype == np.uint8 else "p2-98"
    if rule == "none":
        return None
    if rule == "minmax":
        return Stretch(0.0, 100.0, is_percentile=True)
    number = r"(-?\d+(?:\.\d*)?(?:e[-+]?\d+)?)"
    fixed = re.fullmatch(rf"{number}\s*,\s*{number}", rule)
    if fixed and float(fixed[1]) < float(fixed[2]):
        return Stretch(float(fixed[1]), float(fixed[2]), is_percentile=False)
    shares = re.fullmatch(r"p(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)", rule)
    if shares and float(shares[1]) < float(shares[2]) <= 100:
        return Stretch(float(shares[1]), float(shares[2]), is_percentile=True)
    raise InputError(
        f'stretch "{stretch}" is not known; use auto, p2-98 (any two percentiles), minmax, '
        'none or LOW,HIGH such as "0,3000"'
    )


def percentile_limits(values: NDArray[Any], valid: BoolArray, stretch: Stretch) -> Limits:
    """Values at two percentiles of each band.

    Args:
        values: ``(B, h, w)`` sample of the scene.
        valid: ``(h, w)`` bool, pixels that count; at least one.
        stretch: percentiles.

    Returns:
        Low and high value of each band; the extremes where the percentiles coincide, since they
        would erase the little that a nearly constant band shows.
    """
    limits = []
    for band in values:
        counted = band[valid].astype(np.float64)
        low, high = np.percentile(counted, (stretch.low, stretch.high))
        if low == high:
            low, high = counted.min(), counted.max()
        limits.append((float(low), float(high)))
    return tuple(limits)


def apply_stretch(values: NDArray[Any], limits: Limits | None) -> RGBImage:
    """Turn band values into a picture.

    Args:
        values: ``(B, h, w)`` with one or three bands of any real type.
        limits: values that become 0 and 255 per band; None clips to 0..255 as they are.

    Returns:
        ``(h, w, 3)`` uint8; a single band is repeated, NaN becomes 0.
    """
    picture = np.empty((*values.shape[1:], 3), dtype=np.uint8)
    for channel in range(3):
        if channel >= len(values):
            picture[..., channel] = picture[..., 0]
            continue
        band = values[channel]
        if limits is not None:
            low, high = limits[channel]
            scale = 255.0 / (high - low) if high > low else 0.0
            band = (np.nan_to_num(band.astype(np.float64), nan=low) - low) * scale
        elif band.dtype != np.uint8:
            band = np.nan_to_num(band.astype(np.float64))
        if band.dtype != np.uint8:
            band = np.rint(np.clip(band, 0.0, 255.0))
        picture[..., channel] = band.astype(np.uint8)
    return picture
