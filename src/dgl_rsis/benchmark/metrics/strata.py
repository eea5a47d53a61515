"""Strata of sentences and targets: what kind of reference it is, and how large the target.

The kind of reference follows from the text alone, by rules after GeoSelect (arXiv:2607.03869):

* ``object``: it leads over another thing. A preposition before an article and a noun that is no
  place (*left of the river*, *larger than the tank*), or *next to*, *near*, *between*, *surrounded
  by* and the like.
* ``image``: else, if it names a place in the image (*the upper tank*, *on the left*).
* ``attribute``: else.

*Of the image* and *in the picture* count as nothing. Tags beside it: ``superlative``, ``ordinal``,
``group`` (several things are asked for) and ``compositional`` (at least two steps over another
thing or a place: *left of the tank on the right*). The rules are regular expressions, independent
of how the package parses, and miss what such rules miss: nouns with an *of* inside count as
``object`` (*the roof of a house*).
"""

from __future__ import annotations

import re
from functools import cache

from dgl_rsis.text.inflection import singular
from dgl_rsis.text.lexicon_file import default_lexicon

REFERENCES = ("object", "image", "attribute")
TAGS = ("superlative", "ordinal", "group", "compositional")
SIZES = ("small", "medium", "large")
SHARES = ("below 0.1 %", "0.1 to 1 %", "1 to 10 %", "above 10 %")
"""Target area over image area."""

_SIZE_STEPS = (32**2, 96**2)  # pixels, as COCO
_SHARE_STEPS = (0.001, 0.01, 0.1)

_IMAGE = (
    r"\b(?:of|in|on|within|from|across)\s+(?:the|this|that|an?)\s+(?:\w+\s+){0,2}?"
    r"(?:image|scene|picture|frame|photo|photograph|view)\b"
)
# "One of the ships" is about a ship, not about something that leads over the ships.
_SELECTION = (
    r"\b(one|all|each|any|some|both|most|either|\w{3,}est)\s+of\s+(?=(?:the|these|those)\b)"
)
_COMPASS = r"(?:north|south)(?:\s?(?:east|west))?(?:ern)?|(?:east|west)(?:ern)?"
_DIRECTION = (
    r"(?:(?:left|right|top|bottom|upper|lower|middle|cent(?:er|re)|central|corner"
    rf"|{_COMPASS})(?:\s?most)?)"
)
_PLACE_NOUN = r"(?:hand|side|part|half|end|edge|border|portion|section|quadrant|third)"
_PLACE = rf"\b{_DIRECTION}(?:\s+(?:{_DIRECTION}|{_PLACE_NOUN}))*\b"
_ARTICLE = r"(?:the|an?|this|that|these|those|its|their|another)"
_NO_THING = rf"(?:{_PLACE_NOUN}|rows?|lines?|columns?|shape|colou?r|form|same|group|background)"
_NO_ANCHOR = rf"(?!(?:(?:far|very|extreme|most|exact|\w+ly)\s+)*(?:{_DIRECTION}|{_NO_THING})\b)"
# In front of an article and a noun; the second line is ours.
_PREPOSITION = (
    r"(?:of|above|below|under|over|behind|beside|inside|within|in|on|than|to"
    r"|at|by|from|along|around|across|against|outside|opposite|beneath|onto|through|past|towards?)"
)
# With or without an article; the second line is ours.
_BESIDE = (
    r"(?:next\s+to|beside|adjacent\s+to|surrounded\s+by"
    r"|near(?:by)?|close\s+to|between|in\s+front\s+of|far\s+from)"
)
_RELATION = re.compile(
    rf"(?:{_PLACE}\s+)?\b(?:{_BESIDE}\s+(?:{_ARTICLE}\s+)?|{_PREPOSITION}\s+{_ARTICLE}\s+)"
    rf"{_NO_ANCHOR}\w+"
)
_SUPERLATIVE = re.compile(r"\b(?:most|least)\s+\w+|\b\w{3,}(?:est|most)\b")
_NO_SUPERLATIVE = re.compile(
    r"\b(?:(?:rain)?forest|\w*west|interest|harvest|guest|chest|crest|request|almost|rest|nest"
    r"|everest)\b|\bat\s+(?:most|least)\b"
)
_MANY = re.compile(
    r"\b(?:all|both|several|many|multiple|various|numerous|few|dozens?|[2-9]|[1-9]\d+)\b"
    r"|\b(?:group|row|line|pair|couple|cluster|set|fleet|number|collection)s?\s+of\b"
)
_SUBJECT_ENDS = re.compile(
    rf"\b(?:{_PREPOSITION}|{_BESIDE}|is|are|was|were|that|which|with|without|located|situated)\b"
    r"|,"
)


def sentence_strata(sentence: str) -> tuple[str, ...]:
    """The kind of reference of a sentence, one of ``REFERENCES``, and those of ``TAGS`` it has."""
    text = _plain(sentence)
    anchors = len(_RELATION.findall(text))
    places = len(re.findall(_PLACE, _RELATION.sub(" , ", text)))
    reference = "object" if anchors else "image" if places else "attribute"
    has_tag = (
        bool(_SUPERLATIVE.search(_NO_SUPERLATIVE.sub(" ", text))),
        bool(_ordinals().search(text)),
        _asks_for_several(text),
        anchors + places > 1,
    )
    return (reference, *(tag for tag, holds in zip(TAGS, has_tag, strict=True) if holds))


def size_strata(target_area: int, image_area: int) -> tuple[str, str]:
    """The size of a target in pixels, one of ``SIZES``, and its share of the image of ``SHARES``.

    Small is below 32 x 32 pixels, medium below 96 x 96, as in COCO (Lin et al. 2014).
    """
    size = sum(target_area >= step for step in _SIZE_STEPS)
    share = sum(target_area >= step * image_area for step in _SHARE_STEPS)
    return SIZES[size], SHARES[share]


def _plain(sentence: str) -> str:
    """Lower case, hyphens as blanks, stops as commas, without phrases about the image itself."""
    text = re.sub(r"[-_\u2010\u2011]", " ", sentence.lower())
    text = re.sub(r"\s*[.,;:!?()]\s*", " , ", text)
    text = re.sub(_IMAGE, " ", text)
    return " ".join(re.sub(_SELECTION, r"\1 ", text).split())


@cache
def _ordinals() -> re.Pattern[str]:
    words = "|".join(map(re.escape, [*default_lexicon().ordinals, "last", "penultimate"]))
    return re.compile(rf"\b(?:{words}|\d+(?:st|nd|rd|th))\b")


def _asks_for_several(text: str) -> bool:
    """Whether the subject is a plural, or words before it say that there are several."""
    if re.match(r"(?:the\s+)?(?:one|any|either|\w{3,}est)\s+(?:the|these|those)\b", text):
        return False
    many = _MANY.search(text)
    end = _SUBJECT_ENDS.search(text)
    subject = text[: end.start()] if end else text
    if many and many.start() <= len(subject):
        return True
    numbers = default_lexicon().numbers
    words = subject.split()
    if any((numbers.get(word) or 0) > 1 for word in words):
        return True
    # Behind the noun there may be a participle or a place: "cars parked", "ships left".
    while words and re.fullmatch(rf"\w+(?:ed|ing)|{_DIRECTION}|{_PLACE_NOUN}", words[-1]):
        words.pop()
    if not words:
        return False
    known = default_lexicon().noun_forms.get(words[-1])
    return known.is_plural if known else singular(words[-1]) != words[-1]
