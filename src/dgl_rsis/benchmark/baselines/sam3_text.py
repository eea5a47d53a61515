"""SAM 3 asked for the whole sentence: the union of all instances that it finds.

Carion et al., 2025; the baseline *SAM 3, raw text* of GeoSelect (arXiv:2607.03869, comparison
table). The least score of an instance is that of the proposer ``sam3`` (``proposals.least_score``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from dgl_rsis.benchmark.baselines.methods import ReferMethod
from dgl_rsis.errors import InputError
from dgl_rsis.pipeline import Model
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.types import BoolArray, FloatArray, RGBImage


@dataclass(frozen=True)
class DetectedImage:
    """An image that was shown to the detector.

    Attributes:
        shape: height and width in pixels.
        instances: text and least score to masks ``(H, W)`` and their scores.
        least_score: of an instance.
    """

    shape: tuple[int, int]
    instances: Callable[[str, float], tuple[Sequence[BoolArray], FloatArray]]
    least_score: float


def _prepare(model: Model, image: RGBImage, _: MaskSet) -> DetectedImage:
    detector = model.networks.detector
    if detector is None:
        raise InputError("sam3-text needs SAM 3; load the model with the proposer sam3")
    shape = (int(image.shape[0]), int(image.shape[1]))
    return DetectedImage(shape, detector.embed(image), model.settings.proposals.least_score)


def _answer(prepared: DetectedImage, sentence: str) -> BoolArray:
    masks, _ = prepared.instances(sentence, prepared.least_score)
    union = np.zeros(prepared.shape, bool)
    for mask in masks:
        union |= mask
    return union


SAM3_TEXT = ReferMethod(_prepare, _answer)
