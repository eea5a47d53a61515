"""Instances among flat candidates by their scores: one version of every thing.

docs/design.md 1.4: ``Select`` yields instances (non-nested, non-duplicate proposals with a
probability near the best, across all trees) before anything is ranked or counted, else *the
largest building* is the root of the region tree.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dgl_rsis.config import ProgramSettings
from dgl_rsis.stages.candidates import CandidateTable, Numbers
from dgl_rsis.types import BoolArray, FloatArray, IntArray


def find_instances(
    table: CandidateTable,
    probability: FloatArray,
    settings: ProgramSettings,
    *,
    among: IntArray | None = None,
) -> IntArray:
    """Instances of one noun, best first.

    Greedy by probability x objectness: a candidate that lies mostly inside one that was taken,
    or that swallows one, is another version of it. With equal scores the larger one is taken
    first, as a part is as probable as the whole.

    Args:
        table: the candidates.
        probability: ``(N,)`` in [0, 1] of the noun.
        settings: limits.
        among: instances that are known already; None looks for them.

    Returns:
        ``(K,)`` indices into the table; empty when no probability reaches the floor.
    """
    if not len(table):
        return np.empty(0, dtype=np.int64)
    if among is not None:
        return _near_best(table, probability, among, settings)
    enough = max(
        settings.lowest_probability, settings.relative_probability * float(probability.max())
    )
    plausible = probability >= enough
    if not table.are_instances and (plausible & ~table.slivers).any():
        plausible &= ~table.slivers
    objectness = np.ones(len(table)) if table.objectness is None else table.objectness
    score = np.where(plausible, probability * objectness, 0.0)
    live = np.flatnonzero(plausible & (score >= settings.relative_score * score.max()))
    order: IntArray = live[np.lexsort((-table.areas[live], -np.round(score[live], 3)))]
    if table.are_instances or table.crop is None:
        return order
    return _suppress(table, table.crop, order[: settings.most_candidates], settings)


def _near_best(
    table: CandidateTable, probability: FloatArray, among: IntArray, settings: ProgramSettings
) -> IntArray:
    """Instances that were found before, as far as they are plausible; the surest first.

    Where some are probable enough to be an answer, those that are not count in no rank either:
    *the second ship from the left* is not counted from a wave.
    """
    own = probability[among]
    best = float(own.max(initial=0))
    enough = max(settings.lowest_probability, settings.relative_known * best)
    if best >= settings.least_anchor:
        enough = max(enough, settings.least_anchor)
    plausible = own >= enough
    slim = table.slivers[among]
    if not table.are_instances and (plausible & ~slim).any():
        plausible &= ~slim
    order = np.argsort(-own, kind="stable")
    found: IntArray = among[order[plausible[order]]]
    return found


def _suppress(
    table: CandidateTable,
    crop_of: Callable[[int], BoolArray],
    order: IntArray,
    settings: ProgramSettings,
) -> IntArray:
    """Keep candidates that neither lie in an earlier one nor contain one."""
    owner = np.zeros(table.shape, dtype=np.int32)  # 0: free, k: k-th instance
    chosen: list[int] = []
    for index in order.tolist():
        if len(chosen) == settings.most_instances:
            break
        if chosen and _same_box(table.boxes[index], table.boxes[chosen]):
            continue
        x0, y0, x1, y1 = table.boxes[index]
        crop = crop_of(index)
        inside = owner[y0:y1, x0:x1][crop]
        shared = np.bincount(inside, minlength=len(chosen) + 1)[1:]
        if chosen:
            smaller = np.minimum(table.areas[chosen], table.areas[index])
            taken = shared.sum() / table.areas[index]
            if (
                taken > settings.largest_overlap
                or (shared / smaller > settings.largest_overlap).any()
            ):
                continue
        chosen.append(index)
        owner[y0:y1, x0:x1][crop & (owner[y0:y1, x0:x1] == 0)] = len(chosen)
    return np.array(chosen, dtype=np.int64)


def _same_box(box: Numbers, others: Numbers) -> bool:
    """Whether a box nearly equals one of the others: a cheap test before masks are compared."""
    low = np.maximum(box[:2], others[:, :2])
    high = np.minimum(box[2:], others[:, 2:])
    common = np.prod(np.clip(high - low, 0, None), axis=1)
    union = np.prod(box[2:] - box[:2]) + np.prod(others[:, 2:] - others[:, :2], axis=1) - common
    return bool((common > 0.75 * union).any())
