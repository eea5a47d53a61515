"""The texts that the text tower is distilled over.

The field's own phrases (lexicon, concepts, scene names, captions of training images), and the nouns of
a dictionary with their definitions. Captions of held-out images and the words that measure the tower
on language it never saw are left out.
"""

from __future__ import annotations

import functools
import json
import random
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from dgl_rsis.text.inflection import singular
from pretrain import wordnet
from pretrain.concepts import CONCEPTS, SCENES, TEMPLATES
from pretrain.split import is_held_out
from pretrain.wordnet import Entry

COLOURS = ("red", "white", "grey", "dark", "blue", "green", "brown", "yellow", "black", "bright")
ADJECTIVES = ("large", "small", "long", "round", "narrow", "dense", "sparse", "bare", "empty")
MODIFIERS = (
    "abandoned", "arid", "artificial", "busy", "closed", "commercial", "concrete", "covered", "curved",
    "deep", "dry", "fenced", "flat", "flooded", "high", "industrial", "inland", "isolated", "low",
    "main", "metal", "modern", "natural", "nearby", "new", "old", "open", "paved", "private", "public",
    "rural", "sandy", "shallow", "square", "steep", "stone", "straight", "tall", "tropical", "urban",
    "wide", "wild", "wooden",
)  # fmt: skip
MODIFIERS_EACH = 8  # drawn for every name of the field


def captions(data: Path) -> list[dict[str, Any]]:
    """RSICD captions joined to AID images, one record per image."""
    lines = (data / "aid_rsicd" / "captions.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def lexicon_words() -> list[str]:
    """Nouns and synonyms of the package's own lexicon and knowledge."""
    import yaml

    import dgl_rsis

    words: set[str] = set()

    def collect(node: Any) -> None:
        if isinstance(node, str) and re.fullmatch(r"[A-Za-z][A-Za-z -]{2,40}", node):
            words.add(node.lower())
        elif isinstance(node, dict):
            for key, value in node.items():
                collect(key)
                collect(value)
        elif isinstance(node, list):
            for value in node:
                collect(value)

    folder = Path(dgl_rsis.__file__).parent / "text"
    for path in sorted(folder.glob("*.yaml")):
        collect(yaml.safe_load(path.read_text(encoding="utf-8")))
    return sorted(words)


def unseen_words() -> tuple[str, ...]:
    """Words and phrases that measure the tower on language it never saw; none is distilled."""
    import yaml

    path = Path(__file__).parents[1] / "benchmarks" / "data" / "unseen_words.yaml"
    classes: dict[str, list[str]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return tuple(word for words in classes.values() for word in words)


@functools.cache
def _singular(word: str) -> str:
    return singular(word)


def _stems(text: str) -> tuple[str, ...]:
    """Words in lower case and in the singular; hyphens separate."""
    return tuple(_singular(word) for word in re.findall(r"[a-z0-9]+", text.lower()))


def without(texts: Iterable[str], words: Iterable[str]) -> list[str]:
    """The texts, sorted, that hold none of the words or phrases, in any number or case."""
    unseen = {_stems(word) for word in words}
    lengths = sorted({len(stems) for stems in unseen})

    def is_seen(text: str) -> bool:
        stems = _stems(text)
        return not any(
            stems[first : first + length] in unseen
            for length in lengths
            for first in range(len(stems) - length + 1)
        )

    return sorted(filter(is_seen, set(texts)))


def corpus(
    data: Path | None, vocabulary: list[str], words: int, seed: int, nouns: Iterable[Entry] = ()
) -> tuple[list[str], list[str]]:
    """Texts to distil: the field's own phrases first, then dictionary words.

    Captions of held-out images and ``unseen_words`` are left out.

    Args:
        data: folder with the captions; None leaves them out.
        vocabulary: word pieces of the teacher.
        words: whole words of the vocabulary that are taken.
        seed: of templates and combinations.
        nouns: dictionary entries; their words and glosses are taken.

    Returns:
        field texts (repeated more often in training) and dictionary texts.
    """
    rng = random.Random(seed)
    names = {n for group in (*CONCEPTS.values(), *SCENES.values()) for n in group}
    names |= set(CONCEPTS) | set(lexicon_words())
    names |= {name + "s" for name in names if not name.endswith("s")}
    field = [template.format(name) for name in sorted(names) for template in TEMPLATES]
    field += [f"{adjective} {name}" for name in sorted(names) for adjective in COLOURS + ADJECTIVES]
    field += [
        f"{m} {name}" for name in sorted(names) for m in rng.sample(MODIFIERS, MODIFIERS_EACH)
    ]
    field += [f"a {a} {b} next to a {c}" for a, b, c in _triples(sorted(names), rng, 4000)]
    for record in [] if data is None else captions(data):
        if not is_held_out(record["image"].rsplit("/", 1)[-1]):
            field += [text.rstrip(" .") for text in record["captions"]]
    whole = [t for t in vocabulary if re.fullmatch(r"[a-z]{3,}", t)][:words]
    dictionary = whole + [rng.choice(TEMPLATES).format(word) for word in whole]
    for entry in nouns:
        dictionary += [*entry.words, rng.choice(TEMPLATES).format(entry.words[0]), entry.gloss]
    unseen = unseen_words()
    return without(field, unseen), without(dictionary, unseen)


def read(
    data: Path, settings: dict[str, Any], vocabulary: list[str], seed: int
) -> tuple[list[str], list[str], list[Entry]]:
    """Field texts and dictionary texts as the configuration wants them, and the dictionary.

    Args:
        data: folder with the captions.
        settings: the ``text`` part of the configuration.
        vocabulary: word pieces of the teacher.
        seed: of templates and combinations.
    """
    nouns = wordnet.read(Path(settings["wordnet"]))
    captioned = data if settings["captions"] else None
    return *corpus(captioned, vocabulary, settings["dictionary_words"], seed, nouns), nouns


def _triples(names: list[str], rng: random.Random, count: int) -> list[tuple[str, str, str]]:
    return [(rng.choice(COLOURS), rng.choice(names), rng.choice(names)) for _ in range(count)]


def closed_compounds(names: Iterable[str]) -> dict[str, str]:
    """Spellings of compounds as one word and with a hyphen, each with its usual spelling."""
    spellings: dict[str, str] = {}
    for name in sorted(set(names)):
        words = name.split(" ")
        if len(words) == 2 and min(map(len, words)) > 2:
            spellings |= {"".join(words): name, "-".join(words): name}
    return {spelling: name for spelling, name in spellings.items() if spelling not in names}
