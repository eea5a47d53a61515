"""Nouns of things and places with their glosses, from the database files of WordNet.

WordNet (Miller 1995; Debian's package ``wordnet-base``) is needed when the text tower is made, never
at run time. The format of ``data.noun`` is described in WordNet's manual page ``wndb(5)``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

# Lexicographer files of what can be seen from above: artifact, group, location, object, phenomenon.
SEEN = {"06", "14", "15", "17", "19"}
WORD = re.compile(r"[a-z][a-z -]{2,30}")


@dataclass(frozen=True)
class Entry:
    """One meaning.

    Attributes:
        words: lower case, spaces between the words of a compound; proper names, too.
        gloss: definition without the examples.
        parents: first words of the meanings that this one is a kind of.
    """

    words: tuple[str, ...]
    gloss: str
    parents: tuple[str, ...] = ()


def read(folder: Path) -> list[Entry]:
    """Entries of ``folder/data.noun`` whose words are letters, spaces and hyphens.

    Raises:
        SystemExit: the file is not there.
    """
    path = folder / "data.noun"
    if not path.is_file():
        raise SystemExit(
            f"{path}: no WordNet here; install Debian's wordnet-base or set text.wordnet"
        )
    lines = path.read_text(encoding="utf-8").splitlines()
    fields = {line[:8]: line.split(" ") for line in lines if line and line[0] != " "}
    entries = []
    for line in lines:
        own = fields.get(line[:8])
        if own is None or own[1] not in SEEN:
            continue
        words = tuple(word for word in _words(own) if WORD.fullmatch(word))
        if words:
            gloss = line.partition(" | ")[2].split('; "')[0].strip()
            parents = tuple(_words(fields[offset])[0] for offset in _parents(own))
            entries.append(Entry(words, gloss, parents))
    return entries


def _words(fields: list[str]) -> list[str]:
    """Words of a record: their number is the fourth field, in hexadecimal."""
    count = int(fields[3], 16)
    return [fields[4 + 2 * k].replace("_", " ").lower() for k in range(count)]


def _parents(fields: list[str]) -> list[str]:
    """Offsets of the hypernyms (``@``) and of what an instance is one of (``@i``)."""
    first = 5 + 2 * int(fields[3], 16)
    pointers = range(first, first + 4 * int(fields[first - 1]), 4)
    return [fields[k + 1] for k in pointers if fields[k] in ("@", "@i")]
