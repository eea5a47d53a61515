"""Commas, *and*, *or*, *but* between modifiers: they give the word back to the target."""

from __future__ import annotations

from dgl_rsis.text.grammar.attributes import read_attribute
from dgl_rsis.text.grammar.boundaries import begins_modifier
from dgl_rsis.text.grammar.noun_phrases import read_noun_part, read_noun_phrase
from dgl_rsis.text.grammar.phrase import NounPhrase
from dgl_rsis.text.grammar.places import read_place_after_preposition
from dgl_rsis.text.grammar.reader import Reader
from dgl_rsis.text.grammar.relations import RELATION_OF_PLACE, SIDES_OF_THINGS, located, relate
from dgl_rsis.text.grammar.with_phrases import describe
from dgl_rsis.text.program.nodes import And, Or, Relate, Select
from dgl_rsis.text.program.vocabulary import ANYTHING, Relation
from dgl_rsis.text.tokens import COMMA

_OTHERS = ("other", "another")


def joined(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """After *and*: another modifier of the target, or another anchor of the same relation."""
    if not reader.is_word(i, COMMA, "and", "or", "but"):
        return None
    if reader.depth:
        return i
    is_and = reader.is_word(i, "and")
    if is_and and phrase.is_described and not begins_modifier(reader, i + 1):
        end = describe(reader, phrase, i, i + 1)
        if end is not None:
            return end
    phrase.is_described = False
    if reader.is_word(i, "or") and begins_modifier(reader, i + 1):
        end = _either(reader, phrase, i + 1)
        if end is not None:
            return end
    end = _same_noun_again(reader, phrase, i)
    if end is not None:
        return end
    relation = phrase.last_relation
    if is_and and relation and not begins_modifier(reader, i + 1):
        end = relate(reader, phrase, relation, i, i + 1)
        if end is not None:
            return end
    return _behind_other_target(reader, phrase, i) or i + 1


def _behind_other_target(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*(the tank on the left) and the ship on the right*: what is said of the ship is left over."""
    lexicon, words = reader.lexicon, reader.words
    start = reader.skip_determiners(i + 1)
    is_own = any(word in ("its", "their") for word in words[i + 1 : start])
    if phrase.noun is None or not reader.is_word(i, "and", "or") or is_own:
        return None
    if begins_modifier(reader, i + 1):
        return None
    other = NounPhrase()
    end = read_noun_part(reader, other, i + 1)
    attribute = read_attribute(reader, i + 1)
    is_adjective = attribute is not None and attribute[1] == end
    noun = other.noun or ANYTHING
    is_thing = noun not in lexicon.parts | lexicon.markings and lexicon.find(noun) is not None
    if is_adjective or not is_thing or lexicon.dimensions.get(noun) is not None:
        return None
    phrase.left_over.update(k for k in range(start, len(words)) if words[k] != COMMA)
    return len(words)


def _either(reader: Reader, phrase: NounPhrase, start: int) -> int | None:
    """*near the road or left of the river*, *red or near the river*: one of both holds."""
    second = NounPhrase(noun=phrase.noun, last_relation=phrase.last_relation)
    end = reader.read_after_noun(second, start)
    attribute = read_attribute(reader, start - 2)
    word = attribute[0].word if attribute and attribute[1] == start - 1 else None
    is_looks = bool(phrase.attributes) and phrase.attributes[-1] == word
    if not (phrase.constraints or is_looks) or len(second.constraints) != 1:
        return None
    other = second.constraints[0]
    phrase.left_over |= second.left_over
    if is_looks:
        looks = Select(phrase.noun or ANYTHING, (phrase.attributes.pop(),))
        phrase.constrain(lambda child: Or((And((child, looks)), other(child))), start, end)
        return end
    one = phrase.constraints.pop()
    phrase.constrain(lambda child: Or((one(child), other(child))), start, end)
    return end


def _same_noun_again(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*(the red car) and the blue car*, *or the blue one*: both are asked for, or any."""
    start = reader.skip_determiners(i + 1)
    is_of_another = any(word in _OTHERS for word in reader.words[i + 1 : start])
    if phrase.noun is None or reader.is_word(i, COMMA, "but") or is_of_another:
        return None
    other, end = read_noun_phrase(reader.inside(), i + 1)
    is_pronoun = other.noun == ANYTHING and other.is_pronoun and phrase.last_relation is None
    if not (other.noun == phrase.noun or is_pronoun) or not other.is_told:
        return None
    other.noun = phrase.noun
    phrase.others.append(other)
    phrase.is_any = reader.is_word(i, "or")
    phrase.kept |= other.kept
    phrase.left_over |= other.left_over
    return end


def sharing_anchor(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*left of and below the truck*, *to the left or right of it*: relations to one anchor."""
    place = read_place_after_preposition(reader, i)
    found = reader.lexicon.relations.match(reader.words, i)
    is_open = False
    if place is not None and (found is None or place[1] >= found[1]):
        is_open = not reader.is_word(place[1], "of")
        found = RELATION_OF_PLACE[place[0]], place[1] + (not is_open)
    if found is None or not reader.is_word(found[1], "or" if is_open else "and", "or"):
        return None
    relation, joint = found
    second = NounPhrase(noun=phrase.noun)
    end = located(reader, second, joint + 1)
    if end is None or len(second.constraints) != 1 or second.last_anchor is None:
        return None
    if is_open and second.last_relation not in SIDES_OF_THINGS:
        return None  # "on the left or near the road"
    anchor, other = second.last_anchor.as_anchor(), second.constraints[0]
    phrase.left_over |= second.left_over
    if reader.is_word(joint, "or"):
        phrase.constrain(lambda child: Or((Relate(child, relation, anchor), other(child))), i, end)
    else:
        phrase.constrain(lambda child: other(Relate(child, relation, anchor)), i, end)
    phrase.last_relation, phrase.last_anchor = None, second.last_anchor
    return end


def connected_to(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*(connects the farm) to the village*: the other end of a connection."""
    if phrase.last_relation is not Relation.CONNECTED or reader.words[i - 1] == COMMA:
        return None
    if not reader.is_word(i, "to", "with"):
        return None
    if begins_modifier(reader, i + 1):
        return None
    return relate(reader, phrase, Relation.CONNECTED, i, i + 1)
