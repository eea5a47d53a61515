"""What every rule is given: the words of a sentence, the lexicon, and the other rules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeAlias

from dgl_rsis.text.grammar.phrase import NounPhrase
from dgl_rsis.text.lexicon import Lexicon
from dgl_rsis.text.phrase_table import PhraseTable
from dgl_rsis.text.tokens import Words

Rule: TypeAlias = "Callable[[Reader, NounPhrase, int], int | None]"
"""Reads into a phrase what begins at word ``i`` and returns the index behind it.

``i`` itself: what begins there is not for this phrase, and no other rule is asked. None: the rule
does not apply.
"""


@dataclass(frozen=True)
class Rules:
    """The rules of noun phrases; the first one that applies reads.

    Attributes:
        before_noun: asked for every word up to the noun or the first unknown word.
        after_noun: asked for every word behind it.
    """

    before_noun: tuple[Rule, ...]
    after_noun: tuple[Rule, ...]


@dataclass(frozen=True)
class Reader:
    """The words of one sentence with what is needed to read them.

    Attributes:
        sentence: the words.
        lexicon: what they mean.
        rules: how noun phrases are read.
        depth: 0 in the target, 1 in its anchors, 2 in theirs.
        antecedent: what *it* stands for in an anchor; None where it stands for nothing.
    """

    sentence: Words
    lexicon: Lexicon
    rules: Rules
    depth: int = 0
    antecedent: NounPhrase | None = None

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The words, lower case."""
        return self.sentence.words

    def inside(self, antecedent: NounPhrase | None = None) -> Reader:
        """The same for an anchor, in which *it* is the ``antecedent`` unless it is known."""
        return replace(self, depth=self.depth + 1, antecedent=self.antecedent or antecedent)

    def is_word(self, i: int, *words: str) -> bool:
        """Whether word ``i`` is one of these; there is none behind the end."""
        return i < len(self.words) and self.words[i] in words

    def begins(self, i: int, *tables: PhraseTable[Any]) -> bool:
        """Whether a phrase of one of the tables begins at word ``i``."""
        return any(table.match(self.words, i) is not None for table in tables)

    def skip_determiners(self, i: int) -> int:
        """Index of the first word from ``i`` on that is no article or the like."""
        while match := self.lexicon.determiners.match(self.words, i):
            i = match[1]
        return i

    def read_before_noun(self, phrase: NounPhrase, i: int) -> int:
        """Apply one rule before the noun; ``i`` where none reads."""
        return self._read(self.rules.before_noun, phrase, i)

    def read_after_noun(self, phrase: NounPhrase, i: int) -> int:
        """Apply one rule after the noun; ``i`` where none reads."""
        return self._read(self.rules.after_noun, phrase, i)

    def _read(self, rules: tuple[Rule, ...], phrase: NounPhrase, i: int) -> int:
        for rule in rules:
            end = rule(self, phrase, i)
            if end is not None:
                return end
        return i
