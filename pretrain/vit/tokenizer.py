"""Byte pairs in the layout of CLIP's own tokenizer (Radford et al. 2021), learned on the corpus.

The vocabulary is the 256 bytes, the bytes at the end of a word, merged pairs by rank, start and
end. Every text can be written in it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tokenizers import pre_tokenizers
from tokenizers.trainers import BpeTrainer
from transformers import CLIPTokenizer

WORD_END = "</w>"
SPECIAL = ("<|startoftext|>", "<|endoftext|>")


@dataclass(frozen=True)
class BytePairs:
    """Tokens by number, and the merges by rank that make them."""

    tokens: tuple[str, ...]
    merges: tuple[tuple[str, str], ...]

    def tokenizer(self) -> Any:
        """As transformers' tokenizer."""
        vocabulary = {token: number for number, token in enumerate(self.tokens)}
        merges: Any = list(self.merges)  # pairs, whatever its annotation says
        return CLIPTokenizer(vocab=vocabulary, merges=merges)

    def pieces(self) -> list[str]:
        """Every token but start and end as text."""
        return [token.removesuffix(WORD_END) for token in self.tokens[: -len(SPECIAL)]]


def learn(texts: Iterable[str], size: int) -> BytePairs:
    """Merge the most frequent pairs until there are ``size`` tokens, or no pair is left.

    Args:
        texts: corpus; case does not matter.
        size: number of tokens, at least 514.
    """
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    backend = CLIPTokenizer().backend_tokenizer  # CLIP's own way to split texts into words
    trainer = BpeTrainer(
        vocab_size=size,
        initial_alphabet=letters,
        end_of_word_suffix=WORD_END,
        show_progress=False,
    )
    backend.train_from_iterator(texts, trainer)
    tokens = dict.fromkeys([*letters, *(letter + WORD_END for letter in letters)])
    merges: list[tuple[str, str]] = []
    for first, second in json.loads(backend.to_str())["model"]["merges"]:
        if len(tokens) + len(SPECIAL) >= size:
            break
        tokens[first + second] = None
        merges.append((first, second))
    return BytePairs((*tokens, *SPECIAL), tuple(merges))


def write(pairs: BytePairs, folder: Path, length: int) -> None:
    """Write ``vocab.json``, ``merges.txt`` and ``tokenizer_config.json``.

    Args:
        pairs: what was learned.
        folder: exists.
        length: largest number of tokens of a text.
    """
    vocabulary = {token: number for number, token in enumerate(pairs.tokens)}
    text = json.dumps(vocabulary, ensure_ascii=False)
    (folder / "vocab.json").write_text(text + "\n", encoding="utf-8")
    lines = ["#version: 0.2", *(" ".join(pair) for pair in pairs.merges)]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    start, end = SPECIAL
    facts = {
        "tokenizer_class": "CLIPTokenizer",
        "model_max_length": length,
        "bos_token": start,
        "eos_token": end,
        "pad_token": end,
        "unk_token": end,
    }
    text = json.dumps(facts, indent=2)
    (folder / "tokenizer_config.json").write_text(text + "\n", encoding="utf-8")
