"""Adjectives."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dgl_rsis.text.grammar.attributes import read_attribute
from dgl_rsis.text.grammar.reader import Reader
from dgl_rsis.text.lexicon import Attribute
from dgl_rsis.text.parse import parse


@pytest.mark.parametrize(
    ("sentence", "text"),
    [
        ("the light blue roof", "light blue roof"),
        ("the dark red and round tank", "dark red round tank"),
        ("the very large, white hall", "large white hall"),
        ("the hall that is very white", "white hall"),
        ("the cone-shaped roof", "cone-shaped roof"),
        ("the red-roofed hall", "red hall"),
        ("the half-built hall", "half-built hall"),
        ("the multi-lane road", "multi-lane road"),
        ("the two-storey hall", "two-storey hall"),
        ("the white or grey cars", "every (white car or grey car)"),
        ("the red, blue or green cars", "every (red car or blue car or green car)"),
        ("the largest red or blue car", "largest (red car or blue car)"),
        ("buildings that are red or blue", "every (red building or blue building)"),
        ("the red and blue cars", "every (red car or blue car)"),
        ("the white and grey car", "white grey car"),
        ("a house with a red or grey roof", "red house or grey house"),
        ("round and white tanks", "every round white tank"),
    ],
)
def test_program(sentence: str, text: str) -> None:
    assert str(parse(sentence).program) == text


@pytest.mark.parametrize(
    ("sentence", "attribute"),
    [
        ("dark red hall", (Attribute("dark red", "colour", "dark red"), 2)),
        ("cone-shaped hall", (Attribute("cone-shaped", "shape", ""), 2)),
        ("3-lane road", (Attribute("3-lane", "other", ""), 2)),
        ("3 lane road", None),
        ("hall", None),
    ],
)
def test_read_attribute(
    reader_of: Callable[[str], Reader], sentence: str, attribute: tuple[Attribute, int] | None
) -> None:
    assert read_attribute(reader_of(sentence), 0) == attribute
