"""How the ways answer sentences, and what is kept of each answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from dgl_rsis.benchmark.baselines.registry import needs_proposals, refer_method
from dgl_rsis.benchmark.datasets.samples import ReferDataset, ReferSample
from dgl_rsis.benchmark.evaluation.shared import bare_for
from dgl_rsis.benchmark.evaluation.watch import Attempt, attempt
from dgl_rsis.benchmark.evaluation.ways import Way
from dgl_rsis.benchmark.metrics import compare_masks, resize_nearest
from dgl_rsis.benchmark.oracles import best_proposal, best_ranked, with_true_classes
from dgl_rsis.geo.raster import as_raster
from dgl_rsis.inputs import filled
from dgl_rsis.pipeline import Model
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.proposing import flat_masks
from dgl_rsis.results import ReferResult
from dgl_rsis.types import BoolArray, Raster

Answers: TypeAlias = list[Attempt[BoolArray]]
Asked: TypeAlias = dict[tuple[int, str], list[Attempt[ReferResult]]]
"""What models have answered about an image, by backbone and settings."""


def answer_sentences(
    model: Model,
    way: Way,
    samples: Sequence[ReferSample],
    dataset: ReferDataset,
    asked: Asked | None = None,
) -> dict[str, Any]:
    """Answer all sentences about one image and compare each answer with the truth.

    Args:
        model: of the way.
        way: what answers.
        samples: all about one image.
        dataset: that they are of.
        asked: what models have answered about this image; grows.

    Returns:
        ``answers``, a ``MaskRecord`` in JSON values for each sentence, with ``seconds`` and, where
        the way failed, ``error``: nothing was answered then. What sentences share is spread
        over them.
    """
    image = as_raster(samples[0].read_image())
    asked = {} if asked is None else asked
    records = []
    answers = attempt_masks(model, way, image, samples, asked)
    for sample, answer in zip(samples, answers, strict=True):
        mask = np.zeros(image.shape, bool) if answer.result is None else answer.result
        record = compare_masks(sample, mask, dataset)
        if answer.error:  # wrong also where nothing is the right answer
            record = replace(record, answered=not record.has_target)
        records.append({**asdict(record), **answer.note()})
    return {"answers": records}


def attempt_masks(
    model: Model, way: Way, image: Raster, samples: Sequence[ReferSample], asked: Asked
) -> Answers:
    """What a way answers to all sentences about an image; ``asked`` as above."""
    if way.baseline is None:
        return ours(model, image, samples, asked)
    if way.baseline in ORACLES:
        return ORACLES[way.baseline](model, image, samples, asked)
    return theirs(model, way.baseline, image, samples)


def ours(model: Model, image: Raster, samples: Sequence[ReferSample], asked: Asked) -> Answers:
    """Our own answers: all sentences at once, one by one where that fails."""
    return [
        Attempt(None if each.result is None else each.result.mask, each.seconds, each.error)
        for each in attempt_results(model, image, samples, asked)
    ]


def attempt_results(
    model: Model, image: Raster, samples: Sequence[ReferSample], asked: Asked
) -> list[Attempt[ReferResult]]:
    """Our results; models with the same settings over the same backbone answer once."""
    key = id(model.backbone), model.settings.model_dump_json()
    if key not in asked:
        asked[key] = _ask(model, image, [sample.sentence for sample in samples])
    return asked[key]


def theirs(model: Model, baseline: str, image: Raster, samples: Sequence[ReferSample]) -> Answers:
    """Answers of a baseline, over the flat masks of the model's proposers where it needs some."""
    method = refer_method(baseline)

    def prepare() -> Any:
        masks: MaskSet | None = MaskSet.from_masks([], image.shape)
        if needs_proposals(baseline):
            masks = flat_masks(bare.propose(image))
        assert masks is not None  # other proposers leave this way out
        return method.prepare(bare, filled(image), masks)

    with bare_for(baseline, model) as bare:
        prepared = attempt(bare, prepare)
        if prepared.error:
            return [Attempt(None, prepared.seconds, prepared.error) for _ in samples]
        share = prepared.seconds / len(samples)
        answers = []
        for sample in samples:
            answer = attempt(bare, partial(method.answer, prepared.result, sample.sentence))
            answers.append(replace(answer, seconds=answer.seconds + share))
        return answers


def best_masks(
    model: Model, image: Raster, samples: Sequence[ReferSample], asked: Asked
) -> Answers:
    """The best proposal for each sentence: what is lost before classes and selection."""
    found = attempt(model, lambda: model.propose(image))
    return [
        attempt(model, partial(best_proposal, found.result, truth_of(sample, image)))
        if found.result is not None
        else Attempt(None, found.seconds, found.error)
        for sample in samples
    ]


def best_classes(
    model: Model, image: Raster, samples: Sequence[ReferSample], asked: Asked
) -> Answers:
    """Our answers with true classes over our own proposals: what is lost before the program."""
    read = samples[0].read_classes
    assert read is not None  # other sets leave this way out
    knowing = with_true_classes(model, read())
    return [
        Attempt(None if each.result is None else each.result.mask, each.seconds, each.error)
        for each in _ask(knowing, image, [sample.sentence for sample in samples])
    ]


def best_choices(
    model: Model, image: Raster, samples: Sequence[ReferSample], asked: Asked
) -> Answers:
    """The best of our ranked answers to each sentence: what is lost before the selection."""
    results = attempt_results(model, image, samples, asked)
    return [
        Attempt(None, each.seconds, each.error)
        if each.result is None
        else Attempt(best_ranked(each.result, truth_of(sample, image)), each.seconds)
        for each, sample in zip(results, samples, strict=True)
    ]


def truth_of(sample: ReferSample, image: Raster) -> BoolArray:
    """The true mask at the size of the image."""
    return resize_nearest(sample.read_mask(), image.shape)


ORACLES = {
    "oracle-masks": best_masks,
    "oracle-classes": best_classes,
    "oracle-selection": best_choices,
}
"""Ways that see the truth: what each stage could reach at best."""


def _ask(model: Model, image: Raster, sentences: Sequence[str]) -> list[Attempt[ReferResult]]:
    together = attempt(model, lambda: model.refer_many(image, sentences))
    if together.result is not None:
        share = together.seconds / len(sentences)
        return [Attempt(result, share) for result in together.result]
    return [attempt(model, partial(model.refer, image, sentence)) for sentence in sentences]
