"""Pickle files that hold plain values only, read without running anything that they name.

Lists, tuples, dictionaries, sets, texts, numbers, booleans, bytes and None need no more than the
opcodes of a pickle; classes and functions come in by name, and every name is refused. The three
exceptions are what old protocols need to say sets and bytes; they are built-in and cannot be changed
by the file.
"""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

from dgl_rsis.errors import InputError

_NEEDED = {
    "set": set,  # protocols 0 to 3
    "frozenset": frozenset,
    "bytes": bytes,  # protocols 0 to 2, when empty
}
_BUILTINS = ("builtins", "__builtin__")
_DAMAGE = (
    pickle.UnpicklingError,
    *(EOFError, OverflowError, MemoryError),
    *(AttributeError, LookupError, TypeError, ValueError),
)
"""What the interpreter of opcodes raises where they make no sense."""


class _RefusedError(Exception):
    """A pickle names something that is no plain value."""


class _PlainUnpickler(pickle.Unpickler):
    def find_class(self, module_name: str, global_name: str, /) -> Any:
        """What a pickle asks for by name: almost nothing is given."""
        if module_name in _BUILTINS and global_name in _NEEDED:
            return _NEEDED[global_name]
        if (module_name, global_name) == ("_codecs", "encode"):
            return str.encode  # bytes in protocols 0 to 2: a text, and that it is Latin-1
        raise _RefusedError(f"{module_name}.{global_name}")


def read_plain_pickle(file: Path) -> Any:
    """The value in a pickle file of any protocol.

    Raises:
        InputError: the file cannot be read, is damaged, or names a class or a function.
    """
    try:
        with file.open("rb") as stream:
            return _PlainUnpickler(stream, encoding="utf-8").load()
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror})") from error
    except _RefusedError as refused:
        raise InputError(
            f"{file}: refused, the pickle asks for {str(refused)[:80]!r}; only lists, dictionaries, "
            "texts and numbers are read: take the file of the official distribution"
        ) from None
    except _DAMAGE as error:
        raise InputError(
            f"{file}: no pickle that can be read ({error!r:.80}); copy it again"
        ) from error
