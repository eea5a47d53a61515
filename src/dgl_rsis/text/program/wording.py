"""How the words of a program are said in its readable text."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from dgl_rsis.text.program.vocabulary import EXTREME_OF_POSITION, Direction, Key, Line, Position


def spoken(word: StrEnum) -> str:
    """A position or relation in plain words: *upper left*."""
    return word.value.replace("_", " ")


def ranked(n: int) -> str:
    """The ordinal of a rank, from 1: *second*."""
    words = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")
    return words[n - 1] if n <= len(words) else f"{n}th"


PLACE_OF_EXTREME: Mapping[tuple[Key, Direction], Position] = {
    extreme: position
    for position, extreme in reversed(list(EXTREME_OF_POSITION.items()))
    if position is not Position.CENTER
}
"""The place from which the ranks of a key are counted: *from the left*."""

PLACES_OF_LINES: Mapping[Line, tuple[Position, ...]] = {
    Line.ROW: (Position.TOP, Position.BOTTOM, Position.CENTER),
    Line.COLUMN: (Position.LEFT, Position.RIGHT, Position.CENTER),
}
"""The places that tell one row or column from another, the one to count from first."""

SUPERLATIVES: Mapping[tuple[Key, Direction], str] = {
    (Key.AREA, Direction.MAX): "largest",
    (Key.AREA, Direction.MIN): "smallest",
    (Key.LENGTH, Direction.MAX): "longest",
    (Key.LENGTH, Direction.MIN): "shortest",
    (Key.WIDTH, Direction.MAX): "widest",
    (Key.WIDTH, Direction.MIN): "narrowest",
    (Key.ELONGATION, Direction.MAX): "most elongated",
    (Key.ELONGATION, Direction.MIN): "least elongated",
    (Key.CIRCULARITY, Direction.MAX): "roundest",
    (Key.CIRCULARITY, Direction.MIN): "least round",
    (Key.BRIGHTNESS, Direction.MAX): "brightest",
    (Key.BRIGHTNESS, Direction.MIN): "darkest",
    (Key.CENTER, Direction.MAX): "most central",
    (Key.DISTANCE, Direction.MAX): "farthest from",
    (Key.DISTANCE, Direction.MIN): "closest to",
    **{
        extreme: spoken(place).replace(" ", "-") + "most"
        for extreme, place in PLACE_OF_EXTREME.items()
    },
}
"""The word for either end of a key: *largest*, *leftmost*."""
