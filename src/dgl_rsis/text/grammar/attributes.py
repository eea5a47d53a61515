"""Adjectives: *white*, *light blue*, *very large*, *cone-shaped*, *two-storey*."""

from __future__ import annotations

from dgl_rsis.text.grammar.phrase import NounPhrase
from dgl_rsis.text.grammar.reader import Reader
from dgl_rsis.text.lexicon import Attribute
from dgl_rsis.text.tokens import COMMA, number

_PREFIXES = ("multi", "single", "double", "dual", "semi")
_ADJECTIVAL = ("ed", "ing", "built", "made", "like", "grown", "storey", "story", "free")


def read_attribute(reader: Reader, i: int) -> tuple[Attribute, int] | None:
    """The adjective that begins at word ``i``, and where it ends."""
    lexicon, words = reader.lexicon, reader.words
    if i >= len(words):
        return None
    found = lexicon.attributes.match(words, i)
    if found is None or found[1] == i + 1:
        compound = _compound(reader, i)
        if compound is not None:
            return compound
    if found is None:
        return None
    attribute, end = _shifted(reader, *found)
    suffix = lexicon.suffixes.match(words, end)
    return attribute, suffix[1] if suffix else end


def _shifted(reader: Reader, attribute: Attribute, end: int) -> tuple[Attribute, int]:
    """*light blue*: lightness before a colour shifts it."""
    lexicon, words = reader.lexicon, reader.words
    following = lexicon.attributes.match(words, end)
    if attribute.kind == "lightness" and following and following[0].kind == "colour":
        lightness = "dark" if attribute.measure == "dark" else "light"
        shifted = f"{lightness} {following[0].word}"
        return Attribute(shifted, "colour", shifted), following[1]
    return Attribute(attribute.word.replace(" ", "-"), attribute.kind, attribute.measure), end


def _compound(reader: Reader, i: int) -> tuple[Attribute, int] | None:
    """*cone-shaped*, *two-storey*, *half-built*: adjectives that no list can hold."""
    words, lexicon = reader.words, reader.lexicon
    is_known = lexicon.attributes.match(words, i) is not None
    if reader.is_word(i + 1, "shaped") and not is_known:
        return Attribute(f"{words[i]}-shaped", "shape", ""), i + 2
    if not reader.sentence.is_glued[i] or i + 1 >= len(words):
        return None
    is_counted = (
        number(words[i]) is not None
        or lexicon.numbers.get(words[i])
        or (lexicon.ordinals.get(words[i]) and words[i + 1] not in ("from", "most"))
    )
    is_joined = words[i + 1].endswith(_ADJECTIVAL) and not reader.begins(
        i + 1, lexicon.suffixes, lexicon.attributes, lexicon.noun_forms
    )
    is_prefixed = words[i] in _PREFIXES
    if not (is_counted or is_prefixed) and (not is_joined or reader.begins(i, lexicon.negations)):
        return None
    return Attribute(f"{words[i]}-{words[i + 1]}", "other", ""), i + 2


def joined_attributes(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """The *and* or the comma between two adjectives before the noun: *white and round*."""
    is_joined = reader.is_word(i, "and", COMMA) and phrase.adjectives
    return i + 1 if is_joined and read_attribute(reader, i + 1) else None


def intensified_before_noun(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*very*, where an adjective follows; elsewhere it is left to the noun."""
    match = reader.lexicon.intensifiers.match(reader.words, i)
    if match is None:
        return None
    return match[1] if read_attribute(reader, match[1]) else i


def attribute_after_noun(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*(that is) white*."""
    attribute = read_attribute(reader, i)
    noun = reader.lexicon.noun_forms.match(reader.words, i)
    if attribute is None or (noun is not None and noun[1] > attribute[1]):
        return None
    phrase.attributes.append(attribute[0].word)
    phrase.kept.update(range(i, attribute[1]))
    return attribute[1]


def intensified_after_noun(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*(that is) very* before an adjective."""
    is_intensified = reader.begins(i, reader.lexicon.intensifiers)
    return i + 1 if is_intensified and read_attribute(reader, i + 1) else None
