"""Reading the YAML files of words: the lexicon and the knowledge."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dgl_rsis.errors import TextError


def read_yaml(path: Path) -> dict[str, Any]:
    """A YAML file that holds a mapping.

    Raises:
        TextError: it cannot be read, is no YAML, or holds something else.
    """
    import yaml  # here, so that importing the text package stays light

    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise TextError(f"{path}: cannot be read ({error.strerror}); check the path") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise TextError(f"{path}: not a YAML file in UTF-8: {reason}") from error
    if not isinstance(values, dict):
        raise TextError(f"{path}: expected a mapping of sections at the top level")
    return values
