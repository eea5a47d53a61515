"""From a sentence to the words that carry meaning: tokens without openers, fillers, image phrases.

docs/design.md 1.1. Words are lower case; hyphens separate words, so that *top-left* and *top
left* are the same; punctuation becomes a comma. Of several sentences the first may only set the
scene of what is asked for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from dgl_rsis.errors import TextError
from dgl_rsis.text.lexicon import Lexicon
from dgl_rsis.text.phrase_table import PhraseTable

COMMA = ","
OWNS = "'s"
_SENTENCE_ENDS = ".;:!?\n"
_IMAGE_PREPOSITIONS = frozenset(
    ("of", "in", "on", "from", "within", "inside", "across", "throughout")
)
_RESUMING = ("then", "now", "please")
_ARTICLES = ("the", "a", "an", "all", "every", "each", "both")
# Signs that are words: "> 5 m", "no. 3".
_SIGNS = (
    (re.compile(r">=|\u2265"), " at least "),
    (re.compile(r"<=|\u2264"), " at most "),
    (re.compile(r">"), " more than "),
    (re.compile(r"<"), " less than "),
    (re.compile(r"\b(?:no|nr)\.\s*(?=\d)|#(?=\d)"), " number "),
)
_OWNER = re.compile(r"([^\W\d_]+)'s\b")
# Typographic apostrophe and hyphens to plain ones; an underscore separates words.
_PLAIN = str.maketrans({"\u2019": "'", "\u2010": "-", "\u2011": "-", "_": " "})
_TOKEN = re.compile(
    r"""(?P<ordinal>\d+(?:st|nd|rd|th)\b)
      | (?P<number>\d+(?:[.,]\d+)*)
      | (?P<word>'s\b|[^\W\d_][^\W_]*(?:'[^\W_]+)*)
      | (?P<stop>[,;:.!?()\n])""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class Words:
    """The words of a sentence.

    Attributes:
        words: lower case, ``,`` for punctuation.
        is_glued: for every word, whether a hyphen ties it to the one that follows.
        begins: index of the sentence that asks, where what stands before it only sets the scene;
            0 where that is not so.
    """

    words: tuple[str, ...]
    is_glued: tuple[bool, ...]
    begins: int = 0


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
    lowered = _without_signs(text.lower().translate(_PLAIN), lexicon)
    found = list(_TOKEN.finditer(lowered))
    words = [COMMA if m.lastgroup == "stop" else _clean(m.group(), lexicon) for m in found]
    words = _compared(words, lexicon)
    glued = [lowered[m.end() : n.start()] == "-" for m, n in pairwise(found)] + [False] * bool(
        found
    )
    ends = [m.lastgroup == "stop" and m.group() in _SENTENCE_ENDS for m in found]
    start, asks = _behind_the_scene(words, ends, lexicon)
    kept = _meaningful(words, start, asks, lexicon) or list(range(len(words)))
    # A word that was dropped ties nothing to the next one that was kept.
    ties = [glued[i] and i + 1 == following for i, following in pairwise([*kept, -1])]
    begins = sum(i < asks for i in kept)
    begins = begins if any(words[i] != COMMA for i in kept[:begins]) else 0
    return Words(tuple(words[i] for i in kept), tuple(ties), begins if kept[begins:] else 0)


def number(word: str) -> float | None:
    """Value of a word of digits: ``1,000`` is a thousand, ``0,5`` a half; None for other words."""
    if not word[:1].isdecimal() or not word.isascii():
        return None
    grouped = re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", word)
    plain = word.replace(",", "") if grouped else word.replace(",", ".")
    return float(plain) if re.fullmatch(r"\d+(?:\.\d+)?", plain) else None


def _clean(word: str, lexicon: Lexicon) -> str:
    return lexicon.spelling.correct(word)


def _without_signs(text: str, lexicon: Lexicon) -> str:
    """Signs as words; *'s* only where it says whose something is: *the castle's tower*."""
    for sign, words in _SIGNS:
        text = sign.sub(words, text)
    return _OWNER.sub(
        lambda found: f"{found[1]} {OWNS if found[1] in lexicon.owners else ''} ", text
    )


def _compared(words: list[str], lexicon: Lexicon) -> list[str]:
    """*longer then* is *longer than*."""
    return [
        "than" if word == "then" and i and words[i - 1] in lexicon.before_than else word
        for i, word in enumerate(words)
    ]


def _meaningful(words: list[str], start: int, asks: int, lexicon: Lexicon) -> list[int]:
    """Positions of the words from ``start`` on that are kept; a sentence begins at ``asks``."""
    kept: list[int] = []
    at_start = True
    i = start
    while i < len(words):
        at_start = at_start or i == asks
        end = _image_phrase(words, i, lexicon)
        if end == i and at_start:
            end = _opener(words, i, lexicon)
        if end == i:
            end = _end(lexicon.fillers, words, i)
        if end == i:
            kept.append(i)
            at_start = at_start and words[i] == COMMA
            end = i + 1
        i = end
    return kept


def _opener(words: list[str], i: int, lexicon: Lexicon) -> int:
    """End of *please find*, or of a verb that nobody knows before an article: *delineate the*."""
    if words[i] != COMMA and words[i + 1 : i + 2] == ["me"]:
        return i + 2
    end = max(_end(lexicon.openers, words, i), _end(lexicon.requests, words, i))
    if end > i:
        return end
    if words[i] == COMMA or words[i] in lexicon.vocabulary:
        return i
    end = i + 2 if words[i + 1 : i + 2] == ["out"] else i + 1
    return end if end < len(words) and words[end] in _ARTICLES else i


def _behind_the_scene(words: list[str], ends: list[bool], lexicon: Lexicon) -> tuple[int, int]:
    """Where to begin to read, and where the sentence that asks begins (0: there is one only).

    *Find the ship* behind a stop asks; so does the sentence behind *this image shows a harbor.* or
    *there is a harbor.*, if it names something.
    """
    image = _image_phrase(words, 0, lexicon) if words else 0
    verb = lexicon.scene_verbs.match(words, image) if image else None
    start = verb[1] if verb else 0
    for i in range(len(words) - 1, 0, -1):
        resumed = i + 1 if words[i] in _RESUMING else i
        match = lexicon.requests.match(words, resumed) if words[i - 1] == COMMA else None
        if match and _begins_thing(words, match[1], lexicon):
            return start, resumed
    exists = image + (words[image : image + 1] == [COMMA])
    is_scene = verb or lexicon.existential.match(words, exists)
    for i in range(start, len(words) - 1):
        if is_scene and ends[i]:
            return start, i + 1 if _begins_thing(words, i + 1, lexicon) else 0
    return start, 0


def _begins_thing(words: list[str], i: int, lexicon: Lexicon) -> bool:
    return (
        lexicon.determiners.match(words, i) is not None or lexicon.every.match(words, i) is not None
    )


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
