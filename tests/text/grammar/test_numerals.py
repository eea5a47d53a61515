"""Numbers in digits and in words."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dgl_rsis.text.grammar.numerals import read_number
from dgl_rsis.text.grammar.reader import Reader


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("1,000 m", (1000.0, 1)),
        ("0.5 m", (0.5, 1)),
        ("fifty m", (50.0, 1)),
        ("twenty five m", (25.0, 2)),
        ("two hundred m", (200.0, 2)),
        ("two hundred fifty m", (250.0, 3)),
        ("a hundred m", (100.0, 2)),
        ("3 thousand m", (3000.0, 2)),
        ("half a hectare", (0.5, 2)),
        ("half an acre", (0.5, 2)),
        ("a quarter of a hectare", (0.25, 4)),
        ("three quarters of a hectare", (0.75, 4)),
        ("one and a half hectares", (1.5, 4)),
        ("half a dozen ships", (6.0, 3)),
        ("half a hall", None),
        ("two quarters", (2.0, 1)),
        ("hundred m", None),
        ("a m", None),
        ("five six m", (5.0, 1)),
        ("m", None),
    ],
)
def test_read_number(
    reader_of: Callable[[str], Reader], words: str, found: tuple[float, int] | None
) -> None:
    assert read_number(reader_of(words), 0) == found


def test_there_is_no_number_behind_the_end(reader_of: Callable[[str], Reader]) -> None:
    assert read_number(reader_of("hall"), 1) is None
