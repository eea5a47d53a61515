"""Determiners and how many are asked for: *the*, *all*, *three*, *two of*."""

from __future__ import annotations

from dgl_rsis.text.grammar.boundaries import begins_noun, ends_phrase
from dgl_rsis.text.grammar.numerals import read_number
from dgl_rsis.text.grammar.phrase import NounPhrase
from dgl_rsis.text.grammar.reader import Reader

LARGEST_COUNT = 10**6


def every(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*all*, *each*."""
    match = reader.lexicon.every.match(reader.words, i)
    if match is None:
        return None
    phrase.every = True
    left_out = read_number(reader, match[1] + 1) if reader.is_word(match[1], "but") else None
    if left_out is not None:  # "all but two ships": which two is not said
        phrase.left_over.update(range(match[1], left_out[1]))
        return left_out[1]
    # "a long row of cars": what was said so far is of the row.
    for each in phrase.adjectives:
        phrase.left_over.update(range(each.start, each.end))
    phrase.adjectives.clear()
    if phrase.ordinal or phrase.count:  # "the second row of cars", "two rows of cars"
        phrase.ordinal = phrase.count = None
        phrase.left_over.add(i - 1)
    return match[1]


def share(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*half of the ships*, *most ships*: no node counts a share; all, and the share left over."""
    lexicon = reader.lexicon
    is_share = reader.is_word(i, "half", "most", "majority") and not reader.begins(
        i, lexicon.numbers
    )
    if not is_share or reader.sentence.is_glued[i] or phrase.adjectives:
        return None
    end = i + 2 if reader.is_word(i + 1, "of") else i + 1
    noun = lexicon.noun_forms.match(reader.words, reader.skip_determiners(end))
    if noun is None or not noun[0].is_plural:
        return None
    phrase.every = True
    phrase.left_over.add(i)
    return end


def count(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*three*, *two of*; not *two-storey*, *100 m* or the *one* of *the red one*."""
    lexicon, words = reader.lexicon, reader.words
    found = read_number(reader, i)
    if found is None:
        return None
    value, end = found
    if value == 0 and begins_noun(reader, end) and not reader.begins(end, lexicon.units):
        phrase.left_over.update(range(i, end))  # "0 ships": nothing is asked for
        return end
    if value != int(value) or value < 1 or reader.sentence.is_glued[end - 1]:
        return None
    if reader.begins(end, lexicon.units):
        return None
    is_partitive = reader.is_word(end, "of")
    is_told = phrase.is_ranked or phrase.comparative or phrase.constraints or phrase.adjectives
    if value == 1 and is_told:
        return None  # "the southern one of the two"
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
    if match is not None and reader.is_word(i, "these", "those"):
        phrase.is_plural = True
    return match[1] if match else None


def bounded_count(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*at least three ships*, *between two and four*: all of them; the bound is left over."""
    lexicon, words = reader.lexicon, reader.words
    bound = lexicon.bounding.match(words, i)
    start = i + 1 if reader.is_word(i, "between") else bound[1] if bound else None
    found = read_number(reader, start) if start is not None else None
    if found is None:
        return None
    end = found[1]
    if reader.is_word(i, "between"):
        upper = read_number(reader, end + 1) if reader.is_word(end, "and") else None
        if upper is None:
            return None
        end = upper[1]
    if reader.begins(end, lexicon.units) or not reader.words[end:] or ends_phrase(reader, end):
        return None
    phrase.every = True
    phrase.left_over.update(range(i, end))
    return end


def portion(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*a patch of* grass: grass is asked for."""
    match = reader.lexicon.portions.match(reader.words, i)
    if match is None or not reader.is_word(match[1], "of"):
        return None
    return match[1] + 1
