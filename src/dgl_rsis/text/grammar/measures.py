"""Sizes and distances on the ground: *larger than 500 m²*, *within 100 m of the bridge*."""

from __future__ import annotations

from typing import NamedTuple

from dgl_rsis.text.grammar.noun_phrases import read_anchor
from dgl_rsis.text.grammar.phrase import NounPhrase
from dgl_rsis.text.grammar.reader import Reader
from dgl_rsis.text.program.nodes import Measure
from dgl_rsis.text.program.vocabulary import Comparison, Quantity, Unit, is_areal
from dgl_rsis.text.tokens import number


class Amount(NamedTuple):
    """A number with its unit, if any, and the index behind them."""

    value: float
    unit: Unit | None
    end: int


def read_amount(reader: Reader, i: int) -> Amount | None:
    """*500 m²*, *the 3*."""
    i = reader.skip_determiners(i)
    value = number(reader.words[i]) if i < len(reader.words) else None
    if value is None:
        return None
    unit = reader.lexicon.units.match(reader.words, i + 1)
    return Amount(value, *unit) if unit else Amount(value, None, i + 1)


def ranged(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*between 0.5 and 2 hectares*; the unit of the second number is that of both."""
    lower = read_amount(reader, i + 1) if reader.is_word(i, "between") else None
    if lower is None or not reader.is_word(lower.end, "and"):
        return None
    upper = read_amount(reader, lower.end + 1)
    if upper is None or upper.unit is None:
        return None
    unit = upper.unit
    quantity = Quantity.AREA if is_areal(unit) else Quantity.LENGTH
    phrase.constrain(
        lambda child: Measure(
            Measure(child, quantity, Comparison.GREATER, lower.value, unit),
            quantity,
            Comparison.LESS,
            upper.value,
            unit,
        ),
        i,
        upper.end,
    )
    return upper.end


def measured(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*larger than 500 m²*, *wider than 12 m*, *within 100 m of the bridge*."""
    found = {
        key: match[1]
        for key, table in reader.lexicon.comparisons.items()
        if (match := table.match(reader.words, i))
    }
    longest = max(found.values(), default=i)
    amount = read_amount(reader, longest) if found else None
    if amount is None or amount.unit is None:
        return None
    value, unit, end = amount.value, amount.unit, amount.end
    said = [key for key, stop in found.items() if stop == longest]
    comparison = said[0][1]
    to = reader.lexicon.distance_words.match(reader.words, end)
    if is_areal(unit) or to is None:
        quantity = _quantity(unit, {quantity for quantity, _ in said})
        phrase.constrain(lambda child: Measure(child, quantity, comparison, value, unit), i, end)
        return end
    distant = read_anchor(reader, to[1])
    if distant is None:
        return None
    anchor, end = distant
    node = anchor.as_anchor()
    phrase.left_over |= anchor.left_over
    phrase.constrain(
        lambda child: Measure(child, Quantity.DISTANCE, comparison, value, unit, node), i, end
    )
    return end


def _quantity(unit: Unit, said: set[Quantity]) -> Quantity:
    """What a unit measures; a length is a width where only the width was said."""
    if is_areal(unit):
        return Quantity.AREA
    return Quantity.WIDTH if said - {Quantity.DISTANCE} == {Quantity.WIDTH} else Quantity.LENGTH
