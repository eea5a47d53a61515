"""Places of the image."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dgl_rsis.text.grammar.places import read_place, read_place_after_preposition
from dgl_rsis.text.grammar.reader import Reader
from dgl_rsis.text.parse import parse
from dgl_rsis.text.program.vocabulary import Position


@pytest.mark.parametrize(
    ("sentence", "text"),
    [
        ("the left hall", "hall, at the left"),
        ("the middle left hall", "hall, at the left"),
        ("the hall in the center", "hall, at the center"),
        ("the hall at the lowest edge", "hall, at the bottom"),
        ("the hall in the middle of the left side", "hall, at the left"),
        ("the hall in the upper part of the right side", "hall, at the upper right"),
        ("the hall in the far upper right corner", "hall, at the upper right"),
        ("the hall in one corner", "hall, at the corner"),
        ("the hall in one of the corners", "hall, at the corner"),
        ("the hall at the edges", "hall, at the edge"),
        ("the hall in one harbor", "hall, inside harbor"),
    ],
)
def test_program(sentence: str, text: str) -> None:
    assert str(parse(sentence).program) == text


@pytest.mark.parametrize(
    ("sentence", "place"),
    [
        ("left side hall", (Position.LEFT, 2)),
        ("far very upper right corner", (Position.UPPER_RIGHT, 5)),
        ("center of it", (Position.CENTER, 1)),
        ("far hall", None),
    ],
)
def test_read_place(
    reader_of: Callable[[str], Reader], sentence: str, place: tuple[Position, int] | None
) -> None:
    assert read_place(reader_of(sentence), 0) == place


@pytest.mark.parametrize(
    ("sentence", "place"),
    [
        ("in the right corner", (Position.RIGHT, 4)),
        ("from the left", (Position.LEFT, 3)),
        ("in the left harbor", None),
        ("in the left corner harbor", (Position.LEFT, 4)),
        ("near the harbor", None),
    ],
)
def test_read_place_after_preposition(
    reader_of: Callable[[str], Reader], sentence: str, place: tuple[Position, int] | None
) -> None:
    assert read_place_after_preposition(reader_of(sentence), 0) == place
