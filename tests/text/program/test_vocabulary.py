"""The tables of the vocabulary cover it."""

from __future__ import annotations

from dgl_rsis.text.program.vocabulary import (
    EXTREME_OF_POSITION,
    UNIT_IN_METRES,
    UNIT_IN_SQUARE_METRES,
    Direction,
    Position,
    Unit,
    is_areal,
)


def test_every_position_has_its_superlative() -> None:
    assert set(EXTREME_OF_POSITION) == set(Position)


def test_every_unit_but_pixels_has_a_size_on_the_ground() -> None:
    assert {*UNIT_IN_METRES, Unit.PIXEL} == {unit for unit in Unit if not is_areal(unit)}
    assert {*UNIT_IN_SQUARE_METRES, Unit.SQUARE_PIXEL} == {unit for unit in Unit if is_areal(unit)}


def test_opposite() -> None:
    assert Direction.MAX.opposite is Direction.MIN
    assert Direction.MIN.opposite is Direction.MAX
