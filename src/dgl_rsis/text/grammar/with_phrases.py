"""*with* after a noun: *a building with a dark roof*, *a house with a pool*."""

from __future__ import annotations

from dgl_rsis.text.grammar.noun_phrases import read_noun_part
from dgl_rsis.text.grammar.phrase import NounPhrase
from dgl_rsis.text.grammar.reader import Reader
from dgl_rsis.text.grammar.relations import relate
from dgl_rsis.text.program.vocabulary import ANYTHING, Relation


def with_phrase(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """A part describes the target, another noun is near it, the rest is left over."""
    lexicon = reader.lexicon
    match = lexicon.with_words.match(reader.words, i)
    if match is None:
        return None
    start = match[1]
    described = NounPhrase()
    end = read_noun_part(reader, described, start)
    if end == start:
        return None
    noun = described.noun
    is_part = noun is None or noun == ANYTHING or noun in lexicon.parts
    if is_part and described.attributes:
        phrase.attributes += described.attributes
        phrase.kept.update(range(i, end))
        return end
    if noun is not None and not is_part and lexicon.noun_forms.get(noun):
        stop = relate(reader, phrase, Relation.NEAR, i, start)
        if stop is not None:
            return stop
    phrase.left_over.update(range(i, end))
    return end
