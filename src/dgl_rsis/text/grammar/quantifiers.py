"""Determiners and how many are asked for: *the*, *all*, *three*, *two of*."""

from __future__ import annotations

from dgl_rsis.text.grammar.boundaries import ends_phrase
from dgl_rsis.text.grammar.phrase import NounPhrase
from dgl_rsis.text.grammar.reader import Reader
from dgl_rsis.text.tokens import number

LARGEST_COUNT = 10**6


def every(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*all*, *each*."""
    match = reader.lexicon.every.match(reader.words, i)
    if match is None:
        return None
    phrase.every = True
    # "a long row of cars": what was said so far is of the row.
    for each in phrase.adjectives:
        phrase.left_over.update(range(each.start, each.end))
    phrase.adjectives.clear()
    return match[1]


def count(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*three*, *two of*; not *two-storey*, *100 m* or the *one* of *the red one*."""
    lexicon, words = reader.lexicon, reader.words
    found = lexicon.numbers.match(words, i)
    value, end = found if found else (number(words[i]), i + 1)
    if value is None or value != int(value) or value < 1 or reader.sentence.is_glued[i]:
        return None
    if reader.begins(end, lexicon.units):
        return None
    is_partitive = reader.is_word(end, "of")
    if phrase.count is not None:
        return end  # "two of the three"
    follows = end < len(words) and not ends_phrase(reader, end)
    if value == 1 and not follows and not is_partitive:
        return None
    phrase.count = min(int(value), LARGEST_COUNT)
    return end + 1 if is_partitive else end


def determiner(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*the*, *a*, *those*."""
    match = reader.lexicon.determiners.match(reader.words, i)
    return match[1] if match else None


def portion(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*a patch of* grass: grass is asked for."""
    match = reader.lexicon.portions.match(reader.words, i)
    if match is None or not reader.is_word(match[1], "of"):
        return None
    return match[1] + 1
