"""What a run has finished, on disk beside its output, so that it can go on after a kill.

``map.tif`` has the folder ``.map.tif.scene`` while it is made::

    lock                    held by the run; freed by the system however the run ends
    run.json                what the run depends on
    cells/ROW_COLUMN.npy    probabilities of a tile; empty file: the tile holds no data
    painted/ROW_COLUMN.npz  codes of classes (and scores) of the core of a tile
    failed/ROW_COLUMN.txt   why a tile could not be computed

Every file appears under its name when it is complete and on disk, or not at all.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from dgl_rsis.errors import InputError, OutputError
from dgl_rsis.geo.file_lock import lock_file
from dgl_rsis.geo.windows import Tile
from dgl_rsis.types import FloatArray

_FOLDERS = ("cells", "painted", "failed")


def journal_folder(output: Path) -> Path:
    """Where the journal of an output lies."""
    return output.with_name(f".{output.name}.scene")


class Journal:
    """The journal of one run; made by :func:`open_journal`, which holds its lock."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def state(self, tile: Tile) -> str | None:
        """What is known of a tile: ``cells``, ``empty``, ``failed``, or None: nothing yet."""
        if self._file("failed", tile).exists():
            return "failed"
        cells = self._file("cells", tile)
        if not cells.exists():
            return None
        return "cells" if cells.stat().st_size else "empty"

    def put_cells(self, tile: Tile, cells: FloatArray | None) -> None:
        """Record the probabilities of a tile, or that it holds no data."""
        if cells is None:
            self._write("cells", tile, lambda file: None)
        else:
            self._write("cells", tile, lambda file: save_array(file, cells))

    def cells(self, tile: Tile) -> FloatArray:
        """Probabilities of a tile ``(h, w, K)`` float32, mapped from disk."""
        mapped: FloatArray = np.load(self._file("cells", tile), mmap_mode="r", allow_pickle=False)
        return mapped

    def put_failed(self, tile: Tile, reason: str) -> None:
        """Record that a tile cannot be computed."""
        self._write("failed", tile, lambda file: file.write(reason.encode()))

    def failed(self) -> dict[Tile, str]:
        """Tiles that could not be computed, and why."""
        files = sorted((self.folder / "failed").glob("*.txt"))
        return {_tile(file): file.read_text(encoding="utf-8") for file in files}

    def is_painted(self, tile: Tile) -> bool:
        """Whether the core of a tile is painted."""
        return self._file("painted", tile).exists()

    def put_painted(self, tile: Tile, **arrays: NDArray[Any]) -> None:
        """Record the painted core of a tile; nothing for one that holds no data."""
        self._write("painted", tile, lambda file: np.savez(file, allow_pickle=False, **arrays))

    def painted(self, tile: Tile, name: str) -> NDArray[Any] | None:
        """An array of the painted core of a tile; None where it holds no data or failed."""
        if not self.is_painted(tile):
            return None
        with np.load(self._file("painted", tile), allow_pickle=False) as arrays:
            values: NDArray[Any] | None = arrays.get(name)
            return values

    def painted_arrays(self, tile: Tile) -> dict[str, NDArray[Any]]:
        """All arrays of a tile by name; none where it holds no data or failed."""
        if not self.is_painted(tile):
            return {}
        with np.load(self._file("painted", tile), allow_pickle=False) as arrays:
            return dict(arrays)

    def forget_cells(self, tile: Tile) -> None:
        """Free what is needed no more; the tile counts as finished still."""
        self._file("cells", tile).unlink(missing_ok=True)

    def forget_failure(self, tile: Tile, neighbours: list[Tile]) -> None:
        """Let a tile that failed, and what was painted without it, be computed again."""
        for each in neighbours:
            self._file("painted", each).unlink(missing_ok=True)
        self._file("failed", tile).unlink()

    def _file(self, kind: str, tile: Tile) -> Path:
        suffix = {"cells": "npy", "painted": "npz", "failed": "txt"}[kind]
        return self.folder / kind / f"{tile}.{suffix}"

    def _write(self, kind: str, tile: Tile, write: Callable[[IO[bytes]], Any]) -> None:
        with writing(self.folder):
            write_durably(self._file(kind, tile), write)


