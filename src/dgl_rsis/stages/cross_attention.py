"""Which words of a text say where: token activations of a matcher become one map.

Primary word emphasis follows IteRPrimE (Wang et al., AAAI 2025): a sentence about *the ship next
to the pier* is about the ship. Its iterative refinement, which hides what was found to find what
else there is, is left to the crops of the second scale: each looks at a part as if the rest were
hidden, for the same one backward pass.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from dgl_rsis.models.base import TokenActivations
from dgl_rsis.text.inflection import singular
from dgl_rsis.text.lexicon import Lexicon
from dgl_rsis.text.lexicon_file import default_lexicon
from dgl_rsis.types import BoolArray, FloatArray, IntArray

Span = tuple[int, int]

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
_ARTICLE = re.compile(r"^\s*(?:the|an?)\s+", re.IGNORECASE)
_OPENING = "there is a "


def wrap(words: str) -> str:
    """The sentence that a matcher is asked: *there is a ...* (IteRPrimE, after ALBEF)."""
    return _OPENING + _ARTICLE.sub("", words).strip()


def primary_span(text: str, noun: str, lexicon: Lexicon | None = None) -> Span | None:
    """First characters in a text where a noun is named, in the singular or the plural.

    Args:
        text: as it is asked.
        noun: head noun with its compounds, singular, lower case.
        lexicon: the words that are known; the package's own by default.
    """
    known = lexicon or default_lexicon()
    words = list(_WORD.finditer(text))
    wanted = _WORD.findall(noun.lower())
    for start in range(len(words) - len(wanted) + 1 if wanted else 0):
        found = words[start : start + len(wanted)]
        *first, last = (match.group().lower() for match in found)
        if first == wanted[:-1] and wanted[-1] in (last, singular(last), _listed(last, known)):
            return found[0].start(), found[-1].end()
    return None


def focus_spans(text: str, lexicon: Lexicon | None = None) -> list[Span]:
    """The words of a text that mean something: no articles, prepositions or auxiliaries.

    Args:
        text: as it is asked.
        lexicon: the words that are known; the package's own by default.
    """
    closed = _closed_words(lexicon or default_lexicon())
    opening = len(_OPENING) if text.startswith(_OPENING) else 0
    return [
        match.span()
        for match in _WORD.finditer(text, opening)
        if match.group().lower() not in closed
    ]


def sentence_map(
    tokens: TokenActivations, primary: Span | None, focus: Sequence[Span]
) -> FloatArray:
    """Where a sentence looks, with the primary word emphasised (IteRPrimE, primary word emphasis).

    With M the map of the primary word and O_t those of the other tokens, ``E_t = relu(M - O_t) /
    |M - O|_2 * M``, the norm over tokens: what the primary word lights and the others do not. The
    result is the mean of the class token's map, all E_t, those of the focus words, and M as often
    as there are focus words. M holds its gradient already, so that E_t has its unit.

    It is divided by its own mean: logits of different texts have gradients of different size, and
    their maps are to be compared.

    Args:
        tokens: of one text.
        primary: characters of the primary word; None leaves the focus words alone.
        focus: characters of the words that mean something.

    Returns:
        ``(h, w)`` float32 >= 0 with mean 1; zero where no token looks anywhere.
    """
    cams = tokens.maps.astype(np.float64)  # squares of small gradients are out of float32's range
    parts = [_of(tokens.spans, span) for span in focus]
    words = [cams[part].mean(0) for part in parts if part.any()]  # an overlong text is cut
    maps = [cams[0], *words]
    chosen = _of(tokens.spans, primary or (0, 0))
    if chosen.any():
        main = cams[chosen].mean(0)
        is_word = tokens.spans[:, 1] > tokens.spans[:, 0]
        difference = main - cams[is_word & ~chosen]  # (T, h, w)
        length = np.sqrt((difference**2).sum(0))
        unit = np.divide(
            np.maximum(0, difference), length, out=np.zeros_like(difference), where=length > 0
        )
        maps += [*(unit * main), *[main] * len(words)]
    result = np.mean(maps, axis=0)
    mean = result.mean()
    return np.asarray(result / mean if mean > 0 else result, np.float32)


def _listed(word: str, lexicon: Lexicon) -> str | None:
    """The singular of a word that the lexicon knows, None of any other."""
    form = lexicon.noun_forms.get(word)
    return None if form is None else form.singular


def _closed_words(lexicon: Lexicon) -> frozenset[str]:
    tables = (
        lexicon.determiners,
        lexicon.copulas,
        lexicon.function_words,
        lexicon.place_prepositions,
        lexicon.with_words,
    )
    return frozenset[str]().union(*(table.words for table in tables))


def _of(spans: IntArray, span: Span) -> BoolArray:
    """``(T,)`` bool: tokens that share a character with a span."""
    return np.asarray((spans[:, 0] < span[1]) & (spans[:, 1] > span[0]))
