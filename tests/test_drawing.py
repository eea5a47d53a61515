from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dgl_rsis.drawing import (
    CHOSEN,
    LONGEST_SIDE,
    MARGIN,
    OTHERS,
    draw_answer,
    draw_explanation,
    draw_map,
)
from dgl_rsis.explanation import Standing, StepReport
from dgl_rsis.geo.palette import class_colours
from dgl_rsis.results import Match, ReferResult, SegmentResult
from dgl_rsis.text.parse import parse
from dgl_rsis.types import Raster


def make_raster(shape: tuple[int, int]) -> Raster:
    return Raster(np.full((*shape, 3), 100, np.uint8), np.ones(shape, bool))


def make_answer(
    shape: tuple[int, int], *, heat: float = 0.5, notes: tuple[str, ...] = (), count: int = 2
) -> ReferResult:
    height, width = shape
    matches = []
    for number in range(count):
        x0, y0 = number * width // count, number * height // count
        x1, y1 = max(x0 + 1, (number + 1) * width // count), max(y0 + 1, height // 2)
        x0, y0 = min(x0, width - 1), min(y0, height - 1)
        x1, y1 = min(max(x1, x0 + 1), width), min(max(y1, y0 + 1), height)
        crop = np.ones((y1 - y0, x1 - x0), bool)
        terms = {"probability": 0.25, "program": 1.0}
        matches.append(Match(crop, (x0, y0, x1, y1), shape, 0.5, terms, number == 0, number))
    return ReferResult(
        np.zeros(shape, bool),
        tuple(matches),
        parse("the largest white roof left of the road"),
        np.full(shape, heat, np.float32),
        make_raster(shape),
        notes,
    )


def has_colour(picture: np.ndarray, colour: tuple[int, int, int]) -> bool:
    return bool((picture == np.array(colour, np.uint8)).all(axis=-1).any())


def test_map_mixes_class_colours_and_shows_a_legend() -> None:
    labels = np.zeros((400, 500), np.int16)
    labels[:, 250:] = 1
    labels[:100] = -1
    raster = make_raster((400, 500))
    raster.valid[:50] = False
    result = SegmentResult(labels, np.ones((400, 500), np.float32), ("water", "road"), raster, "x")
    picture = np.asarray(draw_map(result))
    water, road = class_colours(("water", "road"))
    inside = picture[MARGIN + 300, MARGIN + 10].astype(int)
    np.testing.assert_allclose(inside, 0.45 * 100 + 0.55 * np.array(water), atol=1)
    assert (picture[MARGIN + 75, MARGIN + 10] == 100).all()  # no class: the image itself
    assert picture.shape[1] > 500 + 2 * MARGIN
    assert has_colour(picture, water)
    assert has_colour(picture, road)


@pytest.mark.parametrize("shape", [(1, 1), (20, 3000), (3000, 20), (7, 5)])
def test_pictures_of_any_shape_have_a_sensible_size(shape: tuple[int, int]) -> None:
    labels = np.zeros(shape, np.int16)
    scores = np.ones(shape, np.float32)
    drawn = draw_map(SegmentResult(labels, scores, ("water",), make_raster(shape), "x"))
    assert max(drawn.size) <= LONGEST_SIDE + 300
    answer = draw_explanation(make_answer(shape))
    assert max(answer.size) <= LONGEST_SIDE + 300
    assert has_colour(np.asarray(answer), CHOSEN)


def test_explanation_outlines_the_chosen_and_the_others() -> None:
    answer = make_answer((300, 300))
    picture = np.asarray(draw_explanation(answer))
    x0, y0, x1, y1 = answer.matches[0].box
    assert tuple(picture[MARGIN + (y0 + y1) // 2, MARGIN + x1]) == CHOSEN
    x0, y0, x1, y1 = answer.matches[1].box
    assert tuple(picture[MARGIN + y0 - 1, MARGIN + (x0 + x1) // 2]) == OTHERS


def test_every_chosen_thing_has_its_rank_in_the_picture() -> None:
    answer = make_answer((300, 300), count=12)
    chosen = tuple(replace(match, chosen=True) for match in answer.matches)
    picture = np.asarray(draw_explanation(replace(answer, matches=chosen)))
    for match in chosen:
        x, y = MARGIN + match.box[0] - 5, MARGIN + max(match.box[1] - 20, 0) + 1
        assert tuple(picture[y, max(x, MARGIN + 1)]) == CHOSEN
    first, last = (plate_width(picture, chosen[place].box) for place in (2, 11))
    assert last > first  # two digits need more room than one


def plate_width(picture: np.ndarray, box: tuple[int, int, int, int]) -> int:
    """Pixels of the upper edge of the plate at a box."""
    row = picture[MARGIN + max(box[1] - 20, 0), MARGIN + box[0] - 6 :]
    return int((row != np.array(CHOSEN)).any(axis=-1).argmax())


def test_explanation_leaves_out_a_heat_map_that_was_not_made() -> None:
    with_heat = draw_explanation(make_answer((300, 300)))
    without = draw_explanation(make_answer((300, 300), heat=0))
    assert without.width < with_heat.width


def test_explanation_of_nothing() -> None:
    answer = make_answer((50, 50), count=1)
    picture = draw_explanation(
        ReferResult(answer.mask, (), answer.query, answer.heatmap, answer.raster, ("no roof",))
    )
    assert not has_colour(np.asarray(picture), CHOSEN)


def test_small_answers_show_what_was_chosen() -> None:
    answer = make_answer((300, 200))
    picture = draw_answer(answer, longest=150)
    assert picture.width == 100 + 2 * MARGIN
    assert has_colour(np.asarray(picture), CHOSEN)
    assert not has_colour(np.asarray(picture), OTHERS)
    nothing = draw_answer(replace(answer, matches=answer.matches[1:]), longest=150)
    assert not has_colour(np.asarray(nothing), CHOSEN)


def test_explanation_shows_every_step() -> None:
    answer = make_answer((300, 300))
    standing = Standing(4, (10.0, 20.0), 0.5)
    step = StepReport("hall", "select", "target", 3, 1, (standing,), (), ())
    report = StepReport("hall, left of road", "relate", "target", 3, 0, (), (), (step, step))
    plain = draw_explanation(replace(answer, notes=()))
    explained = draw_explanation(replace(answer, steps=report))
    # Three steps and their title take the place of the line with the program.
    assert explained.height == plain.height + 3 * 22


@settings(max_examples=6, deadline=None)
@given(note=st.text(max_size=120), count=st.integers(1, 45))
def test_explanation_takes_any_note_and_number_of_matches(note: str, count: int) -> None:
    picture = draw_explanation(make_answer((60, 80), notes=(note, "x" * 400), count=count))
    assert picture.width <= LONGEST_SIDE + 100


def test_an_explanation_can_be_smaller() -> None:
    result = make_answer((500, 400))
    whole, small = draw_explanation(result), draw_explanation(result, 800)
    assert small.width == 2 * 320 + 3 * MARGIN  # two panels of 400 x 320
    assert small.height < whole.height
