"""CLIP's byte pairs against the algorithm written out (Sennrich et al. 2016, with CLIP's words)."""

from __future__ import annotations

from itertools import pairwise

import pytest

from dgl_rsis.models.clip_tokenizer import END, START, clip_tokenizer, read_merges, vocabulary

KNOWN = {
    "a photo of a cat": [320, 1125, 539, 320, 2368],
    "a diagram": [320, 22697],
    "hello world": [3306, 1002],
}


def test_vocabulary_is_clip_s() -> None:
    words = vocabulary(read_merges())
    assert len(words) == 49408
    assert (words["!"], words["a"], words["a</w>"]) == (0, 64, 320)
    assert (words[START], words[END]) == (49406, 49407)


@pytest.mark.parametrize("text", KNOWN)
def test_known_numbers(text: str) -> None:
    assert clip_tokenizer()(text).input_ids == [49406, *KNOWN[text], 49407]


def test_numbers_are_those_of_the_algorithm() -> None:
    merges = read_merges()
    ranks = {pair: rank for rank, pair in enumerate(merges)}
    words = vocabulary(merges)

    def encode(word: str) -> list[int]:
        pieces = [*word[:-1], word[-1] + "</w>"]
        while len(pieces) > 1:
            best = min(pairwise(pieces), key=lambda pair: ranks.get(pair, len(ranks)))
            if best not in ranks:
                break
            joined, at = [], 0
            while at < len(pieces):
                both = tuple(pieces[at : at + 2]) == best
                joined.append("".join(pieces[at : at + 2]) if both else pieces[at])
                at += 2 if both else 1
            pieces = joined
        return [words[piece] for piece in pieces]

    tokenizer = clip_tokenizer()
    for word in ("greenhouse", "photovoltaic", "breakwaters", "zzxqj", "harbour", "!!", "7"):
        assert tokenizer(word).input_ids[1:-1] == encode(word), word


def test_long_texts_are_cut_and_keep_their_end() -> None:
    numbers = clip_tokenizer()("water " * 200, truncation=True, max_length=77).input_ids
    assert len(numbers) == 77
    assert (numbers[0], numbers[-1]) == (49406, 49407)
