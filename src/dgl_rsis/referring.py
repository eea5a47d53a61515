"""Wiring of referring expression segmentation: one sentence over one prepared image.

understand (text decoupling) -> score the nouns (local alignment) -> activation (global alignment)
-> execute the program -> select. A stage that is switched off is not called.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from dgl_rsis.config import Settings
from dgl_rsis.errors import InputError
from dgl_rsis.explanation import StepReport, failed_test, lost_by
from dgl_rsis.heatmaps import heatmap
from dgl_rsis.models.base import Backbone
from dgl_rsis.nouns import ScoredNouns, meant_by_names, score_nouns
from dgl_rsis.prepared import PreparedImage
from dgl_rsis.results import Match, ReferResult, SceneMatch, union_of
from dgl_rsis.stages import activation, select, spatial
from dgl_rsis.stages.fields import resample
from dgl_rsis.stages.steps import Step
from dgl_rsis.text.knowledge import normalise_name
from dgl_rsis.text.program.nodes import Select
from dgl_rsis.text.program.tree import program_of, walk
from dgl_rsis.text.program.vocabulary import ANYTHING
from dgl_rsis.types import FloatArray, IntArray, Proposals, Query


def nouns_of(query: Query) -> list[str]:
    """Distinct nouns of a sentence, the target's first; ``ANYTHING`` where none is named."""
    said = [node.noun for node in walk(program_of(query)) if isinstance(node, Select)]
    return list(dict.fromkeys([query.target.noun, *said]))


def looks_for_anchors(query: Query, names: Sequence[str], settings: Settings) -> bool:
    """Whether a sentence has anchors that no candidate is called.

    Args:
        query: the sentence.
        names: of the candidates, as they were given.
        settings: say which words are known.
    """
    anchors = [noun for noun in nouns_of(query)[1:] if noun != ANYTHING]
    normalised = [normalise_name(name) for name in names]
    meant = meant_by_names(normalised, anchors, settings.knowledge.words.lexicon)
    return len(meant) < len(anchors)


def answer(
    image: PreparedImage, query: Query, backbone: Backbone, settings: Settings
) -> ReferResult:
    """Find what a sentence refers to in a prepared image."""
    if not settings.select.enabled:
        return _pixel_answer(image, query, backbone, settings)
    said = nouns_of(query)
    nouns = image.remembered(
        ("nouns", *said),
        backbone,
        settings,
        lambda: score_nouns(image, query.target.noun, said, backbone, settings),
    )
    masks = nouns.candidates.masks
    everywhere = np.ones(len(masks), np.float32)
    target = nouns.probabilities.get(query.target.noun, everywhere)
    own = nouns.instances.get(query.target.noun, np.arange(len(masks)))
    terms = {"probability": target, "objectness": nouns.candidates.objectness}
    notes: tuple[str, ...] = nouns.notes
    unmeasured: tuple[str, ...] = ()
    is_union = False
    table = trace = steps = None
    if settings.program.enabled:
        table = _table(image, nouns)
        lexicon = settings.knowledge.words.lexicon
        execution = spatial.execute(
            program_of(query), table, settings=settings.program, lexicon=lexicon
        )
        trace, steps = execution.trace, StepReport.of(execution.trace, table)
        terms["program"], terms["attribute"] = execution.values, execution.attributes
        alive, notes = execution.instances, (*notes, *execution.notes)
        unmeasured = execution.unmeasured
        # A sentence that was not decoupled is no noun that could spread.
        is_union = execution.is_union and settings.text.decouple
    else:
        alive = _without_program(target, own, settings)
    words = modified_words(query, unmeasured, settings)
    # Names settle the noun: without further words there is nothing to ask the model.
    is_asked = words or query.target.noun not in nouns.settled
    heat = heatmap(image, query, words, backbone, settings) if is_asked else None
    if heat is not None:
        terms["activation"] = activation.activation_terms(heat, masks, settings.select)
    chosen, scores = choose(masks, query, alive, terms, is_union, settings, given=image.given)
    rest = np.setdiff1d(np.union1d(alive, own), chosen)
    ranking = [*chosen, *rest[np.argsort(-scores[rest], kind="stable")].tolist()]

    def reason(index: int) -> str:
        return why_not(index, chosen, query, terms, scores, trace, table, settings)

    matches = _matches(masks, ranking, chosen, terms, scores, settings.select.top_k, reason)
    if not chosen:
        notes = (nothing_matched(query, matches), *notes)
    return replace(_result(image, query, matches, heat, notes), steps=steps)


def choose(
    masks: Proposals | None,
    query: Query,
    alive: IntArray,
    terms: dict[str, FloatArray],
    is_union: bool,
    settings: Settings,
    *,
    given: bool,
) -> tuple[list[int], FloatArray]:
    """Choose the answer among candidates by the terms of their scores.

    Args:
        masks: ``N`` candidates; None where they do not overlap.
        query: says how many are asked for.
        alive: ``(K,)`` those that fulfil the program.
        terms: ``(N,)`` in [0, 1] by the name of the term, the target's ``probability`` among them.
        is_union: all of them are one answer together.
        settings: weights of the terms, and from what on a candidate is plausible.
        given: the candidates are the user's own.

    Returns:
        Candidates of the answer, best first, none when nothing is plausible; ``(N,)`` scores.
    """
    target, scores = terms["probability"], scores_of_terms(terms, settings)
    order = alive[np.argsort(-scores[alive], kind="stable")]
    plausible = order[target[order] >= settings.select.least_probability]
    if is_union and len(plausible):
        near = scores[plausible] >= settings.select.near_best * scores[plausible[0]]
        return [int(index) for index in plausible[near]], scores
    if query.count is None and len(plausible):
        best = target[plausible].max()
        plausible = plausible[target[plausible] >= settings.select.near_best * best]
    if given or masks is None:  # overlapping or not, they are the user's own objects
        return [int(index) for index in plausible[: query.count]], scores
    return select.distinct(masks, plausible, limit=query.count), scores


