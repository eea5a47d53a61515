"""A whole sentence: its target with all modifiers, and what no rule could read."""

from __future__ import annotations

from dgl_rsis.text.grammar.boundaries import is_function_word
from dgl_rsis.text.grammar.noun_phrases import read_noun_part
from dgl_rsis.text.grammar.phrase import NounPhrase
from dgl_rsis.text.grammar.reader import Reader
from dgl_rsis.text.grammar.rules import RULES
from dgl_rsis.text.lexicon import Lexicon
from dgl_rsis.text.program.vocabulary import ANYTHING
from dgl_rsis.text.tokens import COMMA, Words


def read_sentence(sentence: Words, lexicon: Lexicon) -> NounPhrase:
    """The target; what no rule takes is left over.

    Where a first sentence sets the scene, what it names is the *it* of the one that asks, and the
    *one*: *There are two ships. Find the larger one.*
    """
    if sentence.begins:
        behind = sentence.begins
        scene_words = Words(sentence.words[:behind], sentence.is_glued[:behind])
        scene = _read(Reader(scene_words, lexicon, RULES))
        asked = _read(Reader(sentence, lexicon, RULES, antecedent=scene), behind)
        if asked.noun in (ANYTHING, scene.noun):
            return _of_scene(asked, scene)
        if asked.noun is not None and asked.noun not in lexicon.parts:
            return asked
    return _read(Reader(sentence, lexicon, RULES))


def _of_scene(asked: NounPhrase, scene: NounPhrase) -> NounPhrase:
    """*The largest one* is the largest of the things that the scene named."""
    asked.noun = scene.noun
    own, asked.attributes = asked.attributes, []
    asked.describe(NounPhrase(attributes=scene.attributes + own, alternatives=scene.alternatives))
    asked.constraints = scene.constraints + asked.constraints
    asked.kept |= scene.kept
    asked.left_over |= scene.left_over
    if asked.count is None and asked.is_plural:
        asked.count = scene.count
    return asked


def _read(reader: Reader, start: int = 0) -> NounPhrase:
    phrase = NounPhrase()
    i = start
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
