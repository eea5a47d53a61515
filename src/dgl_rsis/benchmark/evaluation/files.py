"""What a run leaves in its folder: results, tables, seconds and the report page."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dgl_rsis.benchmark.evaluation.journal import Entry
from dgl_rsis.benchmark.evaluation.summary import Results, seconds, summarise, to_markdown
from dgl_rsis.errors import OutputError

RESULTS = "results.json"
TABLES = "results.md"
SECONDS = "seconds.json"


def write_results(
    folder: Path, heading: Mapping[str, Any], entries: Sequence[Entry], total: int, seed: int = 0
) -> tuple[Results, list[Path]]:
    """Summarise a run and write what it came to.

    Returns:
        The results, and the files: ``results.json``, the same to the byte however often the run
        was stopped; ``results.md``, tables; ``seconds.json``, mean seconds of the ways.

    Raises:
        OutputError: a file cannot be written.
    """
    results = summarise(heading, entries, total, seed)
    spent = seconds(entries)
    texts = {
        RESULTS: json.dumps(results, indent=1) + "\n",
        TABLES: to_markdown(results, spent),
        SECONDS: json.dumps(spent, indent=1) + "\n",
    }
    return results, [write_text(folder / name, text) for name, text in texts.items()]


def write_text(path: Path, text: str) -> Path:
    """Write a file under a temporary name and rename it, so that it is whole or not there.

    Raises:
        OutputError: it cannot be written.
    """
    temporary = path.with_name(f".{path.name}.part")
    try:
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror})") from error
    return path
