"""Sizes and distances on the ground."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dgl_rsis.text.grammar.measures import read_amount
from dgl_rsis.text.grammar.reader import Reader
from dgl_rsis.text.parse import parse
from dgl_rsis.text.program.vocabulary import Unit


@pytest.mark.parametrize(
    ("sentence", "text"),
    [
        ("buildings larger than 500 m2", "every building, area > 500 m2"),
        ("fields between 0.5 and 2 hectares", "every field, area > 0.5 ha, area < 2 ha"),
        ("roads narrower than 3 m", "every road, width < 3 m"),
        ("ships longer than 100 m", "every ship, length > 100 m"),
        ("the hall within 100 m", "hall, length < 100 m"),
        ("buildings within 100 m of the bridge", "every building, distance to bridge < 100 m"),
        (
            "buildings farther than 1,000 px from the river",
            "every building, distance to river > 1000 px",
        ),
        ("ships larger than the hall", "every ship, larger than hall"),
    ],
)
def test_program(sentence: str, text: str) -> None:
    assert str(parse(sentence).program) == text


@pytest.mark.parametrize(
    ("sentence", "amount"),
    [
        ("hall 500 m2", (500.0, Unit.SQUARE_METRE, 3)),
        ("hall the 3", (3.0, None, 3)),
        ("hall white", None),
        ("hall", None),
    ],
)
def test_amount(
    reader_of: Callable[[str], Reader],
    sentence: str,
    amount: tuple[float, Unit | None, int] | None,
) -> None:
    assert read_amount(reader_of(sentence), 1) == amount
