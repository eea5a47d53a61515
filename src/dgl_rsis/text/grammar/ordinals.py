"""Ranks: *second*, *last*, *third from the left*."""

from __future__ import annotations

from dgl_rsis.text.grammar.phrase import NounPhrase
from dgl_rsis.text.grammar.places import read_place
from dgl_rsis.text.grammar.reader import Reader
from dgl_rsis.text.program.vocabulary import Position


def ordinal(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*second*, with the place it counts from: *second from the left*."""
    found = reader.lexicon.ordinals.match(reader.words, i)
    if found is None:
        return None
    phrase.ordinal, end = found
    place = _read_from_place(reader, end)
    if place is not None:
        phrase.from_place, end = place
    return end


def last(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*last*."""
    match = reader.lexicon.last.match(reader.words, i)
    if match is None:
        return None
    phrase.from_the_end = True
    return match[1]


def counted_from(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*from the left* behind the noun of an ordinal: *the second court from the left*."""
    if phrase.ordinal is None and not phrase.from_the_end:
        return None
    place = _read_from_place(reader, i)
    if place is None:
        return None
    phrase.from_place, end = place
    return end


def _read_from_place(reader: Reader, i: int) -> tuple[Position, int] | None:
    if not reader.is_word(i, "from"):
        return None
    return read_place(reader, reader.skip_determiners(i + 1))
