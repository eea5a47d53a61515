"""Comparatives: *the larger hall*, *the longer of the two*, *wider than the road*."""

from __future__ import annotations

from collections.abc import Mapping

from dgl_rsis.text.grammar.attributes import read_attribute
from dgl_rsis.text.grammar.noun_phrases import read_anchor, read_noun_part
from dgl_rsis.text.grammar.phrase import Adjective, NounPhrase
from dgl_rsis.text.grammar.reader import Reader
from dgl_rsis.text.grammar.relations import relate
from dgl_rsis.text.lexicon import Attribute
from dgl_rsis.text.program.vocabulary import ANYTHING, Direction, Key, Relation

_OTHERS = ("other", "others", "rest")
_RELATIONS: Mapping[tuple[Key, Direction], Relation] = {
    (Key.AREA, Direction.MAX): Relation.LARGER_THAN,
    (Key.AREA, Direction.MIN): Relation.SMALLER_THAN,
    (Key.LENGTH, Direction.MAX): Relation.LONGER_THAN,
    (Key.LENGTH, Direction.MIN): Relation.SHORTER_THAN,
    (Key.WIDTH, Direction.MAX): Relation.WIDER_THAN,
    (Key.WIDTH, Direction.MIN): Relation.NARROWER_THAN,
    (Key.BRIGHTNESS, Direction.MAX): Relation.BRIGHTER_THAN,
    (Key.BRIGHTNESS, Direction.MIN): Relation.DARKER_THAN,
}


def comparative(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*the larger* before a noun: of two, so the extreme; *a larger hall* is an adjective."""
    found = reader.lexicon.comparatives.match(reader.words, i)
    is_definite = i > 0 and reader.words[i - 1] == "the"
    is_of_several = found is not None and reader.is_word(found[1], "of")
    if found is None or not (is_definite or is_of_several) or reader.is_word(found[1], "than"):
        return None
    following = read_attribute(reader, found[1])
    if following is not None and following[0].kind == "colour":
        return None  # "the lighter blue hall"
    word = " ".join(reader.words[i : found[1]])
    attribute = reader.lexicon.attributes.get(word) or Attribute(word, "size", "")
    phrase.comparative = found[0], Adjective(attribute, i, found[1])
    suffix = reader.lexicon.suffixes.match(reader.words, found[1])
    return suffix[1] if suffix else found[1]


def compared(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*larger than the other one* is the largest; *larger than the hall* is a relation."""
    found = reader.lexicon.comparatives.match(reader.words, i)
    if found is None or not reader.is_word(found[1], "than"):
        return None
    extreme, end = found
    stop = _read_others(reader, phrase, end + 1)
    if stop is not None:
        phrase.extreme = extreme
        return stop
    return relate(reader, phrase, _RELATIONS[extreme], i, end + 1)


def larger_alone(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*(which of the two) is larger*, *(the hall that is) longer*: the extreme; of one only."""
    found = reader.lexicon.comparatives.match(reader.words, i)
    if found is None or reader.is_word(found[1], "than") or phrase.is_ranked:
        return None
    attribute = read_attribute(reader, i)
    is_last = attribute is None or attribute[1] == found[1]
    is_said_to_be = i > 0 and reader.lexicon.copulas.get(reader.words[i - 1]) is not None
    if not (is_last and is_said_to_be and phrase.is_singular):
        return None
    phrase.extreme, end = found
    return end


def compared_further_on(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*a larger building than the others*: *than* behind the noun."""
    if not reader.is_word(i, "than"):
        return None
    for word in phrase.attributes:
        extreme = reader.lexicon.comparatives.get(word)
        if extreme is None:
            continue
        stop = _read_others(reader, phrase, i + 1)
        if stop is not None:
            phrase.extreme = extreme
        else:
            stop = relate(reader, phrase, _RELATIONS[extreme], i, i + 1)
        if stop is not None:
            phrase.attributes.remove(word)
        return stop
    return None


def equated(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*(twice) as long as the hall*: no node says that; left over."""
    factor = reader.lexicon.factors.match(reader.words, i)
    start = factor[1] if factor else i
    attribute = read_attribute(reader, start + 1) if reader.is_word(start, "as") else None
    if attribute is None or not reader.is_word(attribute[1], "as"):
        return None
    found = read_anchor(reader, attribute[1] + 1)
    end = found[1] if found else attribute[1] + 1
    phrase.left_over.update(range(i, end))
    return end


def _read_others(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """End of *the other one*, *all the others*, *any other hall*, *the rest*: the same noun."""
    others = NounPhrase()
    end = read_noun_part(reader, others, i)
    is_said = any(word in _OTHERS for word in reader.words[i:end])
    is_same = others.noun in (None, ANYTHING, phrase.noun, "other", "rest")
    return end if is_said and is_same else None
