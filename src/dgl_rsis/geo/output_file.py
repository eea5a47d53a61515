"""Files that appear under their name when they are complete, or not at all.

What can be known to fail is said before anything is computed (:func:`check_output`).
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rasterio._err import CPLE_BaseError
from rasterio.errors import RasterioError

from dgl_rsis.errors import MissingExtraError, OutputError
from dgl_rsis.geo.own_folder import own_folder
from dgl_rsis.geo.side_file import side_file

LEAST_ROOM = 2**20
"""Bytes below which a disk counts as full: what did not fit was larger."""
_ERRORS = (OSError, RasterioError, CPLE_BaseError, sqlite3.Error)


def check_suffix(path: Path, suffixes: Sequence[str]) -> str:
    """The suffix of an output in lower case.

    Raises:
        OutputError: if it is not one of ``suffixes``.
        MissingExtraError: if the format needs a package that is not installed.
    """
    suffix = path.suffix.lower()
    if suffix not in suffixes:
        raise OutputError(
            f"{path} has {f'the suffix {suffix}' if suffix else 'no suffix'}, "
            f"which is not an output format here; use {', '.join(suffixes)}"
        )
    if suffix == ".parquet" and importlib.util.find_spec("pyarrow") is None:
        raise MissingExtraError("GeoParquet output", "parquet")
    return suffix


def check_output(path: str | Path, *, overwrite: bool, suffixes: Sequence[str]) -> Path:
    """Refuse an output that could not be written, before any computation.

    Args:
        path: the file to be written; ``atomic`` makes its folder if that is missing.
        overwrite: whether a file of that name may be replaced.
        suffixes: formats that the caller can write, lower case with the dot.

    Returns:
        The path.

    Raises:
        OutputError: if the folder is read-only or cannot be made, the file exists, or the format
            is unknown.
        MissingExtraError: if the format needs a package that is not installed.
    """
    target = Path(path)
    check_suffix(target, suffixes)
    check_folder(target.parent, target.name)
    if target.is_dir():
        raise OutputError(f"{target} is a folder; pass the name of a file")
    if target.exists() and not overwrite:
        raise OutputError(f"{target} exists already; pass --overwrite to replace it")
    return target


def check_folder(folder: Path, name: str) -> None:
    """Refuse a folder that nothing can be written into; it need not be there yet.

    Args:
        folder: that is made if it is missing.
        name: of what is written into it.

    Raises:
        OutputError: it is a file, read-only or cannot be made.
    """
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    if not folder.is_dir():
        raise OutputError(f"{folder} is no folder; choose another place for {name}")
    reason = None if os.access(folder, os.W_OK | os.X_OK) else "it is read-only"
    try:
        tempfile.TemporaryFile(dir=folder).close()  # nobody else tells what a root user may not do
    except OSError as error:
        reason = reason or error.strerror or str(error)
    if reason is not None:
        raise OutputError(
            f"the folder {folder} cannot be written to: {reason}; choose another one for {name}"
        )


@contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """A temporary name for a file that takes its place when the block ends without an error.

    The folder of the file is made if it is missing. The temporary name lies in a folder of its
    own beside the target, so that side files (masks, journals, statistics) move or vanish with it. What
    killed runs left of the same file goes first.

    Raises:
        OutputError: if writing fails; nothing is left then.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with own_folder(path) as folder:
            with _naming_a_full_disk(folder):
                yield folder / path.name
            old = side_file(path)
            if old.exists() and not (folder / old.name).exists():
                old.unlink()  # it described the file that is being replaced
            for file in sorted(folder.iterdir(), reverse=True):
                file.replace(path.parent / file.name)
    except _ERRORS as error:
        text = " ".join(str(error).split())
        raise OutputError(f"{path} cannot be written: {text}") from error


@contextmanager
def _naming_a_full_disk(folder: Path) -> Iterator[None]:
    """Name a full disk, where GDAL only tells what it could not do.

    It is asked for its room before the temporary files are gone.

    Raises:
        OSError: writing failed, and the disk is full.
    """
    try:
        yield
    except _ERRORS:
        check_room(folder)
        raise
    check_room(folder)


def check_room(folder: Path) -> None:
    """Take a disk with hardly any room left for one on which something did not fit.

    GDAL tells nobody when the last bytes of a file cannot be written.

    Raises:
        OSError: there is hardly any room.
    """
    if shutil.disk_usage(folder).free < LEAST_ROOM:
        raise OSError("the disk is full; free some space")
