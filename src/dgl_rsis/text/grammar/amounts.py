"""Bounds on the ground: *larger than 500 m²*, *between 0.5 and 2 hectares*, *20 m or more*."""

from __future__ import annotations

from typing import NamedTuple

from dgl_rsis.text.grammar.numerals import read_number
from dgl_rsis.text.grammar.reader import Reader
from dgl_rsis.text.program.vocabulary import Comparison, Quantity, Unit

_OPPOSITE = {Comparison.LESS: Comparison.GREATER, Comparison.GREATER: Comparison.LESS}


class Amount(NamedTuple):
    """A number with its unit, if any, and the index behind them."""

    value: float
    unit: Unit | None
    end: int


class Bounds(NamedTuple):
    """One or two bounds in one unit.

    Attributes:
        limits: comparisons with a value each, in order of appearance.
        unit: of all values.
        said: what the words of the comparison can be about.
        end: index behind them.
    """

    limits: tuple[tuple[Comparison, float], ...]
    unit: Unit
    said: frozenset[Quantity]
    end: int


def read_amount(reader: Reader, i: int) -> Amount | None:
    """*500 m²*, *the 3*, *fifty metres*, *an acre*."""
    units, words = reader.lexicon.units, reader.words
    found = read_number(reader, i)
    if found is None and reader.is_word(i, "a", "an", "one") and reader.begins(i + 1, units):
        found = 1.0, i + 1
    found = found or read_number(reader, reader.skip_determiners(i))
    if found is None:
        return None
    unit = units.match(words, found[1])
    return Amount(found[0], *unit) if unit else Amount(found[0], None, found[1])


def read_bounds(reader: Reader, i: int) -> Bounds | None:
    """A range, a comparison, or an amount with *or more* behind it."""
    found = _read_range(reader, i) or _read_comparison(reader, i) or _read_open_amount(reader, i)
    if found is None or len(found.limits) > 1 or not reader.is_word(found.end, "and", "but"):
        return found
    second = _read_comparison(reader, found.end + 1)
    if second is None or second.unit is not found.unit:
        return found
    return Bounds((*found.limits, *second.limits), found.unit, found.said, second.end)


def _read_range(reader: Reader, i: int) -> Bounds | None:
    """*between 1 and 2 ha*, *from 1 to 2 ha*, *1-2 ha*; the unit of the second is that of both."""
    start = i + 1 if reader.is_word(i, "between", "from", "within") else i
    lower = read_amount(reader, start)
    if lower is None:
        return None
    is_joined = reader.is_word(lower.end, "and") if reader.is_word(i, "between") else False
    is_joined = is_joined or reader.is_word(lower.end, "to")
    is_dashed = reader.sentence.is_glued[lower.end - 1]
    if not is_joined and not is_dashed:
        return None
    upper = read_amount(reader, lower.end + 1 if is_joined else lower.end)
    if upper is None or upper.unit is None:
        return None
    least, most = sorted((lower.value, upper.value))
    limits = (Comparison.GREATER, least), (Comparison.LESS, most)
    return Bounds(limits, upper.unit, frozenset(), upper.end)


def _read_comparison(reader: Reader, i: int) -> Bounds | None:
    """*at least 30 m*, *no larger than 2 ha*: a negation turns the comparison round."""
    negation = reader.lexicon.negations.match(reader.words, i)
    start = negation[1] if negation else i
    if negation and (verb := reader.lexicon.verbs.match(reader.words, start)):
        start = verb[1]  # "do not lie within 100 m"
    found = reader.lexicon.bounding.match(reader.words, start)
    amount = read_amount(reader, found[1]) if found else None
    if found is None or amount is None or amount.unit is None:
        return None
    said = found[0]
    comparison = _OPPOSITE[said[0][1]] if negation else said[0][1]
    quantities = frozenset(quantity for quantity, _ in said)
    return Bounds(((comparison, amount.value),), amount.unit, quantities, amount.end)


def _read_open_amount(reader: Reader, i: int) -> Bounds | None:
    """*2 hectares or more*."""
    amount = read_amount(reader, i)
    if amount is None or amount.unit is None:
        return None
    bound = reader.lexicon.bounds.match(reader.words, amount.end)
    if bound is None:
        return None
    return Bounds(((bound[0], amount.value),), amount.unit, frozenset(), bound[1])
