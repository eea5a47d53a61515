"""Lists of different lengths, one after the other in one array."""

from __future__ import annotations

import numpy as np

from dgl_rsis.types import IntArray


def firsts(counts: IntArray) -> IntArray:
    """``(M,)`` where each list begins."""
    return np.asarray(np.cumsum(counts) - counts)


def spread(starts: IntArray, counts: IntArray, chosen: IntArray) -> tuple[IntArray, IntArray]:
    """Elements of some lists.

    Args:
        starts: ``(M,)`` where each list begins.
        counts: ``(M,)`` elements of each.
        chosen: ``(K,)`` lists, in any order and any number of times.

    Returns:
        ``(n,)`` the place in ``chosen`` that each element belongs to, and where the element is.
    """
    lengths = counts[chosen]
    owners = np.repeat(np.arange(len(chosen)), lengths)
    places = np.arange(len(owners)) + np.repeat(starts[chosen] - firsts(lengths), lengths)
    return owners, places
