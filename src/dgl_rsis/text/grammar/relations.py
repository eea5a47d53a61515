"""Where the target lies: at a place of the image, or in a relation to anchors."""

from __future__ import annotations

from collections.abc import Mapping

from dgl_rsis.text.grammar.attributes import read_attribute
from dgl_rsis.text.grammar.boundaries import begins_noun
from dgl_rsis.text.grammar.noun_phrases import read_anchor, read_noun_part
from dgl_rsis.text.grammar.phrase import NounPhrase, Wrap
from dgl_rsis.text.grammar.places import PRONOUNS, at, read_place_after_preposition
from dgl_rsis.text.grammar.reader import Reader
from dgl_rsis.text.inflection import singular
from dgl_rsis.text.program.nodes import Extremum, Node, Relate
from dgl_rsis.text.program.vocabulary import Direction, Key, Position, Relation

RELATION_OF_PLACE: Mapping[Position, Relation] = {
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
SIDES_OF_THINGS = frozenset(RELATION_OF_PLACE.values()) - {Relation.INSIDE, Relation.ADJACENT}
_CLOSE = ("directly", "immediately", "just")
_CENTERS = ("center", "centre", "middle")
_PLACE_OF_RELATION = {Relation.ABOVE: Position.TOP, Relation.BELOW: Position.BOTTOM}
_SIDES = ("side", "flank", "hand", "direction")
_INNER = frozenset((Position.CENTER, Position.EDGE, Position.CORNER))
# Relations to a place of the image are the place: "next to the left edge".
_LOCATING = frozenset(
    (
        Relation.NEAR,
        Relation.ADJACENT,
        Relation.INSIDE,
        Relation.ON,
        Relation.ALONG,
        Relation.ACROSS,
    )
)
_PLACED = _LOCATING | {Relation.ABOVE, Relation.BELOW}


def located(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*in the upper left corner*, *left of the road*, *near the river*; no negation."""
    if reader.begins(i, reader.lexicon.negations):
        return None
    if reader.is_word(i, *_CLOSE):
        count = len(phrase.constraints)
        end = _located(reader, phrase, i + 1)
        if end is not None and len(phrase.constraints) == count + 1:
            phrase.constraints[-1] = _closest(phrase, phrase.constraints[-1])
            return end
        del phrase.constraints[count:]
    return _located(reader, phrase, i)


def _closest(phrase: NounPhrase, wrap: Wrap) -> Wrap:
    """*directly above the road*: the one closest to it on that side, if one is asked for."""

    def nearest(child: Node) -> Node:
        node = wrap(child)
        if not isinstance(node, Relate) or node.relation not in SIDES_OF_THINGS:
            return node
        if not phrase.is_singular or phrase.is_ranked:
            return node
        return Extremum(node, Key.DISTANCE, Direction.MIN, node.anchor)

    return nearest


def _located(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    if _is_adverb(reader, i):
        i += 1
    if (behind := _in_part_of_area(reader, phrase, i)) is not None:
        return behind
    relation = _read_relation(reader, i)
    if reader.is_word(i, "links") and reader.lexicon.find(phrase.noun or "") is None:
        return None  # "das Haus links vom See": no English verb
    # "at the edge of" is a relation, though "at the edge" is a place.
    is_of = relation is not None and reader.is_word(relation[1] - 1, "of", "from")
    if relation is not None and (end := _read_center(reader, relation)) is not None:
        phrase.constrain(at(_PLACE_OF_RELATION[relation[0]]), i, end)
        return end
    place = _read_place(reader, i, relation)
    if relation is not None and relation[1] - i > 1 and reader.begins(i, reader.lexicon.positions):
        place = None  # "that border on the road"
    is_longer = place is not None and relation is not None and place[1] > relation[1]
    if relation is not None and relation[1] - i >= 3 and is_of and not is_longer:
        end = relate(reader, phrase, relation[0], i, relation[1])
        if end is not None:
            return end
    if place is not None:
        return _locate(reader, phrase, place, i)
    if relation is not None:
        return relate(reader, phrase, relation[0], i, relation[1])
    return None


def _locate(reader: Reader, phrase: NounPhrase, place: tuple[Position, int], i: int) -> int:
    """At a place of the image, of an anchor (*left of the road*), or in a part of one."""
    position, end = place
    its = _antecedent_of(reader, i, end)
    if its is not None:
        relation = RELATION_OF_PLACE[position]
        phrase.constrain(lambda child: Relate(child, relation, its), i, end)
        return end
    if not reader.is_word(end, "of", "to", "from"):
        phrase.constrain(at(position), i, end)
        return end
    start = reader.skip_determiners(end + 1)
    if reader.is_word(start, *_CENTERS) and not _names_thing(reader, start + 1):
        phrase.constrain(at(position), i, start + 1)  # "slightly right of the center"
        return start + 1
    is_part = reader.is_word(i, "in", "within") and reader.begins(
        end - 1, reader.lexicon.place_nouns
    )
    if is_part and not reader.is_word(end - 1, *_SIDES):
        stop = relate(reader, phrase, Relation.INSIDE, i, end + 1)
        if stop is not None and position not in _INNER:
            relate(reader, phrase, RELATION_OF_PLACE[position], i, end + 1)
    else:
        stop = relate(reader, phrase, RELATION_OF_PLACE[position], i, end + 1)
    if stop is None:
        phrase.constrain(at(position), i, end)
    return stop or end


def _in_part_of_area(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*at the bottom of the parking lot*, *on the left side of the field*: inside, on that side."""
    place = read_place_after_preposition(reader, i) if reader.is_word(i, "at", "on", "in") else None
    if place is None or place[0] in _INNER or not reader.is_word(place[1], "of"):
        return None
    position, end = place
    is_named = reader.begins(end - 1, reader.lexicon.place_nouns)
    if not is_named and position not in (Position.TOP, Position.BOTTOM):
        return None
    area = NounPhrase()
    read_noun_part(reader, area, end + 1)
    if area.noun is None or not reader.lexicon.kinds(area.noun) & reader.lexicon.areas:
        return None
    stop = relate(reader, phrase, Relation.INSIDE, i, end + 1)
    if stop is not None:
        relate(reader, phrase, RELATION_OF_PLACE[position], i, end + 1)
    return stop


def _is_adverb(reader: Reader, i: int) -> bool:
    """*right next to the road*, *just to the left*: no place, and no part of one."""
    lexicon = reader.lexicon
    is_adverb = reader.is_word(i, "right") or (
        reader.begins(i, lexicon.place_adverbs) and not reader.begins(i, lexicon.relations)
    )
    return is_adverb and reader.begins(i + 1, lexicon.place_prepositions, lexicon.relations)


def _antecedent_of(reader: Reader, i: int, end: int) -> Node | None:
    """*to its left*: what *its* stands for."""
    is_said = any(word in ("its", "their") for word in reader.words[i:end])
    return reader.antecedent.as_anchor() if is_said and reader.antecedent else None


def _read_center(reader: Reader, relation: tuple[Relation, int]) -> int | None:
    """*above the center*: a place of the image."""
    start = reader.skip_determiners(relation[1])
    is_center = reader.is_word(start, *_CENTERS) and relation[0] in _PLACE_OF_RELATION
    follows = _names_thing(reader, start + 1) or reader.is_word(start + 1, "of")
    return start + 1 if is_center and not follows else None


def _names_thing(reader: Reader, i: int) -> bool:
    """A noun, or the *one* of *the middle one*."""
    return begins_noun(reader, i) or reader.is_word(i, *PRONOUNS)


def read_direction_of(reader: Reader, i: int) -> tuple[Wrap, Node, int] | None:
    """*north of the lake*: the constraint, its anchor, and where it ends."""
    place = read_place_after_preposition(reader, i)
    if place is None or not reader.is_word(place[1], "of"):
        return None
    found = read_anchor(reader, place[1] + 1)
    if found is None:
        return None
    anchor, relation = found[0].as_anchor(), RELATION_OF_PLACE[place[0]]
    return (lambda child: Relate(child, relation, anchor)), anchor, found[1]


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
    if place is None or begins_noun(reader, place[1]):
        return None
    # "above the left hall" speaks of a hall, "above the bottom edge" of the image.
    is_of_image = reader.begins(place[1] - 1, reader.lexicon.place_nouns)
    return place if relation[0] in _LOCATING or is_of_image else None


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
    if (marking := _behind_marking(reader, start)) is not None:
        phrase.left_over.update(range(i, marking))  # "bordered by a thin stripe"
        return marking
    found = read_anchor(reader, start, phrase)
    if found is None:
        return None
    anchor, end = found
    if relation is Relation.ACROSS and reader.is_word(end, "from"):
        beyond = read_anchor(reader, end + 1, phrase)
        if beyond is not None:  # "across the bay from the pier"
            relation, (anchor, end) = Relation.OPPOSITE, beyond
    if anchor.is_pronoun:
        anchor.noun = phrase.noun
    first = anchor.as_anchor()
    second: Node | None = None
    if relation is Relation.BETWEEN:
        second, end = _read_second_anchor(reader, phrase, anchor, end)
        relation = Relation.BETWEEN if second is not None else Relation.NEAR
    phrase.last_relation, phrase.last_anchor = relation, anchor
    phrase.left_over |= anchor.left_over
    phrase.constrain(lambda child: Relate(child, relation, first, second), i, end)
    return end


def _behind_marking(reader: Reader, i: int) -> int | None:
    """End of *a thin white line*, *its end*: what is none of the things around."""
    is_own = reader.is_word(i, "its", "their")
    i = reader.skip_determiners(i)
    while True:
        adverb = reader.lexicon.intensifiers.match(reader.words, i)
        found = adverb or read_attribute(reader, i)
        if found is None:
            break
        i = found[1]
    is_part = is_own and reader.begins(i, reader.lexicon.place_nouns)
    is_marking = i < len(reader.words) and singular(reader.words[i]) in reader.lexicon.markings
    return i + 1 if (is_marking or is_part) and not begins_noun(reader, i + 1) else None


def _read_second_anchor(
    reader: Reader, phrase: NounPhrase, first: NounPhrase, end: int
) -> tuple[Node | None, int]:
    """*(between the road) and the river*; *between the halls* is between two of them."""
    if not reader.is_word(end, "and"):
        return (first.as_anchor() if first.is_plural or first.count else None), end
    found = read_anchor(reader, end + 1)
    if found is None:
        return None, end
    second, stop = found
    if second.noun is None or second.is_pronoun:
        second.noun = first.noun  # "between the left hall and the right one"
    phrase.left_over |= second.left_over
    return second.as_anchor(), stop
