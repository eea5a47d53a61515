"""Sentences and their programs; ``sentences.json`` is the table."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dgl_rsis.errors import TextError
from dgl_rsis.stages.decouple import decouple, undivided
from dgl_rsis.text.lexicon_file import default_lexicon
from dgl_rsis.text.parse import GrammarParser, Parser, parse
from dgl_rsis.text.program.json_form import from_json
from dgl_rsis.text.program.nodes import Extremum, Select
from dgl_rsis.text.program.vocabulary import Key

SENTENCES = json.loads(Path(__file__).with_name("sentences.json").read_text(encoding="utf-8"))
WORDS = sorted(
    {word for row in SENTENCES for word in row["sentence"].split()}
    | {"of", "and", ",", "not", "the", "most", "between", "than", "5", "100 m", "flurb", "3"}
)


@pytest.mark.parametrize("row", SENTENCES, ids=[row["sentence"] for row in SENTENCES])
def test_sentence(row: dict[str, Any]) -> None:
    query = parse(row["sentence"])
    assert query.target.noun == row["noun"]
    assert list(query.target.attributes) == row["attributes"]
    assert query.count == row["count"]
    assert list(query.unexecuted) == row["unexecuted"]
    assert query.program.to_json() == row["program"]
    assert from_json(json.loads(json.dumps(row["program"]))) == query.program


@pytest.mark.parametrize(
    ("sentence", "text"),
    [
        ("the largest white storage tank left of the road", "white storage tank"),
        ("the largest building with a dark roof", "building with a dark roof"),
        ("all Storage Tanks", "storage tanks"),
        ("the second court from the left", "court"),
    ],
)
def test_phrase_for_the_model(sentence: str, text: str) -> None:
    assert parse(sentence).target.text == text


def test_it_reads_well() -> None:
    query = parse("the largest white building left of the road near the river")
    assert str(query.program) == "largest white building, left of (road, near river)"
    assert str(query).startswith("1 x building (white): ")


def test_a_comma_gives_the_word_back_to_the_target() -> None:
    nearest = parse("the hall near the river on the left").program
    target = parse("the hall near the river, on the left").program
    assert str(nearest) == "hall, near (river, at the left)"
    assert str(target) == "hall, near river, at the left"


@pytest.mark.parametrize("text", ["", "   ", "!!!", "42", "\n\t", "-_-"])
def test_no_words(text: str) -> None:
    with pytest.raises(TextError, match="no words"):
        parse(text)


@settings(max_examples=300, deadline=1000)
@given(st.text(max_size=80).filter(lambda text: any(c.isalpha() for c in text)))
@example("İ")
@example("a")
@example("the")
@example("one")
@example("of of of left most not")
@example("桥的左边")
def test_any_text_with_a_letter_is_understood_somehow(text: str) -> None:
    query = parse(text)
    assert query.target.noun
    assert from_json(query.program.to_json()) == query.program
    assert str(query)


@settings(max_examples=400, deadline=1000)
@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=30).map(" ".join))
def test_any_order_of_known_words_is_understood_somehow(text: str) -> None:
    if any(c.isalpha() for c in text):
        query = parse(text)
        assert from_json(query.program.to_json()) == query.program


ENDLESS = ("left", "left of the", "near", "building", "not", "with", "far", "the", "second")
ENDLESS += ("white", "closest", "between", "not near the", "the one", "and", "5 m", "flurb", ",")


@pytest.mark.parametrize("word", ENDLESS)
def test_endless_sentences_end(word: str) -> None:
    query = parse(f"{word} " * 2000 + "a")
    assert from_json(query.program.to_json()) == query.program


def test_every_noun_of_the_lexicon_is_its_own_target() -> None:
    lexicon = default_lexicon()
    for noun in lexicon.nouns:
        assert parse(f"the largest {noun} in the upper left corner").target.noun == noun


def test_parsers_are_exchangeable() -> None:
    ours: Parser = GrammarParser()
    assert ours("the largest hall").program == Extremum(Select("hall"), Key.AREA)
    assert decouple("the largest hall", parser=undivided).program == Select("the largest hall")
    assert decouple("the largest hall") == parse("the largest hall")


def test_text_is_light() -> None:
    code = (
        "import sys, dgl_rsis.text.parse as p; p.parse('the largest hall');"
        "print([m for m in ('torch', 'skimage', 'scipy', 'transformers') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
