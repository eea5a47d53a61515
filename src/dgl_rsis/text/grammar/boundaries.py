"""Where a noun phrase ends and where a modifier begins, by the words that stand there."""

from __future__ import annotations

from dgl_rsis.text.grammar.places import read_direction
from dgl_rsis.text.grammar.reader import Reader
from dgl_rsis.text.tokens import COMMA, number

_MEASURING = ("covers", "cover", "measures", "measure")


def is_function_word(reader: Reader, i: int) -> bool:
    """Whether word ``i`` has only a grammatical meaning."""
    lexicon = reader.lexicon
    return reader.begins(
        i,
        lexicon.function_words,
        lexicon.determiners,
        lexicon.copulas,
        lexicon.verbs,
        lexicon.describing,
    )


def ends_phrase(reader: Reader, i: int) -> bool:
    """Whether a closed-class word ends the noun phrase here."""
    lexicon = reader.lexicon
    return (
        reader.words[i] == COMMA
        or is_function_word(reader, i)
        or reader.begins(
            i,
            lexicon.relations,
            lexicon.with_words,
            lexicon.negations,
            lexicon.without,
            lexicon.outside,
            lexicon.exceptions,
            lexicon.place_prepositions,
            lexicon.superlatives,
            lexicon.comparatives,
            lexicon.distances,
            lexicon.counting,
            lexicon.bounding,
        )
        or read_direction(reader, i) is not None
    )


def ends_compound(reader: Reader, i: int) -> bool:
    """Whether a word that may stand before a noun cannot continue one: *plane second from*."""
    lexicon = reader.lexicon
    found = lexicon.attributes.match(reader.words, i)
    is_height = found is not None and found[0].kind == "height"
    is_measuring = reader.is_word(i, *_MEASURING) and (
        reader.begins(i + 1, lexicon.bounding, lexicon.numbers)
        or (i + 1 < len(reader.words) and number(reader.words[i + 1]) is not None)
    )
    return (
        is_height
        or is_measuring  # "the hall covers more than 2 ha" has no hall cover
        or reader.is_word(i, "number")
        or reader.begins(
            i,
            lexicon.ordinals,
            lexicon.factors,
            lexicon.last,
            lexicon.intensifiers,
            lexicon.every,
            lexicon.numbers,
            lexicon.place_adverbs,
            lexicon.participles,
        )
    )


def is_unknown_verb(reader: Reader, i: int) -> bool:
    """Whether a word that nobody knows stands before a determiner, where no noun can end."""
    lexicon = reader.lexicon
    is_unknown = i < len(reader.words) and reader.words[i] not in lexicon.vocabulary
    return is_unknown and reader.begins(i + 1, lexicon.determiners)


def begins_noun(reader: Reader, i: int) -> bool:
    """Whether an attribute, a noun or an unknown word stands here."""
    return i < len(reader.words) and not ends_phrase(reader, i)


def begins_modifier(reader: Reader, i: int) -> bool:
    """Whether a place, a relation or a measure begins here, so that no new anchor does."""
    if i >= len(reader.words):
        return True
    lexicon = reader.lexicon
    start = reader.skip_determiners(i)
    negation = lexicon.negations.match(reader.words, i)
    return (
        reader.begins(
            i,
            lexicon.relations,
            lexicon.outside,
            lexicon.with_words,
            lexicon.place_prepositions,
            lexicon.bounding,
        )
        or reader.begins(start, lexicon.distances)
        or (negation is not None and not reader.begins(negation[1], lexicon.determiners))
        or (is_function_word(reader, i) and start == i)
        or read_direction(reader, i) is not None
    )
