"""The explanation of programs over boxes drawn by hand."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from dgl_rsis.explanation import LISTED, StepReport, failed_test, lost_by
from dgl_rsis.stages.spatial import CandidateTable, Execution, execute
from dgl_rsis.text.parse import parse
from dgl_rsis.types import MapFrame

# A road from top to bottom, halls on both sides.
BOXES = np.array(
    [
        (140, 0, 160, 200),  # 0: road
        (10, 10, 50, 40),  # 1: upper left
        (90, 20, 130, 70),  # 2: left, the largest there
        (20, 120, 60, 145),  # 3: lower left
        (170, 20, 240, 90),  # 4: right, the largest of all
        (200, 150, 240, 180),  # 5: lower right, hardly a hall
    ]
)
HALLS = np.array([0.05, 0.9, 0.8, 0.7, 0.9, 0.1], np.float32)
ROADS = np.array([0.9, 0, 0, 0, 0, 0], np.float32)


def make_table() -> CandidateTable:
    sides = BOXES[:, 2:] - BOXES[:, :2]
    return CandidateTable(
        (200, 300),
        sides.prod(1),
        BOXES,
        (BOXES[:, :2] + BOXES[:, 2:]) / 2,
        lambda index: np.ones((sides[index, 1], sides[index, 0]), bool),
        {"hall": HALLS, "road": ROADS, "river": np.zeros(6, np.float32)},
        frame=MapFrame((1, 0, 0, 0, -1, 0), "EPSG:25832", (1.0, 1.0), (0, -1)),
        are_instances=True,
    )


def ask(sentence: str) -> tuple[Execution, StepReport]:
    table = make_table()
    execution = execute(parse(sentence).program, table)
    return execution, StepReport.of(execution.trace, table)


def test_every_step_tells_who_fulfils_it() -> None:
    _, report = ask("the largest hall left of the road")
    steps = [(depth, step.role, step.text) for depth, step in report.walk()]
    assert steps == [
        (0, "target", "largest hall, left of road"),
        (1, "target", "hall, left of road"),
        (2, "target", "hall"),
        (2, "anchor", "road"),
    ]
    largest, left, halls, road = (step for _, step in report.walk())
    assert (halls.considered, halls.fulfilling) == (4, 4)  # number 5 is not near the best
    assert (left.considered, left.fulfilling) == (4, 3)
    assert {each.candidate for each in left.best} == {1, 2, 3}
    assert largest.best[0].candidate == 2
    assert [each.candidate for each in road.best] == [0]
    assert road.best[0].score == pytest.approx(0.9)
    assert road.best[0].center == (150, 100)


def test_a_step_lists_its_best_only() -> None:
    _, report = ask("all halls")
    assert report.fulfilling == 4 > len(report.best) == LISTED
    scores = [each.score for each in report.best]
    assert scores == sorted(scores, reverse=True)


def test_a_dropped_step_says_so_in_the_tree() -> None:
    _, report = ask("the largest hall left of the river")
    lines = report.lines()
    assert lines[0].startswith("largest hall, left of river: ranks 4; best step scores #4 ")
    assert "      note: no 'river' was found" in lines
    (dropped,) = (line for line in lines if "no anchor 'river'" in line)
    assert lines[lines.index(dropped) - 1].strip().startswith("hall, left of river: 4 of 4")


def test_the_tree_is_json() -> None:
    _, report = ask("the largest hall left of the river")
    document = json.loads(json.dumps(report.to_json()))
    assert document["op"] == "extremum"
    assert document["steps"][0]["steps"][1]["role"] == "anchor"
    assert document["steps"][0]["notes"]
    assert document["best"][0]["candidate"] == 4
    assert document["best"][0]["score"] == round(report.best[0].score, 3)


def test_what_is_denied_is_called_excluded() -> None:
    _, report = ask("all halls except the largest hall")
    assert "excluded" in {step.role for _, step in report.walk()}
    assert 4 not in {each.candidate for each in report.best}


@pytest.mark.parametrize(
    ("sentence", "index", "reason"),
    [
        ("the largest hall left of the road", 4, "it is not 'left of road'"),
        ("the hall at the bottom", 1, "it is not 'at the bottom'"),
        ("all halls", 5, "it is not among the most probable for 'hall'"),
        ("all halls smaller than 1200 m²", 4, "it is not 'area < 1200 m2'"),
        ("two halls", 3, "others come first for '2 x hall'"),
        ("the largest hall left of the road", 1, ""),
    ],
)
def test_the_first_test_that_failed_is_named(sentence: str, index: int, reason: str) -> None:
    execution, _ = ask(sentence)
    assert failed_test(execution.trace, index) == reason


def test_sizes_that_were_compared_are_named() -> None:
    terms = {"program": np.array([0, 0.5, 1, 0, 0, 0], np.float32)}
    for sentence, sizes in (
        ("the longest hall left of the road", "(40 m against 50 m)"),
        ("the second largest hall", "(1200 m2 against 2000 m2)"),
        ("the leftmost hall", "'leftmost hall'"),
    ):
        execution, _ = ask(sentence)
        values = execution.trace.values.copy()
        places = [int(np.flatnonzero(execution.trace.indices == index)[0]) for index in (1, 2)]
        values[places] = 0.1, 0.9
        trace = replace(execution.trace, values=values)
        lost = lost_by(trace, 1, 2, terms, {"program": 1.0}, make_table())
        assert lost.endswith(sizes)


def test_the_term_that_decided_is_named() -> None:
    execution, _ = ask("the largest hall left of the road")
    terms = {"probability": HALLS, "program": execution.values}
    weights = {"probability": 2.0, "program": 2.0}
    lost = lost_by(execution.trace, 1, 2, terms, weights)
    assert lost.startswith("program ")
    assert lost.endswith(" for 'largest hall'")
    sized = lost_by(execution.trace, 1, 2, terms, weights, make_table())
    assert sized == f"{lost} (1200 m2 against 2000 m2)"
    assert lost_by(None, 3, 2, {"probability": HALLS}, weights) == "probability 0.70 against 0.80"
    assert lost_by(None, 2, 3, {"probability": HALLS}, weights) == ""
    assert lost_by(None, 3, 2, {"probability": HALLS}, {}) == ""
