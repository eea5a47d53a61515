"""The words that the grammar knows: nouns with their kinds, attributes, places, relations.

The lexicon is data; ``lexicon_file`` reads it. docs/design.md 1.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

from dgl_rsis.text.inflection import singular
from dgl_rsis.text.phrase_table import PhraseTable
from dgl_rsis.text.program.vocabulary import (
    Comparison,
    Direction,
    Key,
    Position,
    Quantity,
    Relation,
    Unit,
)
from dgl_rsis.text.spelling import Spelling


@dataclass(frozen=True)
class Noun:
    """A kind of thing that can be seen from above.

    Attributes:
        name: singular.
        synonyms: other words for it.
        kind_of: names of more general nouns.
        is_stuff: it spreads (water, road) instead of having a centre.
        is_countable: it takes an article and a plural (a road, but water).
    """

    name: str
    synonyms: tuple[str, ...]
    kind_of: tuple[str, ...]
    is_stuff: bool
    is_countable: bool


@dataclass(frozen=True)
class NounForm:
    """How a noun was said: rewritten to the singular, and whether it was a plural."""

    singular: str
    is_plural: bool


@dataclass(frozen=True)
class Attribute:
    """An adjective.

    Attributes:
        word: as it is kept in programs, spelling variants rewritten.
        kind: colour, lightness, size, shape, height or other.
        measure: name of what it is measured by: the colour, ``dark``, ``large``, ``round``;
            empty where nothing measures it.
    """

    word: str
    kind: str
    measure: str


@dataclass(frozen=True)
class Lexicon:
    """All word lists, ready for matching. Every field is a section of ``lexicon.yaml``."""

    nouns: Mapping[str, Noun]
    noun_forms: PhraseTable[NounForm]
    noun_of_word: Mapping[str, str]
    generic: PhraseTable[bool]
    parts: frozenset[str]
    markings: frozenset[str]
    areas: frozenset[str]
    portions: PhraseTable[str]
    attributes: PhraseTable[Attribute]
    adjective_endings: tuple[str, ...]
    noun_endings: tuple[str, ...]
    nouns_before_nouns: frozenset[str]
    suffixes: PhraseTable[str]
    colours: Mapping[str, tuple[float, float, float]]
    positions: PhraseTable[Position]
    place_nouns: PhraseTable[str]
    place_prepositions: PhraseTable[str]
    place_adverbs: PhraseTable[str]
    superlatives: PhraseTable[tuple[Key, Direction]]
    comparatives: PhraseTable[tuple[Key, Direction]]
    distances: PhraseTable[Direction]
    relations: PhraseTable[Relation]
    numbers: PhraseTable[int]
    scales: PhraseTable[int]
    ordinals: PhraseTable[int]
    last: PhraseTable[int]
    counting: PhraseTable[Position]
    every: PhraseTable[str]
    units: PhraseTable[Unit]
    comparisons: Mapping[tuple[Quantity, Comparison], PhraseTable[str]]
    bounds: PhraseTable[Comparison]
    dimensions: PhraseTable[str]
    distance_words: PhraseTable[str]
    determiners: PhraseTable[str]
    copulas: PhraseTable[str]
    negations: PhraseTable[str]
    outside: PhraseTable[Relation]
    without: PhraseTable[str]
    orientations: PhraseTable[str]
    factors: PhraseTable[str]
    with_words: PhraseTable[str]
    exceptions: PhraseTable[str]
    intensifiers: PhraseTable[str]
    verbs: PhraseTable[str]
    describing: PhraseTable[str]
    participles: PhraseTable[str]
    function_words: PhraseTable[str]
    openers: PhraseTable[str]
    requests: PhraseTable[str]
    existential: PhraseTable[str]
    scene_verbs: PhraseTable[str]
    fillers: PhraseTable[str]
    image_nouns: frozenset[str]
    image_adjectives: frozenset[str]

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """All single words that occur in the lexicon."""
        words = {*self.image_nouns, *self.image_adjectives, *self.parts, *self.markings}
        tables = [getattr(self, each.name) for each in fields(self)]
        for table in (*tables, self.bounding):
            if isinstance(table, PhraseTable):
                words |= table.words
        return frozenset(words)

    @cached_property
    def owners(self) -> frozenset[str]:
        """Words that *'s* may make an owner of: *the castle's*, not *the image's*."""
        return self.noun_forms.words - self.image_nouns

    @cached_property
    def bounding(self) -> PhraseTable[tuple[tuple[Quantity, Comparison], ...]]:
        """Every phrase of ``comparisons`` with all that it can compare."""
        said: dict[str, list[tuple[Quantity, Comparison]]] = {}
        for key, table in self.comparisons.items():
            for phrase in table:
                said.setdefault(phrase, []).append(key)
        return PhraseTable((phrase, tuple(keys)) for phrase, keys in said.items())

    @cached_property
    def number_words(self) -> frozenset[str]:
        """Words of ``numbers`` and ``scales``."""
        return self.numbers.words | self.scales.words

    @cached_property
    def before_than(self) -> frozenset[str]:
        """Words that *than* may follow: *longer*, *more*."""
        words = {phrase.split()[-2] for phrase in self.bounding if phrase.endswith(" than")}
        return self.comparatives.words | words

    @cached_property
    def spelling(self) -> Spelling:
        """Corrects typing errors in closed-class words and nouns."""
        tables: tuple[PhraseTable[Any], ...] = (
            self.positions, self.place_nouns, self.place_prepositions, self.superlatives,
            self.comparatives, self.distances, self.relations, self.numbers, self.ordinals,
            self.last, self.every, self.determiners, self.copulas, self.negations,
            self.with_words, self.exceptions, self.function_words, self.bounding,
        )  # fmt: skip
        closed = frozenset[str]().union(*(table.words for table in tables))
        return Spelling(closed, self.vocabulary | self.nouns_before_nouns, self.noun_forms.words)

    def find(self, name: str) -> Noun | None:
        """The entry of a noun, of a synonym, or of the longest known noun at the end of a name.

        *paved roads* finds *road*; *flurb* finds nothing.
        """
        words = name.lower().replace("_", " ").replace("-", " ").split()
        for start in range(len(words)):
            form = self.noun_forms.get(" ".join(words[start:]))
            if form is not None:
                return self.nouns[self.noun_of_word[form.singular]]
        return None

    def is_stuff(self, name: str) -> bool:
        """Whether a noun spreads; unknown nouns are things."""
        noun = self.find(name)
        return noun is not None and noun.is_stuff

    def kinds(self, name: str) -> frozenset[str]:
        """Names of the entry of a noun and of everything more general; empty when unknown."""
        noun = self.find(name)
        found: set[str] = set()
        waiting = [noun.name] if noun else []
        while waiting:
            each = waiting.pop()
            if each not in found:
                found.add(each)
                waiting.extend(self.nouns[each].kind_of)
        return frozenset(found)

    def is_modifying_noun(self, word: str) -> bool:
        """Whether a word before a noun is a part of it (*oil* platform), no adjective (*rocky*).

        What the lexicon knows as anything but a noun is none; the ending tells the others.
        """
        if word in self.nouns_before_nouns:
            return True
        is_in_noun = word in self.noun_forms.words and self.attributes.get(word) is None
        if word in self.vocabulary and not is_in_noun:
            return False
        noun, adjective = (
            max((len(ending) for ending in endings if word.endswith(ending)), default=0)
            for endings in (self.noun_endings, self.adjective_endings)
        )
        return noun >= adjective

    def overlap(self, first: str, second: str) -> bool:
        """Whether two nouns can name the same pixels: synonyms, or one is a kind of the other.

        Of nouns that nobody knows, a compound is a kind of its head: a *ski lift* is a *lift*,
        but no *oil platform* is a *gas platform*.
        """
        one, other = self.find(first), self.find(second)
        is_known = any(self.noun_forms.get(noun.lower()) is not None for noun in (first, second))
        if one is None or other is None or not is_known:
            return is_kind_of_head(first, second) or is_kind_of_head(second, first)
        return one.name in self.kinds(second) or other.name in self.kinds(first)


def is_kind_of_head(compound: str, head: str) -> bool:
    """Whether a noun ends with another one, or is the same: *oil platforms* and *platform*."""
    long, short = singular(compound.lower()), singular(head.lower())
    return f" {long}".endswith(f" {short}")