def _tile(file: Path) -> Tile:
    row, column = file.stem.split("_")
    return Tile(int(row), int(column))


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Say clearly when a disk is full or cannot be written.

    Raises:
        OutputError: writing failed; what was finished before is kept.
    """
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        reason = "the disk is full" if full else (error.strerror or str(error))
        raise OutputError(
            f"{folder} cannot be written: {reason}; finished tiles are kept: "
            f"{'free some space' if full else 'repair that'} and run again with --resume"
        ) from error


def write_durably(path: Path, write: Callable[[IO[bytes]], Any]) -> None:
    """Write a file that is under its name only when it is complete and on disk."""
    temporary = path.with_name(path.name + ".part")
    try:
        with temporary.open("wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        temporary.unlink(missing_ok=True)  # a full disk needs the space
        raise
    temporary.replace(path)


def save_array(file: IO[bytes], values: NDArray[Any]) -> None:
    """Write an ``.npy`` file.

    By the file's own method: where NumPy writes to the disk itself, its errors do not say that the
    disk is full.
    """
    np.save(_Plain(file), values, allow_pickle=False)


class _Plain:
    """What NumPy takes for no file of the disk."""

    def __init__(self, file: IO[bytes]) -> None:
        self.write = file.write


@contextmanager
def open_journal(
    output: Path, facts: Mapping[str, Any], *, resume: bool, overwrite: bool
) -> Iterator[Journal]:
    """Open the journal of an output and hold its lock.

    Args:
        output: the file that is made.
        facts: what the run depends on, by section, in JSON types.
        resume: go on with a run that was cut off.
        overwrite: drop what such a run left.

    Raises:
        InputError: the run that was cut off depended on something else, which is named.
        OutputError: another run writes this output, one was cut off and it is not said what to do
            with it, or the folder cannot be written.
    """
    folder = journal_folder(output)
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "lock").open("a+b")
    with lock:
        _check_free(output, lock, known_what_to_do=resume or overwrite)
        known = folder / "run.json"
        if known.exists() and resume:
            _check_same(json.loads(known.read_text(encoding="utf-8")), _plain(facts), output)
        else:
            with writing(folder):
                known.unlink(missing_ok=True)
                for name in _FOLDERS:
                    shutil.rmtree(folder / name, ignore_errors=True)
                    (folder / name).mkdir()
                text = json.dumps(_plain(facts), indent=1).encode()
                write_durably(known, lambda file: file.write(text))
        yield Journal(folder)


def remove_journal(output: Path) -> None:
    """Remove the journal of an output that is complete; whoever holds its lock may do so."""
    folder = journal_folder(output)
    (folder / "run.json").unlink(missing_ok=True)  # first: without it nothing is resumed
    shutil.rmtree(folder, ignore_errors=True)


def check_journal(output: Path, *, resume: bool, overwrite: bool) -> None:
    """Refuse what ``open_journal`` will refuse, as far as that is known without a model.

    Raises:
        OutputError: another run writes the output, or one was cut off and it is not said what to
            do with it.
    """
    file = journal_folder(output) / "lock"
    if file.exists():
        with file.open("a+b") as lock:
            _check_free(output, lock, known_what_to_do=resume or overwrite)


def _check_free(output: Path, lock: IO[bytes], *, known_what_to_do: bool) -> None:
    if not lock_file(lock):
        raise OutputError(f"another run is writing {output}; wait for it or choose another name")
    if is_unfinished(output) and not known_what_to_do:
        raise OutputError(
            f"a run that writes {output} was cut off; --resume goes on with it, "
            "--overwrite starts anew"
        )


def is_unfinished(output: Path) -> bool:
    """Whether a run that was cut off, or is alive, can tell what it depends on."""
    return (journal_folder(output) / "run.json").exists()


def remove_remains(output: Path) -> None:
    """Remove what is left of a journal whose run was killed while it removed it."""
    folder = journal_folder(output)
    if not folder.exists():
        return
    with (folder / "lock").open("a+b") as lock:
        if lock_file(lock) and not is_unfinished(output):
            remove_journal(output)


def _check_same(before: Mapping[str, Any], now: Mapping[str, Any], output: Path) -> None:
    """Refuse to go on where something changed.

    Raises:
        InputError: it did.
    """
    difference = next(differences(before, now), None)
    if difference is not None:
        path, old, new = difference
        raise InputError(
            f"{output} cannot be resumed: {' '.join(path)} was {shortened(old)} and is {shortened(new)}; "
            "put that back, or start anew with --overwrite and without --resume"
        )


def differences(
    before: Any, now: Any, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    """Where two objects of JSON types differ: the keys that lead there, and both values."""
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        for key in [*before, *(key for key in now if key not in before)]:
            yield from differences(before.get(key), now.get(key), (*path, str(key)))
    elif before != now:
        yield path, before, now


def shortened(value: Any) -> str:
    """A value of a JSON type as a short text."""
    text = "absent" if value is None else json.dumps(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _plain(facts: Mapping[str, Any]) -> Any:
    """The same after a journey through JSON, so that tuples and lists compare."""
    return json.loads(json.dumps(facts, default=str))
