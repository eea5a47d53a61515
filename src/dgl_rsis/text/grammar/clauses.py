"""Clauses: *that is white*, *which lies near the road*, *the hall is on the left*.

Their verbs carry no meaning of their own; what they say of the noun is a modifier like any other.
"""

from __future__ import annotations

from dgl_rsis.text.grammar.amounts import read_bounds
from dgl_rsis.text.grammar.attributes import read_attribute
from dgl_rsis.text.grammar.boundaries import begins_modifier, begins_noun, is_unknown_verb
from dgl_rsis.text.grammar.noun_phrases import read_anchor, read_noun_part
from dgl_rsis.text.grammar.phrase import NounPhrase
from dgl_rsis.text.grammar.places import read_place, read_place_after_preposition
from dgl_rsis.text.grammar.reader import Reader

_PLURAL_VERBS = ("are", "were", "have", "do", "lie", "stand")
_MAIN_VERBS = (
    "is", "are", "was", "were", "has", "have", "covers", "cover", "measures", "measure",
    "spans", "span", "occupies", "occupy",
)  # fmt: skip
_NO_VERBS = ("across", "besides", "cross")  # relations that end like verbs
_RELATIVE = ("which", "that", "who")
_SINGULAR_VERBS = ("is", "was", "has", "does", "lies", "stands")


def main_verb(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*(the hall by the lake) is larger than 2 ha, faces the road*: it is said of the target."""
    if not reader.depth or reader.is_word(i - 1, *_RELATIVE):
        return None
    is_relation = reader.begins(i, reader.lexicon.relations)
    is_verb = is_relation and reader.words[i].endswith("s") and not reader.is_word(i, *_NO_VERBS)
    return i if is_verb or reader.is_word(i, *_MAIN_VERBS) else None


def relative_clause(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*which*, *that is*, *that runs*: what follows belongs to the nearest noun."""
    if not reader.is_word(i, "which", "that", "who", "where"):
        return None
    if reader.depth and _is_of_another(reader, phrase, i + 1):
        return i
    copula = reader.lexicon.copulas.match(reader.words, i + 1)
    if copula:
        return copula[1]
    is_relation = reader.begins(i + 1, reader.lexicon.relations)
    is_verb = reader.begins(i + 1, reader.lexicon.verbs) and begins_modifier(reader, i + 2)
    return i + 2 if is_verb and not is_relation else i + 1


def _is_of_another(reader: Reader, phrase: NounPhrase, i: int) -> bool:
    """*(the ships near the lock) that are white*: the verb says that it is not about the lock.

    What spreads is not told by its looks, its size or a rank either: *(the hall near the road) that
    is red*, *(the bridge over the river) that is longer than 100 m*.
    """
    if reader.is_word(i, *(_PLURAL_VERBS if phrase.is_singular else _SINGULAR_VERBS)):
        return True
    lexicon = reader.lexicon
    copula = lexicon.copulas.match(reader.words, i)
    if copula is None or phrase.noun is None or not lexicon.is_stuff(phrase.noun):
        return False
    negation = lexicon.negations.match(reader.words, copula[1])
    start = reader.skip_determiners(negation[1] if negation else copula[1])
    attribute = read_attribute(reader, start)
    is_looks = attribute is not None and attribute[0].kind in ("colour", "lightness", "size")
    is_ranked = reader.begins(start, lexicon.superlatives, lexicon.distances, lexicon.comparatives)
    return is_looks or is_ranked or read_bounds(reader, copula[1]) is not None


def copula(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*is*: what follows belongs to the target."""
    match = reader.lexicon.copulas.match(reader.words, i)
    if match is None:
        return None
    return i if reader.depth else match[1]


def verb(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*lies*, *runs* before a modifier of the target."""
    if reader.depth or not reader.begins(i, reader.lexicon.verbs):
        return None
    return i + 1 if begins_modifier(reader, i + 1) else None


def participle(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*moored*, *parked* before a place or a relation say no more than *located*."""
    match = reader.lexicon.participles.match(reader.words, i)
    if match is None or reader.begins(i, reader.lexicon.relations) or match[1] == len(reader.words):
        return None
    return match[1] if begins_modifier(reader, match[1]) else None


def participle_before_noun(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*Parked beside the barn* is a tractor."""
    is_first = phrase.noun is None and not (phrase.adjectives or reader.depth)
    return participle(reader, phrase, i) if is_first else None


def unknown_verb(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*overlooks the river*: a verb that nobody knows, with its object; left over."""
    if phrase.noun is None or not is_unknown_verb(reader, i):
        return None
    if reader.depth:
        return i
    found = read_anchor(reader, i + 1)
    end = found[1] if found else i + 1
    phrase.left_over.update(range(i, end))
    return end


def oriented(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*pointing north*, *running from left to right*: a direction, not a place; left over."""
    match = reader.lexicon.orientations.match(reader.words, i)
    if match is None and not reader.is_word(i, "from"):
        return None
    start = match[1] if match else i
    while reader.is_word(start, "to", "towards", "toward", "from"):
        start += 1
    place = read_place(reader, reader.skip_determiners(start))
    if place is None or reader.is_word(place[1], "of") or begins_noun(reader, place[1]):
        return None
    end = place[1]
    if reader.is_word(end, "to"):
        until = read_place(reader, reader.skip_determiners(end + 1))
        end = until[1] if until else end
    if match is None and end == place[1]:
        return None  # "from the left" is a place
    phrase.left_over.update(range(i, end))
    return end


def describing_verb(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*shows a mostly pale colour*, *casts a shadow*: left to the model."""
    match = reader.lexicon.describing.match(reader.words, i)
    if match is None or phrase.noun is None:
        return None
    described = NounPhrase()
    end = read_noun_part(reader, described, match[1])
    if described.noun == "shadow" and (behind := read_place_after_preposition(reader, end)):
        end = behind[1]  # where the shadow falls is no place of the thing
    phrase.left_over.update(range(i, end))
    return end
