"""What a run leaves in its folder: results, tables, seconds and the report page."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dgl_rsis.benchmark.evaluation.answering import Plan
from dgl_rsis.benchmark.evaluation.cases import choose_cases
from dgl_rsis.benchmark.evaluation.gallery import show_cases
from dgl_rsis.benchmark.evaluation.journal import Entry
from dgl_rsis.benchmark.evaluation.markdown import to_markdown
from dgl_rsis.benchmark.evaluation.report import to_html
from dgl_rsis.benchmark.evaluation.runner import Tell
from dgl_rsis.benchmark.evaluation.summary import Results, seconds, summarise
from dgl_rsis.errors import OutputError

RESULTS = "results.json"
TABLES = "results.md"
SECONDS = "seconds.json"
REPORT = "report.html"


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
    (folder / REPORT).unlink(missing_ok=True)  # a page of an earlier run tells of other results
    results = summarise(heading, entries, total, seed)
    spent = seconds(entries)
    texts = {
        RESULTS: json.dumps(results, indent=1) + "\n",
        TABLES: to_markdown(results, spent),
        SECONDS: json.dumps(spent, indent=1) + "\n",
    }
    return results, [write_text(folder / name, text) for name, text in texts.items()]


def write_report(
    folder: Path,
    plan: Plan,
    results: Results,
    entries: Sequence[Entry],
    *,
    workers: int = 1,
    tell: Tell | None = None,
) -> Path:
    """Write ``report.html``: tables, and the best and worst answers of the ways, asked for again.

    Args:
        folder: that it is written to.
        plan: of the run.
        results: of ``write_results``.
        entries: of the journal.
        workers: processes that answer and draw.
        tell: ``(done, total, message) -> go on?``; images.

    Raises:
        InputError: the data set or a way cannot be used any more.
        OutputError: the file cannot be written.
    """
    chosen = choose_cases(results)
    cases = [case for each in chosen for case in (*each.best, *each.worst)]
    shown = show_cases(plan, cases, workers=workers, tell=tell)
    return write_text(folder / REPORT, to_html(results, seconds(entries), chosen, shown))


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
