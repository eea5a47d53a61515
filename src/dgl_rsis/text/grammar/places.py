"""Places of the image: *left*, *in the upper left corner*, *far right*."""

from __future__ import annotations

from dgl_rsis.text.grammar.attributes import read_attribute
from dgl_rsis.text.grammar.phrase import NounPhrase, Wrap
from dgl_rsis.text.grammar.reader import Reader
from dgl_rsis.text.program.nodes import Filter
from dgl_rsis.text.program.vocabulary import Position

MOST_ADVERBS = 3


def at(position: Position) -> Wrap:
    """The constraint to a place."""
    return lambda child: Filter(child, position)


def read_place(reader: Reader, i: int) -> tuple[Position, int] | None:
    """*left*, *far upper right corner*, *middle left* without a preposition, and where it ends."""
    lexicon, words = reader.lexicon, reader.words
    found = lexicon.positions.match(words, i)
    for _ in range(MOST_ADVERBS):
        adverb = lexicon.place_adverbs.match(words, i) if found is None else None
        if adverb is None:
            break
        i = adverb[1]
        found = lexicon.positions.match(words, i)
    if found is None:
        return None
    position, end = found
    while following := lexicon.positions.match(words, end):
        if position is Position.CENTER:
            position = following[0]
        elif following[0] not in (Position.CENTER, Position.EDGE, Position.CORNER):
            break
        end = following[1]
    while noun := lexicon.place_nouns.match(words, end):
        end = noun[1]
    return position, end


def read_place_after_preposition(reader: Reader, i: int) -> tuple[Position, int] | None:
    """*in the upper left corner*, unless a noun follows (*in the left harbor*)."""
    lexicon, words = reader.lexicon, reader.words
    preposition = lexicon.place_prepositions.match(words, i)
    if preposition is None and reader.is_word(i, "from"):
        preposition = "from", i + 1
    found = read_place(reader, reader.skip_determiners(preposition[1] if preposition else i))
    if found is None:
        return None
    end = found[1]
    follows_noun = reader.begins(end, lexicon.noun_forms) or read_attribute(reader, end) is not None
    is_plain = not reader.begins(end - 1, lexicon.place_nouns)
    return None if follows_noun and is_plain and preposition is not None else found


def place_before_noun(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*the left hall*; words that are a noun as a whole stay one."""
    if reader.begins(i, reader.lexicon.noun_forms):
        return None
    place = read_place(reader, i)
    if place is None or reader.is_word(place[1], "of"):
        return None
    position, end = place
    phrase.constrain(at(position), i, end)
    return end
