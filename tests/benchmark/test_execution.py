"""Sentences through the whole path over true things: parser, executor, choice of the answer."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from benchmark.drawn import truth

from dgl_rsis.benchmark.asking import ask
from dgl_rsis.benchmark.constructions import CONSTRUCTIONS
from dgl_rsis.benchmark.execution import FALSE_THING, detected, disturbed, reply
from dgl_rsis.benchmark.measures import Measures
from dgl_rsis.benchmark.truth import truth_of, turned_frame
from dgl_rsis.config import make_settings
from dgl_rsis.render import render_scene

SETTINGS = make_settings()
# Together they have something for every construction.
SMALL_SCENES = {
    "residential": 705, "harbour": 704, "airfield": 700, "river": 600, "mixed": 703, "rural": 601,
}  # fmt: skip
SCENE = truth(
    [
        ("river", (140, 0, 160, 200), ""),  # 0
        ("building", (10, 10, 50, 40), "white"),  # 1
        ("building", (85, 30, 135, 70), "red"),  # 2: closest to the river
        ("building", (180, 20, 260, 100), "dark"),  # 3: the largest, right of the river
        ("ship", (146, 100, 154, 130), "white"),  # 4
    ]
)


@pytest.mark.parametrize(
    ("sentence", "things"),
    [
        ("the river", (0,)),
        ("the red house", (2,)),
        ("the largest building", (3,)),
        ("the building closest to the river", (2,)),
        ("all buildings to the left of the river", (1, 2)),
        ("the vessel on the river", (4,)),
        ("every roof that is not white", (2, 3)),
    ],
)
def test_replies_over_true_things(sentence: str, things: tuple[int, ...]) -> None:
    found = reply(sentence, SCENE, detected(SCENE), SETTINGS)
    assert tuple(sorted(found.things)) == things
    assert found.query.text == sentence


def test_of_what_is_not_there_nothing_is_chosen() -> None:
    assert reply("the tennis court", SCENE, detected(SCENE), SETTINGS).things == ()


def test_generated_sentences_of_every_construction_get_the_answers_of_the_oracle() -> None:
    asked: Counter[str] = Counter()
    wrong = []
    for theme, seed in SMALL_SCENES.items():
        scene = render_scene(seed, size=256, theme=theme)
        frame = turned_frame(scene, np.random.default_rng(seed)) if seed % 2 else None
        things = truth_of(scene, frame)
        candidates = detected(things)
        for question in ask(Measures(things), np.random.default_rng(seed), 1):
            asked[question.construction] += 1
            found = reply(question.text, things, candidates, SETTINGS)
            if set(found.things) != question.chosen:
                wrong.append(f"[{theme}] {question.text}: {found.query.program}")
    assert set(asked) == set(CONSTRUCTIONS)
    assert asked.total() > 100
    assert len(wrong) <= 0.03 * asked.total(), wrong


def test_a_disturbed_detector_misses_things_and_invents_others() -> None:
    rows = [(x, y, x + 8, y + 6) for x in range(10, 290, 20) for y in range(10, 190, 20)]
    scene = truth([("river", (0, 0, 300, 4), ""), *(("ship", box, "white") for box in rows)])
    found = disturbed(scene, np.random.default_rng(0))
    things = np.array(found.things)
    assert things[0] == 0  # what spreads stays
    assert np.array_equal(found.masks.crop(0), scene.things[0].mask)
    assert np.count_nonzero(things == FALSE_THING) == round(0.2 * len(rows))
    true_ones = things[things > 0]
    assert len(set(true_ones.tolist())) == len(true_ones)
    assert 0.7 < len(true_ones) / len(rows) < 0.9
    boxes = found.masks.boxes
    assert (boxes[:, :2] >= 0).all()
    assert (boxes[:, 2:] <= [300, 200]).all()
    assert (boxes[:, 2:] > boxes[:, :2]).all()
    moved = [
        found.masks.boxes[k].tolist() != list(rows[t - 1]) for k, t in enumerate(things) if t > 0
    ]
    assert np.mean(moved) > 0.5
    assert ((found.sureness > 0) & (found.sureness <= 1)).all()


def test_replies_tell_what_was_invented() -> None:
    boxes = [(x, 90, x + 8, 96) for x in range(10, 290, 20)]
    scene = truth([("ship", box, "white") for box in boxes])
    found = disturbed(scene, np.random.default_rng(0))
    things = reply("all ships", scene, found, SETTINGS).things
    assert FALSE_THING in things
    assert set(things) <= set(found.things)
