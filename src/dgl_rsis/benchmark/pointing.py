"""The pointing game: whether the peak of a map lies on what it is a map of."""

from __future__ import annotations

from dgl_rsis.types import BoolArray, FloatArray


def pointing_score(heat: FloatArray, truth: BoolArray) -> float:
    """Whether the peak of a map lies inside a mask (Zhang et al. 2016, the pointing game).

    There is no tolerance around the mask. Where several pixels share the greatest value, the score
    is the share of them that lies inside: what choosing one of them at random reaches. A map of
    one value everywhere has no peak and scores 0.

    Args:
        heat: ``(H, W)`` map.
        truth: ``(H, W)`` the pixels that are right.

    Returns:
        1 inside, 0 outside; between where peaks are tied.

    Raises:
        ValueError: shapes that differ.
    """
    if heat.shape != truth.shape:
        raise ValueError(f"the map is {heat.shape}, the mask {truth.shape}")
    peak = heat.max()
    if peak == heat.min():
        return 0.0
    return float(truth[heat == peak].mean())
