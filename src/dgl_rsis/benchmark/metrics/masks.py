"""Accuracy of masks that answer sentences: a small record per sentence, and figures of records.

``oIoU`` is the sum of all intersections over that of all unions, ``mIoU`` the mean of the IoUs of
the sentences, ``Pr@X`` the share with an IoU of at least X (Yang et al. 2022, LAVT; Liu et al.
2024, RMSIN). In sets with sentences that refer to nothing, a sentence that is rightly answered by
nothing counts as IoU 1 in ``gIoU``, and one that is answered by something as 0; N-acc is the share
of them that is answered by nothing, T-acc the share of the others that is answered by something
(Liu et al. 2023, GRES, section 5.1). ``mIoU`` and ``Pr@X`` are of the sentences with a target.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from PIL import Image

from dgl_rsis.benchmark.datasets.samples import ReferDataset, ReferSample
from dgl_rsis.benchmark.metrics.intervals import (
    RESAMPLES,
    Floats,
    Interval,
    bootstrap_differences,
    bootstrap_intervals,
    ratio,
    totals_by_image,
)
from dgl_rsis.benchmark.metrics.strata import sentence_strata, size_strata
from dgl_rsis.errors import InputError
from dgl_rsis.types import BoolArray

THRESHOLDS = (50, 60, 70, 80, 90)
"""Percent of IoU of ``Pr@X``."""


@dataclass(frozen=True)
class MaskRecord:
    """What is kept of a sentence.

    Attributes:
        name: of the sample, unique within the set.
        image: its image; sentences about one image are resampled together.
        intersection: pixels of target and answer, at the size of comparison.
        union: pixels of target or answer, likewise.
        target_area: pixels of the target, at the size of the true mask.
        image_area: pixels of the true mask.
        has_target: False where the sentence refers to nothing, in sets with such sentences.
        answered: whether the answer has any pixel.
        strata: what the sentence and its target belong to (``metrics.strata``).
    """

    name: str
    image: str
    intersection: int
    union: int
    target_area: int
    image_area: int
    has_target: bool
    answered: bool
    strata: tuple[str, ...]

    @property
    def iou(self) -> float:
        """Intersection over union; 0 where the union is empty."""
        return self.intersection / self.union if self.union else 0.0


@dataclass(frozen=True)
class MaskFigures:
    """Figures of a set of sentences, each in [0, 1]; NaN where no sentence counts.

    Attributes:
        sentences: how many there are.
        images: how many images they are about.
        overall_iou: oIoU, also called cIoU.
        mean_iou: mIoU, of the sentences with a target.
        generalised_iou: gIoU, of all; equal to ``mean_iou`` where all have a target.
        no_target_accuracy: N-acc.
        target_accuracy: T-acc.
        precision_at_50: Pr@0.5, of the sentences with a target.
        precision_at_60: Pr@0.6.
        precision_at_70: Pr@0.7.
        precision_at_80: Pr@0.8.
        precision_at_90: Pr@0.9.
    """

    sentences: int
    images: int
    overall_iou: float
    mean_iou: float
    generalised_iou: float
    no_target_accuracy: float
    target_accuracy: float
    precision_at_50: float
    precision_at_60: float
    precision_at_70: float
    precision_at_80: float
    precision_at_90: float

    def to_dict(self) -> dict[str, Any]:
        """The same in types of JSON, but for NaN."""
        return asdict(self)


def mask_iou(first: BoolArray, second: BoolArray) -> float:
    """IoU of two masks of one shape; 1 when both are empty."""
    if first.shape != second.shape:
        raise ValueError(f"masks of different shapes, {first.shape} and {second.shape}")
    union = int(np.count_nonzero(first | second))
    return int(np.count_nonzero(first & second)) / union if union else 1.0


def resize_nearest(mask: BoolArray, shape: tuple[int, int]) -> BoolArray:
    """Resize a mask by nearest neighbour, as Pillow does.

    Output pixel ``i`` of ``n`` takes input pixel ``floor((i + 0.5) * m / n)`` of ``m``: the one
    that its centre lies in. (OpenCV takes ``floor(i * m / n)`` instead.)

    Args:
        mask: ``(H, W)`` bool.
        shape: height and width wanted.

    Returns:
        Bool of that shape.
    """
    if mask.shape == shape:
        return mask
    image = Image.fromarray(mask.astype(np.uint8))
    return np.asarray(image.resize(shape[::-1], Image.Resampling.NEAREST)) > 0


def compare_masks(sample: ReferSample, predicted: BoolArray, dataset: ReferDataset) -> MaskRecord:
    """Compare the answer to a sentence with its true mask, by the protocol of the set.

    Both are brought to ``dataset.side`` by nearest neighbour, or the answer to the size of the
    true mask. In a set of boxes the boxes around all pixels of both are compared then.

    Args:
        sample: the sentence; its mask is read.
        predicted: ``(H, W)`` bool, the answer in the pixel frame of the image.
        dataset: the set that the sample is of.
    """
    truth = sample.read_mask()
    shape = truth.shape if dataset.side is None else (dataset.side, dataset.side)
    pair = [resize_nearest(mask, shape) for mask in (truth, predicted)]
    if dataset.boxes:
        pair = [_filled_box(mask) for mask in pair]
    area, has_target = int(np.count_nonzero(truth)), bool(truth.any()) or not dataset.no_target
    sizes = size_strata(area, truth.size) if has_target else ()
    return MaskRecord(
        name=sample.name,
        image=sample.image,
        intersection=int(np.count_nonzero(pair[0] & pair[1])),
        union=int(np.count_nonzero(pair[0] | pair[1])),
        target_area=area,
        image_area=truth.size,
        has_target=has_target,
        answered=bool(predicted.any()),
        strata=(*sentence_strata(sample.sentence), *sizes),
    )


def _filled_box(mask: BoolArray) -> BoolArray:
    """The pixels of the smallest box around all pixels of a mask."""
    rows, columns = np.asarray(mask.any(axis=1)), np.asarray(mask.any(axis=0))
    return np.asarray(_between(rows)[:, None] & _between(columns))


def _between(line: BoolArray) -> BoolArray:
    """From the first True to the last, all True."""
    return np.asarray(np.logical_or.accumulate(line) & np.logical_or.accumulate(line[::-1])[::-1])


def mask_figures(records: Sequence[MaskRecord]) -> MaskFigures:
    """Figures of any records: of a set, or of a stratum of it."""
    figures = _figures(_terms(records).sum(axis=0))
    images = len({record.image for record in records})
    return MaskFigures(
        len(records), images, **{name: float(value) for name, value in figures.items()}
    )


def figures_by_stratum(records: Sequence[MaskRecord]) -> dict[str, MaskFigures]:
    """Figures of every stratum that occurs, in alphabetical order; strata may overlap."""
    names = sorted({stratum for record in records for stratum in record.strata})
    return {
        name: mask_figures([record for record in records if name in record.strata])
        for name in names
    }


def mask_intervals(
    records: Sequence[MaskRecord], *, resamples: int = RESAMPLES, seed: int = 0
) -> dict[str, Interval]:
    """Intervals of 95 % of all figures, by a bootstrap of the images.

    Args:
        records: at least one.
        resamples: how many are drawn.
        seed: of the random numbers.

    Returns:
        By name of the figure, as in ``MaskFigures`` without the counts.
    """
    return bootstrap_intervals(_by_image(records), _figures, resamples=resamples, seed=seed)


def mask_differences(
    first: Sequence[MaskRecord],
    second: Sequence[MaskRecord],
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> dict[str, Interval]:
    """Intervals of 95 % of the differences of two runs on the same sentences, first less second.

    Args:
        first: records of one run.
        second: records of the other, in any order.
        resamples: how many are drawn.
        seed: of the random numbers.

    Raises:
        InputError: the runs are not of the same sentences.
    """
    asked = [sorted((record.image, record.name) for record in run) for run in (first, second)]
    if asked[0] != asked[1]:
        odd = sorted(set(asked[0]) ^ set(asked[1]))
        example = f", e.g. {odd[0][1]}" if odd else " as often"
        raise InputError(
            f"runs of {len(first)} and {len(second)} sentences are not of the same ones{example}; "
            "compare runs on the same samples"
        )
    return bootstrap_differences(
        _by_image(first), _by_image(second), _figures, resamples=resamples, seed=seed
    )


def _by_image(records: Sequence[MaskRecord]) -> Floats:
    return totals_by_image([record.image for record in records], _terms(records))


def _terms(records: Sequence[MaskRecord]) -> Floats:
    """Numerator and denominator of every figure, ``(M, F, 2)``: all figures are ratios of sums."""
    inter, union = (
        np.array([getattr(record, name) for record in records], dtype=np.float64)
        for name in ("intersection", "union")
    )
    target, answered = (
        np.array([getattr(record, name) for record in records], dtype=bool)
        for name in ("has_target", "answered")
    )
    ious = np.array([record.iou for record in records])
    rightly_empty = ~target & ~answered
    pairs = {
        "overall_iou": (inter, union),
        "mean_iou": (ious * target, target),
        "generalised_iou": (ious * target + rightly_empty, np.ones(len(records))),
        "no_target_accuracy": (rightly_empty, ~target),
        "target_accuracy": (target & answered, target),
    }
    for percent in THRESHOLDS:
        pairs[f"precision_at_{percent}"] = (target & (ious >= percent / 100), target)
    assert tuple(pairs) == _NAMES
    return np.array([pairs[name] for name in _NAMES], dtype=np.float64).transpose(2, 0, 1)


_NAMES = tuple(MaskFigures.__dataclass_fields__)[2:]


def _figures(sums: Floats) -> dict[str, Floats]:
    """Figures by name, each ``(...)``, of ``(..., F, 2)`` sums of ``_terms``."""
    values = ratio(sums[..., 0], sums[..., 1])
    return {name: values[..., place] for place, name in enumerate(_NAMES)}
