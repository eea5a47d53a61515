"""WordPiece tokenizer over a plain vocabulary file, one token a line.

Greedy longest match first (Wu et al. 2016, "Google's neural machine translation system",
section 4.1), on lower-cased text without accents, as the BERT vocabularies expect.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

_WORDS = re.compile(r"[^\W_]+|[^\s\w]|_")


@dataclass(frozen=True)
class WordPieceTokenizer:
    """Splits text into token ids.

    Attributes:
        tokens: the vocabulary; token 0 is padding, token 1 stands for unknown characters.
        max_length: ids beyond this many are dropped.
    """

    tokens: tuple[str, ...]
    max_length: int = 32

    @classmethod
    def from_file(cls, path: Path, max_length: int = 32) -> WordPieceTokenizer:
        """Read a vocabulary with one token a line."""
        return cls(tuple(path.read_text(encoding="utf-8").split("\n")[:-1]), max_length)

    @cached_property
    def index(self) -> dict[str, int]:
        """Token to id."""
        return {token: number for number, token in enumerate(self.tokens)}

    def encode(self, text: str) -> list[int]:
        """Token ids of a text, at least one."""
        plain = unicodedata.normalize("NFD", text.lower())
        plain = "".join(c for c in plain if unicodedata.category(c) != "Mn")
        ids: list[int] = []
        for word in _WORDS.findall(plain):
            ids += self._pieces(word)
        return ids[: self.max_length] or [1]

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of several texts, padded with 0 to the longest."""
        rows = [self.encode(text) for text in texts]
        width = max(map(len, rows), default=1)
        return [row + [0] * (width - len(row)) for row in rows]

    def _pieces(self, word: str) -> list[int]:
        pieces: list[int] = []
        start = 0
        while start < len(word):
            prefix = "##" if start else ""
            for end in range(len(word), start, -1):
                number = self.index.get(prefix + word[start:end])
                if number is not None:
                    pieces.append(number)
                    start = end
                    break
            else:
                return [1]
        return pieces
