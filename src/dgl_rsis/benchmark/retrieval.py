"""Recall of retrieval, and what chance would reach.

A query may have several right items: it is found at k when any of them is among the first k.
"""

from __future__ import annotations

from math import comb

import numpy as np

from dgl_rsis.types import BoolArray, FloatArray


def recall_at(k: int, similarities: FloatArray, relevant: BoolArray) -> float:
    """Share of the queries with a right item among the ``k`` most similar ones.

    Ties count against the right item, so that equal similarities for everything find nothing.

    Args:
        k: at least 1.
        similarities: ``(Q, N)`` of queries and items, higher is nearer.
        relevant: ``(Q, N)`` which items are right for each query.

    Raises:
        ValueError: shapes that differ, no query, or a query without a right item.
    """
    if similarities.shape != relevant.shape:
        raise ValueError(f"similarities are {similarities.shape}, relevant {relevant.shape}")
    _check(k, relevant)
    best = np.where(relevant, similarities, -np.inf).max(axis=1)
    before = (~relevant & (similarities >= best[:, None])).sum(axis=1)
    return float((before < k).mean())


def chance_recall_at(k: int, relevant: BoolArray) -> float:
    """What a random order of the items reaches on average, exactly.

    With m right ones among N items, the first k miss all of them with the probability
    ``C(N - m, k) / C(N, k)``.

    Args:
        k: at least 1.
        relevant: ``(Q, N)`` which items are right for each query.

    Raises:
        ValueError: no query, or a query without a right item.
    """
    _check(k, relevant)
    count = relevant.shape[1]
    first = min(k, count)
    misses = [comb(count - int(m), first) / comb(count, first) for m in relevant.sum(axis=1)]
    return 1 - sum(misses) / len(misses)


def _check(k: int, relevant: BoolArray) -> None:
    if k < 1:
        raise ValueError(f"k is {k}; it is at least 1")
    if not len(relevant) or not relevant.any(axis=1).all():
        raise ValueError("every query needs a right item, and there must be a query")
