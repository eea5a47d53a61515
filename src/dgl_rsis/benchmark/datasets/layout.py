"""Whether a folder holds a data set, and which files of it belong together."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dgl_rsis.benchmark.datasets.registry import find_entry
from dgl_rsis.errors import InputError

PICTURES = r"([^.].*)\.(?:png|jpe?g|tiff?|bmp)"
"""Names of picture files; what stands before the suffix is the name."""


@dataclass(frozen=True)
class Pair:
    """An image file and the file with its labels, by the name that both share."""

    name: str
    image: Path
    labels: Path


@dataclass(frozen=True)
class Layout:
    """A folder in which a data set is looked for.

    Attributes:
        name: of the set in the registry, which knows the tree of folders and files.
        root: the folder that the user gave.
    """

    name: str
    root: Path

    def error(self, problem: str) -> InputError:
        """One line: what is wrong, where, and what was expected."""
        return InputError(f"{self.root}: {problem}; {self.name} is {find_entry(self.name).tree}")

    def check_split(self, split: str) -> None:
        """Check a split against those of the set.

        Raises:
            InputError: there is no such split.
        """
        splits = find_entry(self.name).splits
        if split not in splits:
            raise self.error(f"no split {split!r}, choose {' or '.join(splits)}")

    def require(self, *needed: str) -> None:
        """Check that files and folders are there.

        Args:
            needed: paths below the root; those of folders end with a slash.

        Raises:
            InputError: one of them is missing; all that are missing are named.
        """
        missing = [name for name in needed if not self._is_there(name)]
        if missing:
            raise self.error(f"{', '.join(missing)} is missing")

    def _is_there(self, name: str) -> bool:
        path = self.root / name
        return path.is_dir() if name.endswith("/") else path.is_file()

    def has(self, folder: str) -> bool:
        """Whether there is a folder of that path below the root."""
        return (self.root / folder).is_dir()

    def files(self, folder: str, pattern: str, *, deep: bool = False) -> dict[str, Path]:
        """Files of a folder by their name in the set.

        Args:
            folder: path below the root; empty for the root itself.
            pattern: regular expression of the whole file name, upper or lower case; its first
                group is the name.
            deep: also in folders below.

        Returns:
            In the order of the names; at least one.

        Raises:
            InputError: the folder is not there, holds no such file, or two of the same name.
        """
        place = self.root / folder
        if not place.is_dir():
            raise self.error(f"{folder or 'the folder'} is missing")
        expression = re.compile(pattern, re.IGNORECASE)
        found: dict[str, Path] = {}
        for path in sorted(place.rglob("*") if deep else place.iterdir()):
            match = expression.fullmatch(path.name)
            if match is None or not path.is_file():
                continue
            if match[1] in found:
                raise self.error(f"{found[match[1]]} and {path} have the same name, remove one")
            found[match[1]] = path
        if not found:
            raise self.error(f"{folder or 'the folder'} holds no file of this set")
        return dict(sorted(found.items()))

    def pairs(self, images: Mapping[str, Path], labels: Mapping[str, Path]) -> tuple[Pair, ...]:
        """Join images and labels of the same name, in the order of the images.

        Raises:
            InputError: one of them lacks the other; half a data set gives no figure of it.
        """
        for whose, other, what in ((images, labels, "labels"), (labels, images, "image")):
            alone = [path for name, path in whose.items() if name not in other]
            if alone:
                raise self.error(
                    f"{len(alone)} of {len(whose)} files lack their {what}, e.g. {alone[0]}"
                )
        return tuple(Pair(name, path, labels[name]) for name, path in images.items())
