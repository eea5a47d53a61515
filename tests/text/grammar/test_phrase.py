"""What a noun phrase becomes: the scope of its modifiers."""

from __future__ import annotations

from dgl_rsis.text.grammar.phrase import MOST_CONSTRAINTS, NounPhrase
from dgl_rsis.text.program.nodes import All, Count, Extremum, Filter, Ordinal, Select
from dgl_rsis.text.program.vocabulary import ANYTHING, Direction, Key, Position

LARGEST = Key.AREA, Direction.MAX


def on_the_left() -> NounPhrase:
    phrase = NounPhrase(noun="ship")
    phrase.constrain(lambda child: Filter(child, Position.LEFT), 0, 1)
    return phrase


def test_constraints_are_inside_superlatives_and_the_number_is_outermost() -> None:
    phrase = on_the_left()
    phrase.extreme, phrase.count = LARGEST, 2
    left = Filter(Select("ship"), Position.LEFT)
    assert phrase.program() == Count(Extremum(left, *LARGEST), 2)


def test_a_plural_means_all_of_them_but_not_in_an_anchor() -> None:
    phrase = on_the_left()
    phrase.is_plural = True
    assert phrase.number_asked() is None
    assert phrase.program() == All(phrase.as_anchor())


def test_an_ordinal_counts_from_the_left_unless_said_otherwise() -> None:
    phrase = NounPhrase(noun="ship", ordinal=2)
    assert phrase.program() == Ordinal(Select("ship"), 2, Key.X, Direction.MIN)
    phrase.from_the_end = True
    assert phrase.program() == Ordinal(Select("ship"), 2, Key.X, Direction.MAX)
    phrase.extreme = LARGEST
    assert phrase.program() == Ordinal(Select("ship"), 2, Key.AREA, Direction.MIN)


def test_a_distance_ranks_only_with_its_anchor() -> None:
    phrase = NounPhrase(noun="ship", distance=Direction.MIN)
    assert phrase.program() == Select("ship")
    phrase.anchor = Select("dam")
    assert phrase.program() == Extremum(Select("ship"), Key.DISTANCE, Direction.MIN, Select("dam"))


def test_nouns_that_follow_each_other_are_a_compound() -> None:
    phrase = NounPhrase()
    assert phrase.is_empty
    assert phrase.select() == Select(ANYTHING)
    phrase.name("airport", False, 1, 2)
    phrase.name("terminal", True, 2, 3)
    assert (phrase.noun, phrase.is_plural, phrase.kept) == ("airport terminal", True, {1, 2})


def test_constraints_beyond_the_first_ones_are_left_over() -> None:
    phrase = NounPhrase(noun="ship")
    for i in range(MOST_CONSTRAINTS + 1):
        phrase.constrain(lambda child: Filter(child, Position.LEFT), 2 * i, 2 * i + 2)
    assert len(phrase.constraints) == MOST_CONSTRAINTS
    assert phrase.left_over == {2 * MOST_CONSTRAINTS, 2 * MOST_CONSTRAINTS + 1}
