"""Locks that the system frees however their holder ends."""

from __future__ import annotations

from typing import IO


def lock_file(file: IO[bytes]) -> bool:
    """Take an exclusive lock that ends with the process; False if another one has it.

    Raises:
        OSError: the file system has no locks.
    """
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        except OSError:
            return False
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
