"""*with* after a noun: *a building with a dark roof*, *a house with a pool*."""

from __future__ import annotations

from collections.abc import Mapping

from dgl_rsis.text.grammar.noun_phrases import read_noun_part
from dgl_rsis.text.grammar.phrase import NounPhrase
from dgl_rsis.text.grammar.places import read_place_after_preposition
from dgl_rsis.text.grammar.reader import Reader
from dgl_rsis.text.grammar.relations import RELATION_OF_PLACE, relate
from dgl_rsis.text.program.nodes import Relate
from dgl_rsis.text.program.vocabulary import ANYTHING, Direction, Key, Relation
from dgl_rsis.text.tokens import COMMA

_PAIRS = (
    (Relation.LEFT_OF, Relation.RIGHT_OF),
    (Relation.ABOVE, Relation.BELOW),
    (Relation.UPPER_LEFT_OF, Relation.LOWER_RIGHT_OF),
    (Relation.UPPER_RIGHT_OF, Relation.LOWER_LEFT_OF),
    (Relation.NORTH_OF, Relation.SOUTH_OF),
    (Relation.EAST_OF, Relation.WEST_OF),
    (Relation.NORTHEAST_OF, Relation.SOUTHWEST_OF),
    (Relation.NORTHWEST_OF, Relation.SOUTHEAST_OF),
    (Relation.IN_FRONT_OF, Relation.BEHIND),
    (Relation.CONTAINS, Relation.INSIDE),
)
_INVERSE: Mapping[Relation, Relation] = {
    Relation.ON: Relation.CONTAINS,
    **dict(_PAIRS),
    **{second: first for first, second in _PAIRS},
}


def with_phrase(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """A part describes the target, another noun is near it, the rest is left over."""
    match = reader.lexicon.with_words.match(reader.words, i)
    return describe(reader, phrase, i, match[1]) if match else None


def describe(reader: Reader, phrase: NounPhrase, i: int, start: int) -> int | None:
    """Read what follows *with* (from ``start`` on), or *and* behind that."""
    lexicon = reader.lexicon
    is_counted = reader.is_word(reader.skip_determiners(start), "most", "fewest", "least")
    described = NounPhrase()
    end = read_noun_part(reader, described, start)
    if end == start:
        return None
    phrase.is_described = True
    if is_counted:  # "the pier with the most boats": no node counts what is near
        phrase.left_over.update(range(i, end))
        return end
    noun = described.noun
    if extreme := extreme_of_part(reader, described):
        phrase.extreme = extreme
        return end
    is_marking = noun in lexicon.markings
    is_part = not is_marking and (noun is None or noun == ANYTHING or noun in lexicon.parts)
    is_known = noun is not None and lexicon.find(noun) is not None
    placed = read_placed(reader, end) if is_known else None
    if placed is not None:
        relation, behind = placed
        anchor = described.as_anchor()
        phrase.constrain(lambda child: Relate(child, relation, anchor), i, behind)
        return behind
    if is_part and (described.attributes or described.alternatives):
        phrase.describe(described)
        phrase.kept.update(range(i, end))
        return end
    if is_known and not is_part:
        stop = relate(reader, phrase, Relation.NEAR, i, start)
        if stop is not None:
            return stop
    phrase.left_over.update(range(i, end))
    return end


def extreme_of_part(reader: Reader, described: NounPhrase) -> tuple[Key, Direction] | None:
    """*the largest area*, *the greatest length*, *the brightest roof*: a superlative of the target."""
    noun, extreme = described.noun or "", described.extreme
    if extreme is None or extreme[0] not in (Key.AREA, Key.LENGTH, Key.WIDTH, Key.BRIGHTNESS):
        return None
    named = reader.lexicon.dimensions.get(noun)
    if named in ("area", "length", "width"):
        return Key(named), extreme[1]
    return extreme if noun in reader.lexicon.parts else None


def read_placed(reader: Reader, i: int) -> tuple[Relation, int] | None:
    """*(a road) on its left*, *(trees) around it*: the relation of the target to that."""
    participle = reader.lexicon.participles.match(reader.words, i)
    i = participle[1] if participle else i
    if reader.is_word(i, "nearby", "close", "around") and _ends_clause(reader, i + 1):
        return Relation.NEAR, i + 1
    if reader.is_word(i + 1, "its", "their"):
        place = read_place_after_preposition(reader, i)
        if place is not None:
            towards = RELATION_OF_PLACE[place[0]]
            return _INVERSE.get(towards, towards), place[1]
    beside = read_place_after_preposition(reader, i)
    if beside and reader.is_word(beside[1], "of") and reader.is_word(beside[1] + 1, "it", "them"):
        towards = RELATION_OF_PLACE[beside[0]]
        return _INVERSE.get(towards, towards), beside[1] + 2
    found = reader.lexicon.relations.match(reader.words, i)
    if found is None or not reader.is_word(found[1], "it", "them", "itself"):
        return None
    if reader.is_word(i, "around"):
        return Relation.SURROUNDED_BY, found[1] + 1
    return _INVERSE.get(found[0], found[0]), found[1] + 1


def beside_which(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*to the left of which there is a road*: the road is there, so the relation turns round."""
    place = read_place_after_preposition(reader, i)
    found = reader.lexicon.relations.match(reader.words, i)
    if place is not None and reader.is_word(place[1], "of"):
        found = RELATION_OF_PLACE[place[0]], place[1] + 1
    if found is None or not reader.is_word(found[1], "which"):
        return None
    relation, start = _INVERSE.get(found[0], found[0]), found[1] + 1
    verb = reader.lexicon.copulas.match(reader.words, start)
    verb = verb or reader.lexicon.verbs.match(reader.words, start)
    return relate(reader, phrase, relation, i, verb[1] if verb else start)


def whose(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*whose left neighbour is red*: said of a thing that no anchor names; left over."""
    if not reader.is_word(i, "whose"):
        return None
    owned = NounPhrase()
    end = read_noun_part(reader, owned, i + 1)
    if owned.noun is None or any(word in reader.lexicon.vocabulary for word in owned.noun.split()):
        return None
    while not _ends_clause(reader, end):
        end += 1
    phrase.left_over.update(range(i, end))
    return end


def _ends_clause(reader: Reader, i: int) -> bool:
    return i >= len(reader.words) or reader.is_word(i, COMMA, "and", "or", "but")
