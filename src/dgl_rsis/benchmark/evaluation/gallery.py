"""Pictures of chosen answers of a run: image, truth, answer, and for our own sentences the reason.

The journal keeps no masks, so the ways are asked again, as the run has asked them: in processes
with one thread each, all sentences about an image at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from PIL.Image import Image

from dgl_rsis.benchmark.baselines.registry import REFER_BASELINES
from dgl_rsis.benchmark.datasets.samples import MapDataset, MapSample, ReferDataset, ReferSample
from dgl_rsis.benchmark.evaluation.answering import Bench, Plan, bench_of
from dgl_rsis.benchmark.evaluation.cases import Case
from dgl_rsis.benchmark.evaluation.maps import attempt_map
from dgl_rsis.benchmark.evaluation.pictures import LONGEST_SIDE, Picture, encode, outline
from dgl_rsis.benchmark.evaluation.runner import AHEAD, Tell, hand_out, start_pool
from dgl_rsis.benchmark.evaluation.sentences import (
    Asked,
    attempt_masks,
    attempt_results,
    truth_of,
)
from dgl_rsis.benchmark.evaluation.watch import Attempt
from dgl_rsis.benchmark.evaluation.ways import Way
from dgl_rsis.benchmark.metrics import class_ious, compare_masks, confusion_matrix, mean_iou
from dgl_rsis.drawing import (
    CHOSEN,
    OTHERS,
    display_size,
    draw_explanation,
    paint_labels,
    picture_of,
)
from dgl_rsis.geo.palette import Colour, class_colours
from dgl_rsis.geo.raster import as_raster
from dgl_rsis.pipeline import Model
from dgl_rsis.results import ReferResult
from dgl_rsis.types import BoolArray, Raster

ALL_PICTURES = 10_500_000  # bytes; as text they are a third more
EXPLANATION_SIDE = 800  # pixels of its two panels together
SHARES = 5  # of the bytes of a case: image, truth, answer, and two for the explanation


@dataclass(frozen=True)
class ClassKey:
    """One class in the legend of a map.

    Attributes:
        name: as the data set spells it.
        colour: in the pictures.
        iou: of the class in this map.
    """

    name: str
    colour: Colour
    iou: float


@dataclass(frozen=True)
class Shown:
    """What the page shows of a case.

    Attributes:
        case: that is shown.
        iou: of the answer that is shown; another than that of the case where a way does not
            repeat its answers.
        pictures: with what they show, in order: image, truth, and the answer if there is one.
        sentence: that was asked; empty for maps.
        error: why there is no answer; empty where there is one.
        legend: of maps, the classes that occur in truth or answer.
        reason: our explanation of an answer to a sentence; empty for other ways.
        explanation: its picture.
    """

    case: Case
    iou: float
    pictures: tuple[tuple[str, Picture], ...]
    sentence: str = ""
    error: str = ""
    legend: tuple[ClassKey, ...] = ()
    reason: str = ""
    explanation: Picture | None = None


def show_cases(
    plan: Plan, cases: Sequence[Case], *, workers: int = 1, tell: Tell | None = None
) -> dict[Case, Shown]:
    """Ask for the cases again and draw them.

    Args:
        plan: of the run.
        cases: of it.
        workers: processes.
        tell: ``(done, total, message) -> go on?``; images. Cases are missing where it said no.

    Raises:
        InputError: the data set or a way cannot be used any more.
        ModelError: a model cannot be loaded any more.
    """
    images = list(dict.fromkeys(case.image for case in cases))
    if not images:
        return {}
    groups = [tuple(case for case in cases if case.image == image) for image in images]
    work = partial(show_image, plan, limit=ALL_PICTURES // (SHARES * len(cases)))
    found: dict[Case, Shown] = {}
    workers = min(workers, len(groups))
    with start_pool(workers) as pool:
        drawn = hand_out(pool, work, groups, workers * AHEAD)
        for done, shown in enumerate(drawn, start=1):
            found |= {each.case: each for each in shown}
            if tell is not None and not tell(done, len(groups), "pictures of the page"):
                break
    return found


def show_image(plan: Plan, cases: Sequence[Case], *, limit: int) -> list[Shown]:
    """The cases about one image.

    Args:
        plan: of the run.
        cases: all about the same image.
        limit: bytes of a picture.
    """
    bench = bench_of(plan)
    bench.forget()
    samples = bench.samples(cases[0].image)
    if isinstance(bench.dataset, MapDataset):
        return list(_maps(bench, bench.dataset, samples[0], cases, limit))
    return list(_sentences(bench, bench.dataset, samples, cases, limit))


def _maps(
    bench: Bench, dataset: MapDataset, sample: MapSample, cases: Sequence[Case], limit: int
) -> Iterator[Shown]:
    pixels, truth = sample.read_image(), sample.read_labels()
    raster = as_raster(pixels)
    base = picture_of(raster, display_size(raster.shape, LONGEST_SIDE))
    colours = class_colours(dataset.classes)
    before = (
        ("Image", encode(base, limit)),
        ("Truth", encode(paint_labels(base, truth, colours), limit)),
    )
    for case in cases:
        way, model = _way_of(bench, case)
        made = attempt_map(model, way, pixels, truth, dataset)
        labels = np.full(truth.shape, -1, np.int16) if made.result is None else made.result
        counts = confusion_matrix(truth, labels, len(dataset.classes))
        answer = ("Answer", encode(paint_labels(base, labels, colours), limit))
        keys = zip(dataset.classes, colours, class_ious(counts).tolist(), strict=True)
        yield Shown(
            case,
            mean_iou(counts),
            before if made.error else (*before, answer),
            error=made.error,
            legend=tuple(ClassKey(*key) for key in keys if key[-1] == key[-1]),
        )


def _sentences(
    bench: Bench,
    dataset: ReferDataset,
    samples: Sequence[ReferSample],
    cases: Sequence[Case],
    limit: int,
) -> Iterator[Shown]:
    raster = as_raster(samples[0].read_image())
    base = picture_of(raster, display_size(raster.shape, LONGEST_SIDE))
    asked: Asked = {}
    for name in dict.fromkeys(case.way for case in cases):
        wanted = {case.name: case for case in cases if case.way == name}
        way, model = _way_of(bench, next(iter(wanted.values())))
        # baselines answer one by one, so the other sentences need not be asked again
        chosen = [each for each in samples if each.name in wanted]
        together = chosen if way.method in REFER_BASELINES else samples
        answers = attempt_masks(model, way, raster, together, asked)
        results = attempt_results(model, raster, samples, asked) if way.baseline is None else None
        for place, sample in enumerate(together):
            if sample.name in wanted:
                shown = _sentence(
                    wanted[sample.name], sample, answers[place], dataset, raster, base, limit
                )
                result = None if results is None else results[place].result
                yield shown if result is None else _explained(shown, result, limit)


def _sentence(
    case: Case,
    sample: ReferSample,
    answer: Attempt[BoolArray],
    dataset: ReferDataset,
    raster: Raster,
    base: Image,
    limit: int,
) -> Shown:
    truth = truth_of(sample, raster)
    mask = np.zeros(raster.shape, bool) if answer.result is None else answer.result
    pictures = [
        ("Image", encode(base, limit)),
        (_named("Truth", truth), encode(outline(base, truth, OTHERS), limit)),
    ]
    if not answer.error:
        pictures.append((_named("Answer", mask), encode(outline(base, mask, CHOSEN), limit)))
    iou = compare_masks(sample, mask, dataset).iou
    return Shown(case, iou, tuple(pictures), sentence=sample.sentence, error=answer.error)


def _named(name: str, mask: BoolArray) -> str:
    return name if mask.any() else f"{name}: nothing"


def _explained(shown: Shown, result: ReferResult, limit: int) -> Shown:
    picture = encode(draw_explanation(result, EXPLANATION_SIDE), 2 * limit)
    return replace(shown, reason=result.explain(), explanation=picture)


def _way_of(bench: Bench, case: Case) -> tuple[Way, Model]:
    return next((way, model) for way, model in bench.models.items() if way.name == case.way)
