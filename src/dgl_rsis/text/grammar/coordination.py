"""Commas, *and*, *or*, *but* between modifiers: they give the word back to the target."""

from __future__ import annotations

from dgl_rsis.text.grammar.boundaries import begins_modifier
from dgl_rsis.text.grammar.phrase import NounPhrase
from dgl_rsis.text.grammar.reader import Reader
from dgl_rsis.text.grammar.relations import relate
from dgl_rsis.text.tokens import COMMA


def joined(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """After *and*: another modifier of the target, or another anchor of the same relation."""
    if not reader.is_word(i, COMMA, "and", "or", "but"):
        return None
    if reader.depth:
        return i
    relation = phrase.last_relation
    if reader.is_word(i, "and") and relation and not begins_modifier(reader, i + 1):
        end = relate(reader, phrase, relation, i, i + 1)
        if end is not None:
            return end
    return i + 1
