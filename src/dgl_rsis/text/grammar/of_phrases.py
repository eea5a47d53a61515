"""*of* after a noun: *the roof of the building*, *the largest of the white ships*."""

from __future__ import annotations

from dataclasses import fields, replace

from dgl_rsis.text.grammar.noun_phrases import read_noun_part
from dgl_rsis.text.grammar.phrase import NounPhrase
from dgl_rsis.text.grammar.reader import Reader
from dgl_rsis.text.grammar.relations import relate
from dgl_rsis.text.grammar.with_phrases import extreme_of_part
from dgl_rsis.text.program.nodes import Relate
from dgl_rsis.text.program.vocabulary import ANYTHING, Relation
from dgl_rsis.text.tokens import OWNS


def of_phrase(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """What the target is in, or its noun where it has none yet."""
    is_set = phrase.noun is None and not phrase.is_partitive
    if is_set and reader.is_word(i, "among", "amongst"):
        return _read_later_noun(reader, phrase, i + 1)
    if not reader.is_word(i, "of", "among", "amongst"):
        return None
    if phrase.noun is None or phrase.noun == ANYTHING:
        return _read_later_noun(reader, phrase, i + 1)
    end = (
        _same_again(reader, phrase, i + 1)
        or _described(reader, phrase, i + 1)
        or _material(reader, phrase, i)
    )
    if end is not None:
        return end
    if not reader.is_word(i, "of"):
        return None
    return relate(reader, phrase, Relation.INSIDE, i, i + 1)


def possessive(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*the castle's tower* is the tower of the castle."""
    if not reader.is_word(i, OWNS) or phrase.noun is None:
        return None
    owned = NounPhrase()
    end = read_noun_part(reader, owned, i + 1)
    if owned.noun is None:
        return i + 1
    owner = replace(phrase).as_anchor()
    owned.constraints.insert(0, lambda child: Relate(child, Relation.INSIDE, owner))
    owned.left_over |= phrase.left_over
    for each in fields(phrase):
        setattr(phrase, each.name, getattr(owned, each.name))
    return end


def _read_later_noun(reader: Reader, phrase: NounPhrase, start: int) -> int:
    """*the largest of the white ships*: one ship; *three of the ships*: three.

    The set may be ranked itself: *the smallest of the three largest ships*.
    """
    among = NounPhrase()
    end = read_noun_part(reader, among, start)
    phrase.noun, phrase.is_plural = among.noun, among.is_plural
    phrase.is_partitive, phrase.set_size = True, among.count
    phrase.describe(among)
    phrase.constraints += among.constraints
    phrase.kept |= among.kept
    phrase.left_over |= among.left_over
    if among.is_ranked and phrase.is_ranked:
        phrase.constrain(among.ranked, start, end)
        phrase.set_size = None
    elif among.is_ranked:
        phrase.extreme, phrase.ordinal = among.extreme, among.ordinal
        phrase.from_the_end, phrase.from_place = among.from_the_end, among.from_place
    elif among.distance is not None and phrase.distance is None and phrase.extreme is None:
        phrase.distance, phrase.distance_words = among.distance, among.distance_words
        phrase.set_size = None
    return end


def _same_again(reader: Reader, phrase: NounPhrase, start: int) -> int | None:
    """*(the largest ship) of all the ships*, *of the three*: the set is named once more."""
    again = NounPhrase()
    end = read_noun_part(reader, again, start)
    is_ranked = phrase.extreme is not None or phrase.ordinal is not None
    is_set = again.is_plural or again.every or again.count is not None
    is_same = again.noun in (None, ANYTHING, phrase.noun) or _is_kind_of(reader, phrase, again)
    if not (is_ranked and is_set and is_same):
        return None
    phrase.describe(again)
    phrase.constraints += again.constraints
    phrase.is_partitive = True
    return end


def _is_kind_of(reader: Reader, phrase: NounPhrase, general: NounPhrase) -> bool:
    """*(the tractor which is the largest) of all the vehicles*."""
    entry = reader.lexicon.find(general.noun or "")
    return entry is not None and entry.name in reader.lexicon.kinds(phrase.noun or "")


def _material(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*(a heap) of rubble*, *(a field) of sunflowers*: what it consists of; left to the model."""
    is_bare = reader.is_word(i, "of") and reader.skip_determiners(i + 1) == i + 1
    if not is_bare or not phrase.is_singular:
        return None
    material = NounPhrase()
    end = read_noun_part(reader, material, i + 1)
    entry = reader.lexicon.find(material.noun or "")
    is_mass = entry is not None and not entry.is_countable
    is_plain = not (material.is_ranked or material.constraints or material.count or material.every)
    if material.noun is None or not is_plain or not (material.is_plural or is_mass):
        return None
    phrase.kept.update(range(i, end))
    phrase.left_over.update(range(i, end))
    return end


def _described(reader: Reader, phrase: NounPhrase, start: int) -> int | None:
    """*of white color*, *of circular shape*: adjectives of a part."""
    described = NounPhrase()
    end = read_noun_part(reader, described, start)
    if extreme := extreme_of_part(reader, described):
        phrase.extreme = extreme  # "of the greatest length"
        return end
    if described.noun not in reader.lexicon.parts or not (
        described.attributes or described.alternatives
    ):
        return None
    if reader.lexicon.noun_forms.get(described.noun or "") is not None:
        return None  # the roof of a white building is a roof, and "of the white roof" is inside it
    phrase.describe(described)
    phrase.kept.update(range(start - 1, end))
    return end
