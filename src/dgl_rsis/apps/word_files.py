"""Files with words: class names and sentences."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from dgl_rsis.errors import InputError, TextError


def gather_classes(classes: Sequence[str] | None, file: str | None) -> list[str]:
    """Class names of ``-c`` and then of a file.

    Args:
        classes: from the command line.
        file: .txt with one name a line (``#`` starts a comment) or .yaml with a list of names.

    Raises:
        InputError: the file cannot be read or is no list of names.
    """
    names = list(classes or ())
    if file is None:
        return names
    path = Path(file)
    text = _read_text(path)
    if path.suffix.lower() not in (".yaml", ".yml"):
        lines = [line.partition("#")[0].strip() for line in text.splitlines()]
        return names + [line for line in lines if line]
    import yaml

    try:
        loaded = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise InputError(f"{path} is not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(loaded, list) or not all(isinstance(name, str) for name in loaded):
        raise InputError(f"{path} must hold a list of class names, e.g. `- building` on each line")
    return names + loaded


def read_sentences(file: str) -> list[str]:
    """Sentences of a CSV file with a column ``sentence``.

    Raises:
        InputError: the file cannot be read, lacks the column, or a sentence has no words.
    """
    from dgl_rsis.text.parse import parse

    path = Path(file)
    rows = csv.DictReader(_read_text(path).splitlines())
    if "sentence" not in (rows.fieldnames or ()):
        found = ", ".join(rows.fieldnames or ()) or "nothing"
        raise InputError(f"{path} has no column `sentence` in its first line, but {found}")
    sentences = [row["sentence"] or "" for row in rows]
    if not sentences:
        raise InputError(f"{path} holds no sentences below its first line")
    for number, sentence in enumerate(sentences, start=1):
        try:
            parse(sentence)
        except TextError as error:
            raise InputError(f"{path}, sentence {number}: {error}") from error
    return sentences


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError(f"{path} does not exist; check the path") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read as text: {error}") from error
