"""Negations and exceptions: *not white*, *not near the road*, *except the red one*."""

from __future__ import annotations

from dgl_rsis.text.grammar.attributes import read_attribute
from dgl_rsis.text.grammar.noun_phrases import read_anchor
from dgl_rsis.text.grammar.phrase import NounPhrase
from dgl_rsis.text.grammar.reader import Reader
from dgl_rsis.text.grammar.relations import located
from dgl_rsis.text.program.nodes import And, Node, Not, Select
from dgl_rsis.text.program.vocabulary import ANYTHING


def negated(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*not white*, *not near the road*; *without* stays with the model."""
    negations = reader.lexicon.negations
    if not reader.begins(i, negations) or reader.is_word(i, "without"):
        return None
    if attribute := read_attribute(reader, i + 1):
        _exclude(phrase, Select(phrase.noun or ANYTHING, (attribute[0].word,)), i, attribute[1])
        return attribute[1]
    if i + 1 >= len(reader.words):
        return None
    inner = NounPhrase(noun=phrase.noun)
    end = located(reader, inner, i + 1)
    if end is None:
        return None
    _exclude(phrase, inner.program(), i, end)
    return end


def excepted(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*except the red one*, *other than the hall*."""
    match = reader.lexicon.exceptions.match(reader.words, i)
    if match is None:
        return None
    found = read_anchor(reader, match[1])
    if found is None:
        return i
    anchor, end = found
    if anchor.is_pronoun or anchor.noun is None:
        anchor.noun = phrase.noun
    _exclude(phrase, anchor.as_anchor(), i, end)
    return end


def _exclude(phrase: NounPhrase, node: Node, start: int, end: int) -> None:
    phrase.constrain(lambda child: And((child, Not(node))), start, end)
