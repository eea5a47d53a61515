"""What the tables and the page of a run say: facts, figures and failures, in words and numbers.

``results.md`` and ``report.html`` show what is made here, so that they cannot differ.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from dgl_rsis.benchmark.evaluation.losses import losses
from dgl_rsis.benchmark.evaluation.summary import Results
from dgl_rsis.benchmark.metrics.intervals import RESAMPLES

MAP_COLUMNS = {
    "mean_iou": "mIoU",
    "mean_iou_without_background": "mIoU without background",
    "foreground_iou": "foreground IoU",
    "frequency_weighted_iou": "FWIoU",
    "overall_accuracy": "accuracy",
}
SENTENCE_COLUMNS = {
    "mean_iou": "mIoU",
    "overall_iou": "oIoU",
    "generalised_iou": "gIoU",
    "precision_at_50": "Pr@0.5",
    "precision_at_60": "Pr@0.6",
    "precision_at_70": "Pr@0.7",
    "precision_at_80": "Pr@0.8",
    "precision_at_90": "Pr@0.9",
    "no_target_accuracy": "N-acc",
    "target_accuracy": "T-acc",
}


@dataclass(frozen=True)
class Cell:
    """One cell of a table.

    Attributes:
        text: what it shows.
        value: what it shows, where that is a figure in [0, 1].
        low: lower end of the interval of the figure; None where it has none.
        high: its upper end.
    """

    text: str
    value: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def interval_text(self) -> str:
        """The interval in words; empty where there is none."""
        return "" if self.low is None else f"({shown(self.low)} to {shown(self.high)})"


@dataclass(frozen=True)
class Table:
    """Figures of ways.

    Attributes:
        caption: what they are.
        columns: heads, that of the names of the ways first.
        rows: name of a way, and its cells.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]


@dataclass(frozen=True)
class Failure:
    """Something that a way did not answer.

    Attributes:
        way: its name.
        name: of the image or the sentence.
        error: one line.
    """

    way: str
    name: str
    error: str


def facts(results: Results) -> list[tuple[str, str]]:
    """What was run, as terms and what is said of them."""
    folder, _, split = str(results["dataset"]).rpartition("/")
    answered = counted(results["images"], "image")
    if results["task"] != "maps":
        sentences = next(iter(results["results"].values()))["sentences"]
        answered += f", {counted(sentences, 'sentence')}"
    limit, most = results["limit"], results["sentences_per_image"]
    asked = "all images" if limit is None else counted(limit, "image")
    if most is not None:
        asked += f", at most {counted(most, 'sentence')} of each"
    if not limit is most is None:
        asked += f", drawn by seed {results['seed']}"
    said = [
        ("Data set", f"{folder}, split {split}" if folder else split),
        ("Task", "class maps" if results["task"] == "maps" else "masks that sentences refer to"),
        ("Asked for", asked),
        ("Answered", f"{answered}{'' if results['complete'] else ' (stopped before the end)'}"),
    ]
    if results["task"] == "maps":
        said.append(("Classes", ", ".join(_class_words(results))))
        limits = {name: way.get("threshold", 0) for name, way in results["ways"].items()}
        below = [f"{limit:g} ({name})" for name, limit in limits.items() if limit]
        if below and results["background"] is not None:
            said.append(("Background below a probability of", ", ".join(below)))
    models = {way["model"]: way["revision"] for way in results["ways"].values()}
    said.append(("Ways", "; ".join(results["ways"])))
    if results["left_out"]:
        said.append(("Left out", "; ".join(dict.fromkeys(results["left_out"].values()))))
    return [
        *said,
        ("Models", ", ".join(f"{name} ({revision})" for name, revision in models.items())),
        ("Intervals", f"hold 95 % of {RESAMPLES:,} resamples of the images"),
        ("Versions", ", ".join(f"{name} {v}" for name, v in results["versions"].items() if v)),
    ]


