"""Things of a noun in a scene, by what they look like at the scale that suits their size.

Where a whole image asks every region of its tree, a scene asks the things that it kept. What is made
of segments was not read so: its cells alone speak for it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dgl_rsis.config import InstanceSettings
from dgl_rsis.scene.instances import Instances, joined, shared_pixels, suppressed
from dgl_rsis.scene.part_table import PartTable
from dgl_rsis.stages import things
from dgl_rsis.types import BoolArray, FloatArray, IntArray


def compete(
    table: PartTable,
    found: Instances,
    probability: FloatArray,
    likely: FloatArray,
    settings: InstanceSettings,
) -> Instances:
    """What evidence found, and things that look like such a thing beside it.

    As ``own_scale.OwnScale.whole_things`` has it for whole images: where the cells of what evidence
    found are mostly the noun, it stands; elsewhere it competes with things by their probability
    and looks.

    Args:
        table: parts of the scene.
        found: by the evidence of cells.
        probability: ``(N,)`` of the cells of the parts.
        likely: ``(N,)`` of things at their own scale; 0 for segments.
        settings: thresholds.
    """
    worth = likely * table.objectness.astype(np.float64) ** settings.objectness_power
    worth[table.is_segment | table.is_cut] = 0
    order, _ = _ranked(worth, settings)
    chosen = suppressed(table.shared, table.areas, order, settings.largest_overlap)
    both = joined([found, Instances.single(np.sort(chosen))])
    means = {
        name: both.mean(column, table.areas)
        for name, column in {
            "cells": probability,
            "own": likely,
            "looks": table.objectness,
            "is_segment": table.is_segment,
        }.items()
    }
    own = np.where(means["is_segment"] > 0, 0.0, means["own"])
    sure = means["cells"] >= settings.sure
    sure[len(found) :] = False
    scores = np.maximum(own, means["cells"]) * means["looks"] ** settings.objectness_power
    order, ranked = _ranked(scores, settings, sure)
    areas = np.rint(both.sums(table.areas)).astype(np.int64)
    best = suppressed(shared_pixels(table, both), areas, order, settings.largest_overlap)
    return both.take(things.without_specks(best, areas, ranked, settings))


def _ranked(
    scores: NDArray[np.float64], settings: InstanceSettings, first: BoolArray | None = None
) -> tuple[IntArray, NDArray[np.float64]]:
    """Those with a good share of the best score, best first, and the scores that they rank by.

    Other than in ``things.best_things`` their number has no bound: a scene holds more than an image.

    Args:
        scores: ``(N,)``.
        settings: thresholds.
        first: ``(N,)`` which go before all others, however they score.
    """
    best = float(scores.max(initial=0.0))
    is_open = (scores >= settings.least_share * best) & (scores > 0)
    if first is not None:
        is_open |= first
        scores = scores + best * first
    order = np.argsort(-scores, kind="stable")
    return np.asarray(order[is_open[order]]), scores
