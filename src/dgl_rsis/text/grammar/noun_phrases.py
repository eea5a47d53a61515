"""Noun phrases: the words up to the noun, the noun with its compounds, anchors.

What may stand before and after the noun is not said here but in the rules of the reader.
"""

from __future__ import annotations

from dgl_rsis.text.grammar.attributes import read_attribute, settle_adjectives
from dgl_rsis.text.grammar.boundaries import ends_compound, ends_phrase, is_unknown_verb
from dgl_rsis.text.grammar.phrase import Adjective, NounPhrase
from dgl_rsis.text.grammar.reader import Reader
from dgl_rsis.text.inflection import singular
from dgl_rsis.text.lexicon import NounForm
from dgl_rsis.text.program.vocabulary import ANYTHING
from dgl_rsis.text.tokens import number

DEEPEST_ANCHOR = 5
_PRONOUNS = ("it", "them")


def read_anchor(
    reader: Reader, start: int, target: NounPhrase | None = None
) -> tuple[NounPhrase, int] | None:
    """A noun phrase inside another one, and where it ends.

    Args:
        reader: the sentence.
        start: where it begins.
        target: what the anchor is one of: the *it* inside the anchor.

    Returns:
        None where nothing is said that tells one thing from another, or where anchors of anchors
        are nested too deep.
    """
    if reader.depth >= DEEPEST_ANCHOR:
        return None
    said = reader.antecedent or (target.last_anchor if target is not None else None)
    if said is not None and reader.is_word(start, *_PRONOUNS):
        return said, start + 1
    outer = NounPhrase(noun=target.noun) if target is not None and target.noun else None
    phrase, end = read_noun_phrase(reader.inside(outer), start)
    return None if phrase.is_empty else (phrase, end)


def read_noun_phrase(reader: Reader, start: int) -> tuple[NounPhrase, int]:
    """A noun with its own modifiers, and where it ends."""
    phrase = NounPhrase()
    i = read_noun_part(reader, phrase, start)
    while i < len(reader.words):
        end = reader.read_after_noun(phrase, i)
        if end == i:
            break
        i = end
    return phrase, i


def read_noun_part(reader: Reader, phrase: NounPhrase, start: int) -> int:
    """Quantity, rank, place, attributes and the noun with its compounds."""
    i = start
    while i < len(reader.words):
        if phrase.noun is None and not phrase.unknown:
            end = reader.read_before_noun(phrase, i)
            if end > i:
                i = end
                continue
        end = _read_noun_word(reader, phrase, i)
        if end == i:
            break
        i = end
    _settle(reader, phrase, i)
    return i


def _read_noun_word(reader: Reader, phrase: NounPhrase, i: int) -> int:
    """An attribute, a noun, or a word that nobody knows; ``i`` at the end of the phrase."""
    lexicon, words = reader.lexicon, reader.words
    noun = _read_noun(reader, i)
    attribute = read_attribute(reader, i)
    is_compared = reader.begins(i, lexicon.comparatives, lexicon.bounding)
    is_height = attribute is not None and attribute[0].kind == "height"
    if phrase.unknown and (is_compared or is_height):
        return i
    if attribute and not phrase.noun and (noun is None or noun[1] <= attribute[1]):
        phrase.adjectives.append(Adjective(attribute[0], i, attribute[1]))
        return attribute[1]
    if noun:
        _name(reader, phrase, noun[0], i, noun[1])
        return noun[1]
    generic = lexicon.generic.match(words, i)
    if generic and phrase.noun is None and not phrase.unknown:
        phrase.name(ANYTHING, generic[0], i, generic[1])
        phrase.kept.difference_update(range(i, generic[1]))
        phrase.is_pronoun = words[i] in ("one", "ones", "them")
        return generic[1]
    if ends_phrase(reader, i) or phrase.noun == ANYTHING:
        return i
    word = words[i]
    is_verbal = word.endswith(("ing", "ed", "ly"))
    if (phrase.noun or phrase.unknown) and is_unknown_verb(reader, i):
        return i
    if phrase.noun is None:
        if is_verbal and phrase.unknown and i + 1 < len(words) and ends_phrase(reader, i + 1):
            return i  # "smoke coming from"
        phrase.unknown.append(i)
        return i + 1
    if is_verbal or number(word) is not None or ends_compound(reader, i):
        return i
    phrase.name(singular(word), singular(word) != word, i, i + 1)
    return i + 1


def _name(reader: Reader, phrase: NounPhrase, form: NounForm, start: int, end: int) -> None:
    """Take a noun with the unknown nouns right before it: *oil platform*, *fishing village*.

    Before a part of a thing (*with a slate roof*) and before *object* they describe.
    """
    lexicon, words, first = reader.lexicon, reader.words, start
    is_simple = (
        form.singular in lexicon.parts
        or form.singular in lexicon.markings
        or lexicon.generic.get(form.singular) is not None
    )
    while phrase.unknown and phrase.unknown[-1] == first - 1 and not is_simple:
        if number(words[first - 1]) is not None or not lexicon.is_modifying_noun(words[first - 1]):
            break
        first = phrase.unknown.pop()
    phrase.name(" ".join((*words[first:start], form.singular)), form.is_plural, first, end)


def _read_noun(reader: Reader, i: int) -> tuple[NounForm, int] | None:
    """A known noun; *the road crossing the railway* is a road, not a road crossing."""
    lexicon, words = reader.lexicon, reader.words
    noun = lexicon.noun_forms.match(words, i)
    if noun is None or noun[1] - i < 2 or not reader.begins(noun[1], lexicon.determiners):
        return noun
    is_relation = reader.begins(noun[1] - 1, lexicon.relations)
    return (lexicon.noun_forms.match(words[: noun[1] - 1], i) or noun) if is_relation else noun


def _settle(reader: Reader, phrase: NounPhrase, end: int) -> None:
    """Other unknown words before the noun are attributes; without a noun the last word is it.

    Before *of* the noun is still to come: *the tallest of the towers*.
    """
    words, noun_forms = reader.words, reader.lexicon.noun_forms
    is_open = reader.is_word(end, "of") and not phrase.unknown
    if phrase.comparative is not None:
        extreme, adjective = phrase.comparative
        phrase.comparative = None
        if phrase.is_plural:
            phrase.adjectives.insert(0, adjective)
        else:
            phrase.extreme = extreme
    if is_open and phrase.noun is None:
        pass
    elif phrase.noun is None and phrase.unknown:
        head = phrase.unknown.pop()
        noun = singular(words[head])
        _name(reader, phrase, NounForm(noun, words[head] != noun), head, head + 1)
    elif phrase.noun is None and phrase.adjectives:
        last = phrase.adjectives[-1]
        form = noun_forms.get(" ".join(words[last.start : last.end]))
        if form is not None:
            phrase.name(form.singular, form.is_plural, last.start, last.end)
        elif last.attribute.kind == "other":
            phrase.name(last.attribute.word, False, last.start, last.end)
        if phrase.noun is not None:
            phrase.adjectives.pop()
    settle_adjectives(reader, phrase)
    named = {each.start: each.attribute.word for each in phrase.adjectives}
    named |= {i: words[i] for i in phrase.unknown}
    phrase.attributes += [named[i] for i in sorted(named)]
    phrase.kept.update(phrase.unknown)
    for each in phrase.adjectives:
        phrase.kept.update(range(each.start, each.end))
    phrase.adjectives.clear()
    phrase.unknown.clear()
