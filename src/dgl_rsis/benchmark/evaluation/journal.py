"""The journal of a run: one line for every finished image, so that a killed run goes on.

A line is appended and flushed when all ways have answered an image. A line that a kill cut off is
dropped when the journal is opened again. The first line says what is run; a journal of something
else is refused with the difference named.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

from dgl_rsis.errors import InputError

Entry = dict[str, Any]


class Journal:
    """Appends entries to a file; use it in a ``with`` statement.

    Attributes:
        done: entries of earlier runs and of this one, by their image.
    """

    def __init__(self, path: Path, heading: Mapping[str, Any]) -> None:
        """Open a journal, and take up what an earlier run of the same left in it.

        Args:
            path: of the file; its folder is there.
            heading: what is run; JSON values only.

        Raises:
            InputError: the journal is one of another run.
        """
        self.done: dict[str, Entry] = {}
        whole = 0
        if path.exists():
            for number, (line, end) in enumerate(_complete_lines(path)):
                if number == 0:
                    _compare(path, line, heading)
                else:
                    self.done[line["image"]] = line
                whole = end
        self._file: TextIO = path.open("r+" if path.exists() else "w", encoding="utf-8")
        self._file.seek(whole)
        self._file.truncate()
        if whole == 0:
            self._write(dict(heading))

    def add(self, entry: Entry) -> None:
        """Append what all ways answered about an image."""
        self._write(entry)
        self.done[entry["image"]] = entry

    def _write(self, entry: Entry) -> None:
        self._file.write(json.dumps(entry, separators=(",", ":")) + "\n")
        self._file.flush()

    def __enter__(self) -> Journal:
        """The journal itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file."""
        self._file.close()


def _complete_lines(path: Path) -> Iterator[tuple[Entry, int]]:
    """Lines that were written to their end, and the offset in bytes behind each."""
    end = 0
    for line in path.read_bytes().splitlines(keepends=True):
        if not line.endswith(b"\n"):
            return
        end += len(line)
        yield json.loads(line), end


def _compare(path: Path, earlier: Entry, heading: Mapping[str, Any]) -> None:
    """Refuse a journal of another run, naming the first thing that differs."""
    for key in dict.fromkeys((*heading, *earlier)):
        old, new = earlier.get(key), heading.get(key)
        if old != new:
            name, old, new = _first_difference(key, old, new)
            raise InputError(
                f"{path} is of a run with {name} {_short(old)}, this one has {_short(new)}; repeat "
                "it as it was, or name another output folder"
            )


def _first_difference(key: str, old: Any, new: Any) -> tuple[str, Any, Any]:
    """The innermost entry of nested mappings that differs, with its path."""
    if isinstance(old, dict) and isinstance(new, dict):
        inner = next(each for each in dict.fromkeys((*new, *old)) if old.get(each) != new.get(each))
        return _first_difference(f"{key}.{inner}", old.get(inner), new.get(inner))
    return key, old, new


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
