"""Questions about words, and how rules are asked."""

from __future__ import annotations

from dataclasses import replace

from dgl_rsis.text.grammar.phrase import NounPhrase
from dgl_rsis.text.grammar.reader import Reader, Rule, Rules
from dgl_rsis.text.lexicon_file import default_lexicon
from dgl_rsis.text.tokens import Words

WORDS = ("near", "the", "this", "hall")
READER = Reader(Words(WORDS, (False,) * 4), default_lexicon(), Rules((), ()))


def ending(end: int | None) -> Rule:
    return lambda reader, phrase, i: end


def test_words() -> None:
    assert READER.is_word(0, "far", "near")
    assert not READER.is_word(4, "hall")
    assert READER.begins(0, READER.lexicon.units, READER.lexicon.relations)
    assert not READER.begins(4, READER.lexicon.relations)
    assert [READER.skip_determiners(i) for i in (0, 1, 4)] == [0, 3, 4]


def test_the_first_rule_that_applies_reads() -> None:
    before = ending(None), ending(2), ending(3)
    reader = replace(READER, rules=Rules(before, (ending(None),)))
    assert reader.read_before_noun(NounPhrase(), 1) == 2
    assert reader.read_after_noun(NounPhrase(), 1) == 1


def test_a_rule_can_keep_the_others_from_being_asked() -> None:
    reader = replace(READER, rules=Rules((), (ending(1), ending(3))))
    assert reader.read_after_noun(NounPhrase(), 1) == 1


def test_anchors_are_deeper() -> None:
    assert (READER.depth, READER.inside().inside().depth) == (0, 2)
