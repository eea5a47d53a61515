"""Finding the longest known phrase among the words of a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Generic, TypeVar

Value = TypeVar("Value")


class PhraseTable(Generic[Value]):
    """Phrases of one or more words, each with a value; the longest match wins.

    Args:
        phrases: pairs of phrase (words separated by blanks) and value; the first one of a phrase
            stays.
    """

    def __init__(self, phrases: Iterable[tuple[str, Value]]) -> None:
        self._values: dict[tuple[str, ...], Value] = {}
        for phrase, value in phrases:
            self._values.setdefault(tuple(phrase.split()), value)
        self._by_first: dict[str, list[tuple[str, ...]]] = {}
        for words in self._values:
            self._by_first.setdefault(words[0], []).append(words)
        for keys in self._by_first.values():
            keys.sort(key=len, reverse=True)

    def match(self, words: Sequence[str], start: int) -> tuple[Value, int] | None:
        """Value of the longest phrase that begins at ``start``, and where it ends."""
        if start >= len(words):
            return None
        for key in self._by_first.get(words[start], ()):
            end = start + len(key)
            if tuple(words[start:end]) == key:
                return self._values[key], end
        return None

    def get(self, phrase: str) -> Value | None:
        """Value of a whole phrase."""
        return self._values.get(tuple(phrase.split()))

    @cached_property
    def words(self) -> frozenset[str]:
        """The single words of all phrases."""
        return frozenset(word for phrase in self._values for word in phrase)

    def __iter__(self) -> Iterator[str]:
        return (" ".join(words) for words in self._values)
