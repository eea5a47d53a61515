"""Questions about one image, drawn by construction; only those with a clear answer are asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from dgl_rsis.benchmark.constructions import CONSTRUCTIONS
from dgl_rsis.benchmark.drafting import Drafter
from dgl_rsis.benchmark.measures import Measures
from dgl_rsis.benchmark.questions import Things
from dgl_rsis.benchmark.wording import say

MOST_TRIES = 300  # drafts for one question
MOST_CHOSEN = 200  # what chooses more asks for nothing in particular


@dataclass(frozen=True)
class Question:
    """A sentence with what it refers to.

    Attributes:
        text: English.
        construction: what it is an example of.
        things: the question that it says.
        chosen: indices of the things that are the answer.
    """

    text: str
    construction: str
    things: Things
    chosen: frozenset[int]


def ask(
    measures: Measures,
    rng: np.random.Generator,
    rounds: int,
    constructions: Sequence[str] = tuple(CONSTRUCTIONS),
) -> Iterator[Question]:
    """Draw questions: in every round one of each construction, where the image has one.

    Args:
        measures: of the things of an image.
        rng: source of chance.
        rounds: how often each construction has its turn.
        constructions: which of them, in the order of their turns.
    """
    drafter = Drafter(measures, rng)
    if not drafter.kinds:
        return
    said: set[str] = set()
    for _ in range(rounds):
        for construction in constructions:
            question = _draw(drafter, construction)
            if question is not None and question.text not in said:
                said.add(question.text)
                yield question


def _draw(drafter: Drafter, construction: str) -> Question | None:
    """A question of a construction whose answer is clear and tells things from others."""
    for _ in range(MOST_TRIES):
        things = CONSTRUCTIONS[construction](drafter)
        if things is None:
            continue
        found = drafter.oracle.answer(things)
        everything = len(drafter.measures.truth.of_kind(things.kind))
        is_told_apart = not things.conditions or len(found.chosen) < everything
        if found.is_clear and is_told_apart and len(found.chosen) <= MOST_CHOSEN:
            text = say(things, drafter.rng)
            return Question(text, construction, things, found.chosen)
    return None
