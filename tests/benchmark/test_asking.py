"""Only questions with a clear answer are asked, the same ones for the same seed."""

from __future__ import annotations

import numpy as np
import pytest
from benchmark.drawn import judged, truth

from dgl_rsis.benchmark.asking import Question, ask
from dgl_rsis.benchmark.constructions import CONSTRUCTIONS
from dgl_rsis.benchmark.measures import Measures

SCENE = truth(
    [
        ("road", (140, 0, 160, 200), ""),
        ("building", (2, 10, 42, 40), "white"),
        ("building", (85, 30, 135, 70), "red"),
        ("building", (180, 20, 260, 100), "dark"),
        ("ship", (100, 170, 130, 176), "white"),
        ("ship", (180, 150, 240, 156), "blue"),
    ]
)


@pytest.fixture(scope="module")
def questions() -> list[Question]:
    return list(ask(Measures(SCENE), np.random.default_rng(1), 2))


def test_answers_are_those_of_the_oracle(questions: list[Question]) -> None:
    assert len(questions) > 30
    assert {question.construction for question in questions} <= set(CONSTRUCTIONS)
    for question in questions:
        found = judged(question.things, SCENE)
        assert found.is_clear
        assert found.chosen == question.chosen


def test_no_sentence_is_asked_twice(questions: list[Question]) -> None:
    texts = [question.text for question in questions]
    assert len(set(texts)) == len(texts)


def test_conditions_tell_things_from_others(questions: list[Question]) -> None:
    for question in questions:
        everything = set(SCENE.of_kind(question.things.kind))
        assert not question.things.conditions or question.chosen < everything


def test_the_seed_decides(questions: list[Question]) -> None:
    again = list(ask(Measures(SCENE), np.random.default_rng(1), 2))
    other = list(ask(Measures(SCENE), np.random.default_rng(2), 2))
    assert again == questions
    assert other != questions


def test_an_image_without_objects_is_asked_nothing() -> None:
    road = truth([("road", (140, 0, 160, 200), "")])
    assert list(ask(Measures(road), np.random.default_rng(0), 1)) == []