def _class_words(results: Results) -> Iterable[str]:
    """Names of classes, with the word that was asked for where it is another one."""
    for index, (name, word) in enumerate(zip(results["classes"], results["words"], strict=True)):
        if index == results["background"]:
            yield f"{name} (everything else)"
        else:
            yield name if name == word else f"{name} (asked for as {word!r})"


def tables(results: Results, spent: Mapping[str, float]) -> list[Table]:
    """The figures with intervals; losses by stage; then figures of classes, or of strata and sizes.

    Args:
        results: of ``summarise``.
        spent: mean seconds of every way.
    """
    parts = _classes(results) if _is_maps(results) else _strata(results)
    return [_figures(results, spent), *_losses(results), parts]


def failures(results: Results) -> list[Failure]:
    """What failed and counts as wrong."""
    return [
        Failure(name, each["name"], each["error"])
        for name, way in results["results"].items()
        for each in way["failures"]
    ]


def columns_of(results: Mapping[str, object]) -> dict[str, str]:
    """Names of figures in tables."""
    return MAP_COLUMNS if results["task"] == "maps" else SENTENCE_COLUMNS


def counted(number: int, noun: str) -> str:
    """A number of things, of which there may be one."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def shown(value: float | None) -> str:
    """A figure as tables show it."""
    return "-" if value is None else f"{value:.3f}"


def _is_maps(results: Results) -> bool:
    return bool(results["task"] == "maps")


def _figures(results: Results, spent: Mapping[str, float]) -> Table:
    maps, columns = _is_maps(results), columns_of(results)
    ways: dict[str, Results] = results["results"]
    keys = [key for key in columns if any(key in way["figures"] for way in ways.values())]
    if maps and results["background"] is None:
        keys.remove("mean_iou_without_background")
    if not maps and "no_target_accuracy" not in keys:
        keys = [key for key in keys if key not in ("generalised_iou", "target_accuracy")]
    rows = []
    for name, way in ways.items():
        cells = [_figure(way["figures"].get(key)) for key in keys]
        taken = f"{spent.get(name, math.nan):.2f}"
        rows.append((name, (*cells, Cell(taken), Cell(str(len(way["failures"]))))))
    unit = "image" if maps else "sentence"
    heads = ("Way", *(columns[key] for key in keys), f"s per {unit}", "failed")
    return Table("Figures with intervals", heads, tuple(rows))


def _losses(results: Results) -> Iterator[Table]:
    """What the stages lose; nothing where no oracle stands beside one of our ways."""
    found = dict(losses(results))
    if found:
        stages = tuple(dict.fromkeys(stage for lost in found.values() for stage in lost))
        rows = (
            (name, tuple(Cell(shown(lost.get(stage))) for stage in stages))
            for name, lost in found.items()
        )
        yield Table("mIoU lost by stage", ("mIoU lost by", *stages), tuple(rows))


def _classes(results: Results) -> Table:
    rows = (
        (name, tuple(Cell(shown(iou), iou) for iou in way["classes"].values()))
        for name, way in results["results"].items()
    )
    return Table("IoU of every class", ("IoU of", *results["classes"]), tuple(rows))


def _strata(results: Results) -> Table:
    ways: dict[str, Results] = results["results"]
    strata: dict[str, Results] = next(iter(ways.values()))["strata"]
    heads = (f"{name} ({figures['sentences']})" for name, figures in strata.items())
    rows = []
    for name, way in ways.items():
        means = [way["strata"][stratum]["mean_iou"] for stratum in strata]
        rows.append((name, tuple(Cell(shown(mean), mean) for mean in means)))
    return Table("mIoU by kind of sentence and size of target", ("mIoU of", *heads), tuple(rows))


def _figure(figure: Mapping[str, float | None] | None) -> Cell:
    if figure is None:
        return Cell("-")
    return Cell(shown(figure["value"]), figure["value"], figure["low"], figure["high"])
