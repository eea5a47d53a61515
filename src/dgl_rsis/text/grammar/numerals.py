"""Numbers in digits and in words: *1,000*, *fifty*, *two hundred*, *half a*."""

from __future__ import annotations

from dgl_rsis.text.grammar.reader import Reader
from dgl_rsis.text.tokens import number


def read_number(reader: Reader, i: int) -> tuple[float, int] | None:
    """The number that begins at word ``i``, and where it ends.

    *twenty five* adds, *three hundred* multiplies; an article before a scale is one: *a hundred*.
    """
    words, lexicon = reader.words, reader.lexicon
    if reader.is_word(i, "half") and reader.is_word(i + 1, "a", "an"):
        return 0.5, i + 2
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
