"""Questions in English: every wording of a question, over many seeds."""

from __future__ import annotations

import numpy as np
import pytest

from dgl_rsis.benchmark.questions import (
    Amid,
    Beside,
    Between,
    Colour,
    Except,
    Limit,
    Not,
    Place,
    Rank,
    Things,
)
from dgl_rsis.benchmark.wording import say

BRIDGE = Things("bridge")
CARS = Things("car", number=None)
BAR = Limit("length", True, 80, "feet", 0.3048)
ACRES = tuple(Limit("area", above, value, "ha", 1e4) for above, value in ((True, 1), (False, 2)))


@pytest.mark.parametrize(
    ("things", "sentence"),
    [
        (Things("bridge", (Colour("white"),)), "the white bridge"),
        (Things("bridge", number=3), "three bridges"),
        (Things("bridge", rank=Rank("area", False, 2)), "the second smallest bridge"),
        (Things("bridge", rank=Rank("x", True, 3, saying="ordinal")),
         "the third bridge from the right"),
        (Things("bridge", rank=Rank("length", True, saying="comparative")),
         "the longer of the two bridges"),
        (Things("bridge", rank=Rank("distance", False, anchor=BRIDGE)),
         "the closest bridge to the bridge"),
        (Things("bridge", (Beside("northeast", BRIDGE),)),
         "the bridge to the northeast of the bridge"),
        (Things("bridge", (Place("lower left", is_corner=True),)),
         "the bridge in the bottom left corner"),
        (Things("bridge", (Between(Things("bridge", number=2)),)),
         "the bridge between the two bridges"),
        (Things("bridge", (Amid("across", Things("river", number=None)),)),
         "the bridge over the river"),
        (Things("bridge", (Not(Colour("red")),), number=None), "every bridge that is not red"),
        (Things("bridge", (Except(Things("bridge", rank=Rank("area", True))),), number=None),
         "all bridges except the largest one"),
        (Things("bridge", (BAR,)), "the bridge longer than 80 feet"),
        (Things("bridge", ACRES), "the bridge between 1 and 2 ha in size"),
        (Things("bridge", rank=Rank("north", True), number=3), "the three northernmost bridges"),
    ],
)  # fmt: skip
def test_among_the_wordings_is(things: Things, sentence: str) -> None:
    assert sentence in {say(things, np.random.default_rng(seed)) for seed in range(400)}


def test_wordings_and_nouns_vary() -> None:
    said = {say(CARS, np.random.default_rng(seed)) for seed in range(200)}
    assert {"all cars", "every automobile", "Segment each car."} <= said
    assert len(said) > 30


def test_the_seed_decides() -> None:
    assert say(CARS, np.random.default_rng(5)) == say(CARS, np.random.default_rng(5))


def test_verbs_agree_with_their_subject() -> None:
    for seed in range(300):
        text = say(Things("car", number=3), np.random.default_rng(seed))
        assert not text.startswith("Where is")
        text = say(Things("car"), np.random.default_rng(seed))
        assert not text.startswith("Where are")
