"""Typing errors: *betwen*, *teh*, *rigth*, *bulding*.

Closed-class words and long nouns are meant by an unknown word that is one error away; all other
unknown words stay, for they may be right.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dgl_rsis.text.inflection import singular

SHORTEST = 4
"""Letters of a word from which one may lack, be doubled or be in the way."""
SHORTEST_REPLACED = 6
"""Letters of a word from which one may be a wrong one: *wide* is no error for *side*."""
SHORTEST_NOUN = 6
"""Letters of a noun from which it is corrected to, never for a wrong letter: *marine* stays."""
SHORT_WORDS = frozenset(("the", "of", "to", "and"))
"""Shorter words, of which two letters may be exchanged."""
SHORTEST_MIXED = 6
"""Letters of a word from which those between the first and the last may be in any order."""

_VERBAL = ("ing", "ed")  # leaving is no error for leading


class Spelling:
    """Corrects one error in a word: a letter lacks, is added, wrong, or changed places.

    The first letter is trusted. What could be two words is left alone.

    Args:
        closed: closed-class words, which are corrected to.
        known: all words that are right as they are.
        nouns: words of nouns, which are corrected to where they are long.
    """

    def __init__(
        self, closed: Iterable[str], known: frozenset[str], nouns: Iterable[str] = ()
    ) -> None:
        self._known = known
        self._nouns = frozenset(nouns)
        self._words: dict[str, set[str]] = {}
        self._closed = closed = frozenset(closed)
        long_nouns = {noun for noun in self._nouns if len(noun) >= SHORTEST_NOUN}
        for word in closed | long_nouns:
            for key in {word, *_keys(word)}:
                self._words.setdefault(key, set()).add(word)
        self._mixed: dict[str, set[str]] = {}
        for word in closed:
            if len(word) >= SHORTEST_MIXED:
                self._mixed.setdefault(_mixed(word), set()).add(word)
        self._patterns: dict[str, set[str]] = {}
        for word in closed:
            for key in _patterns(word):
                self._patterns.setdefault(key, set()).add(word)

    def correct(self, word: str) -> str:
        """The word that was meant; the same word where it is known or nothing is near."""
        if word in self._known or len(word) < 2 or not word.isalpha():
            return word
        found = set(self._words.get(word, ()))
        for shorter in _without_one(word):
            # A letter added to a whole word, and nothing that is itself an error of one.
            found |= {
                each
                for each in self._words.get(shorter, ())
                if each == shorter and len(each) >= SHORTEST
            }
        if not found:
            found = set(self._mixed.get(_mixed(word), ()))
        if not found:
            for pattern in _patterns(word):
                found |= self._patterns.get(pattern, set())
        if singular(word) in self._nouns:
            found &= self._closed  # "sunflowers" is a plural
        near = {each for each in found if each[0] == word[0] or each in SHORT_WORDS}
        return near.pop() if len(near) == 1 else word


def _keys(word: str) -> Iterator[str]:
    """What a closed-class word looks like with one error."""
    if len(word) >= SHORTEST or word in SHORT_WORDS:
        yield from _exchanged(word)
    if len(word) >= SHORTEST:
        yield from (each for each in _without_one(word) if len(each) >= 3)


def _mixed(word: str) -> str:
    """The same for all orders of the letters between the first and the last; empty if short."""
    if len(word) < SHORTEST_MIXED:
        return ""
    return word[0] + "".join(sorted(word[1:-1])) + word[-1]


def _exchanged(word: str) -> Iterator[str]:
    for i in range(len(word) - 1):
        yield word[:i] + word[i + 1] + word[i] + word[i + 2 :]


def _without_one(word: str) -> Iterator[str]:
    for i in range(len(word)):
        yield word[:i] + word[i + 1 :]


def _patterns(word: str) -> Iterator[str]:
    """A long word with any one letter but the first left open."""
    if len(word) < SHORTEST_REPLACED or word.endswith(_VERBAL):
        return
    for i in range(1, len(word)):
        yield f"{word[:i]}?{word[i + 1 :]}"
