"""Superlatives: *largest*, *left-most*, *farthest to the right*, *closest to the bridge*."""

from __future__ import annotations

from collections.abc import Mapping

from dgl_rsis.text.grammar.attributes import read_attribute
from dgl_rsis.text.grammar.boundaries import begins_noun
from dgl_rsis.text.grammar.noun_phrases import read_anchor
from dgl_rsis.text.grammar.ordinals import read_rank
from dgl_rsis.text.grammar.phrase import NounPhrase
from dgl_rsis.text.grammar.places import read_direction, read_place, read_place_after_preposition
from dgl_rsis.text.grammar.reader import Reader
from dgl_rsis.text.program.vocabulary import EXTREME_OF_POSITION, Direction, Key, Position

_TOWARDS = ("to", "from", "by")
_EXTREME_OF_MEASURE: Mapping[str, tuple[Key, Direction]] = {
    "large": (Key.AREA, Direction.MAX),
    "small": (Key.AREA, Direction.MIN),
    "elongated": (Key.ELONGATION, Direction.MAX),
    "compact": (Key.ELONGATION, Direction.MIN),
    "round": (Key.CIRCULARITY, Direction.MAX),
    "wide": (Key.WIDTH, Direction.MAX),
    "narrow": (Key.WIDTH, Direction.MIN),
    "bright": (Key.BRIGHTNESS, Direction.MAX),
    "dark": (Key.BRIGHTNESS, Direction.MIN),
}


def unmeasured_rank(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*second tallest*: a rank by what no key measures says nothing; left over."""
    lexicon = reader.lexicon
    rank = read_rank(reader, i)
    if rank is None or superlative(reader, NounPhrase(), rank[1]) is not None:
        return None
    start = rank[1]
    if reader.is_word(start, "most", "least"):
        attribute = read_attribute(reader, start + 1)
        end = attribute[1] if attribute else start
    else:
        is_superlative = start < len(reader.words) and reader.words[start].endswith("est")
        is_other = reader.begins(start, lexicon.noun_forms) or read_direction(reader, start)
        end = start + 1 if is_superlative and not is_other else start
    if end == start:
        return None
    phrase.left_over.update(range(i, end))
    return end


def superlative(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*largest*, *left-most*, *farthest to the right*, *closest* (to what follows)."""
    if phrase.extreme is not None:
        end = superlative(reader, NounPhrase(noun=phrase.noun), i)
        phrase.left_over.update(range(i, end or i))  # one thing is ranked by one key
        return end
    lexicon, words = reader.lexicon, reader.words
    is_next = reader.is_word(i, "next") and reader.begins(i + 1, lexicon.superlatives)
    if found := lexicon.superlatives.match(words, i + is_next) or _graded(reader, i):
        phrase.extreme, end = found
        rank, end = _but_some(reader, end)
        phrase.ordinal = 1 + max(rank, is_next) if rank or is_next else phrase.ordinal
        return end
    if (after_place := _extreme_of_place(reader, phrase, i)) is not None:
        return after_place
    distance = lexicon.distances.match(words, i)
    if distance is None:
        return None
    direction, end = distance
    place = read_place_after_preposition(reader, end)
    if place is not None and reader.is_word(end, *_TOWARDS) and begins_noun(reader, place[1]):
        place = None  # "closest to the left-most car"
    if place is None:
        phrase.distance, phrase.distance_words = direction, range(i, end)
        return end
    phrase.extreme = _towards_place(reader, place[0], direction, end)
    return place[1]


def _graded(reader: Reader, i: int) -> tuple[tuple[Key, Direction], int] | None:
    """*most narrow*, *least wide*: the superlative of an adjective that is measured."""
    attribute = read_attribute(reader, i + 1) if reader.is_word(i, "most", "least") else None
    extreme = _EXTREME_OF_MEASURE.get(attribute[0].measure) if attribute else None
    if attribute is None or extreme is None:
        return None
    key, direction = extreme
    return (key, direction.opposite if reader.is_word(i, "least") else direction), attribute[1]


def _but_some(reader: Reader, i: int) -> tuple[int, int]:
    """*(largest) but one*: how many are left out, and where that ends."""
    number = reader.lexicon.numbers.match(reader.words, i + 1) if reader.is_word(i, "but") else None
    return number or (0, i)


def _towards_place(
    reader: Reader, position: Position, direction: Direction, i: int
) -> tuple[Key, Direction]:
    """*closest to the left edge*, *farthest left*; *farthest from* it is the other end."""
    key, towards = EXTREME_OF_POSITION[position]
    is_far_from = direction is Direction.MAX and reader.is_word(i, "from")
    return key, towards.opposite if is_far_from else towards


def _extreme_of_place(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*left-most*, *most northerly*, *the left of the two*."""
    is_most = reader.is_word(i, "most")
    place = read_direction(reader, i + 1 if is_most else i)
    if place is None and is_most:
        place = read_place_after_preposition(reader, i + 1)
    if place is None:
        return None
    position, end = place
    if is_most or reader.is_word(end, "most"):
        phrase.extreme = EXTREME_OF_POSITION[position]
        return end if is_most else end + 1
    among = end + 1 if reader.is_word(end, "one") else end
    of_two = reader.is_word(among, "of") and phrase.noun is None
    start = reader.skip_determiners(among + 1)
    if of_two and reader.begins(start, reader.lexicon.numbers):
        phrase.extreme = EXTREME_OF_POSITION[position]
        return end
    return None


def anchor_of_distance(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*to the bridge* behind the noun of a distance: *the closest ship to the bridge*."""
    direction = phrase.distance if phrase.anchor is None else None
    if direction is None or not reader.is_word(i, *_TOWARDS):
        return None
    place = read_place(reader, reader.skip_determiners(i + 1))
    if place is not None and not begins_noun(reader, place[1]):
        phrase.distance = None
        phrase.extreme = _towards_place(reader, place[0], direction, i)
        return place[1]
    return _read_anchor_of_distance(reader, phrase, i, i + 1)


def superlative_after_noun(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*(is) the largest*, *(is) the second largest*, *closest to the bridge*."""
    if phrase.extreme is None:
        return _read_behind(reader, phrase, i)
    if phrase.set_size is None:
        return None
    ranked = NounPhrase(count=phrase.set_size)  # "the longest of the two ships closest to the pier"
    end = _read_behind(reader, ranked, i)
    if end is not None and (ranked.is_ranked or ranked.anchor is not None):
        phrase.constrain(ranked.ranked, i, end)
        phrase.set_size = None
    phrase.left_over |= ranked.left_over
    return end


def _read_behind(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    start = reader.skip_determiners(i)
    ordinal = None
    if phrase.ordinal is None:
        ordinal = read_rank(reader, start)
    end = superlative(reader, phrase, ordinal[1] if ordinal else start)
    if end is None:
        return None
    if ordinal:
        phrase.ordinal = ordinal[0]
    if phrase.extreme is not None:
        return end
    return _read_anchor_of_distance(reader, phrase, i, end)


def _read_anchor_of_distance(reader: Reader, phrase: NounPhrase, i: int, start: int) -> int:
    """The anchor from ``start`` on; without one the words from ``i`` on say nothing."""
    found = read_anchor(reader, start + 1 if reader.is_word(start, *_TOWARDS) else start)
    if found is None:
        phrase.distance = None
        phrase.left_over.update(range(i, start))
        return start
    anchor, end = found
    phrase.left_over |= anchor.left_over
    phrase.anchor = anchor.as_anchor()
    return end
