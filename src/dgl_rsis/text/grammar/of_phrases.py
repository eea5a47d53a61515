"""*of* after a noun: *the roof of the building*, *the largest of the white ships*."""

from __future__ import annotations

from dgl_rsis.text.grammar.noun_phrases import read_noun_part
from dgl_rsis.text.grammar.phrase import NounPhrase
from dgl_rsis.text.grammar.reader import Reader
from dgl_rsis.text.grammar.relations import relate
from dgl_rsis.text.program.vocabulary import ANYTHING, Relation


def of_phrase(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """What the target is in, or its noun where it has none yet."""
    is_set = phrase.noun is None and not phrase.is_partitive
    if is_set and reader.is_word(i, "among", "amongst"):
        return _read_later_noun(reader, phrase, i + 1)
    if not reader.is_word(i, "of", "among", "amongst"):
        return None
    if phrase.noun is None or phrase.noun == ANYTHING:
        return _read_later_noun(reader, phrase, i + 1)
    end = _same_again(reader, phrase, i + 1) or _described(reader, phrase, i + 1)
    if end is not None:
        return end
    if not reader.is_word(i, "of"):
        return None
    return relate(reader, phrase, Relation.INSIDE, i, i + 1)


def _read_later_noun(reader: Reader, phrase: NounPhrase, start: int) -> int:
    """*the largest of the white ships*: one ship; *three of the ships*: three."""
    count, every = phrase.count, phrase.every
    phrase.noun = None
    phrase.is_partitive = True
    end = read_noun_part(reader, phrase, start)
    phrase.count, phrase.every = count, every
    return end


def _same_again(reader: Reader, phrase: NounPhrase, start: int) -> int | None:
    """*(the largest ship) of all the ships*, *of the three*: the set is named once more."""
    again = NounPhrase()
    end = read_noun_part(reader, again, start)
    is_ranked = phrase.extreme is not None or phrase.ordinal is not None
    is_set = again.is_plural or again.every or again.count is not None
    if not (is_ranked and is_set) or again.noun not in (None, ANYTHING, phrase.noun):
        return None
    phrase.attributes += again.attributes
    phrase.constraints += again.constraints
    phrase.is_partitive = True
    return end


def _described(reader: Reader, phrase: NounPhrase, start: int) -> int | None:
    """*of white color*, *of circular shape*: adjectives of a part."""
    described = NounPhrase()
    end = read_noun_part(reader, described, start)
    if described.noun not in reader.lexicon.parts or not described.attributes:
        return None
    if reader.lexicon.noun_forms.get(described.noun or "") is not None:
        return None  # the roof of a white building is a roof, and "of the white roof" is inside it
    phrase.attributes += described.attributes
    phrase.kept.update(range(start - 1, end))
    return end
