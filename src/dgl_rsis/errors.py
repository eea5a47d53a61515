"""Errors that users meet; every message says what, where and what to do.

DglRsisError
├── InputError          the image, the words or the options are wrong (exit code 2)
│   ├── ImageError      an image cannot be read or its bands are ambiguous
│   ├── TextError       classes or a sentence cannot be used
│   └── OutputError     an output cannot be written
├── ModelError          a model name, folder or checkpoint cannot be used (exit code 2)
└── MissingExtraError   an optional dependency is not installed (exit code 2)
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class DglRsisError(Exception):
    """Base of all errors raised on purpose; ``str()`` is one clear line."""


class InputError(DglRsisError):
    """The input or the usage is wrong."""


class ImageError(InputError):
    """An image cannot be read, or what to read from it is ambiguous."""


class TextError(InputError):
    """Class names or a sentence cannot be used."""


class OutputError(InputError):
    """An output cannot be written."""


class ModelError(DglRsisError):
    """A model cannot be found or loaded."""


class MissingExtraError(DglRsisError):
    """An optional dependency is not installed.

    Args:
        what: the thing the user asked for, e.g. ``"GeoParquet output"``.
        extra: the extra of this package that provides it, e.g. ``"parquet"``.
    """

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f'{what} needs an extra: pip install "dgl-rsis[{extra}]"')
        self.extra = extra


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """End of a line about a word that nobody knows: the most similar of those that are known.

    Returns:
        *; did you mean painter?*, empty where none is similar.
    """
    similar = {each.lower(): each for each in known}
    found = get_close_matches(word.lower(), similar, n=1)
    return f"; did you mean {similar[found[0]]}?" if found else ""
