"""Adjectives: *white*, *light blue*, *very large*, *cone-shaped*, *two-storey*."""

from __future__ import annotations

from dgl_rsis.text.grammar.phrase import Adjective, NounPhrase
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
    """What stands between two adjectives before the noun: *white and round*, *white or grey*."""
    end = _behind_joint(reader, i) if phrase.adjectives else i
    return end if end > i and read_attribute(reader, end) else None


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
    chain = [Adjective(attribute[0], i, attribute[1])]
    while (found := _further(reader, chain[-1].end)) is not None:
        chain.append(found)
    is_either = any(reader.is_word(each.start - 1, "or") for each in chain[1:])
    if not is_either:
        chain = chain[:1]
    described = NounPhrase(attributes=[] if is_either else [chain[0].attribute.word])
    described.alternatives = [(each.attribute.word,) for each in chain] if is_either else []
    phrase.describe(described)
    phrase.kept.update(range(i, chain[-1].end))
    return chain[-1].end


def _further(reader: Reader, i: int) -> Adjective | None:
    """*(white) or grey*, *(white), grey*, where no noun follows."""
    start = _behind_joint(reader, i)
    found = read_attribute(reader, start) if start > i else None
    if found is None or reader.begins(found[1], reader.lexicon.noun_forms, reader.lexicon.generic):
        return None
    return Adjective(found[0], start, found[1])


def _behind_joint(reader: Reader, i: int) -> int:
    """End of *and*, *or*, a comma, or a comma with one of them; ``i`` where there is none."""
    end = i + 1 if reader.is_word(i, COMMA) else i
    return end + 1 if reader.is_word(end, "and", "or") else end


def settle_adjectives(reader: Reader, phrase: NounPhrase) -> None:
    """Adjectives before the noun become its attributes; of some that are joined one is enough.

    *white or grey cars* have one of the colours, and so has each of *the white and grey cars*: a
    thing has one colour, unless it is one thing (*the white and grey car*) or a part.
    """
    groups: list[list[Adjective]] = []
    for each in phrase.adjectives:
        if groups and groups[-1][-1].end < each.start == _behind_joint(reader, groups[-1][-1].end):
            groups[-1].append(each)
        else:
            groups.append([each])
    for group in groups:
        joints = {reader.words[each.start - 1] for each in group[1:]}
        is_of_colours = all(each.attribute.kind == "colour" for each in group)
        is_whole = phrase.noun is not None and phrase.noun not in reader.lexicon.parts
        are_several = "and" in joints and is_of_colours and phrase.is_plural and is_whole
        if "or" in joints or are_several:
            phrase.describe(NounPhrase(alternatives=[(each.attribute.word,) for each in group]))
            for each in group:
                phrase.adjectives.remove(each)
                phrase.kept.update(range(each.start, each.end))


def intensified_after_noun(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*(that is) very* before an adjective."""
    is_intensified = reader.begins(i, reader.lexicon.intensifiers)
    return i + 1 if is_intensified and read_attribute(reader, i + 1) else None
