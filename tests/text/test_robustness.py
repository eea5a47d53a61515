"""Any text is understood somehow or refused for want of words, in bounded time."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dgl_rsis.errors import TextError
from dgl_rsis.text.lexicon_file import default_lexicon
from dgl_rsis.text.parse import parse
from dgl_rsis.text.program.json_form import from_json

CORPUS = json.loads(
    (Path(__file__).parents[1] / "data" / "corpus.json").read_text(encoding="utf-8")
)
LONGEST = 1.0  # seconds that a text may take; a machine with other work needs more than it should
ALPHABETS = (
    "abcdefghijklmnopqrstuvwxyz    ",
    "the of near left and not 5 m² , . - ' 1st 0.5 ",
    "äößéñçøåçığ ÀÉÎ łžš   ",
    "大桥左边的红色屋顶 河 の近く の 最大 ",
    "абвгдежзийклмн опрст уфхцчшщ",
    "مبنى كبير بجانب النهر ",
    "\u0000\u200b\u200d\ufeff\n\t\r \U0001f6f0\U0001f3e2 \u0301\u0345 ½²³٣四 aA",
    "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~0123456789 x",
)


def generated(count: int, seed: int) -> Iterator[str]:
    """Phrases of the lexicon and pieces of the corpus in any order, with errors of typing."""
    draw = random.Random(seed)
    lexicon = default_lexicon()
    tables = (
        lexicon.noun_forms, lexicon.attributes, lexicon.positions, lexicon.place_nouns,
        lexicon.superlatives, lexicon.comparatives, lexicon.distances, lexicon.relations,
        lexicon.numbers, lexicon.ordinals, lexicon.last, lexicon.every, lexicon.units,
        lexicon.determiners, lexicon.copulas, lexicon.negations, lexicon.without,
        lexicon.with_words, lexicon.exceptions, lexicon.verbs, lexicon.participles,
        lexicon.function_words, lexicon.openers, lexicon.counting, lexicon.dimensions,
        *lexicon.comparisons.values(),
    )  # fmt: skip
    words = [sorted(table) for table in tables] + [["5", "0.5", "1,000", "3-lane", ",", ".", "-"]]
    pieces = [row["sentence"].split() for row in CORPUS]
    for _ in range(count):
        parts: list[str] = []
        for _ in range(draw.randint(1, 12)):
            if draw.random() < 0.3:
                sentence = draw.choice(pieces)
                start = draw.randrange(len(sentence))
                parts += sentence[start : start + draw.randint(1, 6)]
            else:
                parts.append(draw.choice(draw.choice(words)))
        text = " ".join(parts)
        if draw.random() < 0.3:
            i = draw.randrange(len(text))
            text = text[:i] + draw.choice("aeort -,.") + text[i + draw.randint(0, 1) :]
        yield text


def at_random(count: int, seed: int) -> Iterator[str]:
    """Strings of any letters."""
    draw = random.Random(seed)
    for _ in range(count):
        letters = draw.choice(ALPHABETS)
        if draw.random() < 0.1:
            letters = "".join(chr(draw.randrange(1, 0xD800)) for _ in range(20))
        yield "".join(draw.choices(letters, k=draw.randint(0, 120)))


def check(text: str) -> None:
    """It is understood within its time, and its program is well formed."""
    start = time.perf_counter()
    try:
        query = parse(text)
    except TextError:
        assert not any(letter.isalpha() for letter in text), text
        return
    assert time.perf_counter() - start < LONGEST, text
    assert query.target.noun, text
    assert from_json(query.program.to_json()) == query.program, text


@pytest.mark.parametrize("texts", [generated, at_random])
def test_texts(texts: Callable[[int, int], Iterator[str]]) -> None:
    for text in texts(500, 1):
        check(text)


@pytest.mark.slow
@pytest.mark.parametrize("texts", [generated, at_random])
def test_many_texts(texts: Callable[[int, int], Iterator[str]]) -> None:
    for text in texts(20_000, 2):
        check(text)
