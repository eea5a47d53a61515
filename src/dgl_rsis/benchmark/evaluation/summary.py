"""Figures of a run from its journal, as JSON that repeats to the byte.

The results hold what hangs on data, models and settings alone; seconds lie beside them, as they
differ from run to run.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any

import numpy as np

from dgl_rsis.benchmark.evaluation.journal import Entry
from dgl_rsis.benchmark.evaluation.maps import from_triples
from dgl_rsis.benchmark.metrics import (
    Interval,
    MaskRecord,
    class_ious,
    figures_by_stratum,
    map_intervals,
    mask_figures,
    mask_intervals,
)
from dgl_rsis.benchmark.metrics.intervals import totals_by_image
from dgl_rsis.types import IntArray

Results = dict[str, Any]


def summarise(
    heading: Mapping[str, Any], entries: Sequence[Entry], total: int, seed: int = 0
) -> Results:
    """Figures of all ways with intervals, and what they are computed from.

    Args:
        heading: what was run.
        entries: of the journal, in the order of the set.
        total: images that were to be run; fewer entries make the results incomplete, said so.
        seed: of the intervals.
    """
    if heading["task"] == "maps":
        ways = {name: _of_maps(heading, _answers(entries, name), seed) for name in heading["ways"]}
    else:
        ways = {name: _of_sentences(_answers(entries, name), seed) for name in heading["ways"]}
    return {**heading, "images": len(entries), "complete": len(entries) == total, "results": ways}


def seconds(entries: Sequence[Entry]) -> dict[str, float]:
    """Mean seconds of every way: per image of maps, per sentence of sentences."""
    spent: dict[str, list[float]] = {}
    for entry in entries:
        for name, answer in entry["ways"].items():
            each = [one["seconds"] for one in answer.get("answers", [answer])]
            spent.setdefault(name, []).extend(each)
    return {name: float(np.mean(values)) for name, values in spent.items()}


def map_counts(heading: Mapping[str, Any], samples: Sequence[Mapping[str, Any]]) -> IntArray:
    """Confusion matrices ``(N, C, C + 1)`` of the images of a way, patches of an image summed."""
    count = len(heading["classes"])
    counts = np.stack([from_triples(sample["counts"], count) for sample in samples])
    images = [sample.get("image", sample["name"]) for sample in samples]
    return totals_by_image(images, counts).astype(np.int64)


def mask_records(samples: Sequence[Mapping[str, Any]]) -> list[MaskRecord]:
    """Records of the sentences of a way."""
    names = {field.name for field in fields(MaskRecord)}
    records = []
    for sample in samples:
        known: dict[str, Any] = {name: sample[name] for name in names}
        records.append(MaskRecord(**{**known, "strata": tuple(known["strata"])}))
    return records


def _answers(entries: Sequence[Entry], way: str) -> Iterator[dict[str, Any]]:
    """What a way answered, image by image; every answer of maps knows its image."""
    for entry in entries:
        answer = entry["ways"][way]
        if "answers" in answer:
            yield from answer["answers"]
        else:
            yield {"name": entry["image"], **answer}


def _of_maps(heading: Mapping[str, Any], answers: Iterator[dict[str, Any]], seed: int) -> Results:
    samples = [_without_seconds(answer) for answer in answers]
    counts = map_counts(heading, samples)
    ious = class_ious(counts.sum(axis=0)).tolist()
    return {
        "figures": _plain(map_intervals(counts, heading["background"], seed=seed)),
        "classes": {name: _number(iou) for name, iou in zip(heading["classes"], ious, strict=True)},
        "failures": _failures(samples),
        "samples": samples,
    }


def _of_sentences(answers: Iterator[dict[str, Any]], seed: int) -> Results:
    samples = [_without_seconds(answer) for answer in answers]
    records = mask_records(samples)
    strata = figures_by_stratum(records)
    return {
        "figures": _plain(mask_intervals(records, seed=seed)),
        "sentences": mask_figures(records).sentences,
        "strata": {
            name: {key: _number(value) for key, value in figures.to_dict().items()}
            for name, figures in strata.items()
        },
        "failures": _failures(samples),
        "samples": samples,
    }


def _without_seconds(answer: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in answer.items() if key != "seconds"}


def _failures(samples: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    return [
        {"name": sample["name"], "error": sample["error"]}
        for sample in samples
        if "error" in sample
    ]


def _plain(intervals: Mapping[str, Interval]) -> dict[str, dict[str, float | None]]:
    """Figures that are defined, with the ends of their intervals."""
    return {
        name: {"value": _number(each.value), "low": _number(each.low), "high": _number(each.high)}
        for name, each in intervals.items()
        if not math.isnan(each.value)
    }


def _number(value: float) -> float | None:
    """A number of JSON: 6 digits behind the point, nothing for NaN."""
    return None if math.isnan(value) else round(value, 6)
