"""How the ways make maps, and what is counted of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dgl_rsis.benchmark.baselines.registry import map_method, threshold_of
from dgl_rsis.benchmark.datasets.samples import MapDataset, MapSample
from dgl_rsis.benchmark.evaluation.shared import bare_for
from dgl_rsis.benchmark.evaluation.watch import Attempt, attempt
from dgl_rsis.benchmark.evaluation.ways import Way
from dgl_rsis.benchmark.metrics import confusion_matrix
from dgl_rsis.benchmark.oracles import true_class_of_regions
from dgl_rsis.pipeline import Model
from dgl_rsis.proposing import flat_masks, painted_parts, tree_of
from dgl_rsis.types import IntArray, RGBImage

ORACLE = "oracle-classes"
"""The way that gives every region its true class."""


def answer_map(model: Model, way: Way, sample: MapSample, dataset: MapDataset) -> dict[str, Any]:
    """Make the map of a sample and count its pixels by true and predicted class.

    Returns:
        ``counts``: ``[true class, predicted class, pixels]`` of all pairs that occur, where
        predicted is the number of classes for no class, which is all that a failure gives;
        ``image``, where the sample is cut from one; ``seconds``; and ``error`` where the way failed.
    """
    truth = sample.read_labels()
    made = attempt_map(model, way, sample.read_image(), truth, dataset)
    labels = np.full(truth.shape, -1, np.int16) if made.result is None else made.result
    counts = confusion_matrix(truth, labels, len(dataset.classes))
    cut = {} if sample.image == sample.name else {"image": sample.image}
    return {"counts": to_triples(counts), **cut, **made.note()}


def attempt_map(
    model: Model, way: Way, image: RGBImage, truth: NDArray[np.int16], dataset: MapDataset
) -> Attempt[NDArray[np.int16]]:
    """The map of an image by a way; the truth is looked at by the oracle alone."""
    if way.method == ORACLE:
        return attempt(model, lambda: best_map(model, image, truth))
    return attempt(model, lambda: make_map(model, way, image, dataset))


def make_map(model: Model, way: Way, image: RGBImage, dataset: MapDataset) -> NDArray[np.int16]:
    """The map of an image by a way, ``(H, W)`` int16, index into the classes; -1 is no class."""
    words, background = dataset.words, dataset.background
    if way.baseline is not None:
        method, threshold = map_method(way.baseline), threshold_of(way.baseline, dataset.name)
        with bare_for(way.baseline, model) as bare:
            return method(bare, image, words, background, threshold=threshold)
    named = [[name.strip() for name in entry.split(",")] for entry in words]
    # Each name competes alone, and the best one gives its class, as in the baselines.
    asked = [(k, name) for k, names in enumerate(named) if k != background for name in names]
    other = False if background is None else named[background][0]
    result = model.segment(image, [name for _, name in asked], other=other)
    classes = [k for k, _ in asked] + ([] if background is None else [background])
    return np.array([*classes, -1], np.int16)[result.labels]


def best_map(model: Model, image: RGBImage, truth: NDArray[np.int16]) -> NDArray[np.int16]:
    """The map of perfectly classified regions, of those that the painter works with, or could."""
    settings = model.settings
    parts = painted_parts(settings.painter, settings.proposals)[0] or settings.proposals.parts
    proposals = settings.proposals.model_copy(update={"proposer": "+".join(parts)})
    painted = settings.model_copy(update={"proposals": proposals})
    found = replace(model, settings=painted).propose(image)
    regions = tree_of(found) or flat_masks(found)
    assert regions is not None  # every proposer gives one of both
    return true_class_of_regions(regions, truth)


def to_triples(counts: IntArray) -> list[list[int]]:
    """``[row, column, count]`` of the cells that are not empty."""
    return [
        [int(row), int(column), int(counts[row, column])] for row, column in np.argwhere(counts)
    ]


def from_triples(triples: Sequence[Sequence[int]], class_count: int) -> IntArray:
    """The confusion matrix ``(C, C + 1)`` int64 of ``to_triples``."""
    counts = np.zeros((class_count, class_count + 1), np.int64)
    for row, column, count in triples:
        counts[row, column] = count
    return counts
