"""A temporary folder for one output, which the next run removes if its owner was killed.

``.dgl-rsis-map.tif-a1b2c3d4`` lies beside ``map.tif`` and holds ``files``, and ``owner``, which its
owner keeps locked. The system frees the lock however the owner ends, also on another machine (NFS),
so whoever can take it may remove the folder. The name is new in each run: two runs into the same
output do not meet. A folder without ``owner`` is empty: it is being made, or was all but removed.
"""

from __future__ import annotations

import glob
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from dgl_rsis.geo.file_lock import lock_file

_LOCK, _FILES = "owner", "files"


@contextmanager
def own_folder(path: Path) -> Iterator[Path]:
    """A folder beside an output for what belongs to it, empty; it is removed at the end.

    Folders of the same output whose owners are dead are removed first.

    Args:
        path: of the output; its folder is there.

    Raises:
        OSError: no folder can be made.
    """
    prefix = f".dgl-rsis-{path.name}-"
    for left in path.parent.glob(f"{glob.escape(prefix)}*"):
        _remove_abandoned(left)
    while True:
        folder = Path(tempfile.mkdtemp(dir=path.parent, prefix=prefix))
        lock = _held(folder / _LOCK)
        if lock is not None:
            break
    try:
        (folder / _FILES).mkdir()
        yield folder / _FILES
    finally:
        _remove(folder, lock)


def _held(file: Path) -> IO[bytes] | None:
    """A new file with its lock; None where another run took it for an abandoned one meanwhile."""
    try:
        lock = file.open("xb")
    except FileNotFoundError:
        return None
    try:
        if _is_free(lock) is not False and os.path.samestat(os.fstat(lock.fileno()), file.stat()):
            return lock
    except FileNotFoundError:
        pass
    lock.close()
    return None


def _is_free(lock: IO[bytes]) -> bool | None:
    """Take the lock of a file; None where a file system has no locks, so that nobody can tell."""
    try:
        return lock_file(lock)
    except OSError:
        return None


def _remove_abandoned(folder: Path) -> None:
    """Remove a folder unless its owner lives, or that cannot be told."""
    try:
        lock = (folder / _LOCK).open("r+b")
    except OSError:  # without one it goes if it is empty
        with suppress(OSError):
            folder.rmdir()
        return
    if _is_free(lock):
        _remove(folder, lock)
    else:
        lock.close()


def _remove(folder: Path, lock: IO[bytes]) -> None:
    """Remove a folder whose lock is held, the lock last.

    What resists stays for the next run: the output does not depend on it.
    """
    shutil.rmtree(folder / _FILES, ignore_errors=True)
    with lock, suppress(PermissionError):  # Windows removes no file that is open
        (folder / _LOCK).unlink(missing_ok=True)
    with suppress(OSError):
        (folder / _LOCK).unlink(missing_ok=True)
        folder.rmdir()
