"""Tables of a run as Markdown."""

from __future__ import annotations

from collections.abc import Mapping

from dgl_rsis.benchmark.evaluation.summary import Results
from dgl_rsis.benchmark.evaluation.tables import Cell, Table, facts, failures, tables


def to_markdown(results: Results, spent: Mapping[str, float]) -> str:
    """What was run, figures with intervals, then classes or strata, then what failed.

    Args:
        results: of ``summarise``.
        spent: mean seconds of every way.
    """
    lines = [f"# {results['dataset']}", ""]
    lines += [f"- {term}: {said}." for term, said in facts(results)]
    for table in tables(results, spent):
        lines += ["", *_lines(table)]
    failed = [f"- {each.way}: {each.name}: {each.error}" for each in failures(results)]
    if failed:
        lines += ["", "Failures, which count as wrong:", "", *failed]
    return "\n".join(lines) + "\n"


def _lines(table: Table) -> list[str]:
    rows = [_row(name, *map(_text, cells)) for name, cells in table.rows]
    return [_row(*table.columns), "|" + "---|" * len(table.columns), *rows]


def _row(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _text(cell: Cell) -> str:
    return f"{cell.text} {cell.interval_text}".strip()
