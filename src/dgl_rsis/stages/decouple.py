"""Text decoupling: the sentence becomes local phrases and a program of global modifiers.

The global-local decoupling of the paper on the side of the words (docs/design.md 1.1). With the
stage off, the whole sentence is one phrase for the vision-language model and nothing is executed.
"""

from __future__ import annotations

from dgl_rsis.config import Settings
from dgl_rsis.text.parse import GrammarParser, Parser, parse
from dgl_rsis.text.program.nodes import Select
from dgl_rsis.types import Phrase, Query


def understand(sentence: str, settings: Settings) -> Query:
    """Decouple a sentence, or keep it whole where the stage is off.

    Raises:
        TextError: there is no word in the text.
    """
    if not settings.text.decouple:
        return undivided(sentence)
    return decouple(sentence, parser=GrammarParser(settings.knowledge.words.lexicon))


def decouple(text: str, *, parser: Parser = parse) -> Query:
    """Target phrase and program of a sentence.

    Args:
        text: a noun phrase or a sentence.
        parser: the deterministic grammar, or anything with its signature.

    Raises:
        TextError: there is no word in the text.
    """
    return parser(text)


def undivided(text: str) -> Query:
    """The sentence as one phrase: what remains when the stage is off."""
    said = " ".join(text.split())
    return Query(text, Phrase(said, (), said), 1, Select(said))
