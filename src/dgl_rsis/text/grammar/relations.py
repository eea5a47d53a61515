"""Where the target lies: at a place of the image, or in a relation to anchors."""

from __future__ import annotations

from collections.abc import Mapping

from dgl_rsis.text.grammar.boundaries import begins_noun
from dgl_rsis.text.grammar.noun_phrases import read_anchor
from dgl_rsis.text.grammar.phrase import NounPhrase
from dgl_rsis.text.grammar.places import at, read_place_after_preposition
from dgl_rsis.text.grammar.reader import Reader
from dgl_rsis.text.program.nodes import Node, Relate
from dgl_rsis.text.program.vocabulary import Position, Relation

_RELATION_OF: Mapping[Position, Relation] = {
    Position.LEFT: Relation.LEFT_OF,
    Position.RIGHT: Relation.RIGHT_OF,
    Position.TOP: Relation.ABOVE,
    Position.BOTTOM: Relation.BELOW,
    Position.UPPER_LEFT: Relation.UPPER_LEFT_OF,
    Position.UPPER_RIGHT: Relation.UPPER_RIGHT_OF,
    Position.LOWER_LEFT: Relation.LOWER_LEFT_OF,
    Position.LOWER_RIGHT: Relation.LOWER_RIGHT_OF,
    Position.CENTER: Relation.INSIDE,
    Position.EDGE: Relation.ADJACENT,
    Position.CORNER: Relation.ADJACENT,
    Position.NORTH: Relation.NORTH_OF,
    Position.NORTHEAST: Relation.NORTHEAST_OF,
    Position.EAST: Relation.EAST_OF,
    Position.SOUTHEAST: Relation.SOUTHEAST_OF,
    Position.SOUTH: Relation.SOUTH_OF,
    Position.SOUTHWEST: Relation.SOUTHWEST_OF,
    Position.WEST: Relation.WEST_OF,
    Position.NORTHWEST: Relation.NORTHWEST_OF,
}
# Relations to a place of the image are the place: "next to the left edge".
_PLACED = frozenset(
    (Relation.NEAR, Relation.ADJACENT, Relation.INSIDE, Relation.ON, Relation.ALONG)
)


def located(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*in the upper left corner*, *left of the road*, *near the river*; no negation."""
    if reader.begins(i, reader.lexicon.negations):
        return None
    relation = _read_relation(reader, i)
    # "at the edge of" is a relation, though "at the edge" is a place.
    if relation is not None and relation[1] - i >= 3 and reader.is_word(relation[1] - 1, "of"):
        return relate(reader, phrase, relation[0], i, relation[1])
    place = _read_place(reader, i, relation)
    if place is not None:
        position, end = place
        stop = None
        if reader.is_word(end, "of", "to", "from"):
            stop = relate(reader, phrase, _RELATION_OF[position], i, end + 1)
        if stop is None:
            phrase.constrain(at(position), i, end)
        return stop or end
    if relation is not None:
        return relate(reader, phrase, relation[0], i, relation[1])
    return None


def _read_relation(reader: Reader, i: int) -> tuple[Relation, int] | None:
    """*near*, *just north of*."""
    lexicon, words = reader.lexicon, reader.words
    adverb = lexicon.place_adverbs.match(words, i)
    relation = lexicon.relations.match(words, i)
    if relation is None and adverb is not None:
        relation = lexicon.relations.match(words, adverb[1])
    return relation


def _read_place(
    reader: Reader, i: int, relation: tuple[Relation, int] | None
) -> tuple[Position, int] | None:
    """A place after a preposition, or after a relation that means one."""
    place = read_place_after_preposition(reader, i)
    if place is not None or relation is None or relation[0] not in _PLACED:
        return place
    place = read_place_after_preposition(reader, relation[1])
    return place if place and not begins_noun(reader, place[1]) else None


def relate(
    reader: Reader, phrase: NounPhrase, relation: Relation, i: int, start: int
) -> int | None:
    """Constrain a phrase by a relation to the anchor that begins at ``start``.

    Args:
        reader: the sentence.
        phrase: the target of the relation.
        relation: how it lies to the anchor.
        i: where the relation was said.
        start: behind the relation.

    Returns:
        Index behind the anchor; None where there is none.
    """
    found = read_anchor(reader, start)
    if found is None:
        return None
    anchor, end = found
    if anchor.is_pronoun:
        anchor.noun = phrase.noun
    first = anchor.as_anchor()
    second: Node | None = None
    if relation is Relation.BETWEEN:
        second, end = _read_second_anchor(reader, anchor, end)
        relation = Relation.BETWEEN if second is not None else Relation.NEAR
    phrase.last_relation = relation
    phrase.left_over |= anchor.left_over
    phrase.constrain(lambda child: Relate(child, relation, first, second), i, end)
    return end


def _read_second_anchor(reader: Reader, first: NounPhrase, end: int) -> tuple[Node | None, int]:
    """*(between the road) and the river*; *between the halls* is between two of them."""
    if not reader.is_word(end, "and"):
        return (first.as_anchor() if first.is_plural or first.count else None), end
    found = read_anchor(reader, end + 1)
    return (found[0].as_anchor(), found[1]) if found else (None, end)
