"""Ranks: *second*, *last*, *third from the left*."""

from __future__ import annotations

import re

from dgl_rsis.text.grammar.numerals import read_number
from dgl_rsis.text.grammar.phrase import NounPhrase
from dgl_rsis.text.grammar.places import at, read_place
from dgl_rsis.text.grammar.reader import Reader
from dgl_rsis.text.program.vocabulary import Position
from dgl_rsis.text.tokens import COMMA

LARGEST_RANK = 10**6
_DIGITS = re.compile(r"([0-9]{1,7})(?:st|nd|rd|th)")
_ROWS = ("row", "rows", "line", "sequence", "series")
_COLUMNS = ("column", "columns")


def ordinal(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*second*, *number two*, with the place it counts from: *second from the left*."""
    found = read_rank(reader, i)
    if found is None or _is_compound(reader, found[1]):
        return None
    phrase.ordinal, end = found
    while reader.is_word(end, "and", COMMA) and (further := read_rank(reader, end + 1)):
        phrase.further_ordinals.append(further[0])
        end = further[1]
    return _counted(reader, phrase, end) or end


def _is_compound(reader: Reader, end: int) -> bool:
    """*second-floor*, but not *second-largest* or *second-from-left*."""
    lexicon = reader.lexicon
    is_rank = reader.is_word(end, "from") or reader.begins(
        end, lexicon.superlatives, lexicon.distances
    )
    return reader.sentence.is_glued[end - 1] and not is_rank


def read_rank(reader: Reader, i: int) -> tuple[int, int] | None:
    """*second*, *12th*, *number two*."""
    words, lexicon = reader.words, reader.lexicon
    found = lexicon.ordinals.match(words, i)
    if found is not None or i >= len(words):
        return found
    if reader.is_word(i, "number"):
        value = read_number(reader, i + 1)
        is_rank = value is not None and 1 <= value[0] <= LARGEST_RANK and value[0] == int(value[0])
        return (int(value[0]), value[1]) if value is not None and is_rank else None
    digits = _DIGITS.fullmatch(words[i])
    rank = int(digits[1]) if digits else 0
    return (rank, i + 1) if 1 <= rank <= LARGEST_RANK else None


def ordinal_after_noun(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*(the plane) second from the left*."""
    found = read_rank(reader, i)
    end = _counted(reader, phrase, found[1]) if found and phrase.ordinal is None else None
    if found is not None and end is not None:
        phrase.ordinal = found[0]
    return end


def last(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*last*, *second to last*."""
    match = reader.lexicon.last.match(reader.words, i)
    if match is None:
        return None
    phrase.from_the_end = True
    if match[0] > 1:
        phrase.ordinal = match[0]
    return _counted(reader, phrase, match[1]) or match[1]


def counted_from(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*from the left*, *in the left column* behind the noun of an ordinal."""
    is_first = phrase.noun is None and not reader.depth and reader.is_word(i, "from")
    if phrase.ordinal is None and not phrase.from_the_end and not is_first:
        return None
    return _counted(reader, phrase, i) or _in_row(reader, phrase, i)


def counted_further_out(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*from the left* behind an anchor is for the ordinal of the target."""
    return i if reader.depth and _read_from_place(reader, i) is not None else None


def row_of_unknown_place(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*in the second row*, *in the row* without a rank: which row cannot be told; left over."""
    start = reader.skip_determiners(i + 1)
    found = read_rank(reader, start)
    is_ranked = phrase.ordinal is not None or phrase.from_the_end
    if not reader.is_word(i, "in", "of", "on") or (found is None and is_ranked):
        return None
    end = found[1] if found else start
    if not reader.is_word(end, *_ROWS, *_COLUMNS) or reader.is_word(end + 1, "of"):
        return None
    phrase.left_over.update(range(i, end + 1))
    return end + 1


def _counted(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*from the left*, *from top to bottom*, *downwards*."""
    direction = reader.lexicon.counting.match(reader.words, i)
    place = direction or _read_from_place(reader, i, is_open=phrase.noun is None)
    if place is not None:
        phrase.from_place = place[0]
    return None if place is None else place[1]


def _in_row(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*in the row*, *in the left column*; a column is read from the top."""
    if not reader.is_word(i, "in", "of", "on", "along"):
        return None
    start = reader.skip_determiners(i + 1)
    place = read_place(reader, start)
    last_word = start if place is None else place[1] - 1
    if not reader.is_word(last_word, *_ROWS, *_COLUMNS):
        return None
    if reader.is_word(last_word, *_COLUMNS):
        phrase.row_begins = Position.TOP
    if place is not None:
        phrase.constrain(at(place[0]), i, last_word + 1)
    return last_word + 1


def _read_from_place(
    reader: Reader, i: int, *, is_open: bool = False
) -> tuple[Position, int] | None:
    """*from the left*, *from left to right*; not *from the left of the road*.

    Where the noun is still to come, *of* names it: *the third from the left of the ships*.
    """
    if not reader.is_word(i, "from"):
        return None
    place = read_place(reader, reader.skip_determiners(i + 1))
    if place is None or (reader.is_word(place[1], "of") and not is_open):
        return None
    if reader.is_word(place[1], "to"):
        until = read_place(reader, reader.skip_determiners(place[1] + 1))
        return (place[0], until[1]) if until else place
    return place
