"""Sizes and colours among candidates drawn as boxes."""

from __future__ import annotations

import numpy as np
import pytest
from stages.test_spatial import make_table

from dgl_rsis.stages.adjectives import measured
from dgl_rsis.stages.scored import Field
from dgl_rsis.text.lexicon_file import default_lexicon


def sized(word: str, areas: list[int], *, divides: bool = True) -> Field:
    """How well strips of one pixel height, so long as their areas, fulfil a size."""
    table = make_table([("hall", (0, k, area, k + 1), "white") for k, area in enumerate(areas)])
    indices = np.arange(len(areas))
    field = measured(word, indices, table, default_lexicon(), enough=0.5, divides=divides)
    assert field is not None
    return field


@pytest.mark.parametrize(
    ("word", "areas", "chosen"),
    [
        ("large", [100, 100, 100, 100, 290], [4]),
        ("small", [100, 100, 100, 100, 290], [0, 1, 2, 3]),  # nothing is much below the median
        ("small", [100, 98, 40, 103, 97, 45], [2, 5]),
        ("large", [40, 81, 82, 83], [1, 2, 3]),
        ("small", [40, 81, 82, 83], [0]),
        ("large", [100, 150], [1]),
        ("small", [100, 150], [0]),
        ("medium", [30, 100, 110, 290], [1, 2]),
        ("large", [70, 70, 70], [0, 1, 2]),
    ],
)
def test_groups_are_divided_by_size(word: str, areas: list[int], chosen: list[int]) -> None:
    assert np.flatnonzero(sized(word, areas).holds).tolist() == chosen


def test_one_alone_is_judged_but_not_ruled_out() -> None:
    field = sized("large", [100, 101, 50], divides=False)
    assert field.holds.all()
    assert field.values.argmax() == 1
    assert field.values.argmin() == 2


def test_the_paint_names_a_colour_and_the_whole_what_is_dark() -> None:
    grey, white, black = (60, 0, 0), (92, 0, 1), (14, 0, 0)
    boxes = [(0, 0, 9, 9), (20, 0, 29, 9), (40, 0, 49, 9)]
    table = make_table(
        [("car", box, "white") for box in boxes],
        colours=np.array([grey, grey, black], np.float32),  # of a white, a grey and a black car
        paints=np.array([white, grey, grey], np.float32),
    )
    for word, chosen in (("white", [0]), ("grey", [1, 2]), ("black", [2])):
        field = measured(word, np.arange(3), table, default_lexicon(), enough=0.5, divides=False)
        assert field is not None
        assert np.flatnonzero(field.holds).tolist() == chosen, word
