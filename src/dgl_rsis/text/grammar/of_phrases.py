"""*of* after a noun: *the roof of the building*, *the largest of the white ships*."""

from __future__ import annotations

from dgl_rsis.text.grammar.noun_phrases import read_noun_part
from dgl_rsis.text.grammar.phrase import NounPhrase
from dgl_rsis.text.grammar.reader import Reader
from dgl_rsis.text.grammar.relations import relate
from dgl_rsis.text.program.vocabulary import ANYTHING, Relation


def of_phrase(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """What the target is in, or its noun where it has none yet."""
    if not reader.is_word(i, "of"):
        return None
    if phrase.noun is None or phrase.noun == ANYTHING:
        return _read_later_noun(reader, phrase, i + 1)
    return relate(reader, phrase, Relation.INSIDE, i, i + 1)


def _read_later_noun(reader: Reader, phrase: NounPhrase, start: int) -> int:
    """*the largest of the white ships*: one ship; *three of the ships*: three."""
    count = phrase.count
    phrase.noun = None
    end = read_noun_part(reader, phrase, start)
    phrase.count = count
    if phrase.extreme or phrase.distance or count:
        phrase.is_plural = False
    return end
