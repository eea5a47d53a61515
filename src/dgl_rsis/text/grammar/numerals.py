"""Numbers in digits and in words: *1,000*, *fifty*, *two hundred*, *three quarters of a*."""

from __future__ import annotations

from collections.abc import Mapping

from dgl_rsis.text.grammar.reader import Reader
from dgl_rsis.text.tokens import number

_FRACTIONS: Mapping[str, float] = {
    "half": 1 / 2,
    "halves": 1 / 2,
    "third": 1 / 3,
    "thirds": 1 / 3,
    "quarter": 1 / 4,
    "quarters": 1 / 4,
}


def read_number(reader: Reader, i: int) -> tuple[float, int] | None:
    """The number that begins at word ``i``, and where it ends.

    *twenty five* adds, *three hundred* multiplies; an article before a scale is one: *a hundred*.
    Fractions are read before a unit only: *half a hectare*, *one and a half hectares*.
    """
    if not _may_begin(reader, i):
        return None
    fraction = _read_fraction(reader, i)
    if fraction is not None:
        return fraction
    whole = _read_whole(reader, i)
    if whole is not None and reader.is_word(whole[1], "and"):
        fraction = _read_fraction(reader, whole[1] + 1)
        if fraction is not None:
            return whole[0] + fraction[0], fraction[1]
    return whole


def _may_begin(reader: Reader, i: int) -> bool:
    """Whether word ``i`` can be the first of a number; most words are not."""
    if i >= len(reader.words):
        return False
    word = reader.words[i]
    is_spoken = word in reader.lexicon.number_words or word in _FRACTIONS
    return is_spoken or word[0].isdecimal() or word == "a"


def _read_fraction(reader: Reader, i: int) -> tuple[float, int] | None:
    """*half a*, *a quarter of an*, *three quarters of a* before a unit."""
    start = i + 1 if reader.is_word(i, "a", "one") else i
    parts = reader.lexicon.numbers.match(reader.words, i)
    is_several = parts is not None and reader.is_word(parts[1], *_FRACTIONS)
    count, at = parts if parts is not None and is_several else (1, start)
    if not reader.is_word(at, *_FRACTIONS):
        return None
    end = at + 1
    if reader.is_word(end, "of"):
        end += 1
    if reader.is_word(end, "a", "an"):
        end += 1
    if not reader.begins(end, reader.lexicon.units):
        return None
    return count * _FRACTIONS[reader.words[at]], end


def _read_whole(reader: Reader, i: int) -> tuple[float, int] | None:
    words, lexicon = reader.words, reader.lexicon
    total, current, end = 0.0, None, i
    if reader.is_word(i, "a") and reader.begins(i + 1, lexicon.scales):
        current, end = 1.0, i + 1
    while end < len(words):
        value, scale = number(words[end]), lexicon.scales.match(words, end)
        spoken = lexicon.numbers.match(words, end)
        if scale is not None and current is not None:
            total, current = total + current * scale[0], 0.0
            end = scale[1]
        elif value is not None and current is None:
            current, end = value, end + 1
        elif spoken is not None and (current is None or spoken[0] < 10 <= current or not current):
            current, end = (current or 0.0) + spoken[0], spoken[1]
        else:
            break
    return None if current is None else (total + current, end)
