"""The words that the grammar knows: nouns with their kinds, attributes, places, relations.

The lexicon is data (``lexicon.yaml``), read once and checked; errors name the file and the key.
DESIGN.md section 1.1.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Generic, TypeVar

from dgl_rsis.errors import TextError
from dgl_rsis.text.program import (
    Comparison,
    Direction,
    Key,
    Position,
    Quantity,
    Relation,
    Unit,
)

Value = TypeVar("Value")

LEXICON_FILE = Path(__file__).with_name("lexicon.yaml")


class PhraseTable(Generic[Value]):
    """Phrases of one or more words, each with a value; the longest match wins.

    Args:
        phrases: pairs of phrase (words separated by blanks) and value; the first one of a phrase
            stays.
    """

    def __init__(self, phrases: Iterable[tuple[str, Value]]) -> None:
        self._values: dict[tuple[str, ...], Value] = {}
        for phrase, value in phrases:
            self._values.setdefault(tuple(phrase.split()), value)
        self._lengths: dict[str, list[int]] = {}
        for words in self._values:
            self._lengths.setdefault(words[0], []).append(len(words))
        for lengths in self._lengths.values():
            lengths[:] = sorted(set(lengths), reverse=True)

    def match(self, words: Sequence[str], start: int) -> tuple[Value, int] | None:
        """Value of the longest phrase that begins at ``start``, and where it ends."""
        if start >= len(words):
            return None
        for length in self._lengths.get(words[start], ()):
            key = tuple(words[start : start + length])
            if key in self._values:
                return self._values[key], start + len(key)
        return None

    def get(self, phrase: str) -> Value | None:
        """Value of a whole phrase."""
        return self._values.get(tuple(phrase.split()))

    def __iter__(self) -> Iterator[str]:
        return (" ".join(words) for words in self._values)


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
        kind: colour, lightness, size, shape or other.
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
    attributes: PhraseTable[Attribute]
    colours: Mapping[str, tuple[float, float, float]]
    positions: PhraseTable[Position]
    place_nouns: PhraseTable[str]
    place_prepositions: PhraseTable[str]
    place_adverbs: PhraseTable[str]
    superlatives: PhraseTable[tuple[Key, Direction]]
    distances: PhraseTable[Direction]
    relations: PhraseTable[Relation]
    numbers: PhraseTable[int]
    ordinals: PhraseTable[int]
    last: PhraseTable[str]
    every: PhraseTable[str]
    units: PhraseTable[Unit]
    comparisons: Mapping[tuple[Quantity, Comparison], PhraseTable[str]]
    distance_words: PhraseTable[str]
    determiners: PhraseTable[str]
    copulas: PhraseTable[str]
    negations: PhraseTable[str]
    with_words: PhraseTable[str]
    exceptions: PhraseTable[str]
    intensifiers: PhraseTable[str]
    verbs: PhraseTable[str]
    function_words: PhraseTable[str]
    openers: PhraseTable[str]
    fillers: PhraseTable[str]
    image_nouns: frozenset[str]
    image_adjectives: frozenset[str]

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

    def overlap(self, first: str, second: str) -> bool:
        """Whether two nouns can name the same pixels: synonyms, or one is a kind of the other."""
        one, other = self.find(first), self.find(second)
        if one is None or other is None:
            return singular(first.lower()) == singular(second.lower())
        return one.name in self.kinds(second) or other.name in self.kinds(first)


@lru_cache(maxsize=1)
def default_lexicon() -> Lexicon:
    """The lexicon of the package, read once."""
    return load_lexicon(LEXICON_FILE)


def load_lexicon(path: Path) -> Lexicon:
    """Read a lexicon file.

    Args:
        path: a YAML file with the sections of the package's own ``lexicon.yaml``.

    Raises:
        TextError: the file cannot be read, or a section is missing or malformed; names the key.
    """
    values = read_yaml(path)
    try:
        return _build(_Sections(values, path))
    except ValueError as error:
        raise TextError(f"{path}: {error}") from error


def read_yaml(path: Path) -> dict[str, Any]:
    """A YAML file that holds a mapping.

    Raises:
        TextError: it cannot be read, is no YAML, or holds something else.
    """
    import yaml  # here, so that importing the text package stays light

    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise TextError(f"{path}: cannot be read ({error.strerror}); check the path") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise TextError(f"{path}: not a YAML file in UTF-8: {reason}") from error
    if not isinstance(values, dict):
        raise TextError(f"{path}: expected a mapping of sections at the top level")
    return values


def plural(noun: str) -> str:
    """Regular English plural of a noun phrase: its last word changes."""
    if noun.endswith(("s", "x", "ch", "sh")):
        return noun + "es"
    if noun.endswith("y") and len(noun) > 1 and noun[-2] not in "aeiou":
        return noun[:-1] + "ies"
    if noun.endswith("man"):
        return noun[:-3] + "men"
    return noun + "s"


def singular(noun: str) -> str:
    """Regular English singular of an unknown noun; unchanged where it does not look plural."""
    if len(noun) < 4 or noun.endswith(("ss", "us", "is")) or not noun.endswith("s"):
        return noun
    if noun.endswith("ies") and len(noun) > 4:
        return noun[:-3] + "y"
    if noun.endswith(("sses", "xes", "ches", "shes")):
        return noun[:-2]
    return noun[:-1]


@dataclass(frozen=True)
class _Sections:
    """Checked access to the sections of a lexicon file."""

    values: Mapping[str, Any]
    path: Path

    def words(self, section: str) -> list[str]:
        """A section that is a list of words."""
        return _words(self.values.get(section), section)

    def table(self, section: str) -> PhraseTable[str]:
        """A section that is a list of words, for matching."""
        return PhraseTable((word, word) for word in self.words(section))

    def mapping(self, section: str) -> Mapping[str, Any]:
        """A section that is a mapping with words as keys."""
        found = self.values.get(section)
        if not isinstance(found, dict) or not all(isinstance(key, str) for key in found):
            raise ValueError(f"section '{section}' must be a mapping with words as keys")
        return found

    def listed(self, section: str) -> Iterator[tuple[str, str]]:
        """Pairs of word and key of a section that maps keys to lists of words."""
        for key, words in self.mapping(section).items():
            for word in _words(words, f"{section}.{key}"):
                yield word, key

    def numbers(self, section: str) -> PhraseTable[int]:
        """A section that maps words to numbers."""
        return PhraseTable(
            (word, _whole(value, f"{section}.{word}"))
            for word, value in self.mapping(section).items()
        )


def _build(sections: _Sections) -> Lexicon:
    nouns = _nouns(sections.mapping("nouns"))
    generic = sections.words("generic")
    table = sections.table
    return Lexicon(
        nouns=nouns,
        noun_forms=PhraseTable(_noun_forms(sections.mapping("nouns"))),
        noun_of_word=_noun_of_word(nouns),
        generic=PhraseTable(
            [*((word, False) for word in generic), *((plural(word), True) for word in generic)]
        ),
        parts=frozenset(sections.words("parts")),
        attributes=PhraseTable(_attributes(sections)),
        colours={name: _lab(entry, name) for name, entry in sections.mapping("colours").items()},
        positions=PhraseTable((word, Position(key)) for word, key in sections.listed("positions")),
        place_nouns=table("place_nouns"),
        place_prepositions=table("place_prepositions"),
        place_adverbs=table("place_adverbs"),
        superlatives=PhraseTable(
            (word, _extreme(key)) for word, key in sections.listed("superlatives")
        ),
        distances=PhraseTable((word, Direction(key)) for word, key in sections.listed("distances")),
        relations=PhraseTable((word, Relation(key)) for word, key in sections.listed("relations")),
        numbers=sections.numbers("numbers"),
        ordinals=sections.numbers("ordinals"),
        last=table("last"),
        every=table("every"),
        units=PhraseTable((word, Unit(key)) for word, key in sections.listed("units")),
        comparisons=_comparisons(sections),
        distance_words=table("distance_words"),
        determiners=table("determiners"),
        copulas=table("copulas"),
        negations=table("negations"),
        with_words=table("with_words"),
        exceptions=table("exceptions"),
        intensifiers=table("intensifiers"),
        verbs=table("verbs"),
        function_words=table("function_words"),
        openers=table("openers"),
        fillers=table("fillers"),
        image_nouns=frozenset(sections.words("image_nouns")),
        image_adjectives=frozenset(sections.words("image_adjectives")),
    )


def _nouns(entries: Mapping[str, Any]) -> dict[str, Noun]:
    known = {"variants", "synonyms", "kind_of", "extent", "plural"}
    for name, entry in entries.items():
        strange = set(entry) - known if isinstance(entry, dict) else {"(not a mapping)"}
        if strange:
            raise ValueError(f"nouns.{name}: unknown {', '.join(sorted(strange))}")
        for parent in _words(entry.get("kind_of", []), f"nouns.{name}.kind_of"):
            if parent not in entries:
                raise ValueError(f"nouns.{name}.kind_of: '{parent}' is not a noun of this file")
    return {
        name: Noun(
            name=name,
            synonyms=tuple(_words(entry.get("synonyms", []), f"nouns.{name}.synonyms")),
            kind_of=tuple(entry.get("kind_of", [])),
            is_stuff=_extent(entries, name, ()) == "stuff",
            is_countable=entry.get("plural") != "none",
        )
        for name, entry in entries.items()
    }


def _extent(entries: Mapping[str, Any], name: str, below: tuple[str, ...]) -> str:
    if name in below:
        raise ValueError(f"nouns.{name}.kind_of: the kinds form a circle")
    own = entries[name].get("extent")
    if own is not None:
        if own not in ("stuff", "thing"):
            raise ValueError(f"nouns.{name}.extent: must be stuff or thing, not {own!r}")
        return str(own)
    for parent in entries[name].get("kind_of", []):
        if _extent(entries, parent, (*below, name)) == "stuff":
            return "stuff"
    return "thing"


def _noun_forms(entries: Mapping[str, Any]) -> Iterator[tuple[str, NounForm]]:
    """Spoken form -> singular; names of entries before synonyms, singular before plural."""
    spoken: list[tuple[str, str]] = []
    for name, entry in entries.items():
        spoken += [(name, name)]
        spoken += [(word, name) for word in _words(entry.get("variants", []), f"nouns.{name}")]
    for entry in entries.values():
        spoken += [(word, word) for word in entry.get("synonyms", [])]
    for word, name in spoken:
        yield word, NounForm(name, is_plural=False)
    for word, name in spoken:
        irregular = entries.get(word, {}).get("plural")
        if irregular != "none":
            yield irregular or plural(word), NounForm(name, is_plural=True)


def _noun_of_word(nouns: Mapping[str, Noun]) -> dict[str, str]:
    found = {name: name for name in nouns}
    for noun in nouns.values():
        for word in noun.synonyms:
            found.setdefault(word, noun.name)
    return found


def _attributes(sections: _Sections) -> Iterator[tuple[str, Attribute]]:
    for name, entry in sections.mapping("colours").items():
        for word in (name, *_words(entry.get("variants", []), f"colours.{name}.variants")):
            yield word, Attribute(name, "colour", name)
    for section, kind in (("lightness", "lightness"), ("sizes", "size"), ("shapes", "shape")):
        for word, measure in sections.listed(section):
            yield word, Attribute(word, kind, measure)
    for word in sections.words("others"):
        yield word, Attribute(word, "other", "")


def _comparisons(
    sections: _Sections,
) -> dict[tuple[Quantity, Comparison], PhraseTable[str]]:
    found = {}
    for key, words in sections.mapping("comparisons").items():
        quantity, _, comparison = key.partition(" ")
        table = PhraseTable((word, word) for word in _words(words, f"comparisons.{key}"))
        found[Quantity(quantity), Comparison(comparison)] = table
    return found


def _extreme(key: str) -> tuple[Key, Direction]:
    name, _, direction = key.partition(" ")
    return Key(name), Direction(direction)


def _lab(entry: Any, name: str) -> tuple[float, float, float]:
    values = entry.get("lab") if isinstance(entry, dict) else None
    if not isinstance(values, list) or len(values) != 3:
        raise ValueError(f"colours.{name}.lab: must be three numbers")
    lightness, a, b = (float(value) for value in values)
    return lightness, a, b


def _words(values: Any, where: str) -> list[str]:
    if not isinstance(values, list) or not all(isinstance(v, str) and v.strip() for v in values):
        raise ValueError(f"{where}: must be a list of words (quote 'on', 'off', 'yes' and 'no')")
    return values


def _whole(value: Any, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError(f"{where}: must be a whole number")
    return value
