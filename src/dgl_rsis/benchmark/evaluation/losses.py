"""What of the mean IoU each stage of our method loses, by what oracles in its place reach.

With ``D`` what our way reaches, ``C`` with true classes, ``M`` the best proposals:

* masks: ``1 - M``, what no choice among the proposals can mend;
* classes: ``C - D``, what true classes mend;
* selection: ``M - C``, what is left with true classes, program and choice being ours.

The three add up to ``1 - D``; where a set knows no classes, the last two are one. Of the selection, ``S - D`` lies in our own ranking, with ``S`` the best
ranked answer. A map has no selection: regions with true classes reach ``M = C``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dgl_rsis.benchmark.baselines.registry import MAP_BASELINES, REFER_BASELINES
from dgl_rsis.benchmark.evaluation.summary import Results

OURS = "ours"
MASKS, CLASSES, SELECTION = "oracle-masks", "oracle-classes", "oracle-selection"


def losses(results: Results) -> Iterator[tuple[str, dict[str, float]]]:
    """Losses of those of our ways that oracles with the same model and settings stand beside.

    Yields:
        Name of the way; loss in mean IoU by stage, of which any may be below 0: an oracle is the
        best of its kind, and no bound on the others.
    """
    ways = {name: results["ways"][name] for name in results["results"]}
    for name, way in ways.items():
        if way["method"] in {*MAP_BASELINES, *REFER_BASELINES, MASKS, CLASSES, SELECTION}:
            continue
        reached = {
            OURS if other == name else facts["method"]: value
            for other, facts in ways.items()
            if _fixed(facts) == _fixed(way) and (value := _mean_iou(results, other)) is not None
        }
        found = _of_map(reached) if results["task"] == "maps" else _of_sentences(reached)
        if found:
            yield name, found


def _of_map(reached: Mapping[str, float]) -> dict[str, float]:
    if not {OURS, CLASSES} <= reached.keys():
        return {}
    return {"masks": 1 - reached[CLASSES], "classes": reached[CLASSES] - reached[OURS]}


def _of_sentences(reached: Mapping[str, float]) -> dict[str, float]:
    if not {OURS, MASKS} <= reached.keys():
        return {}
    found = {"masks": 1 - reached[MASKS]}
    if CLASSES in reached:
        found |= {
            "classes": reached[CLASSES] - reached[OURS],
            "selection": reached[MASKS] - reached[CLASSES],
        }
    else:
        found["classes and selection"] = reached[MASKS] - reached[OURS]
    if SELECTION in reached:
        found["within our ranking"] = reached[SELECTION] - reached[OURS]
    return found


def _fixed(way: Mapping[str, object]) -> tuple[object, ...]:
    """What an oracle shares with the way that it stands beside."""
    return way["model"], way["revision"], way["settings"]


def _mean_iou(results: Results, name: str) -> float | None:
    figure = results["results"][name]["figures"].get("mean_iou")
    return None if figure is None else float(figure["value"])
