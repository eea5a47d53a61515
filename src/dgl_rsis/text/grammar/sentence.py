"""A whole sentence: its target with all modifiers, and what no rule could read."""

from __future__ import annotations

from dgl_rsis.text.grammar.boundaries import is_function_word
from dgl_rsis.text.grammar.noun_phrases import read_noun_part
from dgl_rsis.text.grammar.phrase import NounPhrase
from dgl_rsis.text.grammar.reader import Reader
from dgl_rsis.text.grammar.rules import RULES
from dgl_rsis.text.lexicon import Lexicon
from dgl_rsis.text.tokens import COMMA, Words


def read_sentence(sentence: Words, lexicon: Lexicon) -> NounPhrase:
    """The target; what no rule takes is left over."""
    reader = Reader(sentence, lexicon, RULES)
    phrase = NounPhrase()
    i = 0
    while i < len(reader.words):
        end = i
        if phrase.noun is None:
            end = read_noun_part(reader, phrase, i)
        if end == i:
            end = reader.read_after_noun(phrase, i)
        if end == i:
            if reader.words[i] != COMMA and not is_function_word(reader, i):
                phrase.left_over.add(i)
            end = i + 1
        i = end
    if phrase.distance is not None and phrase.anchor is None:
        phrase.left_over.update(phrase.distance_words)  # closest to what was not said
    return phrase
