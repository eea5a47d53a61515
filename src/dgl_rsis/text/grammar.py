"""The grammar: rules over the words of one sentence.

DESIGN.md section 1.1. Every rule takes the index of a word and returns the index behind what it
read; the same index means that it does not apply. Rules fill a ``NounPhrase``.

* The sentence is read once, from left to right, longest match first, without backtracking.
* A modifier belongs to the nearest noun; a comma, *and* or a verb gives the word back to the
  target: *the hall near the road on the left* (the road is), *the hall near the road, on the
  left* (the hall is).
"""

from __future__ import annotations

from dataclasses import dataclass

from dgl_rsis.text.lexicon import Attribute, Lexicon, singular
from dgl_rsis.text.phrase import NounPhrase, Wrap, opposite
from dgl_rsis.text.program import (
    ANYTHING,
    EXTREME_OF_POSITION,
    UNIT_IN_SQUARE_METRES,
    And,
    Comparison,
    Direction,
    Filter,
    Measure,
    Not,
    Position,
    Quantity,
    Relate,
    Relation,
    Select,
    Unit,
)
from dgl_rsis.text.tokens import COMMA, Words, number

DEEPEST_ANCHOR = 5
MOST_CONSTRAINTS = 12
MOST_ADVERBS = 3

_RELATION_OF = {
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


def _at(position: Position) -> Wrap:
    return lambda child: Filter(child, position)


@dataclass(frozen=True)
class Grammar:
    """Rules over the words of one sentence; every rule returns where it stopped."""

    sentence_words: Words
    lexicon: Lexicon

    @property
    def words(self) -> tuple[str, ...]:
        """The words, lower case."""
        return self.sentence_words.words

    def sentence(self) -> NounPhrase:
        """The target; what no rule takes is left over."""
        phrase = NounPhrase()
        i = 0
        while i < len(self.words):
            if phrase.noun is None:
                end = self.noun_part(phrase, i)
                if end > i:
                    i = end
                    continue
            end = self.modifier(phrase, i, 0)
            if end == i:
                if self.words[i] != COMMA and not self._is_function_word(i):
                    phrase.left_over.add(i)
                end = i + 1
            i = end
        return phrase

    def noun_phrase(self, start: int, depth: int) -> tuple[NounPhrase, int]:
        """An anchor with its own modifiers."""
        phrase = NounPhrase()
        i = self.noun_part(phrase, start)
        while i < len(self.words):
            end = self.modifier(phrase, i, depth)
            if end == i:
                break
            i = end
        return phrase, i

    # --- before and up to the noun -------------------------------------------------------------

    def noun_part(self, phrase: NounPhrase, start: int) -> int:
        """Quantity, rank, place, attributes and the noun with its compounds."""
        unknown: list[int] = []
        adjectives: list[tuple[Attribute, int, int]] = []
        i = start
        while i < len(self.words):
            if phrase.noun is None and not unknown:
                end = self._before_noun(phrase, i, adjectives)
                if end > i:
                    i = end
                    continue
            end = self._noun_word(phrase, i, unknown, adjectives)
            if end == i:
                break
            i = end
        self._settle(phrase, unknown, adjectives)
        return i

    def _before_noun(
        self, phrase: NounPhrase, i: int, adjectives: list[tuple[Attribute, int, int]]
    ) -> int:
        """One determiner, number, ordinal, superlative or place; ``i`` where there is none."""
        lexicon, words = self.lexicon, self.words
        if match := lexicon.every.match(words, i):
            phrase.every = True
            return match[1]
        if end := self._number(phrase, i):
            return end
        if match := lexicon.determiners.match(words, i):
            return match[1]
        if words[i] in ("and", COMMA) and adjectives and self._attribute(i + 1):
            return i + 1
        if match := lexicon.intensifiers.match(words, i):
            return match[1] if self._attribute(match[1]) else i
        if found := lexicon.ordinals.match(words, i):
            phrase.ordinal, end = found
            return self._counted_from(phrase, end)
        if match := lexicon.last.match(words, i):
            phrase.from_the_end = True
            return match[1]
        if end := self._superlative(phrase, i):
            return end
        if lexicon.noun_forms.match(words, i):
            return i
        place = self.place(i)
        if place and not self._is_of(place[1]):
            self._constrain(phrase, _at(place[0]), i, place[1])
            return place[1]
        return i

    def _number(self, phrase: NounPhrase, i: int) -> int | None:
        value = number(self.words[i])
        found = self.lexicon.numbers.match(self.words, i)
        end = found[1] if found else i + 1
        count = found[0] if found else value
        if count is None or count != int(count) or count < 1 or self.sentence_words.is_glued[i]:
            return None
        if self.lexicon.units.match(self.words, end):
            return None
        follows = end < len(self.words) and not self._ends_phrase(end)
        if count == 1 and not follows and not self._is_of(end):
            return None  # "the red one"
        phrase.count = min(int(count), 10**6)
        return end + 1 if self._is_of(end) else end

    def _counted_from(self, phrase: NounPhrase, i: int) -> int:
        """*second from the left*, before the noun."""
        place = self.place(self._skip_determiners(i + 1)) if self._is_word(i, "from") else None
        if place is None:
            return i
        phrase.from_place = place[0]
        return place[1]

    def _superlative(self, phrase: NounPhrase, i: int) -> int | None:
        """*largest*, *left-most*, *farthest to the right*, *closest* (to what follows)."""
        if found := self.lexicon.superlatives.match(self.words, i):
            phrase.extreme = found[0]
            return found[1]
        place = self.place(i)
        if place and self._is_word(place[1], "most"):
            phrase.extreme = EXTREME_OF_POSITION[place[0]]
            return place[1] + 1
        distance = self.lexicon.distances.match(self.words, i)
        if distance is None:
            return None
        direction, end = distance
        placed = self._place_after_preposition(end)
        if placed:
            key, towards = EXTREME_OF_POSITION[placed[0]]
            far_from = direction is Direction.MAX and self._is_word(end, "from")
            phrase.extreme = key, opposite(towards) if far_from else towards
            return placed[1]
        phrase.distance = direction
        return end

    def _noun_word(
        self,
        phrase: NounPhrase,
        i: int,
        unknown: list[int],
        adjectives: list[tuple[Attribute, int, int]],
    ) -> int:
        """An attribute, a noun, or a word that nobody knows; ``i`` at the end of the phrase."""
        noun = self.lexicon.noun_forms.match(self.words, i)
        attribute = self._attribute(i)
        if attribute and not phrase.noun and (noun is None or noun[1] <= attribute[1]):
            adjectives.append((attribute[0], i, attribute[1]))
            return attribute[1]
        if noun:
            self._name(phrase, noun[0].singular, noun[0].is_plural, i, noun[1])
            return noun[1]
        generic = self.lexicon.generic.match(self.words, i)
        if generic and phrase.noun is None and not unknown:
            self._name(phrase, ANYTHING, generic[0], i, generic[1])
            phrase.kept.difference_update(range(i, generic[1]))
            phrase.is_pronoun = self.words[i] in ("one", "ones")
            return generic[1]
        if self._ends_phrase(i) or (phrase.noun == ANYTHING):
            return i
        word = self.words[i]
        if phrase.noun is not None:
            if word.endswith(("ing", "ed", "ly")) or number(word) is not None:
                return i
            self._name(phrase, singular(word), singular(word) != word, i, i + 1)
            return i + 1
        unknown.append(i)
        return i + 1

    def _name(self, phrase: NounPhrase, noun: str, is_plural: bool, start: int, end: int) -> None:
        """Nouns that follow each other are a compound: *airport terminal*."""
        phrase.noun = noun if phrase.noun is None else f"{phrase.noun} {noun}"
        phrase.is_plural = is_plural
        phrase.kept.update(range(start, end))

    def _settle(
        self,
        phrase: NounPhrase,
        unknown: list[int],
        adjectives: list[tuple[Attribute, int, int]],
    ) -> None:
        """Unknown words before the noun are attributes; without a noun the last word is it."""
        if phrase.noun is None and unknown:
            head = unknown.pop()
            self._name(
                phrase,
                singular(self.words[head]),
                self.words[head] != singular(self.words[head]),
                head,
                head + 1,
            )
        elif phrase.noun is None and adjectives:
            attribute, start, end = adjectives[-1]
            form = self.lexicon.noun_forms.get(" ".join(self.words[start:end]))
            if form is not None or attribute.kind == "other":
                adjectives.pop()
                name = form.singular if form is not None else attribute.word
                self._name(phrase, name, form is not None and form.is_plural, start, end)
        named = [(start, attribute.word) for attribute, start, _ in adjectives]
        named += [(i, self.words[i]) for i in unknown]
        phrase.attributes += [word for _, word in sorted(named)]
        phrase.kept.update(unknown)
        for _, start, end in adjectives:
            phrase.kept.update(range(start, end))

    def _attribute(self, i: int) -> tuple[Attribute, int] | None:
        """An adjective: *white*, *light blue*, *cone-shaped*, *two-storey*."""
        words = self.words
        if i >= len(words):
            return None
        if self._is_word(i + 1, "shaped") and self.lexicon.attributes.match(words, i) is None:
            return Attribute(f"{words[i]}-shaped", "shape", ""), i + 2
        found = self.lexicon.attributes.match(words, i)
        if found is None:
            counted = number(words[i]) is not None or self.lexicon.numbers.get(words[i])
            if self.sentence_words.is_glued[i] and counted:
                return Attribute(f"{words[i]}-{words[i + 1]}", "other", ""), i + 2
            return None
        attribute, end = found
        word = attribute.word.replace(" ", "-")
        following = self.lexicon.attributes.match(words, end)
        if attribute.kind == "lightness" and following and following[0].kind == "colour":
            shifted = f"{attribute.measure if attribute.measure == 'dark' else 'light'} {following[0].word}"
            return Attribute(shifted, "colour", shifted), following[1]
        return Attribute(word, attribute.kind, attribute.measure), end

    # --- places --------------------------------------------------------------------------------

    def place(self, i: int) -> tuple[Position, int] | None:
        """*left*, *far upper right corner*, *middle of the left edge* without its preposition."""
        found = self.lexicon.positions.match(self.words, i)
        for _ in range(MOST_ADVERBS):
            adverb = self.lexicon.place_adverbs.match(self.words, i) if found is None else None
            if adverb is None:
                break
            i = adverb[1]
            found = self.lexicon.positions.match(self.words, i)
        if found is None:
            return None
        position, end = found
        while following := self.lexicon.positions.match(self.words, end):
            if position is Position.CENTER:
                position = following[0]
            elif following[0] not in (Position.CENTER, Position.EDGE, Position.CORNER):
                break
            end = following[1]
        while noun := self.lexicon.place_nouns.match(self.words, end):
            end = noun[1]
        return position, end

    def _place_after_preposition(self, i: int) -> tuple[Position, int] | None:
        """*in the upper left corner*, unless a noun follows (*in the left harbor*)."""
        preposition = self.lexicon.place_prepositions.match(self.words, i)
        if preposition is None and self._is_word(i, "from"):
            preposition = "from", i + 1
        after = self._skip_determiners(preposition[1] if preposition else i)
        found = self.place(after)
        if found is None:
            return None
        follows_noun = self.lexicon.noun_forms.match(self.words, found[1]) is not None
        follows_noun |= self._attribute(found[1]) is not None
        plain = self.lexicon.place_nouns.match(self.words, found[1] - 1) is None
        return None if follows_noun and plain and preposition is not None else found

    # --- after the noun ------------------------------------------------------------------------

    def modifier(self, phrase: NounPhrase, i: int, depth: int) -> int:
        """One modifier after the noun; ``i`` where none is found or it belongs further out."""
        word = self.words[i]
        if word in (COMMA, "and", "or", "but"):
            return self._joined(phrase, i, depth)
        if word in ("which", "that", "who", "where"):
            copula = self.lexicon.copulas.match(self.words, i + 1)
            return copula[1] if copula else i + 1
        if match := self.lexicon.exceptions.match(self.words, i):
            return self._exception(phrase, i, match[1], depth)
        for rule in (self._measured, self._ranking, self._related, self._described):
            end = rule(phrase, i, depth)
            if end > i:
                return end
        if match := self.lexicon.copulas.match(self.words, i):
            return i if depth else match[1]
        if self.lexicon.verbs.match(self.words, i) and not depth:
            return i + 1 if self._begins_modifier(i + 1) else i
        return i

    def _joined(self, phrase: NounPhrase, i: int, depth: int) -> int:
        """After *and*: another modifier of the target, or another anchor of the same relation."""
        if depth:
            return i
        if self.words[i] == "and" and phrase.last_relation and not self._begins_modifier(i + 1):
            end = self._relation_to_anchor(phrase, phrase.last_relation, i, i + 1, depth)
            return max(end, i + 1)
        return i + 1

    def _exception(self, phrase: NounPhrase, i: int, start: int, depth: int) -> int:
        anchor, end = self.noun_phrase(start, depth + 1) if depth < DEEPEST_ANCHOR else (None, i)
        if anchor is None or anchor.is_empty:
            return i
        if anchor.is_pronoun or anchor.noun is None:
            anchor.noun = phrase.noun
        excluded = anchor.as_anchor()
        self._constrain(phrase, lambda child: And((child, Not(excluded))), i, end)
        return end

    def _measured(self, phrase: NounPhrase, i: int, depth: int) -> int:
        """*larger than 500 m²*, *within 100 m of the bridge*, *between 0.5 and 2 hectares*."""
        span = self._amount(i + 1) if self._is_word(i, "between") else None
        if span is not None and self._is_word(span[1], "and"):
            upper = self._amount(span[1] + 1)
            if upper is not None and upper[2] is not None:
                quantity = _quantity_of(upper[2])
                low, high, of, end = span[0], upper[0], upper[2], upper[1]
                self._constrain(
                    phrase,
                    lambda child: Measure(
                        Measure(child, quantity, Comparison.GREATER, low, of),
                        quantity,
                        Comparison.LESS,
                        high,
                        of,
                    ),
                    i,
                    end,
                )
                return end
        found = {
            key: match[1]
            for key, table in self.lexicon.comparisons.items()
            if (match := table.match(self.words, i))
        }
        longest = max(found.values(), default=i)
        amount = self._amount(longest) if found else None
        if amount is None or amount[2] is None:
            return i
        value, end, unit = amount[0], amount[1], amount[2]
        keys = [key for key, stop in found.items() if stop == longest]
        return self._apply_measure(phrase, i, end, depth, keys, value, unit)

    def _apply_measure(
        self,
        phrase: NounPhrase,
        start: int,
        end: int,
        depth: int,
        keys: list[tuple[Quantity, Comparison]],
        value: float,
        unit: Unit,
    ) -> int:
        comparison = keys[0][1]
        if _quantity_of(unit) is Quantity.AREA:
            self._constrain(
                phrase,
                lambda child: Measure(child, Quantity.AREA, comparison, value, unit),
                start,
                end,
            )
            return end
        to = self.lexicon.distance_words.match(self.words, end)
        if to is None:
            said = [quantity for quantity, _ in keys if quantity is not Quantity.DISTANCE]
            quantity = Quantity.WIDTH if said == [Quantity.WIDTH] else Quantity.LENGTH
            self._constrain(
                phrase, lambda child: Measure(child, quantity, comparison, value, unit), start, end
            )
            return end
        anchor, stop = self.noun_phrase(to[1], depth + 1) if depth < DEEPEST_ANCHOR else (None, end)
        if anchor is None or anchor.is_empty:
            return start
        node = anchor.as_anchor()
        phrase.left_over |= anchor.left_over
        self._constrain(
            phrase,
            lambda child: Measure(child, Quantity.DISTANCE, comparison, value, unit, node),
            start,
            stop,
        )
        return stop

    def _amount(self, i: int) -> tuple[float, int, Unit | None] | None:
        """A number and its unit, if any: value, end, unit."""
        i = self._skip_determiners(i)
        value = number(self.words[i]) if i < len(self.words) else None
        if value is None:
            return None
        unit = self.lexicon.units.match(self.words, i + 1)
        return (value, unit[1], unit[0]) if unit else (value, i + 1, None)

    def _ranking(self, phrase: NounPhrase, i: int, depth: int) -> int:
        """*from the left* of an ordinal, *closest to the bridge*, *(is) the largest*."""
        if self._is_word(i, "from"):
            place = self.place(self._skip_determiners(i + 1))
            if place and (phrase.ordinal is not None or phrase.from_the_end):
                phrase.from_place = place[0]
                return place[1]
        if (
            phrase.distance is not None
            and phrase.anchor is None
            and self.words[i] in ("to", "from", "by")
        ):
            return self._distance_anchor(phrase, i, i + 1, depth)
        start = self._skip_determiners(i)
        if start >= len(self.words) or phrase.extreme is not None:
            return i
        if (found := self.lexicon.ordinals.match(self.words, start)) and phrase.ordinal is None:
            after = self._superlative(phrase, found[1])
            if after:
                phrase.ordinal = found[0]
                start, end = found[1], after
            else:
                return i
        else:
            end = self._superlative(phrase, start) or i
        if end > i and phrase.extreme is None:
            return self._distance_anchor(phrase, i, end, depth)
        return end

    def _distance_anchor(self, phrase: NounPhrase, i: int, start: int, depth: int) -> int:
        after = (
            start + 1
            if start < len(self.words) and self.words[start] in ("to", "from", "by")
            else start
        )
        anchor, end = self.noun_phrase(after, depth + 1) if depth < DEEPEST_ANCHOR else (None, i)
        if anchor is None or anchor.is_empty:
            phrase.distance = None
            phrase.left_over.update(range(i, start))
            return start
        phrase.left_over |= anchor.left_over
        phrase.anchor = anchor.as_anchor()
        return end

    def _related(self, phrase: NounPhrase, i: int, depth: int) -> int:
        """A place in the image, or a relation to an anchor."""
        adverb = self.lexicon.place_adverbs.match(self.words, i)
        relation = self.lexicon.relations.match(self.words, i)
        if relation is None and adverb is not None:
            relation = self.lexicon.relations.match(self.words, adverb[1])
        if self._is_negation(i):
            return self._negated(phrase, i, depth)
        if relation is not None and relation[1] - i >= 3 and self.words[relation[1] - 1] == "of":
            return self._relation_to_anchor(phrase, relation[0], i, relation[1], depth)
        placed = self._place_after_preposition(i)
        if placed is None and relation is not None and relation[0] in _PLACED:
            placed = self._place_after_preposition(relation[1])
            placed = placed if placed and not self._begins_noun(placed[1]) else None
        if placed is not None:
            position, end = placed
            if self._is_of(end) or (end < len(self.words) and self.words[end] in ("to", "from")):
                stop = self._relation_to_anchor(phrase, _RELATION_OF[position], i, end + 1, depth)
                if stop > i:
                    return stop
            self._constrain(phrase, _at(position), i, end)
            return end
        if relation is not None:
            return self._relation_to_anchor(phrase, relation[0], i, relation[1], depth)
        return i

    def _relation_to_anchor(
        self, phrase: NounPhrase, relation: Relation, i: int, start: int, depth: int
    ) -> int:
        if depth >= DEEPEST_ANCHOR:
            return i
        anchor, end = self.noun_phrase(start, depth + 1)
        if anchor.is_empty:
            return i
        if anchor.is_pronoun:
            anchor.noun = phrase.noun
        first, second = anchor.as_anchor(), None
        if relation is Relation.BETWEEN:
            if self._is_word(end, "and"):
                other, stop = self.noun_phrase(end + 1, depth + 1)
                if not other.is_empty:
                    second, end = other.as_anchor(), stop
            elif anchor.is_plural or anchor.count:
                second = first
            relation = Relation.BETWEEN if second is not None else Relation.NEAR
        phrase.last_relation = relation
        phrase.left_over |= anchor.left_over
        self._constrain(phrase, lambda child: Relate(child, relation, first, second), i, end)
        return end

    def _negated(self, phrase: NounPhrase, i: int, depth: int) -> int:
        """*not white*, *not near the road*; *without* stays with the model."""
        if self.words[i] == "without":
            return i
        attribute = self._attribute(i + 1)
        if attribute:
            noun, word = phrase.noun or ANYTHING, attribute[0].word
            self._constrain(
                phrase, lambda child: And((child, Not(Select(noun, (word,))))), i, attribute[1]
            )
            return attribute[1]
        inner = NounPhrase(noun=phrase.noun)
        if i + 1 >= len(self.words) or self._is_negation(i + 1):
            return i
        end = self._related(inner, i + 1, depth)
        if not inner.constraints:
            return i
        excluded = inner.program()
        self._constrain(phrase, lambda child: And((child, Not(excluded))), i, end)
        return end

    def _described(self, phrase: NounPhrase, i: int, depth: int) -> int:
        """*with a dark roof*, *of the building*, *(that is) white*."""
        if match := self.lexicon.with_words.match(self.words, i):
            return self._with(phrase, i, match[1], depth)
        if self._is_of(i):
            if phrase.noun is None or phrase.noun == ANYTHING:
                return self.noun_part_again(phrase, i + 1)
            return self._relation_to_anchor(phrase, Relation.INSIDE, i, i + 1, depth)
        attribute = self._attribute(i)
        if attribute:
            phrase.attributes.append(attribute[0].word)
            phrase.kept.update(range(i, attribute[1]))
            return attribute[1]
        if self.lexicon.intensifiers.match(self.words, i) and self._attribute(i + 1):
            return i + 1
        return i

    def noun_part_again(self, phrase: NounPhrase, start: int) -> int:
        """*the largest of the white ships*: the noun comes later."""
        count = phrase.count
        phrase.noun = None
        end = self.noun_part(phrase, start)
        phrase.count = count
        if phrase.extreme or phrase.distance or count:
            phrase.is_plural = False
        return end

    def _with(self, phrase: NounPhrase, i: int, start: int, depth: int) -> int:
        """A part describes the target, another noun is near it, the rest is left over."""
        described = NounPhrase()
        end = self.noun_part(described, start)
        if end == start:
            return i
        is_part = described.noun in self.lexicon.parts or described.noun in (None, ANYTHING)
        known = described.noun and self.lexicon.noun_forms.get(described.noun)
        if is_part and described.attributes:
            phrase.attributes += described.attributes
            phrase.kept.update(range(i, end))
        elif known and not is_part and depth < DEEPEST_ANCHOR:
            return self._relation_to_anchor(phrase, Relation.NEAR, i, start, depth)
        else:
            phrase.left_over.update(range(i, end))
        return end

    # --- small questions -----------------------------------------------------------------------

    def _constrain(self, phrase: NounPhrase, wrap: Wrap, start: int, end: int) -> None:
        """Add a constraint; an endless sentence keeps its first ones."""
        if len(phrase.constraints) < MOST_CONSTRAINTS:
            phrase.constraints.append(wrap)
        else:
            phrase.left_over.update(range(start, end))

    def _is_word(self, i: int, word: str) -> bool:
        return i < len(self.words) and self.words[i] == word

    def _is_of(self, i: int) -> bool:
        return self._is_word(i, "of")

    def _is_negation(self, i: int) -> bool:
        return self.lexicon.negations.match(self.words, i) is not None

    def _is_function_word(self, i: int) -> bool:
        lexicon = self.lexicon
        tables = (lexicon.function_words, lexicon.determiners, lexicon.copulas, lexicon.verbs)
        return any(table.match(self.words, i) for table in tables)

    def _ends_phrase(self, i: int) -> bool:
        """Whether a closed-class word ends the noun phrase here."""
        lexicon = self.lexicon
        tables = (lexicon.relations, lexicon.with_words, lexicon.negations, lexicon.exceptions)
        return (
            self.words[i] == COMMA
            or self._is_function_word(i)
            or any(table.match(self.words, i) for table in tables)
            or self.place(i) is not None
            or lexicon.place_prepositions.match(self.words, i) is not None
            or lexicon.superlatives.match(self.words, i) is not None
            or lexicon.distances.match(self.words, i) is not None
            or any(table.match(self.words, i) for table in lexicon.comparisons.values())
        )

    def _begins_noun(self, i: int) -> bool:
        return i < len(self.words) and not self._ends_phrase(i)

    def _begins_modifier(self, i: int) -> bool:
        """Whether a place, a relation or a measure begins here, so that no new anchor does."""
        if i >= len(self.words):
            return True
        lexicon = self.lexicon
        start = self._skip_determiners(i)
        return (
            lexicon.relations.match(self.words, i) is not None
            or lexicon.with_words.match(self.words, i) is not None
            or lexicon.place_prepositions.match(self.words, i) is not None
            or lexicon.distances.match(self.words, start) is not None
            or (self._is_function_word(i) and start == i)
            or any(table.match(self.words, i) for table in lexicon.comparisons.values())
            or (self.place(i) is not None)
        )

    def _skip_determiners(self, i: int) -> int:
        while match := self.lexicon.determiners.match(self.words, i):
            i = match[1]
        return i


def _quantity_of(unit: Unit) -> Quantity:
    areal = unit in UNIT_IN_SQUARE_METRES or unit is Unit.SQUARE_PIXEL
    return Quantity.AREA if areal else Quantity.LENGTH