def modified_words(query: Query, unmeasured: Sequence[str], settings: Settings) -> str:
    """The noun with the modifiers that the activation is to add; empty if there are none."""
    executed = settings.program.enabled and settings.select.enabled
    if settings.activation.modifiers == "all" or not executed:
        return query.text if query.text.strip() != query.target.noun else ""
    if not (unmeasured or query.unexecuted):
        return ""
    return " ".join((*unmeasured, query.target.noun, *query.unexecuted))


def _table(image: PreparedImage, nouns: ScoredNouns) -> spatial.CandidateTable:
    masks = nouns.candidates.masks
    return spatial.CandidateTable(
        image.raster.shape,
        masks.areas,
        masks.boxes,
        masks.centroids,
        masks.crop,
        nouns.probabilities,
        objectness=nouns.candidates.objectness,
        colours=nouns.candidates.colours,
        paints=nouns.candidates.paints,
        frame=image.raster.frame,
        instances=nouns.instances,
        are_instances=image.given,
    )


def _without_program(target: FloatArray, own: IntArray, settings: Settings) -> IntArray:
    """All candidates near the best, where no program says which are instances."""
    if len(own) == 0:
        return own
    near = target[own] >= settings.select.near_best * target[own].max()
    return np.asarray(own[near])


def _weights(settings: Settings) -> dict[str, float]:
    """Weights of the terms of the score."""
    options = settings.select
    return {
        "probability": options.probability_weight,
        "program": options.program_weight,
        "attribute": options.attribute_weight,
        "activation": options.activation_weight,
        "objectness": options.objectness_weight,
    }


def scores_of_terms(terms: dict[str, FloatArray], settings: Settings) -> FloatArray:
    """``(N,)`` in [0, 1]: the weighted geometric mean of the terms."""
    return select.combined_score(terms, _weights(settings))


def why_not(
    index: int,
    chosen: Sequence[int],
    query: Query,
    terms: dict[str, FloatArray],
    scores: FloatArray,
    trace: Step | None,
    table: spatial.CandidateTable | None,
    settings: Settings,
) -> str:
    """Why a candidate is no part of the answer: the test that it failed, or what beat it."""
    probability, least = float(terms["probability"][index]), settings.select.least_probability
    if probability < least:
        return f"its probability as '{query.target.noun}' is {probability:.2f}, below {least:g}"
    failed = failed_test(trace, index) if trace is not None else ""
    if failed or not chosen:
        return failed
    lost = lost_by(trace, index, chosen[-1], terms, _weights(settings), table)
    return lost if lost and scores[index] < scores[chosen[-1]] else "it overlaps what was chosen"


def _matches(
    masks: Proposals,
    ranking: Sequence[int],
    chosen: Sequence[int],
    terms: dict[str, FloatArray],
    scores: FloatArray,
    top_k: int,
    reason: Callable[[int], str],
) -> tuple[Match, ...]:
    """The chosen and their best rivals, at least ``top_k`` of them where there are as many."""
    picked = set(chosen)
    rivals = select.distinct(masks, ranking, limit=max(top_k, len(chosen)))
    listed = [*chosen, *(index for index in rivals if index not in picked)]
    matches = []
    for index in listed[: max(top_k, len(chosen))]:
        x0, y0, x1, y1 = (int(v) for v in masks.boxes[index])
        matches.append(
            Match(
                masks.crop(index),
                (x0, y0, x1, y1),
                masks.shape,
                float(scores[index]),
                {name: float(values[index]) for name, values in terms.items()},
                index in picked,
                index,
                "" if index in picked else reason(index),
            )
        )
    return tuple(matches)


def nothing_matched(query: Query, matches: Sequence[Match | SceneMatch]) -> str:
    """That nothing matches, with the best that was rejected."""
    if not matches:
        return f"nothing matches: nothing in the image speaks for '{query.target.noun}'"
    best = matches[0]
    x0, y0, x1, y1 = best.box
    return f"nothing matches: the best is candidate #{best.index} at x {x0}..{x1}, y {y0}..{y1}, but {best.reason}"


def _pixel_answer(
    image: PreparedImage, query: Query, backbone: Backbone, settings: Settings
) -> ReferResult:
    """The thresholded heat map as one match: what remains without mask selection."""
    heat = heatmap(image, query, modified_words(query, (), settings), backbone, settings)
    if heat is None:
        raise InputError("select.enabled and activation.enabled are both off; switch one on")
    full = resample(heat, image.raster.shape)
    mask = (full >= settings.select.heatmap_threshold) & image.raster.valid
    matches: tuple[Match, ...] = ()
    if mask.any():
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        box = (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
        crop = mask[box[1] : box[3], box[0] : box[2]]
        score = float(full[mask].mean())
        matches = (Match(crop, box, mask.shape, score, {"activation": score}, True, 0),)
    notes = ("mask selection is off: the heat map decides",)
    return _result(image, query, matches, heat, notes)


def _result(
    image: PreparedImage,
    query: Query,
    matches: tuple[Match, ...],
    heat: FloatArray | None,
    notes: tuple[str, ...],
) -> ReferResult:
    shape = image.raster.shape
    full = np.zeros(shape, np.float32) if heat is None else resample(heat, shape)
    left = (f"'{words}' is left to the vision-language model" for words in query.unexecuted)
    return ReferResult(
        union_of(matches, shape), matches, query, full, image.raster, (*notes, *left)
    )
