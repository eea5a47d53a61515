"""Which answers of a run are worth a look: the best and the worst of every way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dgl_rsis.benchmark.evaluation.maps import from_triples
from dgl_rsis.benchmark.evaluation.summary import Results, mask_records
from dgl_rsis.benchmark.metrics import mean_iou

SHOWN_WAYS = 12
SHOWN_CASES = 4  # of the best, and of the worst


@dataclass(frozen=True)
class Case:
    """One answer of a way.

    Attributes:
        way: its name.
        name: of the image or the sentence, unique within the set.
        image: its name.
        iou: in [0, 1]; of a map the mean over the classes that occur in it or its truth.
        failed: whether the way failed.
    """

    way: str
    name: str
    image: str
    iou: float
    failed: bool = False


@dataclass(frozen=True)
class Extremes:
    """The best and the worst answers of a way; none is both.

    Attributes:
        way: its name.
        best: the best first.
        worst: the worst first.
    """

    way: str
    best: tuple[Case, ...]
    worst: tuple[Case, ...]


def choose_cases(results: Results) -> list[Extremes]:
    """The extremes of the first ``SHOWN_WAYS`` ways.

    Of equals the first of the set comes first. A sentence without a target that is rightly
    answered by nothing has no IoU and is no case; one that is answered by something has IoU 0, and
    so has whatever failed, which is never among the best.
    """
    return [extremes(name, results) for name in list(results["results"])[:SHOWN_WAYS]]


def extremes(way: str, results: Results) -> Extremes:
    """The best and the worst ``SHOWN_CASES`` of a way; of fewer than twice as many half each."""
    cases = list(_cases(way, results))
    order = sorted(range(len(cases)), key=lambda place: (-cases[place].iou, place))
    count = min(SHOWN_CASES, -(-len(cases) // 2))
    best = [place for place in order[:count] if not cases[place].failed]
    rest = sorted(set(order) - set(best), key=lambda place: (cases[place].iou, place))
    worst = rest[:SHOWN_CASES]
    return Extremes(
        way, tuple(cases[place] for place in best), tuple(cases[place] for place in worst)
    )


def _cases(way: str, results: Results) -> Iterator[Case]:
    samples = results["results"][way]["samples"]
    if results["task"] == "maps":
        for sample in samples:
            iou = mean_iou(from_triples(sample["counts"], len(results["classes"])))
            if iou == iou:  # no class is counted where it is NaN
                yield Case(way, sample["name"], sample["name"], iou, "error" in sample)
        return
    for sample, record in zip(samples, mask_records(samples), strict=True):
        failed = "error" in sample
        if record.has_target or record.answered or failed:
            yield Case(way, record.name, record.image, record.iou, failed)
