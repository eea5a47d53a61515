"""Places of the image: *left*, *in the upper left corner*, *far right*."""

from __future__ import annotations

from collections.abc import Mapping

from dgl_rsis.text.grammar.attributes import read_attribute
from dgl_rsis.text.grammar.phrase import NounPhrase, Wrap
from dgl_rsis.text.grammar.reader import Reader
from dgl_rsis.text.program.nodes import Filter
from dgl_rsis.text.program.vocabulary import EXTREME_OF_POSITION, Position
from dgl_rsis.text.program.wording import PLACE_OF_EXTREME

MOST_ADVERBS = 3
PRONOUNS = ("one", "ones")
_SHORES = ("bank", "shore")
_DIAGONALS: Mapping[tuple[Position, Position], Position] = {
    (Position.TOP, Position.LEFT): Position.UPPER_LEFT,
    (Position.TOP, Position.RIGHT): Position.UPPER_RIGHT,
    (Position.BOTTOM, Position.LEFT): Position.LOWER_LEFT,
    (Position.BOTTOM, Position.RIGHT): Position.LOWER_RIGHT,
}


def at(position: Position) -> Wrap:
    """The constraint to a place."""
    return lambda child: Filter(child, position)


def read_place(reader: Reader, i: int) -> tuple[Position, int] | None:
    """*left*, *far upper right corner* without a preposition; not *left-most*, which ranks."""
    found = read_direction(reader, i)
    return None if found is None or reader.is_word(found[1], "most") else found


def read_direction(reader: Reader, i: int) -> tuple[Position, int] | None:
    """*left*, *far upper right corner*, *middle left*, and where it ends; *left* of *left-most*."""
    lexicon, words = reader.lexicon, reader.words
    found = _read_position(reader, i)
    for _ in range(MOST_ADVERBS):
        adverb = lexicon.place_adverbs.match(words, i) if found is None else None
        if adverb is None:
            break
        i = adverb[1]
        found = _read_position(reader, i)
    if found is None:
        return None
    position, end = found
    while following := lexicon.positions.match(words, end):
        joined = _joined(position, following[0])
        if joined is None:
            break
        position, end = joined, following[1]
    if reader.is_word(end, "most") and reader.begins(end + 1, lexicon.place_nouns):
        end += 1  # "the left-most part"
    while noun := lexicon.place_nouns.match(words, end):
        end = noun[1]
    if reader.is_word(end, *_SHORES) and reader.is_word(end + 1, "of"):
        end += 1  # "the west bank of the river"
    return position, end


def _behind_one_of(reader: Reader, i: int) -> int:
    """*one corner*, *one of the corners*: any place of that kind."""
    if not reader.is_word(i, "one"):
        return i
    start = reader.skip_determiners(i + 2) if reader.is_word(i + 1, "of") else i + 1
    place = read_place(reader, start)
    return start if place is not None and not follows_noun(reader, place[1]) else i


def _read_position(reader: Reader, i: int) -> tuple[Position, int] | None:
    """*left*, or the superlative of a place before a word for places: *lowest edge*."""
    lexicon, words = reader.lexicon, reader.words
    found = lexicon.positions.match(words, i)
    extreme = lexicon.superlatives.match(words, i) if found is None else None
    if extreme is None or not reader.begins(extreme[1], lexicon.place_nouns):
        return found
    place = PLACE_OF_EXTREME.get(extreme[0])
    return None if place is None else (place, extreme[1])


def _joined(first: Position, second: Position) -> Position | None:
    """*middle left* is left, *left corner* is left, *top of the right side* is upper right."""
    if first is Position.CENTER:
        return second
    if second in (Position.CENTER, Position.EDGE, Position.CORNER):
        return first
    return _DIAGONALS.get((first, second)) or _DIAGONALS.get((second, first))


def read_place_of_place(reader: Reader, i: int) -> tuple[Position, int] | None:
    """*the middle of the left side*: a place and the part of the image that it is in."""
    place = read_place(reader, i)
    if place is None or not reader.is_word(place[1], "of"):
        return place
    outer = read_place(reader, reader.skip_determiners(place[1] + 1))
    if outer is None or follows_noun(reader, outer[1]) or reader.is_word(outer[1], *PRONOUNS):
        return place  # "left of the upper one"
    joined = _joined(place[0], outer[0])
    return place if joined is None else (joined, outer[1])


def follows_noun(reader: Reader, i: int) -> bool:
    """Whether a known noun or an adjective stands here."""
    return reader.begins(i, reader.lexicon.noun_forms) or read_attribute(reader, i) is not None


def read_place_after_preposition(reader: Reader, i: int) -> tuple[Position, int] | None:
    """*in the upper left corner*, unless a noun follows (*in the left harbor*)."""
    lexicon, words = reader.lexicon, reader.words
    preposition = lexicon.place_prepositions.match(words, i)
    if preposition is None and reader.is_word(i, "from"):
        preposition = "from", i + 1
    start = reader.skip_determiners(preposition[1] if preposition else i)
    if preposition is not None:
        start = _behind_one_of(reader, start)
    found = read_place_of_place(reader, start)
    if found is None:
        return None
    is_plain = not reader.begins(found[1] - 1, lexicon.place_nouns)
    is_of_noun = is_plain and preposition is not None and follows_noun(reader, found[1])
    return None if is_of_noun else found


def place_before_noun(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*the left hall*; words that are a noun as a whole stay one."""
    if reader.begins(i, reader.lexicon.noun_forms):
        return None
    place = read_place(reader, i)
    if place is None or reader.is_word(place[1], "of"):
        return None
    position, end = place
    if reader.is_word(end, *PRONOUNS) and reader.is_word(end + 1, "of"):
        phrase.extreme = EXTREME_OF_POSITION[position]  # "the upper one of the two"
        return end + 1
    phrase.constrain(at(position), i, end)
    return end
