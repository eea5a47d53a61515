"""A sentence becomes a target noun phrase and a typed program.

Implements the text side of the global-local decoupling of the paper (docs/design.md 1.1):
*local* words (noun, attributes) go to the vision-language model, *global* modifiers (places,
superlatives, ordinals, relations, numbers) to the program. Closed-class words steer a
deterministic grammar (``grammar``), everything else is a noun or an attribute, so that unknown
words never break a sentence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from dgl_rsis.text.grammar.sentence import read_sentence
from dgl_rsis.text.lexicon import Lexicon
from dgl_rsis.text.lexicon_file import default_lexicon
from dgl_rsis.text.tokens import tokenise
from dgl_rsis.types import Phrase, Query


class Parser(Protocol):
    """Anything that understands a sentence; ``GrammarParser`` is ours."""

    def __call__(self, text: str) -> Query:
        """What was understood.

        Raises:
            TextError: there is no word in the text.
        """


@dataclass(frozen=True)
class GrammarParser:
    """The grammar with its lexicon; None takes the package's own."""

    lexicon: Lexicon | None = None

    def __call__(self, text: str) -> Query:
        """See ``Parser``."""
        return parse(text, lexicon=self.lexicon)


def parse(text: str, *, lexicon: Lexicon | None = None) -> Query:
    """Understand a sentence.

    Args:
        text: a noun phrase or a sentence, in any case and punctuation.
        lexicon: the words that are known; the package's own by default.

    Raises:
        TextError: there is no letter in the text.
    """
    known = lexicon or default_lexicon()
    words = tokenise(text, known)
    target = read_sentence(words, known)
    select = target.select()
    said = " ".join(words.words[i] for i in sorted(target.kept))
    return Query(
        text=text,
        target=Phrase(select.noun, select.attributes, said or select.noun),
        count=target.number_asked(),
        program=target.program(),
        unexecuted=_groups(words.words, target.left_over),
    )


def _groups(words: tuple[str, ...], chosen: set[int]) -> tuple[str, ...]:
    """Words that stand together as one phrase each."""
    groups: list[list[int]] = []
    for i in sorted(chosen):
        if groups and groups[-1][-1] == i - 1:
            groups[-1].append(i)
        else:
            groups.append([i])
    return tuple(" ".join(words[i] for i in group) for group in groups)
