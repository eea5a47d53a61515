from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dgl_rsis.geo.palette import class_colours


@given(st.lists(st.text(max_size=8), max_size=40, unique=True))
def test_distinct_and_repeatable(classes: list[str]) -> None:
    colours = class_colours(classes)
    assert len(set(colours)) == len(classes)
    assert colours == class_colours(classes)
    assert all(0 <= value <= 255 for colour in colours for value in colour)


def test_colours_mean_something() -> None:
    water, building, tree = class_colours(["deep water", "building with a red roof", "trees"])
    assert water[2] == max(water)
    assert building[0] == max(building)
    assert tree[1] == max(tree)


def test_specific_words_win() -> None:
    assert class_colours(["bridge over water"]) == class_colours(["bridge"])
    assert class_colours(["swimming pool"]) != class_colours(["water"])
