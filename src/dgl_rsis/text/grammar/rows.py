"""Rows and columns: *in the top row*, *at the right end of the second column*."""

from __future__ import annotations

from dgl_rsis.text.grammar.ordinals import COLUMNS, ROWS, read_rank
from dgl_rsis.text.grammar.phrase import NounPhrase, Wrap
from dgl_rsis.text.grammar.places import read_place
from dgl_rsis.text.grammar.reader import Reader
from dgl_rsis.text.program.nodes import Row
from dgl_rsis.text.program.vocabulary import EXTREME_OF_POSITION, Line, Position
from dgl_rsis.text.program.wording import PLACES_OF_LINES


def in_row(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*in the top row*, *of the second column from the right*, *in the middle row of cars*."""
    if not reader.is_word(i, "in", "of", "on", "from", "along", "at"):
        return None
    start = reader.skip_determiners(i + 1)
    found = _read_row(reader, start)
    if found is None:
        line = _line_at(reader, start)
        end = _behind_same_noun(reader, phrase, start + 1)
        if line is Line.COLUMN:
            phrase.row_begins = Position.TOP
        return end if line is not None and end > start + 1 else None
    row, line, end = found
    end = _behind_same_noun(reader, phrase, end)
    if reader.is_word(end, "of", "in"):  # "in the second column of the second row"
        crossing = _read_row(reader, reader.skip_determiners(end + 1))
        if crossing is not None and crossing[1] is not line:
            phrase.constrain(row, i, end)
            phrase.constrain(crossing[0], end, crossing[2])
            return crossing[2]
    if reader.is_word(end, "of"):  # "in the top row of the car park"
        return None
    phrase.constrain(row, i, end)
    if line is Line.COLUMN:
        phrase.row_begins = Position.TOP
    if reader.is_word(end, "and"):  # "in the first row and the third column"
        start = end + 2 if reader.is_word(end + 1, "in") else end + 1
        second = _read_row(reader, reader.skip_determiners(start))
        if second is not None:
            phrase.constrain(second[0], end, second[2])
            return second[2]
    return end


def end_of_row(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*at the right end of the middle row*."""
    if not reader.is_word(i, "at", "on") or phrase.is_ranked:
        return None
    place = read_place(reader, reader.skip_determiners(i + 1))
    if place is None or place[0] not in EXTREME_OF_POSITION or not reader.is_word(place[1], "of"):
        return None
    end = in_row(reader, phrase, place[1]) if reader.is_word(place[1] - 1, "end") else None
    if end is not None:
        phrase.extreme = EXTREME_OF_POSITION[place[0]]
    return end


def row_of_things(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*(the) middle row of* cars: all that stand in it."""
    found = _read_row(reader, i)
    if found is None or not reader.is_word(found[2], "of") or phrase.every:
        return None
    row, _, end = found
    phrase.every = True
    phrase.constrain(row, i, end)
    return end + 1


def _read_row(reader: Reader, i: int) -> tuple[Wrap, Line, int] | None:
    """*top row*, *last column*, *third row from the bottom*, and where it ends."""
    rank, last = read_rank(reader, i), reader.lexicon.last.match(reader.words, i)
    if rank is not None or last is not None:
        n, end = rank or last or (1, i)
        line = _line_at(reader, end)
        if line is None:
            return None
        places = PLACES_OF_LINES[line]
        counted = _read_begin(reader, end + 1)
        if counted is not None and counted[0] in places and counted[0] is not Position.CENTER:
            return _row(line, counted[0], n), line, counted[1]
        return _row(line, places[0] if rank else places[1], n), line, end + 1
    place = read_place(reader, i)
    line = _line_at(reader, place[1] - 1) if place else None
    if place is None or line is None or place[0] not in PLACES_OF_LINES[line]:
        return None
    return _row(line, place[0], 1), line, place[1]


def _read_begin(reader: Reader, i: int) -> tuple[Position, int] | None:
    """*from the bottom*."""
    if not reader.is_word(i, "from"):
        return None
    return read_place(reader, reader.skip_determiners(i + 1))


def _line_at(reader: Reader, i: int) -> Line | None:
    if reader.is_word(i, *ROWS):
        return Line.ROW
    return Line.COLUMN if reader.is_word(i, *COLUMNS) else None


def _row(line: Line, place: Position, n: int) -> Wrap:
    return lambda child: Row(child, line, place, n)


def _behind_same_noun(reader: Reader, phrase: NounPhrase, i: int) -> int:
    """*(the truck in the top row) of vehicles*: rows of what is asked for."""
    if not reader.is_word(i, "of") or phrase.noun is None:
        return i
    match = reader.lexicon.noun_forms.match(reader.words, reader.skip_determiners(i + 1))
    if match is None or not reader.lexicon.overlap(match[0].singular, phrase.noun):
        return i
    return match[1]
