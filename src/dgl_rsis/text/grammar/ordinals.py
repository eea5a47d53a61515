"""Ranks: *second*, *last*, *third from the left*."""

from __future__ import annotations

import re

from dgl_rsis.text.grammar.attributes import read_attribute
from dgl_rsis.text.grammar.noun_phrases import read_anchor
from dgl_rsis.text.grammar.numerals import read_number
from dgl_rsis.text.grammar.phrase import NounPhrase
from dgl_rsis.text.grammar.places import at, follows_noun, read_place
from dgl_rsis.text.grammar.reader import Reader
from dgl_rsis.text.program.vocabulary import Direction, Position
from dgl_rsis.text.tokens import COMMA

LARGEST_RANK = 10**6
_DIGITS = re.compile(r"([0-9]{1,7})(?:st|nd|rd|th)")
ROWS = ("row", "rows", "line", "sequence", "series")
COLUMNS = ("column", "columns")
# Ways to count, with the place where the count begins.
_WAYS = {"down": Position.TOP, "up": Position.BOTTOM, "in": Position.LEFT, "over": Position.LEFT}


def ordinal(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*second*, *number two*, with the place it counts from: *second from the left*."""
    found = read_rank(reader, i)
    if found is None or _is_compound(reader, found[1]):
        return None
    phrase.ordinal, end = found
    end = _read_further(reader, phrase, end)
    return _counted(reader, phrase, end) or end


def _read_further(reader: Reader, phrase: NounPhrase, end: int) -> int:
    """*(the first) and third*, *(the first) and the last*; those of the other end are negative."""
    while reader.is_word(end, "and", COMMA):
        start = reader.skip_determiners(end + 1)
        final = reader.lexicon.last.match(reader.words, start)
        further = final or read_rank(reader, start)
        if further is None:
            break
        is_opposite = (final is not None) != phrase.from_the_end
        phrase.further_ordinals.append(-further[0] if is_opposite else further[0])
        end = further[1]
    return end


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
    end = _read_further(reader, phrase, match[1])
    return _counted(reader, phrase, end) or end


def counted_from(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*from the left*, *in the left column*, *from the road* behind the noun of an ordinal."""
    is_first = phrase.noun is None and not reader.depth and reader.is_word(i, "from")
    if phrase.ordinal is None and not phrase.from_the_end and not is_first:
        return _in_row(reader, phrase, i)
    return (
        _counted(reader, phrase, i)
        or _in_row(reader, phrase, i)
        or _counted_from_thing(reader, phrase, i)
    )


def _counted_from_thing(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*(the second house) from the road*, *after the crossroads*: ranked by the distance to it."""
    is_free = phrase.extreme is None and phrase.distance is None and phrase.noun is not None
    found = read_anchor(reader, i + 1) if is_free and reader.is_word(i, "from", "after") else None
    if found is None:
        return None
    phrase.distance, phrase.anchor = Direction.MIN, found[0].as_anchor()
    phrase.left_over |= found[0].left_over
    return found[1]


def counted_further_out(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*from the left* behind an anchor is for the ordinal of the target."""
    return i if reader.depth and _read_from_place(reader, i) is not None else None


def row_of_unknown_place(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*in neat rows*: which row cannot be told; left over."""
    if not reader.is_word(i, "in", "of", "on"):
        return None
    start = reader.skip_determiners(i + 1)
    is_ranked = phrase.ordinal is not None or phrase.from_the_end
    end = _behind_adjectives(reader, start)
    is_row = reader.is_word(end, *ROWS, *COLUMNS) and not reader.is_word(end + 1, "of")
    if not is_row or (end == start and is_ranked):
        return None
    if reader.is_word(end, *COLUMNS):
        phrase.row_begins = Position.TOP
    phrase.left_over.update(range(i, end + 1))
    return end + 1


def end_of_row(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*at the end of the row*: the last one; *at the beginning of the column*: the first."""
    start = reader.skip_determiners(i + 1)
    end = reader.skip_determiners(start + 2)
    is_row = reader.is_word(end, *ROWS, *COLUMNS) and reader.is_word(start + 1, "of")
    if not is_row or not reader.is_word(i, "at") or phrase.is_ranked:
        return None
    if not reader.is_word(start, "end", "beginning", "start", "head"):
        return None
    phrase.row_begins = Position.TOP if reader.is_word(end, *COLUMNS) else None
    if reader.is_word(start, "end"):
        phrase.from_the_end = True
    else:
        phrase.ordinal = 1
    return end + 1


def _behind_adjectives(reader: Reader, i: int) -> int:
    """*two neat*: numbers and adjectives before *rows*."""
    if number := reader.lexicon.numbers.match(reader.words, i):
        i = number[1]
    is_unknown = i < len(reader.words) and reader.words[i] not in reader.lexicon.vocabulary
    attribute = read_attribute(reader, i)
    return attribute[1] if attribute else i + 1 if is_unknown else i


def _counted(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*from the left*, *from top to bottom*, *downwards*."""
    if reader.is_word(i, *_WAYS) and reader.is_word(i + 1, "from"):
        i += 1  # "the third down from the top"
    direction = reader.lexicon.counting.match(reader.words, i)
    if direction is None and (i + 1 == len(reader.words) or reader.is_word(i + 1, COMMA)):
        direction = (_WAYS[reader.words[i]], i + 1) if reader.is_word(i, "down", "up") else None
    place = direction or _read_from_place(reader, i, is_open=phrase.noun is None)
    if place is not None:
        phrase.from_place = place[0]
    return None if place is None else place[1]


def _in_row(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*in the row*, *in the left column*; a column is read from the top."""
    if not reader.is_word(i, "in", "of", "on", "along", "at"):
        return None
    start = reader.skip_determiners(i + 1)
    place = read_place(reader, start)
    last_word = start if place is None else place[1] - 1
    is_told = place is not None or phrase.is_ranked
    if not is_told or not reader.is_word(last_word, *ROWS, *COLUMNS):
        return None
    if reader.is_word(last_word, *COLUMNS):
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
    if follows_noun(reader, place[1]) and not is_open:
        return None  # "from the right car"
    if reader.is_word(place[1], "to"):
        until = read_place(reader, reader.skip_determiners(place[1] + 1))
        is_side = until is not None and reader.is_word(until[1], "of") and not is_open
        return place if until is None or is_side else (place[0], until[1])
    return place
