"""Mask selection (docs/design.md 1.5).

"A subsequent mask selection module integrates pixel-level Grad-CAM activations into the
mask-level segmentation output." (abstract)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from dgl_rsis.types import BoolArray, FloatArray, IntArray, Proposals

EPSILON = 1e-3
LARGEST_OVERLAP = 0.3  # share of the smaller of two chosen masks that both may cover


def combined_score(terms: Mapping[str, FloatArray], weights: Mapping[str, float]) -> FloatArray:
    """Weighted geometric mean of terms: ``exp(sum_i w_i log(eps + term_i) / sum_i w_i)``.

    The ranking is that of ``S(n) = sum_i w_i log(eps + term_i(n))``; dividing by the weights
    keeps the score in [0, 1].

    Args:
        terms: name -> ``(N,)`` in [0, 1]; names without a weight do not count.
        weights: name -> weight >= 0.

    Returns:
        ``(N,)`` float32 in [0, 1].
    """
    used = {name: weight for name, weight in weights.items() if name in terms and weight > 0}
    total = sum(used.values())
    if total == 0:
        return np.asarray(next(iter(terms.values())), np.float32)
    logs = sum(weight * np.log(EPSILON + terms[name]) for name, weight in used.items())
    return np.asarray(np.minimum(1.0, np.exp(logs / total)), np.float32)


def distinct(
    proposals: Proposals, order: Sequence[int] | IntArray, *, limit: int | None
) -> list[int]:
    """Greedy choice in the given order without containment or overlap.

    Args:
        proposals: masks, possibly of several trees.
        order: indices, best first.
        limit: most to choose; None takes all.

    Returns:
        chosen indices in the order of choice.
    """
    taken: BoolArray = np.zeros(proposals.shape, bool)
    chosen: list[int] = []
    for index in map(int, order):
        if limit is not None and len(chosen) >= limit:
            break
        x0, y0, x1, y1 = proposals.boxes[index]
        crop = proposals.crop(index)
        place = taken[y0:y1, x0:x1]
        shared = np.count_nonzero(place & crop)
        if shared > LARGEST_OVERLAP * proposals.areas[index]:
            continue
        if shared and _swallows(proposals, index, chosen):
            continue
        place |= crop
        chosen.append(index)
    return chosen


def _swallows(proposals: Proposals, index: int, chosen: Sequence[int]) -> bool:
    """Whether a mask covers most of one that was chosen before."""
    x0, y0, x1, y1 = proposals.boxes[index]
    for other in chosen:
        u0, v0, u1, v1 = proposals.boxes[other]
        left, top, right, bottom = max(x0, u0), max(y0, v0), min(x1, u1), min(y1, v1)
        if left >= right or top >= bottom:
            continue
        own = proposals.crop(index)[top - y0 : bottom - y0, left - x0 : right - x0]
        its = proposals.crop(other)[top - v0 : bottom - v0, left - u0 : right - u0]
        if np.count_nonzero(own & its) > LARGEST_OVERLAP * proposals.areas[other]:
            return True
    return False
