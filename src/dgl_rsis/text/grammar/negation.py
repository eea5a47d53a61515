"""Negations and exceptions: *not white*, *not near the road*, *except the red one*."""

from __future__ import annotations

from dgl_rsis.text.grammar.attributes import read_attribute
from dgl_rsis.text.grammar.boundaries import begins_modifier
from dgl_rsis.text.grammar.comparatives import compared
from dgl_rsis.text.grammar.measures import measured_height
from dgl_rsis.text.grammar.noun_phrases import read_anchor, read_noun_part
from dgl_rsis.text.grammar.phrase import NounPhrase
from dgl_rsis.text.grammar.reader import Reader
from dgl_rsis.text.grammar.relations import located
from dgl_rsis.text.grammar.with_phrases import read_placed
from dgl_rsis.text.program.nodes import And, Count, Node, Not, Relate, Select
from dgl_rsis.text.program.vocabulary import ANYTHING, Relation
from dgl_rsis.text.tokens import COMMA


def negated(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*not white*, *not near the road*, *neither white nor grey*, *without a pool*."""
    without = reader.lexicon.without.match(reader.words, i)
    if without is not None:
        return _without(reader, phrase, i, without[1])
    match = reader.lexicon.negations.match(reader.words, i)
    if match is None:
        return None
    if reader.depth and reader.is_word(i, "nor"):
        return i  # it continues what *neither* was said of
    start = match[1]
    if reader.begins(start, reader.lexicon.verbs):
        start += 1
    is_relation = reader.begins(start, reader.lexicon.relations)  # "not moored at the pier"
    participle = None if is_relation else reader.lexicon.participles.match(reader.words, start)
    if participle is not None:
        start = participle[1] if _is_placed(reader, participle[1]) else start
    if has := reader.lexicon.with_words.match(reader.words, start):
        return _without(reader, phrase, i, has[1])
    ranked = _read_same(reader, phrase, start)
    if ranked is not None:
        _exclude(phrase, ranked[0], i, ranked[1])
        return ranked[1]
    inner = NounPhrase(noun=phrase.noun)
    end = compared(reader, inner, start)
    if end is not None:
        _exclude(phrase, inner.program(), i, end)
        return end
    if (height := measured_height(reader, phrase, start)) is not None:
        phrase.left_over.update(range(i, height))
        return height
    if denied := _read_denied(reader, start):
        return _deny_all(reader, phrase, denied, i)
    if start >= len(reader.words):
        return None
    if other := _read_other(reader, phrase, start, i):
        _exclude(phrase, other[0], i, other[1])
        return other[1]
    end = located(reader, inner, start)
    if end is None or not inner.constraints:
        return None
    _exclude(phrase, inner.program(), i, end)
    return end


def _read_denied(reader: Reader, i: int) -> tuple[str, int] | None:
    """*white*, or a participle that nothing follows: *(not) moored*, *(not) harvested*."""
    participle = reader.lexicon.participles.match(reader.words, i)
    if participle is not None and _is_placed(reader, participle[1]):
        return None
    if attribute := read_attribute(reader, i):
        return attribute[0].word, attribute[1]
    if i >= len(reader.words):
        return None
    word, is_last = reader.words[i], i + 1 == len(reader.words)
    is_participle = reader.lexicon.participles.get(word) is not None or word.endswith("ed")
    ends = is_last or reader.is_word(i + 1, COMMA, "and", "or", "nor", "but")
    return (word, i + 1) if is_participle and ends else None


def _is_placed(reader: Reader, i: int) -> bool:
    """Whether a place or a relation follows, before which a participle says nothing."""
    return i < len(reader.words) and begins_modifier(reader, i)


def _deny_all(reader: Reader, phrase: NounPhrase, denied: tuple[str, int], i: int) -> int:
    """*(not) white*, *white or grey*: *or* denies both."""
    word, end = denied
    _deny(phrase, word, i, end)
    while reader.is_word(end, "or", "nor") and (further := _read_denied(reader, end + 1)):
        _deny(phrase, further[0], end, further[1])
        end = further[1]
    return end


def negated_before_noun(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*non-white* before the noun."""
    match = reader.lexicon.negations.match(reader.words, i)
    attribute = read_attribute(reader, match[1]) if match else None
    if attribute is None:
        return None
    _deny(phrase, attribute[0].word, i, attribute[1])
    return attribute[1]


def outside(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*outside the harbor*, *off the road*: denies *inside* and *on*."""
    if reader.begins(i, reader.lexicon.place_prepositions):
        return None  # "off to the left"
    match = reader.lexicon.outside.match(reader.words, i)
    found = read_anchor(reader, match[1]) if match else None
    if match is None or found is None:
        return None
    anchor, end = found
    phrase.left_over |= anchor.left_over
    own = Select(phrase.noun or ANYTHING)
    _exclude(phrase, Relate(own, match[0], anchor.as_anchor()), i, end)
    return end


def _read_same(reader: Reader, phrase: NounPhrase, start: int) -> tuple[Node, int] | None:
    """*(not) the largest*, *(nor) the second from the left*, *(not) the blue one*."""
    if reader.skip_determiners(start) == start:
        return None
    found = read_anchor(reader, start)
    if found is None:
        return None
    anchor, end = found
    if not anchor.is_told or anchor.noun not in (None, ANYTHING, phrase.noun):
        return None
    anchor.noun = phrase.noun
    return anchor.as_anchor(), end


def _read_other(reader: Reader, phrase: NounPhrase, start: int, i: int) -> tuple[Node, int] | None:
    """*(a building that is) not a house*: another kind of thing."""
    is_said_to_be = i > 0 and reader.lexicon.copulas.get(reader.words[i - 1]) is not None
    is_noun = reader.begins(reader.skip_determiners(start), reader.lexicon.noun_forms)
    found = read_anchor(reader, start) if is_said_to_be and is_noun else None
    if found is None or found[0].noun in (None, ANYTHING, phrase.noun):
        return None
    return found[0].as_anchor(), found[1]


def _without(reader: Reader, phrase: NounPhrase, i: int, start: int) -> int | None:
    """*without a pool*: none is near; what is no thing of its own stays with the model."""
    found = read_anchor(reader, start)
    if found is None or found[0].noun is None:
        return None
    described, end = found
    noun = described.noun
    if noun in reader.lexicon.parts and described.attributes:
        own = Select(phrase.noun or ANYTHING, tuple(described.attributes))
        _exclude(phrase, own, i, end)  # "without a red roof"
        return end
    if noun in reader.lexicon.parts or reader.lexicon.find(noun or "") is None:
        phrase.left_over.update(range(i, end))
        return end
    relation = Relation.NEAR
    bare = NounPhrase()
    placed = read_placed(reader, read_noun_part(reader, bare, start))
    if placed is not None:  # "without a pool to its left"
        described, (relation, end) = bare, placed
    related = Relate(Select(phrase.noun or ANYTHING), relation, described.as_anchor())
    _exclude(phrase, related, i, end)
    return end


def _deny(phrase: NounPhrase, word: str, start: int, end: int) -> None:
    """The noun is asked for when the program is made: it may stand further on."""
    phrase.constrain(
        lambda child: And((child, Not(Select(phrase.noun or ANYTHING, (word,))))), start, end
    )


def excepted(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*except the red one*, *other than the hall*."""
    match = reader.lexicon.exceptions.match(reader.words, i)
    is_but = phrase.every and reader.is_word(i, "but")
    if is_but and reader.skip_determiners(i + 1) > i + 1:
        match = "but", i + 1
    if match is None:
        return None
    return i if reader.depth else _except(reader, phrase, i, match[1]) or i


def excepted_too(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*(except trucks) and buses*."""
    if not phrase.is_excepted or not reader.is_word(i, "and", "or"):
        return None
    phrase.is_excepted = False
    return None if begins_modifier(reader, i + 1) else _except(reader, phrase, i, i + 1)


def _except(reader: Reader, phrase: NounPhrase, i: int, start: int) -> int | None:
    found = read_anchor(reader, start)
    if found is None:
        return None
    anchor, end = found
    if phrase.noun is None and anchor.is_told:  # "the three smallest but not the leftmost ships"
        phrase.noun, phrase.is_plural = anchor.noun, anchor.is_plural or phrase.every
        phrase.kept |= anchor.kept
    if anchor.is_pronoun or anchor.noun is None:
        anchor.noun = phrase.noun
    node = anchor.as_anchor()
    if anchor.is_pronoun and anchor.is_singular and anchor.constraints and not anchor.is_ranked:
        node = Count(node, 1)  # "except the middle one": more may lie in the middle
    _exclude(phrase, node, i, end)
    phrase.is_excepted = True
    return end


def _exclude(phrase: NounPhrase, node: Node, start: int, end: int) -> None:
    phrase.constrain(lambda child: And((child, Not(node))), start, end)
