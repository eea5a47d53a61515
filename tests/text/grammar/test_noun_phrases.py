"""Nouns with their compounds, unknown words, anchors."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dgl_rsis.text.grammar.noun_phrases import DEEPEST_ANCHOR, read_anchor, read_noun_part
from dgl_rsis.text.grammar.phrase import NounPhrase
from dgl_rsis.text.grammar.reader import Reader
from dgl_rsis.text.parse import parse


@pytest.mark.parametrize(
    ("sentence", "noun", "attributes", "end"),
    [
        ("the white airport terminal near", "airport terminal", ["white"], 4),
        ("flurb gadgets near", "flurb gadget", [], 2),
        ("the white oil platforms near", "oil platform", ["white"], 4),
        ("the fishing village", "fishing village", [], 3),
        ("the old paper recycling plant", "paper recycling plant", ["old"], 5),
        ("the rocky paper mill", "paper mill", ["rocky"], 4),
        ("the paper rocky mill", "mill", ["paper", "rocky"], 4),
        ("the winding road", "road", ["winding"], 3),
        ("the sprawling village", "village", ["sprawling"], 3),
        ("the distant church", "church", ["distant"], 3),
        ("the ancient church", "church", ["ancient"], 3),
        ("a slate roof", "roof", ["slate"], 3),
        ("the flurb object", "object", ["flurb"], 3),
        ("the terminal gadgets", "terminal gadget", [], 3),
        ("the one near", "object", [], 2),
        ("the wooden", "wooden", [], 2),
        ("the long", None, ["long"], 2),
        ("near the hall", None, [], 0),
    ],
)
def test_noun_part(
    reader_of: Callable[[str], Reader],
    sentence: str,
    noun: str | None,
    attributes: list[str],
    end: int,
) -> None:
    phrase = NounPhrase()
    assert read_noun_part(reader_of(sentence), phrase, 0) == end
    assert (phrase.noun, phrase.attributes) == (noun, attributes)
    assert not phrase.adjectives
    assert not phrase.unknown


def test_parts_that_nobody_knows_still_describe() -> None:
    assert str(parse("a house with a slate roof").program) == "slate house"


def test_a_compound_is_known_by_its_head() -> None:
    with_village = parse("a hill with a fishing village").program
    assert str(with_village) == "hill, near fishing village"
    without = parse("a house without a steel tank").program
    assert str(without) == "house and not (house, near steel tank)"


def test_an_anchor_is_read_with_its_modifiers(reader_of: Callable[[str], Reader]) -> None:
    found = read_anchor(reader_of("the roads near the river, on the left"), 0)
    assert found is not None
    assert (str(found[0].as_anchor()), found[1]) == ("road, near river", 5)


def test_no_anchor(reader_of: Callable[[str], Reader]) -> None:
    reader = reader_of("the hall of the")
    assert read_anchor(reader, 3) is None
    assert read_anchor(reader, 4) is None


def test_anchors_are_nested_so_deep_and_no_deeper(reader_of: Callable[[str], Reader]) -> None:
    reader = reader_of("the hall")
    for _ in range(DEEPEST_ANCHOR):
        assert read_anchor(reader, 0) is not None
        reader = reader.inside()
    assert read_anchor(reader, 0) is None
    depth = str(parse("the hall" + " near the hall" * 9).program).count("(")
    assert depth == DEEPEST_ANCHOR - 1
