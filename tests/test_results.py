from __future__ import annotations

import numpy as np
from test_pipeline import banks, model, scattered


def test_an_answer_explains_itself() -> None:
    result = model().refer(scattered(), "the largest building on the right")
    lines = result.explain().splitlines()
    assert lines[0] == '"the largest building on the right"'
    assert any(line.startswith("understood: 1 x building") for line in lines)
    assert any(line.strip().startswith("building: 3 of 3; best step scores #") for line in lines)
    assert any(
        line.startswith(f"chosen: rank 1, candidate #{result.matches[0].index}, x ")
        for line in lines
    )
    assert result.runner_up is result.matches[1]
    assert lines[-1] == f"  not chosen: {result.matches[1].reason}"
    assert result.matches[0].reason == ""
    assert all(match.reason for match in result.matches[1:])


def test_the_best_of_those_that_failed_is_the_runner_up() -> None:
    image, boxes = banks()
    result = model().refer(image, "the building left of the river", candidates=boxes)
    assert result.chosen[0].index == 0
    assert result.runner_up is not None
    assert result.runner_up.reason == "it is not 'left of river'"


def test_an_anchor_that_is_not_there_is_dropped_and_said_first() -> None:
    result = model().refer(scattered()[:70], "the largest building left of the river")
    assert result.chosen[0].box[0] == 60
    assert "river" in result.notes[0]
    assert result.steps is not None
    assert any("dropped" in note for _, step in result.steps.walk() for note in step.notes)


def test_nothing_names_the_best_that_was_rejected() -> None:
    meadow = np.full((64, 64, 3), (10, 180, 10), np.uint8)
    meadow[20:40, 20:40] = (60, 150, 10)  # hardly red
    result = model().refer(meadow, "the building")
    assert result.chosen == ()
    best = result.matches[0]
    assert best.terms["probability"] < 0.2
    x0, y0, x1, y1 = best.box
    assert result.notes[0].startswith(
        f"nothing matches: the best is candidate #{best.index} at x {x0}..{x1}, y {y0}..{y1}, but its "
        "probability as 'building' is 0."
    )
    assert "best rejected: rank 1, candidate #" in result.explain()
    assert not result.mask.any()


def test_without_a_program_there_are_no_steps() -> None:
    result = model(program={"enabled": False}).refer(scattered(), "the largest building")
    assert result.steps is None
    assert "no program was executed" in result.explain()
