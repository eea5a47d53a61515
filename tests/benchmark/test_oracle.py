"""The oracle on scenes drawn by hand, with answers that a look at the drawing gives."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from benchmark.drawn import NORTH_UP, judged, truth

from dgl_rsis.benchmark.questions import (
    Amid,
    Beside,
    Between,
    Colour,
    Compared,
    Condition,
    Except,
    Limit,
    Not,
    Parallel,
    Place,
    Rank,
    Reach,
    Shape,
    Size,
    Things,
)

# A road from top to bottom at x 140..160, buildings on both sides, ships further down.
SCENE = truth(
    [
        ("road", (140, 0, 160, 200), ""),  # 0
        ("building", (2, 10, 42, 40), "white"),  # 1: upper left, 40 x 30
        ("building", (85, 30, 135, 70), "red"),  # 2: close to the road, 50 x 40
        ("building", (40, 120, 80, 150), "white"),  # 3: lower left, 40 x 30
        ("building", (170, 20, 250, 100), "dark"),  # 4: the largest, 80 x 80
        ("building", (246, 144, 290, 184), "red"),  # 5: lower right, 44 x 40
        ("ship", (100, 170, 130, 176), "white"),  # 6
        ("ship", (180, 150, 240, 156), "blue"),  # 7: twice as long
        ("car", (146, 100, 154, 104), "red"),  # 8: on the road
        ("car", (30, 80, 38, 84), "white"),  # 9: far from it
    ]
)
ROAD = Things("road", number=None)
BUILDING = Things("building")


def with_(*conditions: Condition, kind: str = "building", number: int | None = None) -> Things:
    return Things(kind, conditions, number=number)


def ranked(rank: Rank, number: int = 1, *conditions: Condition) -> Things:
    return Things("building", conditions, rank, number)


@pytest.mark.parametrize(
    ("question", "chosen"),
    [
        (with_(), {1, 2, 3, 4, 5}),
        (Things("road", number=None), {0}),
        (with_(Colour("white")), {1, 3}),
        (with_(Colour("red")), {2, 5}),
        (with_(Colour("dark"), number=1), {4}),
        (with_(Size("large"), number=1), {4}),
        (with_(Place("left"), Colour("white")), {1, 3}),
        (with_(Place("lower right", is_corner=True), number=1), {5}),
        (with_(Place("lower left")), {3}),
        (with_(Place("north")), {1, 2, 4}),
        (with_(Place("edge"), kind="road", number=None), {0}),
        (ranked(Rank("area", True)), {4}),
        (ranked(Rank("area", True, 2)), {2}),
        (ranked(Rank("area", True), 2), {2, 4}),
        (ranked(Rank("x", False)), {1}),
        (ranked(Rank("x", False, 3, saying="ordinal")), {2}),
        (ranked(Rank("y", True)), {5}),
        (ranked(Rank("brightness", False)), {4}),
        (ranked(Rank("north", False)), {5}),
        (ranked(Rank("east", True), 1, Colour("red")), {5}),
        (ranked(Rank("centre", False)), {2}),
        (ranked(Rank("distance", False, anchor=ROAD)), {2}),
        (ranked(Rank("distance", True, anchor=ROAD)), {1}),
        (with_(Beside("left", ROAD)), {1, 2, 3}),
        (with_(Beside("right", ROAD)), {4, 5}),
        (with_(Beside("east", ROAD)), {4, 5}),
        (with_(Beside("top", Things("ship", (Colour("blue"),)))), {1, 2, 3, 4}),
        (with_(Beside("lower right", ranked(Rank("area", True))), kind="building"), {5}),
        (with_(Reach("near", ROAD), kind="car"), {8}),
        (with_(Reach("far", ROAD), kind="car"), set()),  # no clear matter: nothing is chosen
        (with_(Amid("on", ROAD), kind="car"), {8}),
        (with_(Amid("surrounded", ROAD), kind="car"), {8}),
        (with_(Compared("larger", Things("building", rank=Rank("area", True, 2)))), {4}),
        (with_(Parallel(ROAD), kind="ship"), set()),
        (with_(Not(Colour("white"))), {2, 4, 5}),
        (with_(Not(Beside("left", ROAD))), {4, 5}),
        (with_(Except(Things("building", (Colour("dark"),)))), {1, 2, 3, 5}),
        # Pixels are 2 m: 40 x 30 of them are 4,800 m², the largest has 25,600 m².
        (with_(Limit("area", True, 1.5, "hectares", 1e4)), {4}),
        (with_(Limit("area", False, 6000, "m²", 1.0)), {1, 3}),
        (with_(Limit("length", True, 250, "feet", 0.3048), kind="ship"), {7}),
        (with_(Limit("width", False, 70, "m", 1.0)), {1, 3}),
        # To the road: 5 pixels from building 2, 10 from 4, 60 and more from the others.
        (with_(Limit("distance", False, 30, "m", 1.0, ROAD)), {2, 4}),
        (with_(Limit("distance", True, 100, "m", 1.0, ROAD)), {1, 3, 5}),
    ],
)
def test_answers(question: Things, chosen: set[int]) -> None:
    found = judged(question, SCENE)
    assert found.is_clear == bool(chosen)
    if chosen:
        assert found.chosen == chosen


def test_between_two_things_and_two_of_a_kind() -> None:
    boxes = [(110, 90, 130, 110), (140, 92, 160, 112), (170, 90, 190, 110), (140, 0, 160, 20)]
    kinds = ["storage tank", "car", "storage tank", "car"]
    scene = truth([(k, box, "white") for k, box in zip(kinds, boxes, strict=True)])
    pair = Things("storage tank", number=2)
    first = Things("storage tank", rank=Rank("x", False))
    last = Things("storage tank", rank=Rank("x", True))
    for condition in (Between(pair), Between(first, last)):
        assert judged(Things("car", (condition,)), scene).chosen == {1}


def test_an_answer_of_another_number_is_none() -> None:
    assert not judged(with_(Colour("white"), number=1), SCENE).is_clear
    assert not judged(with_(Colour("white"), number=3), SCENE).is_clear
    assert judged(with_(Colour("white"), number=2), SCENE).is_clear


@pytest.mark.parametrize(("width", "is_clear"), [(43, False), (45, True)])
def test_ranks_need_a_tenth_between_neighbours(width: int, is_clear: bool) -> None:
    things = [("ship", (10, 10, 50, 20), "white"), ("ship", (10, 50, 10 + width, 60), "white")]
    found = judged(Things("ship", rank=Rank("area", True)), truth(things))
    assert found.chosen == {1}
    assert found.is_clear == is_clear
    assert found.margin == pytest.approx(1 - 40 / width)


def test_limits_need_a_tenth_of_distance() -> None:
    things = [("ship", (10, 10, 50, 20), "white"), ("ship", (10, 50, 60, 60), "white")]
    for value, margin in ((180, 0.1), (190, 0.05), (150, 1 - 150 / 200)):
        limit = Limit("area", True, value * 10, "m²", 1.0)
        found = judged(Things("ship", (limit,), number=None), truth(things))
        assert found.margin == pytest.approx(min(margin, abs(value - 160) / max(value, 160)))


def test_painted_colours_must_show() -> None:
    things = [("ship", (10, 10, 50, 20), "white"), ("ship", (10, 50, 60, 60), "white")]
    scene = truth(things)
    hidden = replace(scene, image=np.full_like(scene.image, 130))
    assert judged(Things("ship", (Colour("white"),), number=None), scene).is_clear
    assert not judged(Things("ship", (Colour("white"),), number=None), hidden).is_clear


def test_compass_turns_with_the_frame() -> None:
    turned = replace(SCENE, frame=replace(NORTH_UP, north=(1.0, 0.0)))  # north is to the right
    assert judged(ranked(Rank("north", True)), turned).chosen == {5}
    assert judged(with_(Beside("north", ROAD)), turned).chosen == {4, 5}
    assert judged(with_(Beside("right", ROAD)), turned).chosen == {4, 5}


def test_shapes() -> None:
    bent = np.ones((40, 40), dtype=bool)
    bent[:26, 14:] = False
    scene = truth(
        [
            ("building", (10, 10, 60, 22), "white"),
            ("building", (100, 10, 130, 40), "white"),
            ("building", (10, 100), "white", bent),
        ]
    )
    things = list(scene.things)
    things[2] = replace(things[2], shape="L-shaped")
    scene = replace(scene, things=tuple(things))
    for word, index in (("elongated", 0), ("L-shaped", 2)):
        assert judged(with_(Shape(word), number=1), scene).chosen == {index}
    assert judged(with_(Shape("rectangular")), scene).chosen == {0, 1}


def test_an_anchor_without_a_clear_answer_leaves_the_question_out() -> None:
    two = Things("building", (Colour("white"),))
    assert not judged(with_(Beside("right", two)), SCENE).is_clear
    assert not judged(with_(Beside("right", Things("plane"))), SCENE).is_clear
    assert not judged(Things("plane"), SCENE).is_clear


def test_nothing_of_what_is_judged_is_imported() -> None:
    modules = ("oracle", "conditions", "measures", "truth", "questions", "asking")
    code = (
        f"import sys, {', '.join(f'dgl_rsis.benchmark.{name}' for name in modules)};"
        "print([m for m in sys.modules if m.startswith(('dgl_rsis.text', 'dgl_rsis.stages'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
