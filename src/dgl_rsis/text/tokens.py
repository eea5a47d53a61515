"""From a sentence to the words that carry meaning: tokens without openers, fillers, image phrases.

docs/design.md 1.1. Words are lower case; hyphens separate words, so that *top-left* and *top
left* are the same; punctuation becomes a comma.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from dgl_rsis.errors import TextError
from dgl_rsis.text.lexicon import Lexicon
from dgl_rsis.text.phrase_table import PhraseTable

COMMA = ","
_SENTENCE_ENDS = ".;:!?\n"
_IMAGE_PREPOSITIONS = frozenset(
    ("of", "in", "on", "from", "within", "inside", "across", "throughout")
)
# Typographic apostrophe and hyphens to plain ones; an underscore separates words.
_PLAIN = str.maketrans({"\u2019": "'", "\u2010": "-", "\u2011": "-", "_": " "})
_TOKEN = re.compile(
    r"""(?P<ordinal>\d+(?:st|nd|rd|th)\b)
      | (?P<number>\d+(?:[.,]\d+)*)
      | (?P<word>[^\W\d_][^\W_]*(?:'[^\W_]+)*)
      | (?P<stop>[,;:.!?()\n])""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class Words:
    """The words of a sentence.

    Attributes:
        words: lower case, ``,`` for punctuation.
        is_glued: for every word, whether a hyphen ties it to the one that follows.
    """

    words: tuple[str, ...]
    is_glued: tuple[bool, ...]


def tokenise(text: str, lexicon: Lexicon) -> Words:
    """Split a sentence and drop what carries no constraint.

    Raises:
        TextError: there is no letter in the text.
    """
    if not any(character.isalpha() for character in text):
        raise TextError(
            f"sentence: {text.strip()[:40]!r} has no words; say what to find, "
            "for example 'the largest building'"
        )
    lowered = text.lower().translate(_PLAIN)
    found = list(_TOKEN.finditer(lowered))
    words = [COMMA if m.lastgroup == "stop" else _clean(m.group(), lexicon) for m in found]
    glued = [lowered[m.end() : n.start()] == "-" for m, n in pairwise(found)] + [False] * bool(
        found
    )
    ends = [m.lastgroup == "stop" and m.group() in _SENTENCE_ENDS for m in found]
    start = _request(words, lexicon) or _behind_the_scene(words, ends, lexicon)
    kept = _meaningful(words, start, lexicon) or list(range(len(words)))
    # A word that was dropped ties nothing to the next one that was kept.
    ties = [glued[i] and i + 1 == following for i, following in pairwise([*kept, -1])]
    return Words(tuple(words[i] for i in kept), tuple(ties))


def number(word: str) -> float | None:
    """Value of a word of digits: ``1,000`` is a thousand, ``0,5`` a half; None for other words."""
    if not word[:1].isdecimal() or not word.isascii():
        return None
    grouped = re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", word)
    plain = word.replace(",", "") if grouped else word.replace(",", ".")
    return float(plain) if re.fullmatch(r"\d+(?:\.\d+)?", plain) else None


def _clean(word: str, lexicon: Lexicon) -> str:
    return lexicon.spelling.correct(word.removesuffix("'s"))


def _meaningful(words: list[str], start: int, lexicon: Lexicon) -> list[int]:
    """Positions of the words from ``start`` on that are kept."""
    kept: list[int] = []
    i = start
    while i < len(words):
        at_start = all(words[k] == COMMA for k in kept)
        end = _image_phrase(words, i, lexicon)
        if end == i and at_start:
            end = _end(lexicon.openers, words, i)
        if end == i:
            end = _end(lexicon.fillers, words, i)
        if end == i:
            kept.append(i)
            end = i + 1
        i = end
    return kept


def _request(words: list[str], lexicon: Lexicon) -> int:
    """Start of *find the ship* behind a stop: what was told before only sets the scene."""
    for i in range(len(words) - 1, 0, -1):
        match = lexicon.requests.match(words, i) if words[i - 1] == COMMA else None
        if match and lexicon.determiners.match(words, match[1]):
            return i
    return 0


def _behind_the_scene(words: list[str], ends: list[bool], lexicon: Lexicon) -> int:
    """Start of the second sentence behind *this image shows a harbor.*, if it names something."""
    end = _image_phrase(words, 0, lexicon) if words else 0
    verb = lexicon.scene_verbs.match(words, end) if end else None
    if verb is None:
        return 0
    for i in range(verb[1], len(words) - 1):
        if ends[i]:
            follows = lexicon.determiners.match(words, i + 1)
            return i + 1 if follows else verb[1]
    return verb[1]


def _end(table: PhraseTable[str], words: list[str], start: int) -> int:
    match = table.match(words, start)
    return match[1] if match else start


def _image_phrase(words: list[str], start: int, lexicon: Lexicon) -> int:
    """End of *in this aerial image* or *the picture*; ``start`` where there is none."""
    i = start
    if words[i] in _IMAGE_PREPOSITIONS:
        i += 1
    while i < len(words) and (
        words[i] in lexicon.image_adjectives or lexicon.determiners.match(words, i)
    ):
        i += 1
    if i >= len(words) or words[i] not in lexicon.image_nouns:
        return start
    is_title = start == 0 and words[i + 1 : i + 2] == ["of"]
    if i == start and not is_title:
        return start
    return i + 1
