"""Amounts with units, and their bounds."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dgl_rsis.text.grammar.amounts import read_amount, read_bounds
from dgl_rsis.text.grammar.reader import Reader
from dgl_rsis.text.program.vocabulary import Comparison, Unit

LESS, GREATER = Comparison.LESS, Comparison.GREATER


@pytest.mark.parametrize(
    ("sentence", "amount"),
    [
        ("hall 500 m2", (500.0, Unit.SQUARE_METRE, 3)),
        ("hall the 3", (3.0, None, 3)),
        ("hall an acre", (1.0, Unit.ACRE, 3)),
        ("hall half a mile", (0.5, Unit.MILE, 4)),
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


@pytest.mark.parametrize(
    ("words", "limits", "unit"),
    [
        ("between 1 and 2 ha", [(GREATER, 1), (LESS, 2)], Unit.HECTARE),
        ("from 1 to 2 ha", [(GREATER, 1), (LESS, 2)], Unit.HECTARE),
        ("1-2 ha", [(GREATER, 1), (LESS, 2)], Unit.HECTARE),
        ("larger than 2 ha", [(GREATER, 2)], Unit.HECTARE),
        ("no larger than 2 ha", [(LESS, 2)], Unit.HECTARE),
        ("at least fifty yards", [(GREATER, 50)], Unit.YARD),
        ("more than 5 m and less than 9 m", [(GREATER, 5), (LESS, 9)], Unit.METRE),
        ("2 ha or more", [(GREATER, 2)], Unit.HECTARE),
        ("60 feet or less", [(LESS, 60)], Unit.FOOT),
    ],
)
def test_bounds(
    reader_of: Callable[[str], Reader],
    words: str,
    limits: list[tuple[Comparison, float]],
    unit: Unit,
) -> None:
    reader = reader_of(words)
    bounds = read_bounds(reader, 0)
    assert bounds is not None
    assert (list(bounds.limits), bounds.unit) == (limits, unit)
    assert bounds.end == len(reader.words)


@pytest.mark.parametrize("words", ["2 ha", "larger than 2", "larger than the hall", "near 2 ha"])
def test_no_bounds(reader_of: Callable[[str], Reader], words: str) -> None:
    assert read_bounds(reader_of(words), 0) is None


def test_the_limits_of_a_range_are_sorted(reader_of: Callable[[str], Reader]) -> None:
    bounds = read_bounds(reader_of("between 900 and 30 m"), 0)
    assert bounds is not None
    assert bounds.limits == ((Comparison.GREATER, 30.0), (Comparison.LESS, 900.0))
