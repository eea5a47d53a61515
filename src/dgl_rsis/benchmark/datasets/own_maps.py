"""The user's own images with masks of class numbers, and a file that names the numbers."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

from dgl_rsis.benchmark.datasets.labels import UNCOUNTED, Coding
from dgl_rsis.benchmark.datasets.layout import PICTURES, Layout
from dgl_rsis.benchmark.datasets.map_samples import whole_samples
from dgl_rsis.benchmark.datasets.samples import MapDataset
from dgl_rsis.errors import InputError
from dgl_rsis.text.knowledge import is_background

MISSING = 255  # not counted unless it has a name: the habit of most sets
CLASS_FILES = ("classes.txt", "classes.csv", "classes.json")


def read_own_folder(folder: Path, split: str) -> MapDataset:
    """Images of ``images`` with the masks of the same names in ``masks``.

    A mask has one band, 8 or 16 bits; its values are named in ``classes.txt``, ``.csv`` or
    ``.json`` (see ``read_class_names``). Values without a name, and 255, are not counted.

    Args:
        folder: of the set.
        split: ``all`` for the files right in both folders, else the name of a folder in both.

    Raises:
        InputError: a folder or the names are missing, or images and masks do not pair.
    """
    layout = Layout("own-maps", folder)
    found = [folder / name for name in CLASS_FILES if (folder / name).is_file()]
    if len(found) != 1:
        problem = "more than one file of classes" if found else "no file of classes"
        raise layout.error(problem)
    part = "" if split == "all" else f"/{split}"
    pairs = layout.pairs(
        layout.files(f"images{part}", PICTURES), layout.files(f"masks{part}", PICTURES)
    )
    names = read_class_names(found[0])
    named = {value: name for value, name in sorted(names.items()) if name}
    values = {MISSING: UNCOUNTED} | dict.fromkeys(names, UNCOUNTED)
    values |= {value: index for index, value in enumerate(named)}
    classes = tuple(named.values())
    rest = [index for index, name in enumerate(classes) if is_background(name)]
    background = rest[0] if rest else None
    samples = whole_samples(pairs, Coding(values))
    return MapDataset(f"own-maps/{split}", classes, classes, background, samples)


def read_class_names(file: Path) -> dict[int, str]:
    """Names of mask values; an empty name says that a value is not counted.

    * ``.txt``: one name in each line, the first that of 0; an empty line is an empty name.
    * ``.csv``: columns ``value`` and ``name``.
    * ``.json``: ``["background", "building"]`` from 0, or ``{"1": "building"}``.

    Raises:
        InputError: the file is none of these, nothing has a name, or two values have the same.
    """
    try:
        content = file.read_text(encoding="utf-8-sig")
        names = _parse(file.suffix, content)
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{file}: no class names ({error!r}); expected a name per line (.txt), columns "
            "value,name (.csv), or a list or an object of names (.json)"
        ) from error
    named = [name for name in names.values() if name]
    twice = sorted({name for name in named if named.count(name) > 1})
    if not named or twice:
        problem = f"{twice[0]!r} names two values" if twice else "no value has a name"
        raise InputError(f"{file}: {problem}; give every class a name of its own")
    return names


def _parse(suffix: str, content: str) -> dict[int, str]:
    entries: list[tuple[Any, Any]]
    if suffix == ".txt":
        entries = list(enumerate(content.splitlines()))
    elif suffix == ".csv":
        rows = csv.DictReader(content.splitlines(), skipinitialspace=True)
        entries = [(row["value"], row["name"]) for row in rows]
    else:
        found = json.loads(content)
        entries = list(enumerate(found) if isinstance(found, list) else dict(found).items())
    names = {int(value): _cleaned(name) for value, name in entries}
    if len(names) < len(entries):
        raise ValueError("a value is named twice")
    if names and not 0 <= min(names) <= max(names) < 2**16:
        raise ValueError("values must be from 0 to 65535")
    return names


def _cleaned(name: Any) -> str:
    if name is not None and not isinstance(name, str):
        raise TypeError(f"{name!r} is no name")
    return (name or "").strip()
