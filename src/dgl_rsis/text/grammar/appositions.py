"""The target named again: *It is the largest one*, *The stadium is ...*, *the red one*."""

from __future__ import annotations

from dgl_rsis.text.grammar.noun_phrases import read_noun_part
from dgl_rsis.text.grammar.phrase import NounPhrase
from dgl_rsis.text.grammar.reader import Reader
from dgl_rsis.text.program.vocabulary import ANYTHING
from dgl_rsis.text.tokens import COMMA


def named_again(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """Add what is said of the same noun behind a comma or a copula; other nouns are not read."""
    if reader.depth or phrase.noun is None or not _begins_clause(reader, i):
        return None
    again = NounPhrase()
    end = read_noun_part(reader, again, i)
    is_ranked = again.extreme is not None or again.ordinal is not None or again.from_the_end
    is_same = again.noun in (phrase.noun, ANYTHING) or (again.noun is None and is_ranked)
    is_said_to_be = reader.lexicon.copulas.get(reader.words[i - 1]) is not None
    is_kind = is_said_to_be and _is_kind_of(reader, again.noun, phrase.noun)
    if end == i or not (is_same or is_kind):
        return None
    if is_kind:
        phrase.noun = again.noun  # "the vehicle is a white truck"
    _merge(phrase, again)
    return end


def _is_kind_of(reader: Reader, noun: str | None, general: str) -> bool:
    if noun is None:
        return False
    if general == ANYTHING:
        return True
    entry = reader.lexicon.find(general)
    return entry is not None and entry.name in reader.lexicon.kinds(noun)


def _begins_clause(reader: Reader, i: int) -> bool:
    lexicon, words = reader.lexicon, reader.words
    is_noun_phrase = reader.begins(
        i, lexicon.determiners, lexicon.numbers, lexicon.ordinals, lexicon.last
    )
    follows = words[i - 1] == COMMA or lexicon.copulas.get(words[i - 1]) is not None
    return is_noun_phrase and i > 0 and follows


def _merge(phrase: NounPhrase, again: NounPhrase) -> None:
    if again.noun is not None and not again.is_plural:
        phrase.is_plural = False
    phrase.describe(again)
    phrase.constraints += again.constraints
    phrase.count = again.count if phrase.count is None else phrase.count
    phrase.kept |= again.kept
    phrase.left_over |= again.left_over
    phrase.extreme = again.extreme or phrase.extreme
    phrase.distance = again.distance or phrase.distance
    phrase.from_the_end = again.from_the_end or phrase.from_the_end
    phrase.ordinal = again.ordinal or phrase.ordinal
    phrase.from_place = again.from_place or phrase.from_place
