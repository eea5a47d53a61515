"""The data sets that evaluations know by name (``catalogue.yaml``), and how each is read.

Readers are functions ``(folder, split)``; their modules are imported when they are asked for. To
add a set: write a module with a reader, and its entry in the catalogue.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module, resources
from pathlib import Path
from typing import Literal, TypeAlias

import yaml

from dgl_rsis.benchmark.datasets.samples import MapDataset, ReferDataset
from dgl_rsis.errors import InputError

Kind = Literal["map", "refer"]
Reader: TypeAlias = Callable[[Path, str], MapDataset | ReferDataset]


@dataclass(frozen=True)
class DatasetEntry:
    """What is known of a data set without its files.

    Attributes:
        kind: ``map`` for class maps (OVSS), ``refer`` for sentences (RES).
        reader: module of this package and function in it, as in ``loveda.read_loveda``.
        title: what it shows, in a few words.
        splits: those that can be asked for, the usual one of evaluations first; empty where the
            reader decides.
        tree: folders and files below FOLDER, in one line.
        licence: in a few words.
        page: address of its home page; empty for the user's own.
    """

    kind: Kind
    title: str
    splits: tuple[str, ...]
    tree: str
    licence: str
    reader: str
    page: str = ""

    def load(self) -> Reader:
        """The reader of the set."""
        module, _, name = self.reader.rpartition(".")
        reader: Reader = getattr(import_module(f"{__package__}.{module}"), name)
        return reader


def find_entry(name: str) -> DatasetEntry:
    """The entry of a set.

    Raises:
        InputError: there is none of that name.
    """
    if name not in DATASETS:
        raise InputError(f"no data set {name!r}; choose one of {', '.join(DATASETS)}")
    return DATASETS[name]


def read_dataset(name: str, folder: Path, split: str | None = None) -> MapDataset | ReferDataset:
    """A data set by its name.

    Args:
        name: key of ``DATASETS``.
        folder: where its files are.
        split: None for the usual one.

    Raises:
        InputError: there is no such set or split, or the folder does not hold it; the line says
            what is missing and what was expected.
    """
    entry = find_entry(name)
    return entry.load()(folder, entry.splits[0] if split is None else split)


@cache
def _catalogue() -> Mapping[str, DatasetEntry]:
    text = resources.files(__package__).joinpath("catalogue.yaml").read_text(encoding="utf-8")
    return {
        name: DatasetEntry(**{**facts, "splits": tuple(facts["splits"])})
        for name, facts in yaml.safe_load(text).items()
    }


DATASETS: Mapping[str, DatasetEntry] = _catalogue()
"""By the name on the command line."""
