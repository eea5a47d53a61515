"""CLIP's tokenizer from the merges that travel in this package.

Files of OpenCLIP carry no tokenizer: all CLIPs of OpenAI and OpenCLIP share one list of byte pairs
(Sennrich et al. 2016; Radford et al. 2021). ``clip_merges.txt.gz`` holds the 48,894 of its
``bpe_simple_vocab_16e6.txt`` that CLIP uses; NOTICE has its origin and licence.
"""

from __future__ import annotations

import gzip
from importlib import resources
from typing import Any

from dgl_rsis.errors import MissingExtraError
from dgl_rsis.models.hf_files import EXTRA

START, END = "<|startoftext|>", "<|endoftext|>"


def clip_tokenizer() -> Any:
    """A ``transformers.CLIPTokenizer`` with CLIP's own vocabulary.

    Raises:
        MissingExtraError: transformers is not installed.
    """
    try:
        from transformers import CLIPTokenizer
    except ImportError as error:
        raise MissingExtraError("CLIP's tokenizer", EXTRA) from error
    merges = read_merges()
    make: Any = CLIPTokenizer  # its types know merges as lines of text only
    return make(vocab=vocabulary(merges), merges=merges)


def read_merges() -> list[tuple[str, str]]:
    """Pairs of pieces that are joined, the most frequent first."""
    packed = resources.files("dgl_rsis.models").joinpath("clip_merges.txt.gz").read_bytes()
    lines = gzip.decompress(packed).decode("utf-8").splitlines()
    pairs = (line.split(" ") for line in lines)
    return [(first, second) for first, second in pairs]


def vocabulary(merges: list[tuple[str, str]]) -> dict[str, int]:
    """Number of each piece: bytes, bytes that end a word, merges, and the two ends of a text."""
    letters = _byte_letters()
    pieces = [*letters, *(f"{letter}</w>" for letter in letters), *map("".join, merges)]
    return {piece: number for number, piece in enumerate([*pieces, START, END])}


def _byte_letters() -> list[str]:
    """A letter for each byte: its own where Latin-1 prints it, else one from U+0100 on.

    This numbering of bytes is GPT-2's (Radford et al. 2019), printed ones first.
    """
    printed = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    return [*map(chr, printed), *(chr(0x100 + n) for n in range(256 - len(printed)))]
