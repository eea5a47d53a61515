"""Whether probabilities mean something."""

from __future__ import annotations

import numpy as np

from dgl_rsis.types import BoolArray, FloatArray


def expected_calibration_error(
    confidence: FloatArray, is_right: BoolArray, *, bins: int = 10
) -> float:
    """Mean gap between confidence and accuracy (Guo et al. 2017, section 2).

    Args:
        confidence: ``(N,)`` probability in [0, 1] of each answer, ``N`` at least 1.
        is_right: ``(N,)`` whether the answer is right.
        bins: of equal width in [0, 1]; a bin counts as much as the answers in it.

    Returns:
        In [0, 1], 0 where every bin is right as often as it says.

    Raises:
        ValueError: no answers, shapes that differ, or a confidence outside [0, 1].
    """
    if confidence.shape != is_right.shape or confidence.ndim != 1 or not len(confidence):
        raise ValueError(f"confidence is {confidence.shape}, is_right {is_right.shape}")
    if not ((confidence >= 0) & (confidence <= 1)).all():
        raise ValueError("a confidence is outside [0, 1]")
    owner = np.minimum((confidence * bins).astype(np.int64), bins - 1)
    said = np.bincount(owner, weights=confidence, minlength=bins)
    right = np.bincount(owner, weights=is_right, minlength=bins)
    return float(np.abs(said - right).sum() / len(confidence))
