"""The log of a run: lines of JSON, printed and kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def write(folder: Path, part: str, record: dict[str, Any]) -> None:
    """Print a record and append it to ``log.jsonl``.

    Args:
        folder: of the run; is made if it is not there.
        part: what the record is of, such as ``"image"``.
        record: figures by name.
    """
    line = json.dumps({"of": part, **record})
    print(line, flush=True)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "log.jsonl").open("a", encoding="utf-8") as file:
        file.write(line + "\n")
