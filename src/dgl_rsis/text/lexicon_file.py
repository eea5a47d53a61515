"""The lexicon from its file: ``lexicon.yaml``, read once and checked.

Errors name the file and the key. docs/design.md 1.1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import isfinite
from pathlib import Path
from typing import Any

from dgl_rsis.errors import TextError
from dgl_rsis.text.inflection import plural
from dgl_rsis.text.lexicon import Attribute, Lexicon, Noun, NounForm
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
from dgl_rsis.text.yaml_file import read_yaml

LEXICON_FILE = Path(__file__).with_name("lexicon.yaml")
OWN_SECTIONS = ("nouns", "colours", "lightness", "sizes", "shapes", "heights", "others")
"""Sections that users extend: nouns and adjectives; the rest is grammar."""


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
        return _build(_Sections(values))
    except ValueError as error:
        raise TextError(f"{path}: {error}") from error


def extended_lexicon(own: Mapping[str, Any]) -> Lexicon:
    """The lexicon of the package with words of a user, which come first where both have one.

    Args:
        own: some of ``OWN_SECTIONS``, in the form of the package's file. Lists of a noun or a colour
            that we have are extended, its other values replaced.

    Raises:
        ValueError: a section is malformed; names the key.
    """
    if not own:
        return default_lexicon()
    values = read_yaml(LEXICON_FILE)
    for section, theirs in own.items():
        _check_lower(theirs, section)
        ours = values[section]
        if type(theirs) is not type(ours):
            kind = "list of words" if isinstance(ours, list) else "mapping with words as keys"
            raise ValueError(f"section '{section}' must be a {kind}")
        if isinstance(ours, list):
            values[section] = [*theirs, *ours]
            continue
        if section not in ("nouns", "colours"):
            strange = sorted(str(key) for key in theirs if key not in ours)
            if strange:
                raise ValueError(f"{section}: unknown {', '.join(strange)}; use {', '.join(ours)}")
        joined = {key: _joined(ours.get(key), each) for key, each in theirs.items()}
        values[section] = {**joined, **{key: ours[key] for key in ours if key not in joined}}
    return _build(_Sections(values))


def _check_lower(values: Any, where: str) -> None:
    """Sentences are read in lower case: a word that is not would never be found.

    Raises:
        ValueError: there is such a word.
    """
    if isinstance(values, str) and values != values.lower():
        raise ValueError(f"{where}: write {values!r} in lower case")
    if isinstance(values, dict):
        _check_lower(list(values), where)
        for key, each in values.items():
            _check_lower(each, f"{where}.{key}")
    elif isinstance(values, list):
        for each in values:
            _check_lower(each, where)


def _joined(ours: Any, theirs: Any) -> Any:
    """An entry of a user over one of ours: lists are extended, mappings key by key."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        lists = {"variants", "synonyms", "kind_of"}
        return ours | {k: _joined(ours.get(k) if k in lists else None, theirs[k]) for k in theirs}
    if isinstance(ours, list) and isinstance(theirs, list):
        return [*theirs, *ours]
    return theirs


@dataclass(frozen=True)
class _Sections:
    """Checked access to the sections of a lexicon file."""

    values: Mapping[str, Any]

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
    colours = {name: _lab(entry, name) for name, entry in sections.mapping("colours").items()}
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
        markings=frozenset(sections.words("markings")),
        areas=frozenset(sections.words("areas")),
        portions=table("portions"),
        attributes=PhraseTable(_attributes(sections)),
        adjective_endings=tuple(sections.words("adjective_endings")),
        noun_endings=tuple(sections.words("noun_endings")),
        nouns_before_nouns=frozenset(sections.words("nouns_before_nouns")),
        suffixes=table("suffixes"),
        colours=colours,
        positions=PhraseTable((word, Position(key)) for word, key in sections.listed("positions")),
        place_nouns=table("place_nouns"),
        place_prepositions=table("place_prepositions"),
        place_adverbs=table("place_adverbs"),
        superlatives=PhraseTable(
            (word, _extreme(key)) for word, key in sections.listed("superlatives")
        ),
        comparatives=PhraseTable(
            (word, _extreme(key)) for word, key in sections.listed("comparatives")
        ),
        distances=PhraseTable((word, Direction(key)) for word, key in sections.listed("distances")),
        relations=PhraseTable((word, Relation(key)) for word, key in sections.listed("relations")),
        numbers=sections.numbers("numbers"),
        scales=sections.numbers("scales"),
        ordinals=sections.numbers("ordinals"),
        last=sections.numbers("last"),
        counting=PhraseTable((word, Position(key)) for word, key in sections.listed("counting")),
        every=table("every"),
        units=PhraseTable((word, Unit(key)) for word, key in sections.listed("units")),
        comparisons=_comparisons(sections),
        bounds=PhraseTable((word, Comparison(key)) for word, key in sections.listed("bounds")),
        dimensions=PhraseTable(sections.listed("dimensions")),
        distance_words=table("distance_words"),
        determiners=table("determiners"),
        copulas=table("copulas"),
        negations=table("negations"),
        outside=PhraseTable((word, Relation(key)) for word, key in sections.listed("outside")),
        without=table("without"),
        orientations=table("orientations"),
        factors=table("factors"),
        with_words=table("with_words"),
        exceptions=table("exceptions"),
        intensifiers=table("intensifiers"),
        verbs=table("verbs"),
        describing=table("describing"),
        participles=table("participles"),
        function_words=table("function_words"),
        openers=table("openers"),
        requests=table("requests"),
        existential=table("existential"),
        scene_verbs=table("scene_verbs"),
        fillers=table("fillers"),
        image_nouns=frozenset(sections.words("image_nouns")),
        image_adjectives=frozenset(sections.words("image_adjectives")),
    )


def _nouns(entries: Mapping[str, Any]) -> dict[str, Noun]:
    known = {"variants", "synonyms", "kind_of", "extent", "plural"}
    for name, entry in entries.items():
        strange = set(entry) - known if isinstance(entry, dict) else {"(not a mapping)"}
        if strange:
            raise ValueError(f"nouns.{name}: unknown {', '.join(sorted(map(str, strange)))}")
        if not isinstance(entry.get("plural", ""), str):
            raise ValueError(f"nouns.{name}.plural: must be a word, or none")
        for parent in _words(entry.get("kind_of", []), f"nouns.{name}.kind_of"):
            if parent not in entries:
                raise ValueError(f"nouns.{name}.kind_of: '{parent}' is no noun that is known")
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
    for section, kind in (("heights", "height"), ("others", "other")):
        for word in sections.words(section):
            yield word, Attribute(word, kind, "")


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
    strange = set(entry) - {"lab", "variants"} if isinstance(entry, dict) else {"(not a mapping)"}
    if strange:
        raise ValueError(f"colours.{name}: unknown {', '.join(sorted(map(str, strange)))}")
    values = entry.get("lab")
    if (
        not isinstance(values, list)
        or len(values) != 3
        or not all(isinstance(value, int | float) and isfinite(value) for value in values)
    ):
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
