"""What parser, executor and the choice of the answer make of a question, given the true things.

The true things stand in for a perfect detector and classifier, so that whatever goes wrong is the
sentence's or the program's; ``disturbed`` makes a poorer detector of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dgl_rsis import referring
from dgl_rsis.benchmark.truth import SPREADING, Truth
from dgl_rsis.benchmark.wording import NOUNS
from dgl_rsis.config import Settings
from dgl_rsis.prepared import Candidates
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.proposals.objectness import colour_field
from dgl_rsis.stages import spatial
from dgl_rsis.text.lexicon_file import default_lexicon
from dgl_rsis.text.parse import parse
from dgl_rsis.text.program.tree import program_of
from dgl_rsis.text.program.vocabulary import ANYTHING
from dgl_rsis.types import BoolArray, FloatArray, Query

FALSE_THING = -1
JITTER = 0.1  # standard deviation of a border of a box, in sides of the box
MISSING = FALSE = 0.2


@dataclass(frozen=True)
class Detected:
    """Candidates of one image, as a detector gives them.

    Attributes:
        masks: ``N`` candidates.
        kinds: their kinds.
        sureness: ``(N,)`` float32 in [0, 1], probability of that kind.
        things: index of the true thing each stands for; ``FALSE_THING`` for none.
        colours: ``(N, 3)`` Lab of the mean colour.
        paints: ``(N, 3)`` Lab of the colour that names it.
    """

    masks: MaskSet
    kinds: tuple[str, ...]
    sureness: FloatArray
    things: tuple[int, ...]
    colours: FloatArray
    paints: FloatArray


@dataclass(frozen=True)
class Reply:
    """What a sentence was taken to mean.

    Attributes:
        things: indices of the true things chosen; ``FALSE_THING`` for each false one.
        query: what the parser understood.
        notes: what the executor dropped.
    """

    things: tuple[int, ...]
    query: Query
    notes: tuple[str, ...]


def detected(truth: Truth) -> Detected:
    """The true things as candidates."""
    crops = [thing.mask for thing in truth.things]
    boxes = [thing.box for thing in truth.things]
    sureness = np.ones(len(crops), np.float32)
    return _candidates(truth, crops, boxes, [t.kind for t in truth.things], sureness)


def disturbed(truth: Truth, rng: np.random.Generator) -> Detected:
    """Boxes with shifted borders, some things missing, some false ones, uncertain kinds.

    Land cover that spreads stays as it is: no detector gives it as boxes.
    """
    height, width = truth.shape
    crops: list[BoolArray] = []
    boxes, kinds, things = [], [], []
    objects = [index for index, thing in enumerate(truth.things) if thing.kind not in SPREADING]
    for index, thing in enumerate(truth.things):
        box = thing.box
        if thing.kind in SPREADING:
            crop = thing.mask
        elif rng.random() < MISSING:
            continue
        else:
            box = _shifted(box, rng, width, height)
            crop = np.ones((box[3] - box[1], box[2] - box[0]), bool)
        crops.append(crop)
        boxes.append(box)
        kinds.append(thing.kind)
        things.append(index)
    for index in rng.permutation(objects)[: round(FALSE * len(objects))].tolist():
        x0, y0, x1, y1 = truth.things[index].box
        x, y = rng.integers(0, width - (x1 - x0) + 1), rng.integers(0, height - (y1 - y0) + 1)
        crops.append(np.ones((y1 - y0, x1 - x0), bool))
        boxes.append((int(x), int(y), int(x) + x1 - x0, int(y) + y1 - y0))
        kinds.append(truth.things[index].kind)
        things.append(FALSE_THING)
    is_true = np.array(things) != FALSE_THING
    sureness = np.where(
        is_true, rng.uniform(0.6, 1, len(things)), rng.uniform(0.3, 0.8, len(things))
    )
    return _candidates(truth, crops, boxes, kinds, sureness.astype(np.float32), things)


def reply(sentence: str, truth: Truth, candidates: Detected, settings: Settings) -> Reply:
    """Parse, execute and choose, as ``referring.answer`` does with scores of a model."""
    query = parse(sentence)
    names = referring.nouns_of(query)
    probabilities = {
        noun: _probability(noun, candidates, settings) for noun in names if noun != ANYTHING
    }
    masks = candidates.masks
    table = spatial.CandidateTable(
        truth.shape,
        masks.areas,
        masks.boxes,
        masks.centroids,
        masks.crop,
        probabilities,
        colours=candidates.colours,
        paints=candidates.paints,
        frame=truth.frame,
        are_instances=True,
    )
    execution = spatial.execute(program_of(query), table, settings=settings.program)
    target = probabilities.get(query.target.noun, np.ones(len(masks), np.float32))
    terms = {
        "probability": target,
        "program": execution.values,
        "attribute": execution.attributes,
    }
    chosen, _ = referring.choose(
        masks, query, execution.instances, terms, execution.is_union, settings, given=True
    )
    return Reply(tuple(candidates.things[index] for index in chosen), query, execution.notes)


def _candidates(
    truth: Truth,
    crops: Sequence[BoolArray],
    boxes: Sequence[tuple[int, int, int, int]],
    kinds: Sequence[str],
    sureness: FloatArray,
    things: Sequence[int] | None = None,
) -> Detected:
    masks = MaskSet.from_crops(crops, [(x0, y0) for x0, y0, _, _ in boxes], truth.shape)
    field = colour_field(truth.image, np.ones(truth.shape, bool))
    own = tuple(things) if things is not None else tuple(range(len(crops)))
    measured = Candidates.measure(masks, truth.image, field)
    return Detected(masks, tuple(kinds), sureness, own, measured.colours, measured.paints)


def _shifted(
    box: tuple[int, int, int, int], rng: np.random.Generator, width: int, height: int
) -> tuple[int, int, int, int]:
    """A box whose borders are moved, inside the image and not empty."""
    x0, y0, x1, y1 = box
    shifts = np.round(rng.normal(0, JITTER, 4) * ([x1 - x0, y1 - y0] * 2)).astype(int)
    left, top = max(0, x0 + int(shifts[0])), max(0, y0 + int(shifts[1]))
    right, bottom = min(width, x1 + int(shifts[2])), min(height, y1 + int(shifts[3]))
    left, top = min(left, width - 1), min(top, height - 1)
    return left, top, max(right, left + 1), max(bottom, top + 1)


def _probability(noun: str, candidates: Detected, settings: Settings) -> FloatArray:
    """Sureness where the kind is what the noun names, else that of a mismatch of names."""
    lexicon = default_lexicon()
    means = {
        kind: lexicon.overlap(NOUNS.get(kind, ((kind, ""),))[0][0], noun)
        for kind in set(candidates.kinds)
    }
    same = np.array([means[kind] for kind in candidates.kinds], bool)
    mismatch = np.float32(settings.select.name_mismatch)
    return np.where(same, candidates.sureness, mismatch)
