"""Whether a folder holds a data set as it is distributed; what is missing is named with its place."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from dgl_rsis.benchmark.datasets.samples import ReferSample
from dgl_rsis.errors import InputError


def check_split(dataset: str, split: str, known: Sequence[str]) -> None:
    """Check the name of a split.

    Raises:
        InputError: the data set has no such split.
    """
    if split not in known:
        raise InputError(f"{dataset} has no split {split!r}; pass one of {', '.join(known)}")


def check_layout(dataset: str, folder: Path, needed: Iterable[str], expected: str) -> None:
    """Check that files and folders are there.

    Args:
        dataset: its name.
        folder: of the data set.
        needed: paths in it; those of folders end with a slash.
        expected: the whole tree, on one line.

    Raises:
        InputError: one of them is missing.
    """
    missing = [name for name in needed if not _is_there(folder / name, name.endswith("/"))]
    if missing:
        raise InputError(
            f"{folder}: no {dataset}, {', '.join(missing)} is missing; expected {expected}"
        )


def _is_there(path: Path, is_folder: bool) -> bool:
    return path.is_dir() if is_folder else path.is_file()


def read_text(file: Path) -> str:
    """The text of a file in UTF-8, with or without a byte order mark.

    Raises:
        InputError: it cannot be read or is no such text.
    """
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{file}: no text in UTF-8 ({error.reason})") from error


def read_json(file: Path) -> Any:
    """The content of a JSON file in UTF-8.

    Raises:
        InputError: it cannot be read or is no JSON.
    """
    try:
        return json.loads(read_text(file))
    except ValueError as error:
        raise InputError(f"{file}: no JSON ({error})") from error


def files_by_stem(folder: Path, suffixes: Sequence[str]) -> dict[str, Path]:
    """Files of a folder by their name without suffix.

    Args:
        folder: what is looked through, without folders in it.
        suffixes: in lower case, with their dot; other files do not count.

    Raises:
        InputError: two files differ in their suffix only.
    """
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in suffixes:
            continue
        if path.stem in found:
            raise InputError(f"{folder}: both {found[path.stem].name} and {path.name}; keep one")
        found[path.stem] = path
    return found


def arranged(samples: Iterable[ReferSample], source: Path, split: str) -> tuple[ReferSample, ...]:
    """Samples with those about one image next to each other, images as they are first mentioned.

    Args:
        samples: in the order of the set.
        source: file or folder that they come from, for the messages.
        split: their split, for the messages.

    Raises:
        InputError: there is none, or two have the same name.
    """
    by_image: dict[str, list[ReferSample]] = {}
    names: set[str] = set()
    for sample in samples:
        if sample.name in names:
            raise InputError(
                f"{source}: two sentences are called {sample.name!r}; names must differ"
            )
        names.add(sample.name)
        by_image.setdefault(sample.image, []).append(sample)
    if not names:
        raise InputError(f"{source}: no sentence of the split {split!r}")
    return tuple(sample for group in by_image.values() for sample in group)
