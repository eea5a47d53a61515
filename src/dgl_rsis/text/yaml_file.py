"""Reading the YAML files of words: the lexicon and the knowledge."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dgl_rsis.errors import TextError

MOST_BYTES = 2**20
"""Of a file of words."""


def read_yaml(path: Path) -> dict[str, Any]:
    """A YAML file that holds a mapping.

    Raises:
        TextError: it cannot be read, is no YAML, or holds something else.
    """
    return yaml_of(read_text(path), str(path))


def read_text(path: Path) -> str:
    """The text of a file.

    Raises:
        TextError: it cannot be read, is larger than ``MOST_BYTES``, or no UTF-8.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise TextError(f"{path}: cannot be read ({error.strerror}); check the path") from error
    if len(content) > MOST_BYTES:
        raise TextError(f"{path}: is larger than 1 MiB; this is no file of words")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise TextError(f"{path}: not a YAML file in UTF-8: {error}") from error


def yaml_of(text: str, name: str) -> dict[str, Any]:
    """The mapping in the text of a YAML file.

    Args:
        text: of the file.
        name: of the file, for messages.

    Raises:
        TextError: it is no YAML, or holds something else.
    """
    import yaml  # here, so that importing the text package stays light

    try:
        values = yaml.safe_load(text)
    except yaml.YAMLError as error:
        reason = " ".join(str(error).split())
        raise TextError(f"{name}: not a YAML file in UTF-8: {reason}") from error
    if not isinstance(values, dict):
        raise TextError(f"{name}: expected a mapping of sections at the top level")
    return values
