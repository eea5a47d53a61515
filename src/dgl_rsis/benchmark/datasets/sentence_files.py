"""Reading text files of sets of sentences, and the order of their samples."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from dgl_rsis.benchmark.datasets.samples import ReferSample
from dgl_rsis.errors import InputError


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
